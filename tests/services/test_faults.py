"""Nothing received is lost and nothing is doubled, whatever dies: listeners, the broker, the database."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.services import account
from tests.services.messages import night, produce
from tests.services.process import wait_for

pytestmark = pytest.mark.services

SOAK = bool(os.environ.get("SOAK"))
KILLS = 50 if SOAK else 10
MESSAGES = 20_000
RESTARTS = 5 if SOAK else 1
HOW = [signal.SIGINT, signal.SIGQUIT]  #: PostgreSQL stops in order, or crashes


def test_killed_at_random_instants(tom, kafka, topic, chance, say):
    """SIGKILL again and again: none of 20,000 messages is lost, none doubled; the offsets end where the topic does."""
    name = topic("alerts", partitions=4)
    messages = list(night(chance, MESSAGES))
    sources = {"hopskotch": tom.source(name)}
    running = [tom.listen(sources), tom.listen(sources)]
    tom.wait_members(2)
    producer, size, repeated, busy = kafka.producer(), MESSAGES // (KILLS + 1), 0, 0
    for kill in range(KILLS):
        commits = tom.commits()
        produce(producer, name, messages[kill * size : (kill + 1) * size], partitions=4)
        match chance.randrange(3):
            case 0:  # as a batch is in the database and its offset not yet with the broker
                next(commits)
            case 1:  # somewhere in a batch
                next(commits)
                time.sleep(chance.uniform(0, 0.3))
            case 2:  # at any time: while it starts, or the group is rearranged
                time.sleep(chance.uniform(0, 6))
        victims = running if chance.random() < 0.3 else [chance.choice(running)]
        for victim in victims:
            victim.kill()
        commits.close()
        stored = tom.count()
        busy += stored < (kill + 1) * size
        repeated += stored - sum(offset for offset in kafka.committed(tom.group).values() if offset > 0)
        running = [tom.listen(sources) if listener in victims else listener for listener in running]
    produce(producer, name, messages[KILLS * size :])
    tom.wait(MESSAGES, name, seconds=240)
    tom.wait_committed(name)
    account.check(tom, messages)
    say(f"{KILLS} times killed, {busy} times at work; {repeated} messages were stored but not committed and came again")
    assert busy >= KILLS / 2


def test_killed_between_the_row_and_its_offset(tom, kafka, topic, chance, say):
    """At the worst instant, and for certain: the batch is in the database and the broker has not been told."""
    name = topic("alerts", partitions=2)
    messages = list(night(chance, 600))
    sources = {"hopskotch": tom.source(name)}
    producer, again = kafka.producer(), []
    for turn in range(3):
        before = tom.count()
        with tom.commits_held() as waiting:
            listener = tom.listen(sources)
            tom.wait_members(1)
            produce(producer, name, messages[turn * 200 : (turn + 1) * 200], partitions=2)
            wait_for("a batch in its COMMIT", waiting, every=0.02)
            listener.freeze()
        wait_for("the batch in the database", lambda before=before: tom.count() > before, every=0.02)
        stored = tom.count()
        listener.kill()
        again.append(stored - sum(offset for offset in kafka.committed(tom.group).values() if offset > 0))
    assert min(again) > 0  # each kill hit that instant
    tom.listen(sources)
    tom.wait(600, name, seconds=120)
    tom.wait_committed(name)
    account.check(tom, messages)
    say(f"killed between row and offset 3 times: {again} messages came again, none was doubled")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL] if SOAK else [signal.SIGTERM])
def test_broker_away_for_20_seconds(tom, kafka, topic, chance, say, how):
    """The broker stops while messages come: the listener waits, says so, and goes on by itself."""
    name = topic("alerts", partitions=4)
    messages = list(night(chance, 2000))
    listener = tom.listen({"hopskotch": tom.source(name)})
    tom.wait_members(1)
    produce(kafka.producer(), name, messages[:1000])
    wait_for("messages", lambda: tom.count() > 200, every=0.02)
    kafka.stop(by=how)
    before = listener.cpu()
    time.sleep(20)
    used = listener.cpu() - before
    query = "SELECT 1 FROM tom_scimma_listener WHERE state = 'waiting' AND position(%s IN last_error) > 0"
    wait_for("the row to say so", lambda: tom.rows(query, kafka.brokers), explain=tom.logs)
    kafka.start()
    produce(kafka.producer(), name, messages[1000:])
    seconds = tom.wait(2000, seconds=120)
    tom.wait_committed(name)
    assert listener.alive
    account.check(tom, messages)
    assert wait_for("listening again", lambda: tom.rows("SELECT state FROM tom_scimma_listener") == [("listening",)])
    say(f"broker away for 20 s: {used:.1f} s of CPU meanwhile; everything stored {seconds:.1f} s after it was back")
    assert used < 5  # never spins


@pytest.mark.parametrize("how", HOW * RESTARTS, ids=[how.name for how in HOW] * RESTARTS)
def test_database_restarted_in_between(tom, kafka, postgres, topic, chance, say, how):
    """PostgreSQL stops in the middle of a batch, for 5 s: the listener keeps its place in the group and stores all."""
    name = topic("alerts", partitions=4)
    messages = list(night(chance, 2000))
    listener = tom.listen({"hopskotch": tom.source(name)})
    member = tom.wait_members(1)
    produce(kafka.producer(), name, messages[:1500])
    wait_for("messages", lambda: tom.count() > 200, every=0.02)
    postgres.stop(by=how)
    before = listener.cpu()
    time.sleep(5)
    used = listener.cpu() - before
    assert kafka.members(tom.group) == member
    postgres.start()
    produce(kafka.producer(), name, messages[1500:])
    seconds = tom.wait(2000, seconds=120)
    tom.wait_committed(name)
    assert listener.alive
    account.check(tom, messages)
    say(f"PostgreSQL {how.name} and away for 5 s: {used:.1f} s of CPU meanwhile; all stored {seconds:.1f} s after")
    assert used < 3


def test_told_to_stop(tom, kafka, topic, chance):
    """SIGTERM in the middle of work: it finishes what is in hand, commits it, and ends by itself with exit code 0."""
    name = topic("alerts", partitions=4)
    messages = list(night(chance, 2000))
    listener = tom.listen({"hopskotch": tom.source(name)})
    tom.wait_members(1)
    produce(kafka.producer(), name, messages)
    wait_for("messages", lambda: tom.count() > 200, every=0.02)
    assert listener.stop() == 0
    stored = tom.count()
    assert stored == sum(offset for offset in kafka.committed(tom.group).values() if offset > 0)
    assert kafka.members(tom.group) == []
    tom.listen({"hopskotch": tom.source(name)})
    tom.wait(2000)
    account.check(tom, messages)
