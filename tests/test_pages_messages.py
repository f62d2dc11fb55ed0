"""Messages, their quarantine, and "try again". Who sees what: test_permissions."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from tests import factories as make
from tests.factories import NIGHT
from tests.messages import gw, record
from tom_scimma import legible
from tom_scimma.ingest import ingest
from tom_scimma.models import Event, Message
from tom_scimma.models.messages import compress
from tom_scimma.record import Record

pytestmark = pytest.mark.django_db


def text(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def uids(client, address: str) -> set[str]:
    return {str(row.record.uid) for row in client.get(address).context["table"].paginated_rows}


def test_an_empty_tom_says_what_to_do(client):
    assert "No message yet" in text(client, "/messages/")
    make.message()
    assert "Nothing fits these filters" in text(client, "/messages/?state=quarantined")


def test_search_finds_by_id_topic_event_and_reason(client):
    event = make.known("S261120ab")
    said = event.alerts.get().message
    bad = make.message(b"{", topic="gcn.notices.swift", state="quarantined", error="broken at byte 7")
    make.message(topic="other", error="broken but kept")
    assert uids(client, f"/messages/?query={said.uid}") == {str(said.uid)}
    assert uids(client, "/messages/?query=swift") == {str(bad.uid)}
    assert uids(client, "/messages/?query=261120") == {str(said.uid)}
    assert uids(client, "/messages/?query=S261120ab too") == {str(said.uid)}  # by the event's other name
    assert uids(client, "/messages/?query=byte 7") == {str(bad.uid)}
    assert uids(client, "/messages/?query=broken") == {str(bad.uid)}  # reasons are searched in the quarantine alone
    assert uids(client, "/messages/?topic=gcn.&sender=lvk&state=quarantined") == {str(bad.uid)}
    assert uids(client, "/messages/?query=nothing like that") == set()


def test_the_list_never_reads_bodies_and_asks_at_most_12_times(client, django_assert_max_num_queries):
    make.many_messages(300)
    client.force_login(make.user("somebody"))
    with django_assert_max_num_queries(12) as asked:
        text(client, "/messages/?query=S2611&sort=-size")
    assert not any("messagebody" in query["sql"] for query in asked.captured_queries)


def test_the_quarantine_shows_reason_traceback_and_button(client):
    make.message(b"{", state="quarantined", error="broken <at> byte 7", traceback="Traceback: line 3 of decode.py")
    page = text(client, "/messages/?state=quarantined")
    assert "broken &lt;at&gt; byte 7" in page
    assert "Traceback: line 3" in page
    assert "Try again" not in page  # nobody is logged in
    client.force_login(make.user("somebody"))
    assert "Try again" in text(client, "/messages/?state=quarantined")


@pytest.fixture
def mended(client):
    """A message that yesterday's parser could not read and today's can; a user is logged in."""
    client.force_login(make.user("somebody"))
    result = ingest([gw("S261121a", now=timezone.now())])[0]
    message = Message.objects.get(uid=result.uid)
    message.alerts.all().delete()
    Event.objects.all().delete()
    message.state, message.error, message.traceback = "quarantined", "no parser", "Traceback"
    message.save()
    return message


def test_try_again(client, mended):
    answer = client.post(f"/messages/{mended.uid}/retry/", follow=True)
    assert answer.redirect_chain == [(mended.get_absolute_url(), 302)]
    assert "Read again: parsed" in answer.content.decode()
    alert = Event.objects.get().alerts.get()
    assert (alert.message, alert.live) == (mended, False)  # never live: promise 8
    assert "S261121a" in text(client, mended.get_absolute_url())


def test_try_again_by_htmx_swaps_the_part(client, mended):
    part = client.post(f"/messages/{mended.uid}/retry/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Read again with today" in part
    Message.objects.update(state="quarantined")
    row = client.post(f"/messages/{mended.uid}/retry/", {"row": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert "out of the quarantine" in row


def test_what_still_cannot_be_read_stays_and_says_so(client):
    client.force_login(make.user("somebody"))
    message = Message.objects.get(uid=ingest([record(b'{"superevent_id":', "igwn.gwalert")])[0].uid)
    assert message.state == "quarantined"
    part = client.post(f"/messages/{message.uid}/retry/", headers={"HX-Request": "true"}).content.decode()
    assert "Still in quarantine" in part
    assert "Traceback" in part


def test_try_again_needs_the_token_against_forgery(mended):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(make.user("another"))
    assert client.post(f"/messages/{mended.uid}/retry/").status_code in (302, 403)  # the host sends a 403 to the log-in
    mended.refresh_from_db()
    assert mended.state == "quarantined"


def test_the_page_of_a_message(client):
    message = make.message(json.dumps({"what": "<script>alert(1)</script>", "far": 1e-9}).encode())
    page = text(client, message.get_absolute_url())
    assert "igwn.gwalert:0:7" in page
    assert "_sender" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert f"/messages/{message.uid}/raw/" in page
    assert "2026-11-20</span> <span>02:59:59.000" in page


def test_a_message_whose_bytes_are_gone_still_has_a_page(client):
    message = make.message()
    message.body.delete()
    text(client, message.get_absolute_url())
    assert client.get(f"/messages/{message.uid}/raw/").status_code == 404


def test_a_bomb_in_the_store_does_not_go_off_on_a_page(client):
    message = make.message(b"{}")
    message.body.data = compress(b'{"a": "' + b"x" * 30_000_000 + b'"}')
    message.body.save()
    Message.objects.update(size=30_000_009)
    page = text(client, message.get_absolute_url())
    assert "too large to show here" in page
    assert len(page) < 50_000


@pytest.mark.parametrize(
    ("payload", "kind", "words"),
    [
        (b'{"b": [1, 2], "a": "x"}', "json", '{\n  "b": [\n    1,\n    2\n  ],\n  "a": "x"\n}'),
        (b'{"skymap": "' + b"A" * 5000 + b'"}', "json", "(5,000 characters)"),
        (b'{"list": [' + b"1," * 999 + b"1]}", "json", "… 800 more"),
        (b"TITLE: GCN\nplain words", "", "plain words"),
        (b"\x00\x01\xff\xfe binary", "blob", "000000  00 01 ff fe"),
        (b'{"broken": ', "", "Could not be decoded:"),
        (b"", "", "Could not be decoded: the message is empty"),
        (b"[" * 5000 + b"]" * 5000, "", "Could not be decoded"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><VOEvent>&a;</VOEvent>", "", "Could not be decoded"),
    ],
)
def test_legible(payload, kind, words):
    found, said = legible.legible(Record(topic="t", payload=payload))
    assert words in said
    assert found == kind or not kind
    assert len(said) < 110_000


def test_legible_is_bounded():
    _, said = legible.legible(Record(topic="t", payload=json.dumps(["line\n" * 300] * 190).encode()))
    assert len(said) < legible.SHOWN + 100
    assert "cut here" in said


def test_an_xml_message_is_indented():
    xml = b'<v:VOEvent xmlns:v="http://www.ivoa.net/xml/VOEvent/v2.0" ivorn="ivo://a/b#1" version="2.0"><Who/></v:VOEvent>'
    found, said = legible.legible(Record(topic="t", payload=xml))
    assert found == "voevent"
    assert "\n  <Who />" in said


def test_times_come_from_the_row_not_the_clock(client):
    message = make.message(received=NIGHT)
    assert "2026-11-20</span> <span>03:00:00.000" in text(client, message.get_absolute_url())
