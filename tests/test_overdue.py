"""Large messages whose server was away: the worker brings them when it is back, live while they are young.

Authority: promises 1 (nothing is lost), 6 (protected stays so), 8 (only the living is acted on) and docs/listening.md.
Over real HTTP and the embedded broker.
"""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from tests.archive import HEADERS, reply, serving
from tests.embedded import Embedded
from tests.messages import igwn
from tom_scimma import overdue
from tom_scimma.broker import retrieve
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Message, Reaction
from tom_scimma.offload import AGAIN, ERROR
from tom_scimma.record import Record

TOPIC = "igwn.gwalert"
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Embedded(tmp_path_factory.mktemp("broker")) as made:
        made.topic("sys.metadata")
        yield made


@pytest.fixture
def server(broker, settings):
    with serving() as made:
        broker.send("sys.metadata", json.dumps({"LargeMessageUploadEndpoint": made.url}).encode())
        settings.TOM_SCIMMA = {"SOURCES": {"local": {"brokers": broker.address, "auth": False}}}
        made.answers = [(503, b"")]
        yield made


def stored(server, *, number=1, minutes=1.0, via="listen") -> Message:
    """The row of a stub, published and received some minutes ago, whose server was away."""
    then = timezone.now() - timedelta(minutes=minutes)
    headers = (("_id", uuid.UUID(int=number).bytes), ("_sender", b"lvk-1"), ("_format", b"external"))
    payload = json.dumps({"url": f"{server.url}/{number}"}).encode()
    record = Record(TOPIC, payload, "local", 0, number, headers, published=then, received=then, broker="local")
    ingest([retrieve(record, pauses=())], via=via, now=then)
    return Message.objects.get(uid=record.uid)


def alert(name="S261121a", *, minutes=1.0) -> tuple[int, bytes]:
    said = igwn(name, minutes=minutes, now=timezone.now())
    return 200, reply(f"{TOPIC}+oversized", json.dumps(said).encode(), HEADERS)


def due() -> None:
    """Lets the next try be now, whatever it was put off to."""
    for row in Message.objects.all():
        row.headers = [[name, "" if name == AGAIN else value] for name, value in row.headers]
        row.save()


def test_it_comes_live_while_it_is_young(server):
    before = stored(server)
    assert before.state == "quarantined"
    server.answers = [alert()]
    assert overdue.fetch_due() == 1
    row = Message.objects.get(uid=before.uid)
    assert (row.state, row.sender, row.place, row.received) == ("parsed", "lvk-1", before.place, before.received)
    assert {ERROR, AGAIN}.isdisjoint(name for name, _ in row.headers)
    made = Alert.objects.get(message=row)
    assert (made.event.name, made.live, made.authority) == ("S261121a", True, True)
    assert "subscriptions" in set(Reaction.objects.filter(alert=made).values_list("name", flat=True))
    assert overdue.fetch_due() == 0  # and once


def test_what_is_older_than_live_is_shown_and_acts_on_nothing(server):
    stored(server, minutes=7 * 60)
    server.answers = [alert(minutes=7 * 60)]
    assert overdue.fetch_due() == 1
    made = Alert.objects.get()
    assert not made.live
    assert "subscriptions" not in set(Reaction.objects.values_list("name", flat=True))


def test_it_is_asked_for_less_and_less_often_and_in_the_end_no_more(server):
    row, now = stored(server), timezone.now()
    pauses = []
    for later in (timedelta(), timedelta(minutes=3), timedelta(hours=1), timedelta(days=2)):
        due()
        asked = len(server.asked)
        assert overdue.fetch_due(now + later) == 0
        assert len(server.asked) == asked + 1
        row.refresh_from_db()
        assert "503" in row.error
        when = overdue._time(dict(row.headers)[AGAIN])
        pauses.append((when - now - later).total_seconds())
        assert overdue.fetch_due(when - timedelta(seconds=1)) == 0
        assert len(server.asked) == asked + 1  # not before
    assert 30 <= pauses[0] <= 61
    assert 120 <= pauses[1] <= 241
    assert 1800 <= pauses[2] <= 3600
    assert 1800 <= pauses[3] <= 3600
    due()
    assert overdue.fetch_due(now + timedelta(days=8)) == 0
    assert len(server.asked) == 5  # the listener once, then four times


def test_a_server_that_is_away_is_not_asked_for_each_of_many(server):
    for number in range(1, 8):
        stored(server, number=number)
    server.asked.clear()
    assert overdue.fetch_due() == 0
    assert len(server.asked) == overdue.MISSES
    assert overdue.fetch_due() == 0
    assert len(server.asked) == 2 * overdue.MISSES  # the others, now that the first ones wait


def test_what_is_refused_waits_for_a_person(server):
    row = stored(server)
    server.answers = [(200, reply(topic="another.topic"))]
    assert overdue.fetch_due() == 0
    row.refresh_from_db()
    assert "not of igwn.gwalert" in row.error
    assert AGAIN not in dict(row.headers)
    assert overdue.fetch_due() == 0
    assert len(server.asked) == 2


def test_what_came_by_another_way_than_listening_is_left_alone(server):
    stored(server, via="backfill")
    server.answers = [alert()]
    assert overdue.fetch_due() == 0


def test_what_was_received_for_some_stays_theirs(server, settings):
    members = Group.objects.create(name="members")
    source = settings.TOM_SCIMMA
    settings.TOM_SCIMMA = {**source, "TOPICS": {TOPIC: {"groups": ["members"]}}}
    protected, other = stored(server), stored(server, number=2)
    server.answers = [alert()]
    assert overdue.fetch_due() == 2  # the second says the same again
    row = Message.objects.get(uid=protected.uid)
    assert (row.public, list(row.groups.all())) == (False, [members])
    Message.objects.all().delete()
    server.answers = [(503, b"")]
    protected = stored(server)
    settings.TOM_SCIMMA = source  # opened since
    server.answers = [alert("S261122b")]
    assert overdue.fetch_due() == 1
    row = Message.objects.get(uid=protected.uid)
    assert (row.state, row.public, list(row.groups.all())) == ("parsed", False, [members])
    made = Alert.objects.get(message=row)
    assert not made.public
    assert not made.live
    assert Message.objects.filter(uid=other.uid).count() == 0
