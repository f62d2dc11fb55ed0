"""`manage.py listen` as a process: killed, stopped, sharing, with a poisoned topic, without its database or broker.

Authority: promises 1 to 3 of the design and docs/listening.md. On a real Kafka and PostgreSQL: tests/services.
The tests of one listener share one process, since starting one is what takes long.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections import Counter

import pytest
from django.core.management import CommandError, call_command

from tests.archive import reply, serving
from tests.embedded import FAULTY, Embedded, Tom, wait_for
from tests.nursery import Nursery


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Embedded(tmp_path_factory.mktemp("broker")) as made:
        yield made


@pytest.fixture(scope="module")
def tom(template, tmp_path_factory, broker):
    """A TOM with one listener, on topics that exist, that do not yet, in two lanes, and on a source that is dead."""
    for name in ("here.one", "here.poison", "here.bugs", "bulk.one", "click.one"):
        broker.topic(name)
    with Tom(template, tmp_path_factory.mktemp("tom") / "tom", broker) as made:
        local = made.entry("here.*", "here.one", "bulk.*", "later.one", "night.*")
        dead = made.entry("here.one", brokers="127.0.0.1:1")
        policies = {"bulk.*": {"lane": "bulk"}}
        made.listen({"SOURCES": {"dead": dead, "local": local}, "TOPICS": policies}, script=FAULTY)
        wait_for("a listener at work", lambda: state(made, "here.one").get("listening"), explain=made.log)
        yield made


@pytest.fixture
def archive():
    with serving() as server:
        yield server


def notices(count: int, size: int = 0) -> list[bytes]:
    return [json.dumps({"number": number, "filler": "x" * size}).encode() for number in range(count)]


def ids(tom, topic: str) -> Counter:
    return Counter(row[0] for row in tom.rows("SELECT sent_id FROM tom_scimma_message WHERE topic = ?", topic))


def state(tom, topic: str) -> dict:
    names = "wanted listening offered received quarantined lag last_error".split()
    query = f"SELECT {', '.join(names)} FROM tom_scimma_topicstate WHERE source = 'local' AND topic = ?"
    rows = tom.rows(query, topic)
    return dict(zip(names, rows[0], strict=True)) if rows else {}


def consumers(tom, source: str = "local") -> dict:
    """Listener rows by lane."""
    names = "lane state handled restarts last_error".split()
    rows = tom.rows(f"SELECT {', '.join(names)} FROM tom_scimma_listener WHERE source = ?", source)
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


def test_poison_costs_itself_and_every_message_has_its_line(tom, broker):
    topic = "here.poison"
    poison = [b"\xff\xfe{", b"[" * 5000, b'{"a": ', b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"", b"\x00" * 10]
    broker.send(topic, *poison, headers=[("_format", b"json")])
    broker.send(topic, b"Obj\x01 not avro", headers=[("_format", b"avro")])
    broker.send(topic, *notices(5), headers=[("_test", b"true")])
    tom.wait(12, topic)
    query = "SELECT state, is_test, count(*) FROM tom_scimma_message WHERE topic = ? GROUP BY 1, 2"
    rows = tom.rows(query, topic)
    assert sum(count for status, _, count in rows if status == "quarantined") >= 5
    assert sum(count for _, is_test, count in rows if is_test) == 5  # kept and marked

    def said():
        return [line for line in tom.logs[0].read_text().splitlines() if f"topic={topic}" in line and "uid=" in line]

    wait_for("the last line, which follows the row", lambda: len(said()) >= 12, explain=tom.log)
    lines = said()
    assert len(lines) == 12
    assert all(word in lines[0] for word in ("place=", "state=", "seconds="))


def test_a_bug_in_ingest_loses_no_message_and_does_not_hold_up_the_others(tom, broker):
    """The batch with it is stored without it; it is tried again, and its offset is not passed until it is stored."""
    topic = "here.bugs"
    broker.send(topic, b'{"BUG": 1}', *notices(20), partition=0)
    tom.wait(20, topic)

    def said() -> str:
        error = consumers(tom)["fast"]["last_error"]
        return error if f"{topic}:0:0 cannot be stored" in error else ""

    assert "ZeroDivisionError: a bug" in wait_for("the row to say so", said, explain=tom.log)
    tom.wait(21, topic)
    assert "Traceback" in tom.logs[0].read_text()


def test_a_thread_that_dies_is_started_again(tom, broker):
    before, count = consumers(tom)["fast"]["restarts"], tom.count("here.one")
    broker.send("here.one", b'{"DIE": 1}', *notices(3))
    tom.wait(count + 4, "here.one")
    wait_for("a restart to be shown", lambda: consumers(tom)["fast"]["restarts"] == before + 1, explain=tom.log)
    assert max(ids(tom, "here.one").values()) == 1


def test_a_large_message_is_fetched_and_takes_the_place_of_its_stub(tom, broker, archive):
    broker.topic("sys.metadata")
    broker.send("sys.metadata", json.dumps({"LargeMessageUploadEndpoint": archive.url}).encode())
    archive.answers = [
        (503, b""),
        (200, reply(topic="here.one+oversized", payload=b'{"large": "%s"}' % (b"x" * 2_000_000))),
    ]
    stub = json.dumps({"url": f"{archive.url}/msg/1"}).encode()
    (ident,) = broker.send("here.one", stub, headers=[("_format", b"external")])
    (small,) = broker.send("here.one", *notices(1))
    query = "SELECT size, state FROM tom_scimma_message WHERE sent_id = ?"
    wait_for("the small one, meanwhile", lambda: tom.rows(query, small.hex), seconds=40, explain=tom.log)
    ((size, status),) = wait_for("the large one", lambda: tom.rows(query, ident.hex), explain=tom.log)
    assert (size, status) == (2_000_013, "ignored")


def test_a_source_that_is_away_is_shown_and_does_not_fill_the_log(tom):
    def found() -> bool:
        row = consumers(tom, "dead").get("fast", {"state": ""})
        return row["state"] == "waiting" and "127.0.0.1:1" in row["last_error"]

    wait_for("the row to say why", found, explain=lambda: f"{consumers(tom, 'dead')}\n{tom.log()}")
    lines = [line for line in tom.logs[0].read_text().splitlines() if "127.0.0.1:1" in line]
    assert len(lines) < 30, lines


def test_a_topic_that_is_missing_is_a_warning_and_is_heard_once_it_appears(tom, broker):
    """The others go on meanwhile; one that comes later, by name or pattern, is picked up within a minute."""
    here, later, matched = "here.one", "later.one", "night.one"
    wait_for("a warning", lambda: "no topic later.one" in state(tom, later).get("last_error", ""), explain=tom.log)
    assert state(tom, later)["offered"] == 0
    broker.topic(later), broker.topic(matched)
    broker.send(later, *notices(3))
    broker.send(matched, *notices(2))
    gaps, begun = [], time.monotonic()
    while (tom.count(later), tom.count(matched)) != (3, 2):
        assert time.monotonic() - begun < 60, tom.log()
        before, sent = tom.count(here), time.monotonic()
        broker.send(here, *notices(1))
        tom.wait(before + 1, here)
        gaps.append(time.monotonic() - sent)
        time.sleep(0.1)
    assert max(gaps) < 2, gaps
    wait_for("the warning to go", lambda: state(tom, later)["last_error"] == "", explain=tom.log)
    wait_for("the topic to be shown as heard", lambda: state(tom, later)["listening"] == 1, explain=tom.log)


def test_a_click_adds_and_drops_a_topic_and_settings_win(tom, broker):
    def click(topic, wanted):
        with sqlite3.connect(tom.database, timeout=20) as connection:
            connection.execute("UPDATE tom_scimma_topicstate SET wanted = ? WHERE topic = ?", (wanted, topic))
        connection.close()

    named, clicked = "here.one", "click.one"
    assert (state(tom, clicked)["offered"], state(tom, clicked)["listening"]) == (1, 0)
    click(clicked, True)
    click(named, False)
    broker.send(clicked, *notices(4))
    tom.wait(4, clicked)
    wait_for("the topic to be shown as heard", lambda: state(tom, clicked)["listening"], explain=tom.log)
    assert state(tom, named)["listening"]
    click(clicked, False)
    wait_for("the topic to be dropped", lambda: not state(tom, clicked)["listening"], seconds=30, explain=tom.log)
    before = tom.count(named)
    broker.send(clicked, *notices(2))
    broker.send(named, *notices(2))
    tom.wait(before + 2, named)
    assert tom.count(clicked) == 4


def test_lanes_do_not_wait_for_each_other(tom, broker):
    before = tom.count("bulk.one"), tom.count("here.one")
    for topic, count in zip(("bulk.one", "here.one"), before, strict=True):  # both lanes are at it
        broker.send(topic, *notices(1))
        tom.wait(count + 1, topic, seconds=60)
    broker.send("bulk.one", b'{"WAIT": 1}', *notices(1500, 1500))
    wait_for("the one to be at it for long", (tom.folder / "waits").exists, explain=tom.log)
    broker.send("here.one", *notices(1))
    tom.wait(before[1] + 2, "here.one", seconds=60)
    assert tom.count("bulk.one") == before[0] + 1
    (tom.folder / "waits").unlink()
    tom.wait(before[0] + 1502, "bulk.one", seconds=60)
    assert set(consumers(tom)) == {"fast", "bulk"}


def test_a_database_that_is_away_is_waited_for(tom, broker):
    """A real lock, longer than SQLite waits for it: nothing is lost, and the member keeps its place in the group."""
    topic = "here.one"
    before = tom.count(topic)
    lock = sqlite3.connect(tom.database, isolation_level=None, timeout=20)
    lock.execute("BEGIN EXCLUSIVE")
    sent = broker.send(topic, *notices(200), spread=True)
    wait_for("three attempts", lambda: "away, attempt 3" in tom.logs[0].read_text(), seconds=90, explain=tom.log)
    assert tom.count(topic) == before
    lock.execute("COMMIT")
    lock.close()
    tom.wait(before + 200, topic)
    found = ids(tom, topic)
    assert {ident.hex for ident in sent} <= set(found)
    assert max(found.values()) == 1
    wait_for("lag to be nothing", lambda: state(tom, topic)["lag"] == 0, explain=lambda: f"{state(tom, topic)}")


def test_sigterm_ends_it_in_order(tom):
    wait_for("a listener at work", lambda: state(tom, "here.one").get("listening"), explain=tom.log)
    begun = time.monotonic()
    assert tom.stop(tom.listeners[0]) == 0
    assert time.monotonic() - begun < 30
    assert {row["state"] for row in consumers(tom).values()} == {"stopped"}
    assert not state(tom, "here.one")["listening"]


@pytest.mark.long
def test_shared_killed_and_stopped_nothing_is_lost_or_doubled(template, tmp_path, broker):
    """Two share; SIGKILL one, and the other takes over; SIGTERM that, and a third goes on where it was."""
    topic = broker.topic()
    with Nursery("tests.embedded_settings") as nursery, Tom(template, tmp_path / "tom", broker, nursery) as tom:
        settings = {"SOURCES": {"local": tom.entry(topic)}}
        first, second = tom.listen(settings), tom.listen(settings)
        sent = []

        def both_work():
            sent.extend(broker.send(topic, *notices(40), spread=True))
            return len(tom.rows("SELECT 1 FROM tom_scimma_listener WHERE handled > 0")) == 2

        wait_for("both to handle messages", both_work, every=0.5, explain=tom.log)
        sent += broker.send(topic, *notices(500), spread=True)
        tom.wait(len(sent) - 400)
        first.send_signal(signal.SIGKILL)
        tom.wait(len(sent), seconds=60)
        sent += broker.send(topic, *notices(300), spread=True)
        tom.wait(len(sent) - 250)
        assert tom.stop(second) == 0
        sent += broker.send(topic, *notices(50), spread=True)
        assert tom.listen(settings, "--until-idle", "5").wait(90) == 0, tom.log()
        assert ids(tom, topic) == Counter(ident.hex for ident in sent)
        assert state(tom, topic)["received"] < 1.5 * len(sent)  # what was committed did not come again


@pytest.mark.parametrize(
    ("sources", "arguments", "says"),
    [
        ({}, [], "HOP_USERNAME"),
        ({"hopskotch": {"auth": False}}, ["--source", "gcn"], "No such source: gcn"),
        ({"hopskotch": {"auth": False}}, ["--start", "yesterday"], "ISO 8601"),
        ({"hopskotch": {"auth": False}}, ["--from", "latest"], "--from takes a time"),
    ],
)
def test_what_cannot_be_listened_to_is_said(settings, sources, arguments, says):
    """A CommandError is exit status 1."""
    settings.TOM_SCIMMA = {"SOURCES": sources}
    with pytest.raises(CommandError, match=says):
        call_command("listen", *arguments)
