"""A world whose archive has a past, for tests: topics, credentials, a month of notices, and a TOM that is pointed at it."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from tom_scimma.archive import access
from tom_scimma.archive.client import Client
from tom_scimma.fake_services import demo, start
from tom_scimma.fake_services.archived import Stored, put
from tom_scimma.sources import sources

ALICE = "alice-bed6b3a5"
TOPIC = "hermes.test"
FIRST = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)


def own(number: int) -> bytes:
    """The `_id` of the n-th message."""
    return uuid.UUID(int=(7 << 100) + number).bytes


def fill(world, count: int, *, topic: str = TOPIC, first: datetime = FIRST, step: timedelta = timedelta(hours=1)):
    """So many small messages, one an hour, each with an `_id`."""
    return [
        put(world, topic, json.dumps({"n": number}).encode(), first + number * step, headers=headers(number, topic))
        for number in range(count)
    ]


def headers(number: int, topic: str = TOPIC) -> list[tuple[str, bytes]]:
    mark = uuid.uuid5(uuid.NAMESPACE_OID, f"{topic} {number}").bytes
    return [("_id", mark), ("_sender", b"somebody-1"), ("_format", b"json"), ("title", f"number {number}".encode())]


def settings_of(running, *, auth=True, **more) -> dict:
    """TOM_SCIMMA for a TOM whose source is Hopskotch, with Alice's credential or without any."""
    login = {"username": ALICE, "password": ALICE[::-1]} if auth else False
    source = {"kind": "hopskotch", "brokers": ["127.0.0.1:9"], "auth": login, "topics": more.pop("topics", [TOPIC])}
    return {
        "SOURCES": {"hopskotch": source},
        "ARCHIVE_URL": running.archive,
        "HOPAUTH_URL": running.hopauth,
        "FETCH_SECONDS": 2.0,
        **more,
    }


@contextmanager
def running(settings, **more):
    """The stand-ins of demo()'s world, and a TOM's settings that name them."""
    world = demo()
    with start(world) as made:
        settings.TOM_SCIMMA = settings_of(made, **more)
        yield made


def client(**options) -> Client:
    """The TOM's own client, that does not wait long."""
    return access.client(sources()["hopskotch"], **{"pauses": (0.0, 0.0), **options})


def stored(world, number: int) -> Stored:
    return world.messages[number]
