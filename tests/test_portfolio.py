"""What was said of an event, on its page: in time order, in words, filtered; and the pairs that a person joins or keeps apart."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from tom_targets.models import Target

from tests import factories as make
from tests.factories import NIGHT
from tests.test_merging import IVO, hear, reading, report, topics  # noqa: F401
from tests.test_merging import NIGHT as NOTICES
from tests.world import HIDDEN, World
from tom_scimma.models import Alert, Event, Hint, Merge
from tom_scimma.notice import Cite

pytestmark = pytest.mark.django_db


def said(event, minutes, text, **fields):
    values = {"alert_type": "report", "source": "GCN Circulars", "far_hz": None, "classification": {}, "text": text}
    notice = make.notice(event.name, sent=NIGHT + timedelta(minutes=minutes), **{**values, **fields})
    return make.alert(event, notice, make.message(topic="gcn.circulars"), authority=False)


def page(client, event, **asked) -> str:
    answer = client.get(f"{event.get_absolute_url()}portfolio/", asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_circular_reads_with_its_number_and_what_it_cites_and_names(client):
    event = make.known("S1a")
    Target.objects.create(name="AT 2026abc", type="SIDEREAL", ra=1, dec=1, permissions="OPEN")
    Target.objects.create(name="AT 2026xyz", type="SIDEREAL", ra=1, dec=1, permissions="PRIVATE")
    said(
        event, 1, "A <b>host</b>\n\nAs GCN Circ. 34001 says, AT 2026abc and AT 2026xyz.", properties={"circular": 34567}
    )
    client.force_login(make.user("stranger"))
    text = page(client, event)
    assert (
        '<a href="https://gcn.nasa.gov/circulars/34567" rel="noreferrer">GCN Circular 34567</a>: A &lt;b&gt;host'
        in text
    )
    assert '<a href="https://gcn.nasa.gov/circulars/34001" rel="noreferrer">GCN Circ. 34001</a>' in text
    assert text.count("AT 2026abc</a></mark>") == 2  # in the text, and in the list above
    assert "AT 2026xyz</a>" not in text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"properties": {"false_alarm_probability": 0.0032}}, "false-alarm probability 0.32 %"),
        ({"properties": {"p_value": 0.01}}, "p-value 0.01"),
        ({"alert_type": "retraction"}, "what was said before is taken back"),
        ({}, "nothing of rate, class or place"),
    ],
)
def test_a_notice_in_a_few_words(client, fields, words):
    event = make.known("SNEWS 1")
    said(event, 1, None, **{"alert_type": "initial", "source": "SNEWS", **fields})
    assert words in page(client, event, source="SNEWS")


def test_filters_and_time_order(client):
    event = make.known("S1a")
    for minutes, words in ((5, "the third word"), (1, "the first word"), (3, "the second word")):
        said(event, minutes, words)
    text = page(client, event)
    assert text.index("the third") < text.index("the second") < text.index("the first")
    assert "the first word" in page(client, event, text="FIRST")
    assert "the second word" not in page(client, event, text="FIRST")
    assert "the first word" not in page(client, event, source="LVK")
    assert "the first word" in page(client, event, type="report", topic="gcn.circulars")
    assert "Nothing fits" in page(client, event, text="nobody said that", page="x")


def test_thousands_of_entries_are_a_page_at_a_time(client, django_assert_max_num_queries):
    event = make.known("S1a")
    of = make.message()
    first = said(event, 0, "word 0")
    rows = []
    for number in range(1, 3000):
        row = Alert(
            **{
                field.attname: getattr(first, field.attname)
                for field in Alert._meta.concrete_fields
                if field.name != "id"
            }
        )
        row.message_id, row.position, row.order = of.pk, number, NIGHT + timedelta(minutes=number)
        row.key = hashlib.sha256(f"many {number}".encode()).hexdigest()
        row.document = {**first.document, "text": f"word {number}"}
        rows.append(row)
    Alert.objects.bulk_create(rows, batch_size=500)
    with django_assert_max_num_queries(14):
        text = page(client, event)
    assert "word 2999" in text
    assert "word 2949" not in text
    more = client.get(
        f"{event.get_absolute_url()}portfolio/?page=2", headers={"HX-Request": "true", "HX-Target": "portfolio-more"}
    )
    assert "word 2949" in more.content.decode()
    assert "<form" not in more.content.decode()


def test_nobody_reads_what_they_may_not_see():
    world = World()
    for role, client in world.clients.items():
        assert (HIDDEN in page(client, world.open)) == (role in ("member", "superuser"))


@pytest.fixture
def proposed(topics) -> Merge:  # noqa: F811
    """A superevent that coincides, by its source's word, with a burst."""
    hear([NOTICES[0]], [reading("S261121ab", 3, source="LVK", kind="GW", cites=(Cite(IVO, "coincidence"),))])
    return Merge.objects.get()


class TestPairs:
    def test_a_coincidence_joins_nothing_and_is_proposed_on_both_pages(self, proposed, client):
        assert (proposed.state, proposed.name, proposed.other_name) == ("proposed", "S261121ab", "Fermi GBM 700000001")
        for event in Event.objects.all():
            text = client.get(f"{event.get_absolute_url()}merges/").content.decode()
            assert "LVK says that S261121ab and" in text
            assert "join them</button>" not in text
        assert "S261121ab" in client.get("/merges/").content.decode()
        assert client.get("/api/merges/?state=proposed").json()["results"][0]["other_name"] == "Fermi GBM 700000001"

    def test_a_circular_that_names_two_proposes_them(self, topics, client):  # noqa: F811
        hear(
            [NOTICES[0]],
            [NOTICES[2]],
            [report("GRB 261121A", 5, text="GRB 261121A: Fermi trigger 700000001 is the same")],
        )
        assert Merge.objects.get().because == "GCN Circulars names Fermi GBM 700000001 in its report of GRB 261121A"

    def test_a_hint_waits_for_the_event_that_it_means(self, topics):  # noqa: F811
        coincides = reading("S261121ab", 3, source="LVK", kind="GW", cites=(Cite(IVO, "coincidence"),))
        circular = report("GRB 261121A", 5, text="GRB 261121A: Fermi trigger 700000001 is the same")
        hear([coincides], [circular])
        assert (Merge.objects.count(), Hint.objects.count()) == (0, 2)
        hear([NOTICES[0]])
        assert set(Merge.objects.values_list("name", "other_name", "state")) == {
            ("S261121ab", "Fermi GBM 700000001", "proposed"),
            ("Fermi GBM 700000001", "GRB 261121A", "proposed"),
        }
        assert Hint.objects.count() == 0

    def test_only_who_may_decides_and_what_they_said_holds(self, proposed, client):
        address = f"/merges/{proposed.pk}"
        assert client.post(f"{address}/accept/").status_code == 302  # to the log-in
        client.force_login(make.user("stranger"))
        client.post(f"{address}/accept/")
        assert Merge.objects.get().state == "proposed"
        judge = make.user("judge")
        judge.user_permissions.add(Permission.objects.get(codename="change_merge"))
        client.force_login(judge)
        assert client.get(f"{address}/accept/").status_code == 405
        client.post(f"{address}/reject/")
        proposed.refresh_from_db()
        assert (proposed.state, proposed.by_name, Event.objects.count()) == ("rejected", "judge", 2)
        hear([reading("S261121ab", 6, source="LVK", kind="GW", cites=(Cite(IVO, "coincidence"),))])
        assert Merge.objects.count() == 1
        client.post(f"{address}/accept/")  # on second thoughts
        event = Event.objects.get()
        assert (event.name, event.alert_count) == ("S261121ab", 3)
        assert client.get("/events/Fermi GBM 700000001/").status_code == 302
        client.post(f"{address}/undo/")
        assert {row.name: row.alert_count for row in Event.objects.all()} == {"S261121ab": 2, "Fermi GBM 700000001": 1}
