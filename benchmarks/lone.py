"""Figure 3: a lone small message, from produce to commit; and how many a second one `listen` process stores, end to end.

When a row was committed is PostgreSQL's own word (`track_commit_timestamp`), on the same clock as produce.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator

import psycopg

from benchmarks import mix
from benchmarks.bench import Bench, Unavailable
from benchmarks.broker import Embedded, Listener, Real, wait
from benchmarks.figure import Figure, Skipped, middle, same

LONE, THROUGH = "lone-message", "notices-listener:postgresql"
NAMES = (LONE, THROUGH)
OURS, HOPS = "bench.ours", "bench.hop"
COMMITTED = (
    "SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM tom_scimma_message WHERE sha256 = %s"
)
SPAN = (
    "SELECT count(*), extract(epoch FROM max(pg_xact_commit_timestamp(xmin)) - min(received))::float8 "
    "FROM tom_scimma_message WHERE topic LIKE 'gcn.notices.%%' AND received > %s"
)
#: messages that fill the tables first, so that the planner knows them
WARM = 2000


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure | Skipped]:
    """One listener on the real broker, hop's stream on another topic of it, a message to the one and to the other in turn."""
    try:
        broker, note = Real(ground), Real.name
    except Unavailable as error:
        broker, note = Embedded(ground), f"{Embedded.name}, since {error}"
    database = ground.database("listener")
    ours = ground.side("ours", database)
    ours("migrate")
    messages = mix.Mix(seed=500).take(20_000 if not ground.quick else 4_000)
    for topic in (OURS, HOPS, *sorted({message.topic for message in messages})):
        broker.topic(topic)
    source = broker.source(OURS, "gcn.notices.*")
    listener = ground.enter(Listener(database, {"bench": source}, ground.folder / "listen.log"))
    producer = broker.producer()
    with psycopg.connect(database["DATABASE_URL"], autocommit=True) as connection:
        if LONE in wanted:
            yield _lone(ground, broker, producer, connection, note)
        if THROUGH in wanted:
            yield _through(producer, connection, messages, listener, note)


def _lone(ground: Bench, broker: Real | Embedded, producer, connection: psycopg.Connection, note: str) -> Figure:
    hop = ground.side("peer_hop", {})
    hop("listen", topic=HOPS, source=broker.source())
    rounds, chance = (5 if ground.quick else 25), random.Random(1)
    times: dict[str, list[float]] = {"ours": [], "hop": []}
    for number, message in enumerate(mix.Mix(seed=501).take(rounds + 2)):
        begun = _produce(producer, OURS, message)
        row = wait("our row", lambda message=message: connection.execute(COMMITTED, [_sha256(message)]).fetchone(), 90)
        ours = row[0] - begun
        time.sleep(chance.uniform(0.2, 0.7))
        begun = _produce(producer, HOPS, message)
        theirs = hop("handed", identity=json.loads(message.payload)["id"][0], seconds=90) - begun
        time.sleep(chance.uniform(0.2, 0.7))
        if number > 1:  # the first waits for the groups to form and the plans to be made
            times["ours"].append(ours)
            times["hop"].append(theirs)
    ours = middle(times["ours"])
    return Figure(
        LONE,
        "s",
        ours,
        "<= 30",
        ours * 1000,
        peer=middle(times["hop"]),
        note=f"ratio is in ms; {note}; the peer only hands over",
    )


def _through(
    producer, connection: psycopg.Connection, messages: list[mix.Message], listener: Listener, note: str
) -> Figure:
    first, rest = messages[:WARM], messages[WARM:]
    _all_stored(producer, connection, first, WARM)
    connection.execute("ANALYZE")
    used, begun = listener.processor_seconds, connection.execute("SELECT now()").fetchone()[0]
    _all_stored(producer, connection, rest, len(messages))
    count, seconds = connection.execute(SPAN, [begun]).fetchone()
    same("messages", count, len(rest))
    (alerts,) = connection.execute("SELECT count(*) FROM tom_scimma_alert").fetchone()
    same("alerts", alerts >= len(messages), True)
    rate, used = count / seconds, (listener.processor_seconds - used) / count * 1000
    return Figure(
        THROUGH,
        "/s",
        rate,
        ">= 1500",
        rate,
        note=f"{note}; first poll to last commit of {count:,} messages; listener's processor {used:.2f} ms each",
    )


def _all_stored(producer, connection: psycopg.Connection, messages: list[mix.Message], total: int) -> None:
    """Produces messages as fast as they go, and waits until so many are stored in all."""
    for message in messages:
        _queue(producer, message.topic, message)
    same("messages left to produce", producer.flush(60), 0)
    count = "SELECT count(*) FROM tom_scimma_message WHERE topic LIKE 'gcn.notices.%%'"
    wait("all rows", lambda: connection.execute(count).fetchone()[0] >= total, 300)


def _produce(producer, topic: str, message: mix.Message) -> float:
    """Produces one message and returns when (Unix time) it was given to the client."""
    begun = time.time()
    producer.produce(topic, message.payload, headers=list(message.headers))
    producer.poll(0)
    return begun


def _queue(producer, topic: str, message: mix.Message) -> None:
    while True:
        try:
            return producer.produce(topic, message.payload, headers=list(message.headers))
        except BufferError:
            producer.poll(0.1)


def _sha256(message: mix.Message) -> str:
    import hashlib

    return hashlib.sha256(message.payload).hexdigest()
