"""One alert told to many people: what it costs does not grow as if each of them were the first.

Authority: what is asked of the database, counted; and that sharing changes nothing of who is told what (the contacts'
rules and everybody's rights, as test_telling.py has them for one contact each).
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories as make
from tests.told import TOM, contact, hear, send, subscription, wave
from tom_scimma import acting, telling, tidings
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Contact, Delivery, Match, Telling
from tom_scimma.models.people import EVERYBODY
from tom_scimma.subscriptions import react

pytestmark = pytest.mark.django_db
MANY = 30


@pytest.fixture(autouse=True)
def tom(settings):
    settings.TOM_SCIMMA = TOM


def statements(work) -> int:
    """How many statements that takes, without those that only mark a transaction."""
    with CaptureQueriesContext(connection) as asked:
        work()
    return sum("SAVEPOINT" not in one["sql"] for one in asked.captured_queries)


def told_again() -> int:
    """How many statements it takes to tell everybody of the alert, as if nobody had been told."""
    Telling.objects.all().delete()
    Delivery.objects.all().delete()
    Match.objects.update(acted=None)
    alert = Alert.objects.select_related("event", "message").get()
    return statements(lambda: acting.act(alert))


def test_many_subscriptions_take_a_few_statements_each():
    for number in range(MANY):
        user = make.user(f"user{number}")
        subscription(user, contact(user))
    hear()
    assert told_again() <= 8 * MANY + 25
    assert Telling.objects.exclude(delivery=None).count() == MANY


def test_many_contacts_of_one_subscription_take_fewer(ada):
    subscription(ada, *[contact(ada) for _ in range(MANY)])
    hear()
    assert told_again() <= 3 * MANY + 25
    assert Telling.objects.exclude(delivery=None).count() == MANY


def test_sending_asks_little(ada, web):
    subscription(ada, *[contact(ada, address=f"json://127.0.0.1:{web.port}/") for _ in range(5)])
    hear()
    assert statements(send) <= 5 * 16 + 5
    assert len(web.said) == 5


def test_each_reads_what_its_people_may_see():
    lvk = Group.objects.get_or_create(name="lvk")[0]
    inside, outside, root = make.user("inside"), make.user("outside"), make.user("root", is_superuser=True)
    inside.groups.add(lvk)
    theirs = {user: contact(user) for user in (inside, outside, root)}
    shared = contact(group=lvk)
    for user, one in theirs.items():
        subscription(user, one)
    subscription(inside, shared)
    hear(classification={"BNS": 0.2, "Terrestrial": 0.8}, minutes=3)
    hear(kind="UPDATE", classification={"BNS": 0.5, "Terrestrial": 0.5}, minutes=2, topic="lvk.secret")
    hear(kind="UPDATE", classification={"BNS": 0.9, "Terrestrial": 0.1}, minutes=1)
    told = {}
    for one in Delivery.objects.order_by("pk"):
        told.setdefault(int(one.destination.partition(":")[2]), []).append(json.loads(bytes(one.payload))["brief"])
    assert [len(told[one.pk]) for one in (*theirs.values(), shared)] == [3, 2, 3, 3]
    assert "BNS 0.2 to 0.9" in told[theirs[outside].pk][-1]
    for one in (theirs[inside], theirs[root], shared):
        assert "BNS 0.5 to 0.9" in told[one.pk][-1]


def test_two_subscriptions_that_tell_one_contact_keep_its_limit(ada):
    mine = contact(ada, per_hour=1)
    for name in ("S261121a", "S261121b"):
        subscription(ada, mine, query=f'name = "{name}"')
    hear("S261121a")
    hear("S261121b")
    assert Telling.objects.exclude(delivery=None).count() == 1
    assert Telling.objects.waiting().get().why == "hourly limit"


def test_the_hour_of_a_message_begins_when_it_is_queued(ada):
    """Authority: never more than so many messages within any hour (docs/telling.md). Its worker waited for another, say."""
    mine = contact(ada)
    one = subscription(ada, mine)
    hear()
    for row in (Telling, Delivery):
        row.objects.all().delete()
    telling.tell(one, Alert.objects.get(), [mine], change="new", now=timezone.now() - timedelta(seconds=30))
    assert Telling.objects.get().said >= Delivery.objects.get().created


def test_a_critical_word_and_what_is_due_are_two_of_the_hour(ada):
    mine = contact(ada, per_hour=2)
    hear("S261121a")
    hear("S261121b")
    for alert, critical in zip(Alert.objects.order_by("pk"), (True, False), strict=True):
        Telling.objects.create(
            contact=mine, alert=alert, subscription=subscription(ada, mine, critical=critical), critical=critical,
            change="new", due=alert.order,
        )  # fmt: skip
    telling.tell_due()
    assert Delivery.objects.count() == 2
    subscription(ada, mine, name="third")
    hear("S261121a", "UPDATE", minutes=0.5)
    assert "hourly limit" in Telling.objects.waiting().values_list("why", flat=True)


def test_what_is_critical_is_not_behind_a_long_digest(ada, monkeypatch):
    monkeypatch.setattr(telling, "MOST", 3)
    mine = contact(ada, pace="daily")
    for number in range(5):
        subscription(ada, mine, name=f"digest {number}")
    subscription(ada, mine, name="wake me", critical=True)
    hear()
    (said,) = Delivery.objects.all()
    assert json.loads(bytes(said.payload))["why"] == "wake me"


def test_a_long_digest_reads_what_it_spells_out_and_counts_the_rest(ada, monkeypatch):
    subscription(ada, contact(ada, pace="daily"), cap=None)
    for letter in "abcdef":
        hear(f"S261121{letter}")
    asked = {}
    for shown in (6, 2):
        monkeypatch.setattr(tidings, "SHOWN", shown)
        Delivery.objects.all().delete()
        Telling.objects.update(said=None, due=timezone.now())
        asked[shown] = statements(telling.tell_due)
    assert asked[6] - asked[2] == 4 * 2
    said = json.loads(bytes(Delivery.objects.first().payload))
    assert said["subject"].startswith("6 alerts on 6 events")
    assert "S261121b: " in said["text"]
    assert "and 4 more, on the Told page" in said["text"]


@pytest.mark.parametrize("who", ["owner", "member", "stranger", "root", "inactive", "everybody"])
def test_whose_contact_it_is_is_one_rule(who):
    group, public = Group.objects.create(name="ours"), Group.objects.get_or_create(name=EVERYBODY)[0]
    user = make.user("user", is_superuser=who == "root", is_active=who != "inactive")
    if who == "member":
        user.groups.add(group)
    user.groups.add(public)
    owner = user if who in ("owner", "inactive") else make.user("other")
    rows = [
        contact(owner), contact(group=group), contact(group=public), contact(owner, forgotten=True),
        contact(group=group, forgotten=True),
    ]  # fmt: skip
    usable = set(Contact.objects.usable_by(user))
    assert {one for one in rows if one.usable(user)} == usable


def test_what_is_taken_back_is_not_just_being_said(ada):
    """The contacts are locked before what waits for them is dropped: another worker may be at them for another event."""
    subscription(ada, contact(ada))
    hear(minutes=2)
    with CaptureQueriesContext(connection) as asked:
        hear(kind="RETRACTION")
    texts = [one["sql"] for one in asked.captured_queries]
    dropped = next(n for n, text in enumerate(texts) if 'UPDATE "tom_scimma_telling" SET "dropped"' in text)
    locked = 'FROM "tom_scimma_contact" WHERE "tom_scimma_contact"."id" IN'
    assert any(locked in text for text in texts[:dropped])


def test_one_who_is_switched_off_meanwhile_is_not_told(ada, monkeypatch):
    one, other = contact(ada), contact(ada)
    subscription(ada, one, other)
    heard = telling._locked

    def off(contacts):
        Contact.objects.filter(pk=other.pk).update(enabled=False)
        return heard(contacts)

    monkeypatch.setattr(telling, "_locked", off)
    hear()
    assert Delivery.objects.get().destination == f"people:{one.pk}"
    assert Telling.objects.get(contact=other).dropped == "the contact was switched off"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="several connections at once: PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_keep_the_limit_and_tell_nothing_twice(ada):
    """Four threads with connections of their own, each at other alerts, and each twice."""
    mine = contact(ada, per_hour=2)
    shared = [subscription(ada, mine, name=name) for name in ("one", "two")]
    now = timezone.now()
    for number in range(4):
        ingest([wave(f"S261121{'abcd'[number]}", minutes=4 - number, now=now)], via="listen", now=now)
    alerts = list(Alert.objects.values_list("pk", flat=True).order_by("pk"))

    def work(first: int) -> None:
        try:
            for pk in (*alerts[first:], *alerts[:first]):
                react(pk, "new")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    assert Telling.objects.count() == len(alerts) * len(shared)
    assert Match.objects.filter(acted=None).count() == 0
    assert not Match.objects.exclude(error="").exists()
    assert Delivery.objects.count() == mine.per_hour
    said = [pk for one in Delivery.objects.all() for pk in json.loads(bytes(one.payload))["tellings"]]
    assert sorted(said) == sorted(Telling.objects.exclude(delivery=None).values_list("pk", flat=True))
    assert set(Telling.objects.waiting().values_list("why", flat=True)) == {"hourly limit"}
