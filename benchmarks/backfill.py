"""Backfill: how many messages a second `manage.py backfill` fetches from a topic's retention and stores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg

from benchmarks import mix
from benchmarks.bench import Bench
from benchmarks.broker import Embedded
from benchmarks.figure import Figure, same
from benchmarks.side import ROOT

RATE = "backfill-retention:postgresql"
NAMES = (RATE,)
TOPIC = "gcn.notices.bench.all"
SPAN = "SELECT read, created, extract(epoch FROM moved - started)::float8 FROM tom_scimma_backfill"


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """A topic of the mix of notices, read once from its beginning into an empty database; from the first question to the last commit."""
    broker, database = Embedded(ground), ground.database("backfill")
    ground.side("ours", database)("migrate")
    # the embedded broker keeps some 10 MB a partition: more than these would not all be there any more
    messages = mix.Mix(seed=510).take(3_000 if ground.quick else 6_000)
    broker.topic(TOPIC)
    producer = broker.producer()
    for message in messages:
        producer.produce(TOPIC, message.payload, headers=list(message.headers))
        producer.poll(0)
    same("messages left to produce", producer.flush(60), 0)
    _backfill(database, broker.source(TOPIC))
    with psycopg.connect(database["DATABASE_URL"]) as connection:
        ((read, created, seconds),) = connection.execute(SPAN).fetchall()
    same("messages", (read, created), (len(messages), len(messages)))
    rate = read / seconds
    yield Figure(RATE, "/s", rate, ">= 500", rate, note=f"{Embedded.name}; {read:,} messages, batches of 100")


def _backfill(database: dict[str, str], source: dict) -> None:
    settings = {
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "BENCH_SCIMMA": json.dumps({"SOURCES": {"bench": source}}),
    }
    command = [sys.executable, str(ROOT / "example_tom" / "manage.py"), "backfill", "--topic", TOPIC]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **database, **settings}
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=600)
