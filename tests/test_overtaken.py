"""What was stored before the listener heard it is acted on when it is heard. Authority: promise 8 (what came through `listen`, young)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import Group

from tests import factories as make
from tests import subscribers
from tests.messages import NOW, gw, record
from tests.subscribers import DONE, now, subscribe
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Event, Message, Reaction
from tom_scimma.subscriptions import react

pytestmark = pytest.mark.django_db


def changes() -> list[tuple[str, str]]:
    """What is asked of those who are told, alert by alert."""
    rows = Reaction.objects.filter(name="subscriptions").order_by("alert__order")
    return list(rows.values_list("alert__alert_type", "change"))


@pytest.mark.parametrize("via", ["backfill", "ingest"])
def test_a_message_that_a_backfill_brought_first_is_acted_on_when_it_is_heard(via):
    message = gw()
    ingest([replace(message, partition=None, offset=None, broker="elsewhere")], via=via, now=NOW)
    assert (Alert.objects.get().live, changes()) == (False, [])
    (result,) = ingest([message], now=NOW)
    assert (result.created, Alert.objects.get().live, changes()) == (False, True, [("initial", "new")])
    stored = Message.objects.get()
    assert (stored.via, stored.place, stored.broker) == ("listen", message.place, message.broker)
    asked = Reaction.objects.count()
    ingest([message, message], now=NOW)
    ingest([message], via="backfill", now=NOW)
    assert (Reaction.objects.count(), Alert.objects.count(), Event.objects.get().alert_count) == (asked, 1, 1)


def test_its_owner_is_told_once():
    app = apps.get_app_config("custom_code")
    app.subscription_actions = subscribers.actions
    DONE.clear()
    try:
        subscribe(make.user("ada"))
        moment = now()
        message = gw(now=moment, record_values={"published": moment, "received": moment})
        for way in ("backfill", "listen", "listen"):
            ingest([message], via=way, now=moment)
        for reaction in Reaction.objects.filter(name="subscriptions"):
            react(reaction.alert_id, reaction.change)
        assert DONE == [("mine", Alert.objects.get().pk)]
    finally:
        del app.subscription_actions


def test_another_message_that_says_the_same_is_heard():
    """A file of somebody's, and then the topic: the alert is the topic's."""
    ingest([gw(record_values={"source": "file", "headers": ()})], via="ingest", now=NOW)
    ingest([gw()], now=NOW)
    alert = Alert.objects.get()
    assert (alert.live, alert.message.via, alert.message.source, changes()) == (
        True,
        "listen",
        "hopskotch",
        [("initial", "new")],
    )


def test_what_is_old_when_it_is_heard_stays_as_it_is():
    message, late = gw(), NOW + timedelta(hours=7)
    ingest([message], via="backfill", now=late)
    ingest([message], now=late)
    assert (Alert.objects.get().live, changes()) == (False, [])


def test_each_version_is_told_as_if_it_had_come_alone():
    versions = [gw(kind="PRELIMINARY", minutes=9), gw(kind="UPDATE", minutes=6), gw(kind="RETRACTION", minutes=3)]
    ingest(versions, via="backfill", now=NOW)
    for message in versions:
        ingest([message], now=NOW)
    assert changes() == [("preliminary", "new"), ("update", "updated"), ("retraction", "retracted")]
    assert Reaction.objects.filter(name="withdraw", change="retracted").exists()


def test_what_comes_behind_a_newer_word_that_was_acted_on_is_late():
    first, second = gw(kind="PRELIMINARY", minutes=9), gw(kind="UPDATE", minutes=6)
    ingest([first], via="backfill", now=NOW)
    ingest([second], now=NOW)
    ingest([first], now=NOW)
    assert changes() == [("update", "updated")]
    assert set(Alert.objects.values_list("live", flat=True)) == {True}


def test_a_test_is_told_to_those_who_want_tests_once():
    message = gw("MS261121a")
    ingest([message], via="backfill", now=NOW)
    for _ in range(2):
        ingest([message], now=NOW)
    assert (Alert.objects.get().live, changes()) == (False, [("initial", "new")])


def test_a_stub_without_its_message_is_asked_for_again_as_one_that_was_heard():
    """The job that fetches large messages looks after those that were heard."""
    headers = (("_format", b"external"), ("_offload_again", b""))
    stub = record({"url": "https://archive.example.org/msg/1"}, "igwn.gwalert", headers=headers)
    for way in ("backfill", "listen"):
        ingest([stub], via=way, now=NOW)
    assert (Message.objects.get().state, Message.objects.get().via) == ("quarantined", "listen")


def test_a_protected_word_on_a_public_event_is_told_to_its_readers(settings):
    Group.objects.create(name="lvk")
    topics = {"igwn.private": {"authority": ["LVK"], "groups": ["lvk"]}}
    settings.TOM_SCIMMA = {**getattr(settings, "TOM_SCIMMA", {}), "TOPICS": topics}
    ingest([gw(minutes=9)], now=NOW)
    message = gw(kind="UPDATE", minutes=3, topic="igwn.private")
    ingest([message], via="backfill", now=NOW)
    ingest([message], now=NOW)
    assert changes() == [("initial", "new"), ("update", "updated")]


def test_a_retraction_that_history_knew_of_is_acted_on_when_it_is_heard():
    """GraceDB's own record of it, say: other words, and so another alert."""
    ingest([gw(minutes=9)], now=NOW)
    known = gw(kind="RETRACTION", minutes=4, topic="gracedb.alerts", record_values={"source": "gracedb"})
    ingest([known], via="backfill", now=NOW)
    assert Event.objects.get().state == "retracted"
    ingest([gw(kind="RETRACTION", minutes=3)], now=NOW)
    assert changes() == [("initial", "new"), ("retraction", "retracted")]
