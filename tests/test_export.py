"""What a list shows, as a file. Authority: `csv`, `json` and `zipfile`, which read it; the list itself, for who sees what (promise 6)."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile

import pytest

from tests import factories as make
from tests.notices import raw
from tests.test_translate import assert_valid
from tests.world import HIDDEN, MAY, ROLES, SECRET, World
from tom_scimma import export, parsers
from tom_scimma.decode import decode
from tom_scimma.models import Alert, Event, Message
from tom_scimma.notice import iso

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("usual_garbage")]


@pytest.fixture
def world(settings, tmp_path):
    settings.TOM_SCIMMA = {"TOPICS": {"lvk.nutrack": {"groups": ["lvk"]}}, "GALAXY_DIR": str(tmp_path)}
    return World()


def body(answer) -> bytes:
    assert answer.status_code == 200
    assert answer.streaming
    return b"".join(answer.streaming_content)


def lines(answer) -> list[dict]:
    return [json.loads(line) for line in body(answer).splitlines()]


def notices(answer) -> list:
    """The notices in a zip of VOEvents, each valid."""
    archive = zipfile.ZipFile(io.BytesIO(body(answer)))
    assert archive.testzip() is None
    found = []
    for name in archive.namelist():
        assert_valid(archive.read(name))
        found += parsers.parse("x", decode(raw(archive.read(name)))).notices
    return found


def address(what: str, form: str, rest: bool, query: str = "") -> str:
    return (f"/api/{what}/export/{form}/" if rest else f"/export/{what}.{form}") + query


@pytest.mark.parametrize("rest", [False, True], ids=["page", "rest"])
@pytest.mark.parametrize("role", ROLES)
def test_each_exports_what_their_lists_show_and_no_more(world, role, rest):
    client = world.clients[role]
    known = {SECRET, "S261120ab"} if role in MAY else {"S261120ab"}
    events = lines(client.get(address("events", "json", rest)))
    assert {row["name"] for row in events} == known
    rows = list(csv.DictReader(io.StringIO(body(client.get(address("events", "csv", rest))).decode())))
    assert [row["name"] for row in rows] == [row["name"] for row in events]
    assert {notice.event for notice in notices(client.get(address("events", "voevent", rest)))} == known
    messages = lines(client.get(address("messages", "json", rest)))
    visible = Message.objects.visible_to(world.users[role])
    assert {row["uid"] for row in messages} == {str(uid) for uid in visible.values_list("uid", flat=True)}
    said = {notice.source for notice in notices(client.get(address("messages", "voevent", rest)))}
    assert (HIDDEN in said) == (role in MAY)
    if role not in MAY:
        for what in ("events", "messages"):
            for form in ("json", "csv"):
                text = body(client.get(address(what, form, rest))).decode()
                assert not [word for word in world.words if word in text]


def test_the_filter_of_the_list_is_that_of_the_file(client):
    make.binary()
    make.known("MS261120t", role="test")
    make.message(topic="gcn.circulars", state="ignored", parser="")
    assert [row["name"] for row in lines(client.get("/export/events.json"))] == ["S261120ab"]
    assert len(lines(client.get("/export/events.json?role=all"))) == 2
    assert lines(client.get("/export/events.json?kind=NU")) == []
    (message,) = lines(client.get("/export/messages.json?topic=gcn.circ"))
    assert (message["topic"], message["state"], message["notices"]) == ("gcn.circulars", "ignored", [])
    answer = client.get("/export/events.json?time_after=then")
    assert (answer.status_code, "not a time" in answer.content.decode()) == (400, True)
    for path in ("/export/events.pdf", "/export/messages.xml", "/api/events/export/pdf/"):
        assert client.get(path).status_code == 404


def test_the_lists_have_buttons_that_keep_the_filter(client):
    make.binary()
    page = client.get("/events/?kind=GW&query=S26").content.decode()
    for form in export.FORMS:
        assert f'href="/export/events.{form}?kind=GW&amp;query=S26"' in page
    assert 'href="/export/messages.csv?state=parsed"' in client.get("/messages/?state=parsed").content.decode()
    assert "/export/" not in client.get("/events/?kind=NU").content.decode(), "nothing to export"


def test_what_is_in_them(client):
    event = make.binary()
    (row,) = lines(client.get("/export/events.json"))
    assert (row["name"], row["far"], row["time"], row["classification"]) == (
        event.name,
        event.far_hz,
        iso(event.time),
        event.classification,
    )
    (said,) = notices(client.get("/export/events.voevent"))
    assert said == event.alerts.order_by("-order").first().notice
    messages = lines(client.get("/export/messages.json"))
    assert [notice["event"] for row in messages for notice in row["notices"]] == [event.name] * 3
    assert len(notices(client.get("/export/messages.voevent"))) == 3
    rows = list(csv.DictReader(io.StringIO(body(client.get("/export/messages.csv")).decode())))
    assert [row["uid"] for row in rows] == [row["uid"] for row in messages]
    assert tuple(rows[0]) == export.MESSAGE_COLUMNS


def test_a_spreadsheet_runs_nothing(client):
    make.message(topic="=cmd()", error="@sum", state="quarantined")
    (row,) = csv.DictReader(io.StringIO(body(client.get("/export/messages.csv")).decode()))
    assert (row["topic"], row["error"]) == ("'=cmd()", "'@sum")


def test_a_query_gives_voevents_too(world):
    for what, query in (("events", 'kind = "GW"'), ("alerts", 'kind = "GW"')):
        for role in ROLES:
            answer = world.clients[role].get(f"/find/found.voevent?what={what}", {"q": query, "what": what})
            assert (SECRET in {notice.event for notice in notices(answer)}) == (role in MAY)
    assert (
        world.clients["member"].get("/find/found.voevent", {"q": "level < 1", "what": "candidates"}).status_code == 404
    )
    assert world.clients["member"].get("/find/found.voevent", {"q": "nonsense", "what": "events"}).status_code == 400


@pytest.mark.parametrize("form", export.FORMS)
def test_what_stands_in_memory_is_a_chunk_whatever_the_number_of_rows(form):
    """A thousand messages with 16 kB of words each."""
    event = make.known("S261120ab")
    first = event.alerts.get()
    rows = [Message(**{**plain(first.message), "uid": f"{n:032x}", "error": "e" * 16_000}) for n in range(1000)]
    Message.objects.bulk_create(rows, batch_size=500)
    keys = Message.objects.exclude(pk=first.message_id).order_by("pk").values_list("pk", flat=True)
    document = {**first.document, "text": "x" * 16_000}
    said = (
        Alert(**{**plain(first), "message_id": key, "key": f"{key:064x}", "document": {**document, "id": str(key)}})
        for key in keys
    )
    Alert.objects.bulk_create(said, batch_size=500)
    tracemalloc.start()
    size = sum(len(part) for part in export.messages(Message.objects.order_by("-received", "-pk"), form, None))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > (16_000_000 if form != "voevent" else 500_000)
    assert peak < 12 * 2**20, f"{peak / 2**20:.1f} MiB"


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_a_query_found_stands_in_memory_by_chunks_too(client, form):
    """Alerts of 16 kB each, in the order of the table, one JSON object or a line each."""
    first = make.known("S261120ab").alerts.get()
    document = {**first.document, "properties": {"words": "x" * 16_000}}
    said = (Alert(**{**plain(first), "key": f"{n:064x}", "position": n, "document": document}) for n in range(1, 800))
    Alert.objects.bulk_create(said, batch_size=200)
    client.get("/find/names/")  # so that no page has yet to be loaded
    tracemalloc.start()
    answer = client.get(f"/find/found.{form}", {"q": 'kind = "GW"', "what": "alerts"})
    size = sum(len(part) for part in answer.streaming_content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (size > 12_000_000, answer["X-Complete"]) == (True, "yes")
    assert peak < 12 * 2**20, f"{peak / 2**20:.1f} MiB"


def plain(row) -> dict:
    """A row's own columns without its key."""
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key}


def test_events_are_all_there_once(client):
    for number in range(3):
        make.known(f"S26112{number}a")
    assert len(lines(client.get("/export/events.json"))) == Event.objects.count() == 3
