"""The deluge: what a burst of 10,000 Rubin-like packets on a bulk lane adds to a gravitational-wave alert on a fast one.

Bar: the slowest alert of the burst is committed at most a second later than the middle one of a quiet time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import datetime, timezone

import numpy as np
import psycopg

from benchmarks import alert, rubin
from benchmarks.bench import Bench
from benchmarks.broker import Embedded, Listener, wait
from benchmarks.figure import Figure, middle, same
from benchmarks.lone import COMMITTED

NAMES = ("deluge",)
BULK, FAST = "lsst.alerts", "igwn.gwalert"
POLICIES = {BULK: {"keep": "matched", "authority": ["Rubin"], "lane": "bulk"}}
COUNT, OURS, TARGETS = 10_000, 10, 1000
COUNTED = "SELECT received, dropped FROM tom_scimma_topicstate WHERE topic = %s"
STORED = "SELECT count(*) FROM tom_scimma_message WHERE topic = %s"


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """Alerts of 1 MB alone, then one after the other for as long as the burst lasts; one listener, PostgreSQL."""
    broker, database = Embedded(ground), ground.database("deluge")
    ours = ground.side("ours", database)
    ours("migrate")
    ours("targets", total=TARGETS)
    for topic in (BULK, FAST):
        broker.topic(topic)
    source = {"bench": broker.source(BULK, FAST)}
    ground.enter(Listener(database, source, ground.folder / "listen.log", TOPICS=POLICIES))
    producer = broker.producer()
    with psycopg.connect(database["DATABASE_URL"], autocommit=True) as connection:
        night = Night(producer, connection)
        alone = [night.alert() for _ in range(4 if ground.quick else 12)][1:]  # the first waits for the groups to form
        begun = night.burst()
        during = []
        while night.counted() < COUNT:
            seconds = night.alert()
            if night.counted() < COUNT:  # or the burst ended before the alert was in
                during.append(seconds)
        seconds = time.time() - begun
        same("packets counted, dropped and stored", night.outcome(), (COUNT, COUNT - OURS, OURS))
    same("an alert came while the burst lasted", bool(during), True)
    quiet, added = middle(alone), max(during) - middle(alone)
    note = (
        f"slowest of {len(during)} alerts in a burst of {COUNT:,} packets that took {seconds:.1f} s, middle "
        f"{middle(during):.2f} s; peer: {len(alone)} alone; ratio: seconds added"
    )
    yield Figure(NAMES[0], "s", max(during), "<= 1", added, peer=quiet, note=note)


class Night:
    """What is sent, and what the listener made of it."""

    def __init__(self, producer, connection: psycopg.Connection):
        self._producer, self._connection, self._number = producer, connection, 0
        self._fits = alert.skymap()

    def alert(self) -> float:
        """Seconds from produce to commit of an alert about a new superevent."""
        name = (
            datetime.now(timezone.utc).strftime("S%y%m%d")
            + f"{chr(97 + self._number // 26)}{chr(97 + self._number % 26)}"
        )
        self._number += 1
        payload = alert.message(self._fits, name)
        key, begun = hashlib.sha256(payload).hexdigest(), time.time()
        self._producer.produce(FAST, payload)
        self._producer.poll(0)
        return wait("the alert", lambda: self._connection.execute(COMMITTED, [key]).fetchone(), 120)[0] - begun

    def burst(self) -> float:
        """Sends all packets, ten of them on targets; when the first was counted (Unix time)."""
        ours = self._connection.execute(
            f"SELECT ra, dec FROM tom_targets_basetarget ORDER BY id LIMIT {OURS}"
        ).fetchall()
        chance = np.random.default_rng(1)
        dec = np.degrees(np.arcsin(chance.uniform(-1, 1, COUNT - OURS)))
        places = [*ours, *zip(chance.uniform(0, 360, len(dec)).tolist(), dec.tolist(), strict=True)]
        made = list(rubin.packets(0, [places[number] for number in chance.permutation(COUNT)]))
        for payload in made:
            self._producer.produce(BULK, payload)
        same("packets left to produce", self._producer.flush(60), 0)
        wait("the first packets", self.counted)
        return time.time()

    def counted(self) -> int:
        """Packets that the listener has taken so far."""
        row = self._connection.execute(COUNTED, [BULK]).fetchone()
        return row[0] if row else 0

    def outcome(self) -> tuple[int, int, int]:
        """Packets counted, dropped by the policy, and stored."""
        (stored,) = self._connection.execute(STORED, [BULK]).fetchone()
        return (*self._connection.execute(COUNTED, [BULK]).fetchone(), stored)
