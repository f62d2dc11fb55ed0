"""The brokers of the figures: the real Apache Kafka where there is Java, else the embedded one; and `manage.py listen` on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks import machine
from benchmarks.bench import Bench, Unavailable
from benchmarks.side import ROOT

USER = "bench"
#: librdkafka's mock cluster answers an empty fetch only after this time
EMBEDDED = {"fetch.wait.max.ms": 10}


class Real:
    """Apache Kafka as Hopskotch guards it: TLS, SCRAM, ACLs."""

    name = "Apache Kafka"

    def __init__(self, ground: Bench):
        from tests.services.kafka import Kafka
        from tests.services.process import NotReady

        try:
            self._kafka = ground.enter(Kafka())
        except (NotReady, subprocess.SubprocessError, OSError) as error:
            raise Unavailable(f"the real Kafka does not start: {str(error).splitlines()[0][:200]}") from error
        self._kafka.credential(USER)

    def topic(self, name: str) -> str:
        return self._kafka.topic(name, partitions=2)

    def producer(self):
        return self._kafka.producer(linger_ms=0)

    def source(self, *topics: str) -> dict:
        """One entry of TOM_SCIMMA["SOURCES"]."""
        auth = {"username": USER, "password": self._kafka.passwords[USER], "ssl_ca_location": self._kafka.ca}
        return {
            "kind": "hopskotch",
            "brokers": self._kafka.brokers,
            "auth": auth,
            "start": "earliest",
            "topics": topics,
        }


class Embedded:
    """librdkafka's mock cluster, as `make demo` has it."""

    name = "embedded broker"

    def __init__(self, ground: Bench):
        file = ground.folder / "embedded"
        command = [sys.executable, str(ROOT / "example_tom" / "broker.py"), "--address-file", str(file)]
        self._process = ground.enter(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        ground.enter(ExitStack()).callback(self._process.terminate)  # it does not end with its input
        wait("the embedded broker", file.exists)
        self._address = file.read_text()

    def topic(self, name: str) -> str:
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def producer(self):
        from confluent_kafka import Producer

        large = {"message.max.bytes": 10_000_000}
        return Producer({"bootstrap.servers": self._address, "acks": "all", "linger.ms": 0, **large})

    def source(self, *topics: str) -> dict:
        """One entry of TOM_SCIMMA["SOURCES"]."""
        return {
            "kind": "kafka",
            "brokers": self._address,
            "auth": False,
            "group": "bench",
            "start": "earliest",
            "topics": topics,
            "config": EMBEDDED,
        }


class Listener:
    """One `manage.py listen`, or another command, as users run it."""

    def __init__(
        self, environment: dict[str, str], sources: dict[str, dict], log: Path, *, command: str = "listen", **scimma
    ):
        heard = json.dumps({"SOURCES": sources, **scimma})
        settings = {"DJANGO_SETTINGS_MODULE": "benchmarks.settings", "BENCH_SCIMMA": heard}
        env = {**os.environ, "PYTHONPATH": str(ROOT), **environment, **settings}
        self.log = log
        with log.open("ab") as output:
            words = [sys.executable, str(ROOT / "example_tom" / "manage.py"), command]
            self._process = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    @property
    def processor_seconds(self) -> float:
        """What it has used so far."""
        return machine.processor_seconds(self._process.pid)

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *exc) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()


def wait(what: str, ready: Callable[[], object], seconds: float = 60.0):
    """The first true value of `ready()`; TimeoutError after so long."""
    until = time.monotonic() + seconds
    while not (value := ready()):
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)
    return value
