"""Workers killed at random instants, on PostgreSQL and SQLite: never sent twice, nothing lost in silence.

Authority: promise 5. The service counts what it was sent, by key, and drops one reply in ten. 20 kills; 200 in `make soak`.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from tests.nursery import Nursery
from tests.outside.standin import Standin
from tests.outside.tom import Tom
from tom_scimma import destinations
from tom_scimma.destinations.hopskotch import packed

pytestmark = pytest.mark.services

SOAK = bool(os.environ.get("SOAK"))
KILLS = 200 if SOAK else 20
#: more is queued while fewer wait: workers that live for less than a second get little done, and a queue grows past its deadlines
WAITING = 60


@pytest.fixture
def outside(chance):
    with Standin(chance=lambda: chance.choice([*[""] * 8, "drop", "slow:0.02", "busy:0"])) as service:
        yield service


@pytest.fixture(scope="module")
def nursery():
    with Nursery("tests.outside.settings") as made:
        yield made


@pytest.fixture(params=["postgresql", "sqlite"])
def tom(request, postgres, migrated, tmp_path, outside, nursery):
    """A TOM of the test's own on either database; its workers are forks, which are killed like any other process."""
    url = ""
    if request.param == "postgresql":
        name = f"worker_{tmp_path.name.replace('-', '_')}"[-40:]
        url = postgres.database(name, template=migrated)
    with Tom(tmp_path, outside, url, nursery=nursery) as made:
        if not url:
            made.side("migrate")
        made.several = bool(url)
        yield made


def test_killed_at_random_instants(tom, outside, chance, say):
    """Two workers on PostgreSQL, one on SQLite; whichever is killed is started again, while more is queued."""
    crew = [tom.work() for _ in range(2 if tom.several else 1)]
    queued, alerts = 0, 0
    begun = time.monotonic()
    for _ in range(KILLS):
        if tom.side("states").get("queued", 0) < WAITING:
            tom.side("queue", texts=[f"{queued + number}" for number in range(25)])
            tom.side("queue", texts=[f"p{queued + number}" for number in range(5)], to="postcard")
            tom.side("alerts", count=3, begin=alerts)
            queued, alerts = queued + 25, alerts + 3
        place = chance.randrange(len(crew))
        tom.ready(crew[place])
        time.sleep(chance.uniform(0.0, 0.7))
        tom.kill(crew[place])
        crew[place] = tom.work()
    found = tom.settled(seconds=180)
    tom.wait("every reaction", lambda: tom.side("hurry") or tom.side("reactions") == {"done": 2 * alerts}, 180)
    rows = {row["key"]: row for row in tom.side("rows")}
    count = Counter(outside.keys())
    parcels = {key: row for key, row in rows.items() if row["destination"] == "parcel"}
    twice = {key: number for key, number in count.items() if number > 1 and key in parcels}
    assert twice == {}
    assert set(count) <= set(rows)
    told = {key for key, row in parcels.items() if row["state"] == "delivered"}
    unknown = {key for key, row in parcels.items() if row["state"] == "unknown"}
    assert told | unknown == set(parcels)
    assert told == set(count) & set(parcels)  # whatever arrived is known to have
    assert all(
        parcels[key]["looks"] and parcels[key]["needs_person"] for key in unknown
    )  # looked for, and shown to a person
    assert all(row["state"] == "delivered" for row in rows.values() if row["destination"] == "postcard")
    marks = Counter((mark["name"], mark["alert"]) for mark in outside.marks if mark["name"] != "tick")
    assert len(marks) == 2 * alerts  # each reaction at least once
    say(
        f"{tom.side('count')['vendor']}: {KILLS} kills, {len(parcels)} deliveries: {len(told)} delivered once, "
        f"{len(unknown)} left to a person, {sum(count.values())} arrivals, {found}, {time.monotonic() - begun:.0f} s"
    )


@pytest.mark.parametrize("tom", ["postgresql"], indirect=True)  # SQLite has one worker
def test_two_workers_share_and_neither_sends_what_the_other_does(tom, outside):
    crew = [tom.work() for _ in range(2)]
    tom.wait("both at work", lambda: len(tom.side("workers")) == 2)
    tom.side("queue", texts=[str(number) for number in range(200)])
    tom.settled()
    rows = tom.side("rows")
    assert {row["state"] for row in rows} == {"delivered"}
    assert Counter(outside.keys()).most_common(1)[0][1] == 1
    assert len({row["worker"] for row in rows}) == 2
    assert [tom.stop(worker) for worker in crew] == [0, 0]


@pytest.mark.parametrize("tom", ["postgresql"], indirect=True)  # SQLite does not go away
def test_the_database_goes_away_while_a_worker_works(tom, outside, postgres):
    """What the world answered meanwhile is kept and written down afterwards."""
    outside.chance = None
    outside.faults.append("wait")
    worker = tom.ready(tom.work(OUTSIDE_SECONDS="60"))
    tom.side("queue", texts=["a", "b"])
    assert outside.arrived.wait(60)
    postgres.stop()
    outside.go.set()
    tom.wait("an answer", lambda: b"answer not written" in worker.log.read_bytes())
    postgres.start()
    tom.anew()
    tom.wait("both", lambda: tom.side("states") == {"delivered": 2})
    assert len(outside.parcels) == 2


def test_publishing_on_a_real_kafka(kafka, settings, topic):
    """A receipt, and what is there and what is not found by its time on all partitions."""
    name = topic("out", partitions=3, writers=("tester-9f9f",))
    kafka.credential("tester-9f9f")
    auth = {"username": "tester-9f9f", "password": kafka.passwords["tester-9f9f"], "ssl_ca_location": kafka.ca}
    source = {"kind": "hopskotch", "brokers": kafka.brokers, "auth": auth}
    settings.TOM_SCIMMA = {"SOURCES": {"real": source}}
    there = destinations.find(f"hopskotch:{name}")
    begun = datetime.now(timezone.utc) - timedelta(seconds=1)
    receipt = there.send(packed({"n": 1}), "a" * 64, None)
    assert there.find(b"", "a" * 64, begun).data["offset"] == receipt.data["offset"]
    assert there.find(b"", "b" * 64, begun) is None
