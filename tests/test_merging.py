"""Events meet by what their notices say of names, in whatever order these come. The laws: a set of notices has one outcome,
a merge parted again leaves what was there before, and nothing protected joins or names anything that others see.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, TimeoutError
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tom_targets.models import Target

from tests import factories as make
from tests.messages import igwn, record, xrt
from tests.told import contact, subscription
from tom_scimma import folding, ingest, merging, roster
from tom_scimma.models import Alert, Alias, Candidate, Event, Merge, Message, Telling
from tom_scimma.notice import Cite, Notice, Sky
from tom_scimma.reading import PARSED, Reading
from tom_scimma.record import Record
from tom_scimma.replay import replay

NOW = datetime(2026, 11, 21, 3, tzinfo=timezone.utc)
TOPICS = {"fast.*": {"authority": ["Fermi", "Swift", "LVK", "IceCube"], "targets": None}, "talk": {"targets": None}}
TOPICS["lvk.secret"] = {"authority": ["LVK", "Fermi", "Swift"], "groups": ["lvk"], "targets": None}
IVO = "ivo://nasa.gsfc.gcn/Fermi#GBM_Alert_2026-11-21"


def reading(
    name, minutes=0, *, topic="fast.all", source="Fermi GBM", alert_type="initial", kind="GRB", **said
) -> Reading:
    sent = NOW - timedelta(minutes=30) + timedelta(minutes=minutes)
    notice = Notice(event=name, kind=kind, alert_type=alert_type, source=source, sent=sent, **said)
    payload = repr(notice).encode()
    return Reading(Record(topic, payload, published=sent, received=NOW), PARSED, "json", "made", (notice,), ((),))


def report(name, minutes=0, **said) -> Reading:
    return reading(name, minutes, topic="talk", source="GCN Circulars", alert_type="report", **said)


#: one gamma-ray burst by two satellites and in words, a neutrino, a superevent, a test; two of the same second
NIGHT = (
    reading("Fermi GBM 700000001", 1, id=IVO, far_hz=1e-5, sky=Sky("circle", 10, 20, 5, 0.68)),
    reading("Fermi GBM 700000001", 3, alert_type="update", aliases=("GRB261121A",), sky=Sky("circle", 11, 20, 3, 0.68)),
    reading("Swift 1200001", 2, source="Swift BAT", aliases=("GRB 261121A",), sky=Sky("circle", 11, 21, 0.05, 0.9)),
    reading("Swift XRT field", 4, source="Swift XRT", alert_type="followup", cites=(Cite(IVO, "followup"),), kind="XRT"),
    report("GRB 261121A", 5, text="GRB 261121A: optical afterglow", kind="GRB"),
    report("GRB 261121A", 6, text="GRB 261121A: again", kind="UNK"),
    reading("IceCube 137840_57034692", 3, source="IceCube", kind="NU", aliases=("IceCube-261121A",)),
    report("IceCube-261121A", 2, kind="NU"),
    reading("S261121ab", 3, source="LVK", kind="GW", alert_type="preliminary", far_hz=1e-9, cites=(Cite(IVO, "coincidence"),)),
    reading("S261121ab", 3, source="LVK", kind="GW", alert_type="initial", far_hz=1e-10, id="ivo://gwnet/LVC#S261121ab-2-Initial"),
    reading("S261121ab", 9, source="LVK", kind="GW", alert_type="retraction"),
    reading("GRB 261121A", 7, role="test", aliases=("S261121ab",)),
    reading("Fermi GBM 700000002", 8, topic="lvk.secret", aliases=("GRB 261121A",)),
    reading("Swift 1200001", 9, topic="lvk.secret", source="Swift BAT", aliases=("secret 1",), alert_type="update"),
)  # fmt: skip
VALUES = [name for name in folding.FIELDS if name != "localization"]


def outcome() -> dict:
    """Every event by name: other names, values, audience, and what is said of it."""
    return {
        event.name: {
            "aliases": set(event.aliases.exclude(name=event.name).values_list("name", flat=True)),
            "alerts": set(event.alerts.values_list("key", flat=True)),
            "groups": set(event.groups.values_list("name", flat=True)),
            "public": event.public,
            **{name: getattr(event, name) for name in VALUES},
        }
        for event in Event.objects.all()
    }


def hear(*batches) -> None:
    for batch in batches:
        ingest.store(list(batch), via="listen", now=NOW)


@pytest.fixture(autouse=True)
def topics(settings):
    settings.TOM_SCIMMA = {"TOPICS": TOPICS}


class TestAnyOrder(TestCase):
    @given(order=st.permutations(NIGHT), cuts=st.sets(st.integers(1, len(NIGHT) - 1)))
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    def test_a_set_of_notices_has_one_outcome(self, order, cuts):
        Group.objects.get_or_create(name="lvk")
        with transaction.atomic():
            hear(NIGHT)
            expected = outcome()
            transaction.set_rollback(True)
        edges = [0, *sorted(cuts), len(order)]
        hear(*(order[begin:end] for begin, end in pairwise(edges)))
        found = outcome()
        assert found.keys() == expected.keys()
        for name, event in expected.items():
            assert found[name] == event, name


@pytest.mark.django_db
def test_the_night_in_words():
    Group.objects.create(name="lvk")
    hear(NIGHT)
    assert {event.name: event.alert_count for event in Event.objects.all()} == {
        "Fermi GBM 700000001": 7,  # both satellites, the follow-up that cites, both circulars, the test of that name
        "IceCube 137840_57034692": 2,
        "S261121ab": 3,
        "Fermi GBM 700000002": 1,  # what is protected joins by its own name alone
    }


@pytest.fixture
def joined(db) -> Merge:
    """A burst in two events, told of, then joined by the word that came last."""
    hear([NIGHT[0]], [NIGHT[2]])
    fermi, swift = Event.objects.order_by("name")
    for event, status in ((fermi, "new"), (swift, "interesting")):
        star, _ = Target.objects.get_or_create(name="star", type="SIDEREAL", ra=11.0, dec=21.0)
        Candidate.objects.create(
            event=event, target=star, because="person", status=status, decided_at=NOW if status != "new" else None
        )
    other = Target.objects.create(name="other star", type="SIDEREAL", ra=11.0, dec=21.1)
    Candidate.objects.create(event=swift, target=other, because="person")
    make.delivery(make.user("sender"), swift)
    hear([NIGHT[1]])
    return Merge.objects.get()


@pytest.mark.django_db
class TestJoined:
    def test_all_that_hung_on_it_follows(self, joined, client):
        event = Event.objects.get()
        assert (joined.state, joined.name, joined.other_name) == ("merged", "Fermi GBM 700000001", "Swift 1200001")
        assert (event.alert_count, event.radius_deg) == (3, 3)
        assert {row.target.name: row.status for row in event.candidates.all()} == {
            "star": "interesting",
            "other star": "new",
        }
        assert event.deliveries.get().subject == "event:Fermi GBM 700000001"
        assert client.get("/events/Swift 1200001/").headers["Location"] == event.get_absolute_url()
        answer = client.get("/api/events/Swift 1200001/")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/api/events/Fermi%20GBM%20700000001/")
        assert client.get("/api/alerts/?event=Swift 1200001").json()["count"] == 3

    @pytest.mark.parametrize("page", ["portfolio/?text=burst", "merges/", "candidates/", "galaxies/", "notice.json"])
    def test_every_page_under_the_old_name_leads_to_the_same_page(self, joined, client, page):
        """A link that somebody kept, or was sent, before the two were joined (docs/events.md)."""
        answer = client.get(f"/events/Swift 1200001/{page}")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/events/Fermi%20GBM%20700000001/{page}")
        assert client.get(answer.headers["Location"]).status_code == 200
        assert client.get(f"/events/Swift 1200002/{page}").status_code == 404
        assert client.post(f"/events/Swift 1200001/{page}").status_code in (404, 405)

    def test_parted_again_each_has_its_own_and_nothing_joins_them(self, joined):
        who = make.user("astronomer")
        hear([reading("Swift 1200001", 20, source="Swift BAT", alert_type="update", aliases=("GRB 261121A",))])
        merging.undo(joined, who)
        rows = {event.name: event for event in Event.objects.all()}
        assert {name: event.alert_count for name, event in rows.items()} == {
            "Fermi GBM 700000001": 2,
            "Swift 1200001": 2,
        }
        assert {row.target.name: row.status for row in rows["Swift 1200001"].candidates.all()} == {
            "star": "interesting", "other star": "new",
        }  # fmt: skip
        assert rows["Swift 1200001"].deliveries.get().subject == "event:Swift 1200001"
        hear([reading("Swift 1200001", 25, source="Swift BAT", alert_type="update", aliases=("GRB 261121A",))])
        assert Event.objects.count() == 2
        assert (joined.state, joined.by_name) == ("undone", "astronomer")
        said, _ = merging.meanwhile(joined, make.user("root", is_superuser=True))
        assert said == []  # it had been sent before

    def test_what_went_out_meanwhile_is_counted_once_by_whom_it_reached(self, joined):
        """Two subscriptions told of by one mail; one contact that is still to be told, and one that was not after all."""
        sender, root = make.user("s2"), make.user("root", is_superuser=True)
        shared, mail = (make.delivery(sender, joined.event, key=key) for key in ("shared", "mail"))
        alert, mine = joined.event.alerts.first(), contact(make.user("ada"))
        for name in ("bright", "near"):
            Telling.objects.create(
                contact=mine, alert=alert, subscription=subscription(mine.owner, mine, name=name), change="new",
                delivery=mail, said=mail.created,
            )  # fmt: skip
        for name, fields in (("waits", {}), ("dropped", {"said": mail.created, "dropped": "no right any more"})):
            Telling.objects.create(contact=contact(make.user(name)), alert=alert, change="new", **fields)
        assert merging.meanwhile(joined, root) == ([shared], 1)

    @pytest.mark.parametrize("stays", [True, False], ids=["a third is joined to it", "it is joined to a third"])
    def test_what_a_third_event_had_sent_before_it_was_joined_is_not_of_the_two(self, joined, stays):
        sender, root = make.user("s2"), make.user("root", is_superuser=True)
        third, mine = make.known("Fermi GBM 700000009"), contact(make.user("ada"))
        alert = make.alert(third, make.notice(third.name), make.message())
        ours, theirs = (make.delivery(sender, event, key=event.name) for event in (joined.event, third))
        Telling.objects.create(contact=mine, alert=alert, change="new", said=theirs.created)
        with transaction.atomic():
            into, other = (joined.event, third) if stays else (third, joined.event)
            later = merging.join(into, other, because="a person said so")
        joined.refresh_from_db()
        assert merging.meanwhile(joined, root) == ([ours], 0)
        assert merging.meanwhile(later, root) == ([], 0)
        since = make.delivery(sender, into, key="since")
        Telling.objects.create(
            contact=mine, alert=alert, change="updated", subscription=subscription(mine.owner, mine), said=since.created
        )
        assert merging.meanwhile(joined, root) == ([since, ours], 1)
        assert merging.meanwhile(later, root) == ([since], 1)

    def test_only_who_sees_both_events_knows_of_it(self, joined):
        assert Merge.objects.visible_to(AnonymousUser()).exists()
        joined.public = False
        joined.save()
        assert not Merge.objects.visible_to(AnonymousUser()).exists()


@pytest.mark.django_db
def test_replay_of_everything_ends_in_the_same_whatever_had_come_first():
    records = [xrt("1", event_name="EP261121a"), xrt("2", minutes=4), xrt("2", minutes=3, event_name="EP261121a")]
    for item in records:
        ingest.ingest([item], now=NOW)
    before = outcome()
    assert Merge.objects.get().other_name == "Einstein Probe WXT 2"
    replay(Message.objects.all())
    assert outcome() == before
    merging.undo(Merge.objects.get(), make.user("astronomer"))
    parted = outcome()
    replay(Message.objects.all())
    assert outcome() == parted
    assert len(parted) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_chain_of_merges_is_undone_in_any_order(order):
    """A takes B, which had taken C: each has its own again, whichever of the two merges is undone first."""
    names = ("Fermi GBM 700000001", "Fermi GBM 700000002", "Swift 1200001")
    hear([reading(name, minutes) for minutes, name in enumerate(names)])
    before = outcome()
    with transaction.atomic():
        first, second, third = Event.objects.order_by("name")
        merges = [merging.join(second, third, because="told"), merging.join(first, second, because="told")]
        folding.refold([first])
    assert outcome().keys() == {names[0]}
    for number in order:
        merging.undo(Merge.objects.get(pk=merges[number].pk), make.user(f"astronomer {number}"))
    assert outcome() == before
    assert {str(merge.event): str(merge.other) for merge in Merge.objects.all()} == {
        names[0]: names[1],
        names[1]: names[2],
    }


@pytest.mark.django_db
def test_a_cited_notice_that_comes_later_joins():
    hear([NIGHT[3]], [NIGHT[0]])
    assert (Event.objects.get().name, Alert.objects.count()) == ("Fermi GBM 700000001", 2)


@pytest.mark.django_db
def test_a_report_joins_nothing():
    hear(
        [NIGHT[0]],
        [NIGHT[2]],
        [report("GRB 261121A", 5, aliases=("Fermi GBM 700000001", "Swift 1200001"), cites=(Cite(IVO, "followup"),))],
    )
    assert (Event.objects.count(), Alias.objects.count()) == (2, 1)
    assert not Merge.objects.filter(state="merged").exists()


@pytest.mark.django_db
def test_one_more_notice_costs_the_same_queries_however_many_events_there_are():
    def queries(number: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            hear([reading(f"Fermi GBM 7100000{number}", number, id=f"{IVO}_{number}")])
        return len(asked)

    hear([reading("Fermi GBM 710000000", 0, id=f"{IVO}_0")])
    few = queries(10)
    make.many(300)
    assert queries(11) == few


@pytest.mark.skipif(connection.vendor != "postgresql", reason="two connections at once: PostgreSQL")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("before", "first", "second"),
    [
        pytest.param([], NIGHT[1], NIGHT[4], id="the alias first"),
        pytest.param([], NIGHT[4], NIGHT[1], id="the event first"),
        pytest.param(
            [[NIGHT[0]], [NIGHT[2]]],
            NIGHT[1],
            reading("Swift 1200001", 8, source="Swift BAT", alert_type="update"),
            id="an event that goes by another name meanwhile",
        ),
    ],
)
def test_of_two_listeners_at_once_none_makes_a_name_twice(before, first, second):
    """No name is an event and another event's alias: the second listener waits for the first and then sees what it wrote."""

    def listen():
        try:
            hear([second])
        finally:
            connection.close()

    hear(*before)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            hear([first])
            other = pool.submit(listen)
            with pytest.raises(TimeoutError):
                other.result(0.5)
        other.result(60)
    assert not Alias.objects.filter(name__in=Event.objects.values("name")).exists()
    assert Event.objects.count() == 1
    assert Alert.objects.count() == len(before) + 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="two connections at once: PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_a_replay_and_a_listener_do_not_wait_for_each_other(settings):
    """Both wait for their turn at the names before they lock rows; else PostgreSQL ends one of them (deadlock detected)."""
    settings.TOM_SCIMMA = {"TOPICS": {"igwn.gwalert": {"authority": ["LVK"]}}}
    ingest.ingest([record(igwn(), "igwn.gwalert")], now=NOW)
    message = Message.objects.get()

    def again():
        try:
            return replay([message])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            roster._wait_for_turn({"S261121a"})
            other = pool.submit(again)
            with pytest.raises(TimeoutError):
                other.result(1)
            ingest.ingest([record(igwn(kind="UPDATE", minutes=3), "igwn.gwalert")], now=NOW)
        (result,) = other.result(60)
    assert (result.state, Event.objects.get().alert_count) == ("parsed", 2)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="advisory locks: PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_who_has_very_many_names_waits_for_all_and_fills_no_table():
    """PostgreSQL's manual, 13.3.5: advisory locks lie in shared memory, of which max_locks_per_transaction says how much."""

    def one():
        try:
            with transaction.atomic():
                roster._wait_for_turn({"S261120ab"})
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            roster._wait_for_turn({f"name {number}" for number in range(30_000)})
            other = pool.submit(one)
            with pytest.raises(TimeoutError):
                other.result(0.5)
        other.result(60)
