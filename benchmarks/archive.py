"""The archive: how many messages a second `manage.py backfill` fetches from it and stores, and what memory that takes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from benchmarks import mix
from benchmarks.bench import Bench
from benchmarks.figure import Figure, same
from benchmarks.side import ROOT

RATE = "backfill-archive:postgresql"
MEMORY = "backfill-archive:memory"
NAMES = (RATE, MEMORY)
TOPIC = "gcn.notices.bench.all"
SPAN = "SELECT seen, created, unopened, extract(epoch FROM moved - started)::float8 FROM tom_scimma_backfill"
#: messages of the run, and of the one whose memory is the measure of what more messages take
COUNT, FEW = 10_000, 1_000


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """A topic of the mix of notices in the stand-in of the archive, on loopback in a process of its own, fetched once into an
    empty database; from the first question to the last commit. Memory: the most that the command had, against a tenth as many.
    """
    count = 2_000 if ground.quick else COUNT
    peaks = {}
    for number in (FEW, count):
        database = ground.database(f"archive{number}")
        ground.side("ours", database)("migrate")
        with _archive(number) as place:
            peaks[number] = _backfill(database, place)
    with psycopg.connect(database["DATABASE_URL"]) as connection:
        ((seen, created, unopened, seconds),) = connection.execute(SPAN).fetchall()
    same("messages", (seen, created, unopened), (count, count, 0))
    rate = created / seconds
    yield Figure(RATE, "/s", rate, ">= 300", rate, note=f"{created:,} messages, archive on loopback, anonymous")
    more = (peaks[count] - peaks[FEW]) / 2**20
    said = f"{peaks[count] / 2**20:.0f} MB at most with {count:,} messages, {peaks[FEW] / 2**20:.0f} MB with {FEW:,}"
    yield Figure(MEMORY, "MB", more, "<= 50", more, note=said)


@contextmanager
def _archive(count: int) -> Iterator[str]:
    """The stand-in with so many messages, in a process of its own; its address."""
    command = [sys.executable, "-m", "benchmarks.archive", str(count)]
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        assert running.stdout is not None
        yield running.stdout.readline().strip()
    finally:
        running.terminate()
        running.wait(10)


def _backfill(database: dict[str, str], place: str) -> int:
    """Runs the command; the most memory that it had, in bytes, as Linux counts it."""
    source = {"kind": "hopskotch", "brokers": ["127.0.0.1:9"], "auth": False, "topics": [TOPIC]}
    settings = {
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "BENCH_SCIMMA": json.dumps({"SOURCES": {"hopskotch": source}, "ARCHIVE_URL": place}),
    }
    words = ["manage.py", "backfill", "--topic", TOPIC, "--only", "archive"]
    code = (
        "import sys, runpy; sys.argv = sys.argv[1:]; sys.path.insert(0, 'example_tom'); "
        "runpy.run_path('example_tom/manage.py', run_name='__main__'); "
        "print(*[line for line in open('/proc/self/status') if line.startswith('VmHWM')])"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT), **database, **settings}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, env=env, check=True, capture_output=True, text=True, timeout=900
    )
    return int(re.findall(r"VmHWM:\s+(\d+) kB", done.stdout)[-1]) * 1024


def serve(count: int) -> None:
    """Serves an archive of so many messages until ended; prints its address."""
    import threading
    import uuid
    from datetime import datetime, timedelta, timezone

    from tom_scimma.fake_services import World, start
    from tom_scimma.fake_services.archived import put

    world, first = World(), datetime(2026, 10, 1, tzinfo=timezone.utc)
    world.add_topic(TOPIC, public=True, archivable=True)
    for number, message in enumerate(mix.Mix(seed=510).take(count)):
        rest = [(name, value) for name, value in message.headers if name != "_id"]
        headers = [("_id", uuid.uuid5(uuid.NAMESPACE_OID, f"bench {number}").bytes), *rest]
        put(world, TOPIC, message.payload, first + timedelta(seconds=20 * number), headers=headers)
    with start(world) as running:
        print(running.archive, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
