"""The embedded broker and `manage.py listen` as processes, for tests without services."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from confluent_kafka import Producer

from tests.nursery import Nursery
from tom_scimma.sources import Source

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "example_tom"
MANAGE = (str(EXAMPLE / "manage.py"), "listen")
FAULTY = ("-m", "tests.faulty")
#: the mock cluster answers an empty fetch only after this time; members hear of a rebalance with their next heartbeat
CONFIG = {"fetch.wait.max.ms": 10, "heartbeat.interval.ms": 200}


def wait_for(what: str, ready: Callable[[], object], *, seconds: float = 90, every: float = 0.05, explain=lambda: ""):
    """The first true value of `ready()`; an AssertionError after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        value = ready()
        if value:
            return value
        assert time.monotonic() < until, f"{what}: not within {seconds:g} s. {explain()}"
        time.sleep(every)


class Embedded:
    """example_tom/broker.py as a child; `with` ends it."""

    def __init__(self, folder: Path, *options: str):
        self._file = folder / f"broker-{uuid.uuid4().hex[:8]}"
        command = [sys.executable, str(EXAMPLE / "broker.py"), "--address-file", str(self._file), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        wait_for("the embedded broker", self._file.exists)
        self.address = self._file.read_text()
        self._producer: Producer | None = None

    def __enter__(self) -> Embedded:
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.communicate()

    def topic(self, name: str = "") -> str:
        """Makes a topic, by default with a name of its own."""
        name = name or f"t.{uuid.uuid4().hex[:8]}"
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().strip() == name
        return name

    def send(
        self, topic: str, *payloads: bytes, headers=(), partition: int | None = None, spread: bool = False
    ) -> list[uuid.UUID]:
        """Publishes messages as hop does, each with an `_id` of its own; the ids.

        All of a topic lie in one partition, in the order sent, unless they are to be spread over all.
        """
        if self._producer is None:
            self._producer = Producer({"bootstrap.servers": self.address, "acks": "all", "linger.ms": 0})
        ids = [uuid.uuid4() for _ in payloads]
        where = {"partition": partition} if partition is not None else {} if spread else {"key": topic}
        for number, (payload, ident) in enumerate(zip(payloads, ids, strict=True)):
            own = [] if any(name == "_id" for name, _ in headers) else [("_id", ident.bytes)]
            self._producer.produce(topic, payload, headers=[*headers, *own], **where)
            if number % 500 == 0:
                self._producer.poll(0)
        assert self._producer.flush(30) == 0
        return ids

    def source(self, *topics: str, **more) -> Source:
        """A Source for this broker."""
        options = {"group": f"g-{uuid.uuid4().hex[:8]}", "start": "earliest", "config": CONFIG, **more}
        return Source("local", "kafka", self.address, auth=False, topics=topics, **options)


class Tom:
    """One TOM with a SQLite database of its own, and its `manage.py listen` processes: forks, if it has a nursery."""

    def __init__(self, template: Path, folder: Path, broker: Embedded, nursery: Nursery | None = None):
        self.folder, self.broker, self.nursery = folder, broker, nursery
        shutil.copytree(template, folder, dirs_exist_ok=True)
        self.database = folder / "db.sqlite3"
        self.listeners: list[subprocess.Popen] = []
        self.logs: list[Path] = []

    def __enter__(self) -> Tom:
        return self

    def __exit__(self, *exc) -> None:
        for listener in self.listeners:
            listener.kill()
            listener.wait()
        if exc[0] is not None:
            print(self.log())

    def entry(self, *topics: str, **more) -> dict:
        """One of TOM_SCIMMA["SOURCES"], for the embedded broker."""
        own = {"brokers": self.broker.address, "auth": False, "start": "earliest", "topics": topics, "config": CONFIG}
        return {**own, **more}

    def listen(self, settings: dict, *arguments: str, script: tuple[str, ...] = MANAGE) -> subprocess.Popen:
        """Starts a listener; `settings` is its TOM_SCIMMA."""
        log = self.folder / f"listen{len(self.logs)}.log"
        command, env = [*script, *arguments], environment(self.folder, settings)
        if self.nursery:
            listener = self.nursery.start(command, env, log)
        else:
            with log.open("wb") as output:
                listener = subprocess.Popen([sys.executable, "-u", *command], stdout=output, stderr=output, env=env)
        self.listeners.append(listener)
        self.logs.append(log)
        return listener

    def stop(self, listener: subprocess.Popen, seconds: float = 60) -> int:
        """SIGTERM, and the exit code."""
        listener.send_signal(signal.SIGTERM)
        return listener.wait(seconds)

    def rows(self, query: str, *values) -> list[tuple]:
        """What the database says."""
        with closing(sqlite3.connect(self.database, timeout=20)) as connection:
            return connection.execute(query, values).fetchall()

    def count(self, topic: str = "%") -> int:
        """How many messages of a topic are stored."""
        return self.rows("SELECT count(*) FROM tom_scimma_message WHERE topic LIKE ?", topic)[0][0]

    def wait(self, count: int, topic: str = "%", seconds: float = 90) -> None:
        """Waits until so many messages are stored."""
        explain = lambda: f"{self.count(topic)} of {count} stored\n{self.log()}"  # noqa: E731
        wait_for(f"{count} messages", lambda: self.count(topic) >= count, seconds=seconds, explain=explain)

    def log(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}" for path in self.logs)


def environment(folder: Path, settings: dict) -> dict[str, str]:
    """The environment of a process of a TOM in a folder."""
    own = {
        "TOM_VAR": str(folder),
        "DATABASE_URL": "",
        "SECRET_KEY": "for tests only",
        "DJANGO_SETTINGS_MODULE": "tests.embedded_settings",
        "TOM_SCIMMA": json.dumps(settings),
        "PYTHONPATH": str(ROOT),
    }
    return {**os.environ, **own}


def migrated(folder: Path) -> Path:
    """A folder with a TOM's migrated database, to copy."""
    command = [sys.executable, str(EXAMPLE / "manage.py"), "migrate", "--verbosity=0", "--skip-checks"]
    subprocess.run(command, env=environment(folder, {}), check=True, timeout=200, capture_output=True)
    return folder
