"""What may be committed, in whatever order things are read, finished and lost. Authority: the design, promise 1."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tom_scimma import retry, wire
from tom_scimma.beginning import beginning
from tom_scimma.offsets import Offsets, Unsaid
from tom_scimma.record import Record

PLACE = ("t", 0)


def record(offset: int) -> Record:
    return Record("t", b"", partition=0, offset=offset)


def test_a_batch_is_committed_past_its_last():
    offsets = Offsets()
    offsets.take([record(5), record(6)])
    assert offsets.due({PLACE}) == {}  # nothing is finished
    offsets.finish([record(5), record(6)])
    assert offsets.due({PLACE}) == {PLACE: 7}
    assert offsets.due({PLACE}) == {}  # said once


def test_one_that_is_open_holds_back_all_after_it():
    offsets = Offsets()
    offsets.take(record(number) for number in range(10))
    offsets.finish(record(number) for number in range(10) if number != 4)
    assert offsets.due({PLACE}) == {PLACE: 4}
    assert offsets.is_open(record(4))
    offsets.finish([record(4)])
    assert offsets.due({PLACE}) == {PLACE: 10}


def test_what_went_to_another_listener_is_not_committed_by_us():
    offsets = Offsets()
    offsets.take([record(0)])
    offsets.finish([record(0)])
    assert offsets.due(set()) == {}
    assert offsets.due({PLACE}) == {}
    offsets.take([record(3)])
    assert offsets.due(set()) == {}
    assert not offsets.is_open(record(3))


def test_what_was_forgotten_says_nothing_of_what_lies_before_it():
    """The partition went away and came back; what was in hand meanwhile is stored, what was set aside before it is not."""
    offsets = Offsets()
    offsets.take([record(3), record(4)])
    assert offsets.due(set()) == {}
    offsets.finish([record(4)])
    assert offsets.due({PLACE}) == {}
    offsets.take([record(3), record(4)])
    offsets.finish([record(4)])
    assert offsets.due({PLACE}) == {PLACE: 3}


def test_a_partition_that_begins_anew_is_committed_anew():
    offsets = Offsets()
    offsets.take([record(100)])
    offsets.finish([record(100)])
    assert offsets.due({PLACE}) == {PLACE: 101}
    offsets.take([record(0)])
    offsets.finish([record(0)])
    assert offsets.due({PLACE}) == {PLACE: 1}


def test_a_commit_that_did_not_get_through_is_made_again():
    unsaid, other = Unsaid(), ("t", 1)
    unsaid.note({PLACE: 5, other: 7}, now=0)
    unsaid.note({}, now=1.5)  # one that got through
    assert unsaid.added({}, {PLACE, other}, now=0.5) == {}  # not at once
    assert unsaid.added({PLACE: 6}, {PLACE, other}, now=2) == {PLACE: 6, other: 7}
    assert unsaid.added({}, {PLACE, other}, now=3) == {}
    unsaid.note({other: 7}, now=4)
    assert unsaid.added({}, {PLACE}, now=6) == {}  # no longer ours
    assert unsaid.added({}, {PLACE, other}, now=8) == {}


@given(st.lists(st.tuples(st.sampled_from(["read", "finish", "commit", "lose"]), st.integers(0, 9)), max_size=60))
def test_a_commit_never_passes_what_is_not_finished(steps):
    """Offsets below what was ever committed are all finished, by us or by whoever had the partition before."""
    offsets, committed, position, finished, opened = Offsets(), 0, 0, set(), []
    for step, number in steps:
        if step == "read":
            offsets.take([record(position)])
            opened.append(position)
            position += 1
        elif step == "finish" and opened:
            offset = opened.pop(number % len(opened))
            offsets.finish([record(offset)])
            finished.add(offset)
        elif step == "commit":
            committed = offsets.due({PLACE}).get(PLACE, committed)
        elif step == "lose":  # the partition goes and comes back: reading goes on at the last commit
            offsets.due(set())
            position, opened = committed, []
        assert set(range(committed)) <= finished


@given(st.integers(1, 10_000), st.floats(0.01, 10), st.floats(10, 1000), st.floats(0, 1))
def test_waits_grow_and_are_capped(attempt, first, cap, chance):
    wait = retry.delay(attempt, first=first, cap=cap, chance=lambda: chance)
    assert 0 < wait <= cap
    assert retry.delay(attempt + 1, first=first, cap=cap, chance=lambda: chance) >= wait
    assert retry.delay(1, first=first, cap=cap, chance=lambda: 1.0) == first


@dataclass(frozen=True)
class Share:
    """A partition as confluent-kafka's TopicPartition says it."""

    topic: str
    partition: int
    offset: int = -1001
    error: str | None = None


@dataclass
class Group:
    """A broker's answers about its partitions."""

    committed_at: list[Share]
    time_at: list[Share]

    def committed(self, partitions, timeout):
        return self.committed_at

    def offsets_for_times(self, places, timeout):
        return [self.time_at[place.partition] for place in places]


def test_what_the_broker_does_not_say_of_a_partition_is_not_taken_for_never_committed():
    """Kafka answers partition by partition: one that had an error begins where librdkafka finds that it was committed."""
    answers = Group([Share("t", 0, 7), Share("t", 1, error="busy"), Share("t", 2), Share("t", 3)], [])
    answers.time_at = [Share("t", 0, 90), Share("t", 1, 90), Share("t", 2, 90), Share("t", 3, 17e11, error="busy")]
    placed = beginning(answers, answers.committed_at, lambda place: None, lambda topic: "latest")
    found = {place.partition: place.offset for place in placed}
    assert found == {0: 7, 1: wire.COMMITTED, 2: 90, 3: wire.COMMITTED}
