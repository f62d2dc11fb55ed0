"""Which topics are heard, since when, and what their rows say; against the embedded broker and the tests' database.

Authority: docs/listening.md (missing topics, clicks, start), docs/listening.md "Topics" and "Where reading begins".
"""

from __future__ import annotations

import threading
import time
from contextlib import closing
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.embedded import Embedded
from tom_scimma.broker import Broker
from tom_scimma.models import Listener, TopicState
from tom_scimma.roll import Roll, Status
from tom_scimma.sources import absent, chosen
from tom_scimma.watch import CLOCKS, Watch

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Embedded(tmp_path_factory.mktemp("broker"), "--topics", "w.one,w.two,bulk.one,other") as made:
        yield made


@pytest.fixture
def watched(broker):
    """Makes a Watch that has looked once, and its Broker."""
    brokers = []

    def make(*topics):
        roll = Roll()
        roll.call({})
        watch = Watch(broker.source(*topics), threading.Event(), roll)
        watch._remember()
        brokers.append(Broker(watch.source))
        watch._turn(brokers[-1])
        return watch, brokers[-1]

    yield make
    for made in brokers:
        made.close()


def again(watch, asked):
    """Another turn, whether or not it is time for its questions."""
    watch._due.update(clicks=0.0, look=0.0)
    watch._turn(asked)


def row(topic: str) -> TopicState:
    return TopicState.objects.get(source="local", topic=topic)


def listener(process: str, **values) -> Listener:
    now = timezone.now()
    own = {"source": "local", "lane": "fast", "state": "listening", "started": now, "beat": now, **values}
    return Listener.objects.create(process=process, **own)


def test_chosen_is_what_settings_name_or_match_or_people_clicked():
    offered = {"a.one", "a.two", "b", "c"}
    assert chosen(["a.*", "c", "gone"], offered) == {"a.one", "a.two", "c"}
    assert chosen(["a.o*"], offered, {"b", "not-offered"}) == {"a.one", "b"}
    assert absent(["a.*", "c", "gone"], offered) == {"gone"}


def test_lanes_and_rows_at_a_first_look(watched, settings):
    settings.TOM_SCIMMA = {"TOPICS": {"bulk.*": {"lane": "bulk"}}}
    watch, _ = watched("w.*", "bulk.one", "gone.bulk")
    assert watch.chosen == {"fast": {"w.one", "w.two"}, "bulk": {"bulk.one"}}
    assert (row("other").offered, row("other").listening) == (True, False)
    assert not row("gone.bulk").offered
    assert "no topic gone.bulk" in row("gone.bulk").last_error
    assert row("gone.bulk").last_error_at is not None
    assert [watch.since(topic) for topic in ("w.one", "other", "gone.bulk")] == [None] * 3  # `start` decides


def test_what_is_new_at_the_broker_begins_where_we_last_looked(watched, broker):
    watch, asked = watched("w.*")
    looked = watch._looked
    broker.topic("w.new")
    again(watch, asked)
    assert watch.since("w.new") == looked - CLOCKS
    assert watch.since("w.one") is None
    assert "w.new" in watch.chosen["fast"]


def test_after_a_pause_what_was_heard_begins_when_a_listener_was_last_alive(watched):
    """Also where the group is another, or the broker forgot its offsets; and what appeared meanwhile."""
    then = timezone.now() - timedelta(hours=5)
    listener("elsewhere:1", beat=then)
    listener("elsewhere:2", beat=then - timedelta(hours=1))
    TopicState.objects.create(source="local", topic="w.one", offered=True, last_message=then)
    TopicState.objects.create(source="local", topic="w.two", offered=True)
    watch, _ = watched("w.*", "bulk.one")
    assert watch.since("w.one") == then - CLOCKS  # heard before
    assert watch.since("w.two") is None  # offered before, never heard: `start` decides
    assert watch.since("bulk.one") == then - CLOCKS  # was not there before


def test_a_click_is_seen_and_a_row_says_who_listens(watched):
    watch, asked = watched("w.one")
    TopicState.objects.filter(topic="other").update(wanted=True)
    TopicState.objects.filter(topic="w.one").update(wanted=False)  # settings win
    again(watch, asked)
    assert watch.chosen["fast"] == {"w.one", "other"}
    watch.subscribed["fast"] = watch.chosen["fast"]
    again(watch, asked)
    assert row("other").listening
    TopicState.objects.filter(topic="other").update(wanted=False)
    again(watch, asked)
    watch.subscribed["fast"] = watch.chosen["fast"]
    again(watch, asked)
    assert not row("other").listening
    assert row("w.one").listening


def test_a_topic_that_may_not_be_read_is_left_out_for_a_while(watched, monkeypatch):
    watch, asked = watched("w.*")
    watch.refuse("w.one", "may not read w.one")
    watch.refuse("w.one", "may not read w.one")  # its other partition
    again(watch, asked)
    assert "w.one" not in watch.chosen["fast"]
    assert "w.two" in watch.chosen["fast"]
    assert row("w.one").last_error == "may not read w.one"
    failures, until = watch._refused["w.one"]
    assert failures == 1
    assert 10 < until - time.monotonic() <= 30
    watch._refused["w.one"] = (1, time.monotonic() - 1)  # its time is over
    again(watch, asked)
    assert "w.one" in watch.chosen["fast"]
    assert row("w.one").last_error  # not before it has shown that it can be read
    watch.refuse("w.one", "still not")
    again(watch, asked)
    assert watch._refused["w.one"][0] == 2
    watch._refused["w.one"] = (2, time.monotonic() - 100)
    again(watch, asked)
    assert (row("w.one").last_error, row("w.one").last_error_at) == ("", None)


def test_who_stops_does_not_speak_for_those_who_go_on(watched):
    watch, asked = watched("w.one")
    watch.subscribed["fast"] = watch.chosen["fast"]
    again(watch, asked)
    other = listener("elsewhere:1")
    watch.subscribed["fast"] = frozenset()  # our thread died
    again(watch, asked)
    assert row("w.one").listening
    watch._leave()
    assert row("w.one").listening
    other.state = "stopped"
    other.save()
    again(watch, asked)
    assert not row("w.one").listening


def test_what_another_listener_wrote_is_mended(watched):
    watch, asked = watched("w.one")
    watch.subscribed["fast"] = watch.chosen["fast"]
    again(watch, asked)
    TopicState.objects.filter(topic="w.one").update(listening=False)
    again(watch, asked)
    assert row("w.one").listening


def test_a_broker_that_does_not_answer_is_said_and_asked_later(watched, monkeypatch):
    watch, _ = watched("w.one")
    monkeypatch.setattr("tom_scimma.wire.SECONDS", 0.5)
    nobody = type(watch.source)("local", "kafka", "127.0.0.1:1", auth=False, topics=("w.one",))
    with closing(Broker(nobody)) as asked:
        watch._due.update(look=0.0)
        watch._turn(asked)
    assert watch.status.state == "waiting"
    assert "127.0.0.1:1" in watch.status.last_error
    assert watch._due["look"] > time.monotonic() - watch._began
    assert row("w.one").offered  # as far as we know


def test_rows_of_the_dead_are_marked_and_of_the_long_silent_forgotten():
    roll = Roll()
    host = roll.process.rpartition(":")[0]
    now = timezone.now()
    listener(f"{host}:99999999", beat=now - timedelta(minutes=5))
    listener("elsewhere:1", beat=now - timedelta(seconds=5))
    listener("elsewhere:2", beat=now - timedelta(days=3))
    listener("far:1", source="gcn", beat=now - timedelta(days=30))
    roll.call({("local", "fast"): Status(state="listening")})
    states = dict(Listener.objects.values_list("process", "state"))
    assert states == {
        f"{host}:99999999": "stopped",
        "elsewhere:1": "listening",
        "far:1": "listening",
        roll.process: "listening",
    }
    assert roll.before["gcn"] == now - timedelta(days=30)  # the last of its source is remembered, however old
    assert not roll.alone("local")
    assert roll.alone("gcn")
