"""Any number of listeners share the work of one group: each message once, whoever comes and goes. With figures."""

from __future__ import annotations

import os
import statistics
import time

import pytest

from tests.services import account
from tests.services.messages import night, produce
from tests.services.process import wait_for

pytestmark = pytest.mark.services


@pytest.mark.parametrize("listeners", [1, 2, 3])
def test_listeners_share_a_group(tom, kafka, topic, chance, say, listeners):
    """Each message once; the partitions are shared out; and how many messages a second that is."""
    name = topic("alerts", partitions=6)
    messages = list(night(chance, 3000))
    for _ in range(listeners):
        tom.listen({"hopskotch": tom.source(name)})
    shares = tom.wait_members(listeners)
    assert sorted(map(len, shares)) == [6 // listeners] * listeners
    before = sum(listener.cpu() for listener in tom.listeners)
    produce(kafka.producer(), name, messages, partitions=6)
    tom.wait(len(messages), seconds=180)
    each = (sum(listener.cpu() for listener in tom.listeners) - before) / len(messages)
    tom.wait_committed(name)
    account.check(tom, messages)
    first, last = tom.rows("SELECT min(received), max(stored) FROM tom_scimma_message")[0]
    rate = len(messages) / (last - first).total_seconds()
    query = "SELECT handled FROM tom_scimma_listener ORDER BY id"
    wait_for("the listeners' own word", lambda: sum(row[0] for row in tom.rows(query)) >= len(messages), seconds=20)
    shares = [row[0] for row in tom.rows(query)]
    said = f"{listeners} listener(s): {rate:.0f} messages/s, {each * 1000:.2f} ms of a listener's processor each"
    say(f"{said}; shares {shares}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def test_one_killed_and_restarted(tom, kafka, topic, chance, say):
    """Its partitions go to the other soon after its session's six seconds, and come back to the one started anew."""
    name = topic("alerts", partitions=6)
    messages = list(night(chance, 2000))
    sources = {"hopskotch": tom.source(name)}
    one, _ = tom.listen(sources), tom.listen(sources)
    tom.wait_members(2)
    produce(kafka.producer(), name, messages[:1000])
    wait_for("messages", lambda: tom.count() > 100, every=0.02)
    killed = time.monotonic()
    one.kill()
    share = tom.wait_members(1, seconds=30)
    seconds = time.monotonic() - killed
    assert len(share[0]) == 6
    say(f"a killed listener's partitions went to the other after {seconds:.1f} s")
    assert seconds < 12
    tom.listen(sources)
    shares = tom.wait_members(2)
    assert sorted(map(len, shares)) == [3, 3]
    produce(kafka.producer(), name, messages[1000:])
    tom.wait(len(messages), seconds=120)
    tom.wait_committed(name)
    account.check(tom, messages)


def test_lone_message(tom, kafka, topic, chance, say):
    """From produce to committed, one at a time. Authority: PostgreSQL's own time of commit (track_commit_timestamp)."""
    name = topic("alerts")
    tom.listen({"hopskotch": tom.source(name)})
    tom.wait_members(1)
    producer = kafka.producer(linger_ms=0)
    produce(producer, name, night(chance, 5))
    tom.wait(5)
    sent = {}
    for message in night(chance, 60):
        time.sleep(chance.uniform(0.05, 0.3))
        sent[message.sha256] = time.time()
        produce(producer, name, [message])
    tom.wait(65)
    query = "SELECT sha256, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float FROM tom_scimma_message"
    took = sorted((committed - sent[sha256]) * 1000 for sha256, committed in tom.rows(query) if sha256 in sent)
    assert len(took) == len(sent)
    assert took[0] > 0
    say(f"a lone message, produce to committed: median {statistics.median(took):.0f} ms, 95 % {took[56]:.0f} ms")
