"""`manage.py listen` as users run it: a process of the example TOM, with its database and its credential."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.services.kafka import Kafka
from tests.services.postgres import Postgres
from tests.services.process import ROOT, NotReady, end, environment, spawn, tail, wait_for

MANAGE = ROOT / "example_tom" / "manage.py"


class Listener:
    """One `manage.py listen` process."""

    def __init__(self, env: dict[str, str], log: Path):
        self.log = log
        self.process = spawn([sys.executable, str(MANAGE), "listen"], log, env=env)

    def kill(self) -> None:
        """SIGKILL: as the kernel out of memory, or a power cut, would."""
        end(self.process, by=signal.SIGKILL)

    def freeze(self) -> None:
        """SIGSTOP: it does nothing from here on, until it is killed."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def stop(self, seconds: float = 60) -> int:
        """SIGTERM; its exit code, which is that of SIGKILL (-9) when it did not end by itself."""
        return end(self.process, seconds=seconds)

    def cpu(self) -> float:
        """Seconds of processor that it has used, all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def alive(self) -> bool:
        return self.process.poll() is None


class Tom:
    """One TOM: a database, a credential, its consumer group, and the listeners that a test starts."""

    def __init__(self, kafka: Kafka, postgres: Postgres, database: str, credential: str, folder: Path):
        self.kafka, self.postgres, self.database = kafka, postgres, database
        self.credential, self.folder = credential, folder
        self.group = f"{credential}-services"
        self.listeners: list[Listener] = []
        self.topics: dict[str, dict] = {}  #: TOM_SCIMMA["TOPICS"]
        self._connection: psycopg.Connection | None = None

    def __enter__(self) -> Tom:
        return self

    def __exit__(self, *exc) -> None:
        for listener in self.listeners:
            listener.kill()
        if self._connection is not None:
            self._connection.close()
        if exc[0] is not None:
            print(self.logs())

    def source(self, *topics: str, start: str = "earliest", password: str | None = None, **more) -> dict:
        """One entry of TOM_SCIMMA["SOURCES"] for our broker."""
        auth = {
            "username": self.credential,
            "password": password or self.kafka.passwords[self.credential],
            "ssl_ca_location": self.kafka.ca,
        }
        return {
            "kind": "hopskotch",
            "brokers": self.kafka.brokers,
            "auth": auth,
            "start": start,
            "topics": topics,
            **more,
        }

    def listen(self, sources: dict[str, dict]) -> Listener:
        """Starts one more listener."""
        settings = json.dumps({"SOURCES": sources, "TOPICS": self.topics})
        var = self.folder / "var"
        var.mkdir(exist_ok=True)
        env = environment(
            DATABASE_URL=self.postgres.url(self.database),
            DJANGO_SETTINGS_MODULE="tests.services.settings",
            TOM_VAR=str(var),
            TOM_SCIMMA=settings,
        )
        listener = Listener(env, self.folder / f"listen{len(self.listeners)}.log")
        self.listeners.append(listener)
        return listener

    def rows(self, query: str, *values) -> list[tuple]:
        """What the database says, asked past Django; connects anew after the server was restarted."""
        for last in (False, True):
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = self.postgres.connect(self.database)
                return self._connection.execute(query, values).fetchall()
            except psycopg.OperationalError:
                self._connection = None
                if last:
                    raise

    def count(self, topic: str = "%") -> int:
        """How many messages of a topic (or of all) are stored."""
        return self.rows("SELECT count(*) FROM tom_scimma_message WHERE topic LIKE %s", topic)[0][0]

    def commits(self) -> Iterator[None]:
        """An item at each commit of a batch from now on, as soon as the database tells: a millisecond after it."""
        connection = self.postgres.connect(self.database)
        connection.execute(
            "CREATE OR REPLACE FUNCTION tell_stored() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN NOTIFY stored; RETURN NULL; END'"
        )
        connection.execute(
            "CREATE OR REPLACE TRIGGER tell_stored AFTER INSERT ON tom_scimma_message EXECUTE FUNCTION tell_stored()"
        )
        connection.execute("LISTEN stored")
        return self._heard(connection)

    @contextmanager
    def commits_held(self) -> Iterator[Callable[[], bool]]:
        """Within, no batch of messages gets through its COMMIT; yields whether one waits there.

        A deferred trigger runs in the COMMIT itself and waits for a lock that this connection has.
        """
        with self.postgres.connect(self.database) as connection:
            connection.execute("SELECT pg_advisory_lock(41)")
            connection.execute(
                "CREATE OR REPLACE FUNCTION hold_commit() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN PERFORM pg_advisory_xact_lock_shared(41); RETURN NULL; END'"
            )
            connection.execute("DROP TRIGGER IF EXISTS hold_commit ON tom_scimma_message")
            connection.execute(
                "CREATE CONSTRAINT TRIGGER hold_commit AFTER INSERT ON tom_scimma_message "
                "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold_commit()"
            )
            waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 41 AND NOT granted"
            yield lambda: bool(self.rows(waiting))

    @staticmethod
    def _heard(connection: psycopg.Connection) -> Iterator[None]:
        with connection:
            while True:
                found = list(connection.notifies(timeout=60, stop_after=1))
                if not found:
                    raise NotReady("no batch was stored within 60 s")
                yield

    def wait(self, count: int, topic: str = "%", *, seconds: float = 60) -> float:
        """Waits until so many messages are stored; how long that took."""
        begun = time.monotonic()
        name = f"{count} messages of {topic}"
        wait_for(
            name, lambda: self.count(topic) >= count, seconds=seconds, explain=lambda: f"{self.count(topic)} stored"
        )
        return time.monotonic() - begun

    def wait_members(self, number: int, *, seconds: float = 60) -> list[set]:
        """Waits until so many listeners share the group, each with partitions; what each has."""

        def shared():
            members = self.kafka.members(self.group)
            return members if len(members) == number and all(members) else None

        return wait_for(f"{number} listeners in {self.group}", shared, seconds=seconds, every=0.2, explain=self.logs)

    def wait_committed(self, topic: str, *, seconds: float = 60) -> None:
        """Waits until the group has committed everything that a topic holds."""
        ends = {(topic, partition): offset for partition, offset in self.kafka.ends(topic).items() if offset}

        def done():
            committed = self.kafka.committed(self.group)
            return all(committed.get(place, -1) == offset for place, offset in ends.items())

        explain = lambda: f"committed {self.kafka.committed(self.group)}, ends {ends}"  # noqa: E731
        wait_for(f"offsets of {topic}", done, seconds=seconds, every=0.2, explain=explain)

    def logs(self) -> str:
        """The ends of all listeners' logs."""
        return "\n".join(f"--- {item.log.name} ({item.process.poll()})\n{tail(item.log)}" for item in self.listeners)

    def check_alive(self) -> None:
        """NotReady when a listener ended that nobody ended."""
        for listener in self.listeners:
            code = listener.process.poll()
            if code not in (None, -signal.SIGKILL, 0):
                raise NotReady(f"a listener ended with {code}: {tail(listener.log)}")
