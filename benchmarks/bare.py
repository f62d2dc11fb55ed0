"""The least that can be done with an alert and still keep it: the yardstick of the figures.

A gravitational-wave alert: json, base64, one INSERT of the bytes, one of the event, one commit. No areas, no versions, no
identity, no topic's state. Small notices: json, and in batches one statement for the bytes and one for the events. psycopg,
the same server.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time

import psycopg

from benchmarks import mix, side

TABLES = """
DROP TABLE IF EXISTS bare_event; DROP TABLE IF EXISTS bare_body;
CREATE TABLE bare_body (id bigserial PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE bare_event (id bigserial PRIMARY KEY, body_id bigint NOT NULL REFERENCES bare_body, name text NOT NULL, kind text NOT NULL,
    sent text, far double precision, classification jsonb, properties jsonb);
CREATE INDEX ON bare_event (name);
"""
BODY = "INSERT INTO bare_body (data) VALUES (%s) RETURNING id"
EVENT = "INSERT INTO bare_event (body_id, name, kind, sent, far, classification, properties) VALUES (%s, %s, %s, %s, %s, %s, %s)"


class Bare:
    """One connection."""

    def __init__(self, url: str):
        self.connection = psycopg.connect(url)
        self.connection.execute(TABLES)
        self.connection.commit()

    def alert(self, payload: bytes) -> str:
        """Stores one alert and returns the sha256 of its map."""
        said = json.loads(payload)
        fits = base64.b64decode(said["event"].pop("skymap"))
        cursor = self.connection.cursor()
        body = cursor.execute(BODY, (fits,), binary=True).fetchone()[0]
        cursor.execute(EVENT, _event(body, said["superevent_id"], "GW", said["time_created"], said["event"]))
        self.connection.commit()
        return hashlib.sha256(fits).hexdigest()

    def notices(self, payloads: list[bytes]) -> None:
        """Stores a batch of small notices."""
        cursor = self.connection.cursor()
        places = ", ".join(["(%s)"] * len(payloads))
        bodies = cursor.execute(f"INSERT INTO bare_body (data) VALUES {places} RETURNING id", payloads).fetchall()
        said = [json.loads(payload) for payload in payloads]
        rows = [
            _event(body, one["id"][0], "UNK", one["alert_datetime"], one)
            for (body,), one in zip(bodies, said, strict=True)
        ]
        places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(rows))
        cursor.execute(EVENT.partition("(%s")[0] + places, [value for row in rows for value in row])
        self.connection.commit()


def _event(body: int, name: str, kind: str, sent: str, said: dict) -> tuple:
    details = json.dumps(said.get("classification") or {}), json.dumps(said.get("properties") or {})
    return (body, name, kind, sent, said.get("far"), *details)


if __name__ == "__main__":
    bare = Bare(os.environ["DATABASE_URL"])

    def alert(path: str) -> dict:
        """Seconds, the event's name and the map's sha256 for the alert in a file."""
        with open(path, "rb") as file:
            payload = file.read()
        begun = time.perf_counter()
        digest = bare.alert(payload)
        seconds = time.perf_counter() - begun
        query = "SELECT name, encode(sha256(data), 'hex') FROM bare_event e JOIN bare_body b ON b.id = body_id ORDER BY e.id DESC LIMIT 1"
        name, stored = bare.connection.execute(query).fetchone()
        bare.connection.commit()
        assert stored == digest
        return {"seconds": seconds, "name": name, "sha256": stored}

    def notices(seed: int, count: int, shares: dict | None = None) -> dict:
        """Seconds for so many small notices in batches of 100, and how many were stored."""
        payloads = [message.payload for message in mix.Mix(seed, shares=shares).take(count)]
        begun = time.perf_counter()
        for start in range(0, count, 100):
            bare.notices(payloads[start : start + 100])
        seconds = time.perf_counter() - begun
        stored = bare.connection.execute("SELECT count(*) FROM bare_event WHERE kind = 'UNK'").fetchone()[0]
        bare.connection.execute("TRUNCATE bare_event, bare_body")
        bare.connection.commit()
        return {"seconds": seconds, "made": {"notices": stored}, "wanted": {"notices": count}}

    side.serve({"alert": alert, "notices": notices})
