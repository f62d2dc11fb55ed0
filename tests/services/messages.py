"""Small messages of our own for the fault tests: GCN JSON notices of about 2 kB, and among them some that are broken.

70 % refine an event that is known, 30 % are of a new one, a sixth of these with a position good enough for a target;
one in a hundred is poison. All are different, so that each that is lost or doubled can be named.
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

SIZE = 2000


@dataclass(frozen=True)
class Message:
    """What is produced, and what must become of it."""

    payload: bytes
    headers: tuple[tuple[str, bytes], ...]
    trigger: str  #: the sender's trigger id; "" for poison
    good: bool = False  #: its position is good enough for a target

    @property
    def sha256(self) -> str:
        """As the message's row has it."""
        return hashlib.sha256(self.payload).hexdigest()


def night(chance: random.Random, count: int, *, poison: float = 0.01) -> Iterator[Message]:
    """`count` different messages; the same again for the same seed."""
    run, known = chance.randrange(10**6), 0
    for number in range(count):
        headers = (("_id", uuid.UUID(int=chance.getrandbits(128)).bytes), ("_format", b"json"))
        if chance.random() < 0.3:
            headers = ()  # also what a producer without hop sends
        if chance.random() < poison:
            yield Message(b'{"poison": %d, "run": %d, "broken": ' % (number, run), headers, "")
            continue
        new = not known or chance.random() < 0.3
        known += new
        trigger = f"{run}{known if new else chance.randint(1, known):06d}"
        good = chance.random() < 1 / 6
        yield Message(notice(trigger, number, chance, new=new, radius=0.05 if good else 3.0), headers, trigger, good)


def notice(trigger: str, number: int, chance: random.Random, *, new: bool = True, radius: float = 3.0) -> bytes:
    """One GCN JSON notice of a gamma-ray burst, `number` seconds after the trigger's time zero."""
    now = datetime.now(timezone.utc)
    document = {
        "$schema": "https://gcn.nasa.gov/schema/v4.1.0/gcn/notices/swift/bat/alert.schema.json",
        "mission": "Swift",
        "instrument": "BAT",
        "messenger": "EM",
        "alert_type": "initial" if new else "update",
        "alert_tense": "current",
        "alert_datetime": (now + timedelta(microseconds=number)).isoformat().replace("+00:00", "Z"),
        "trigger_time": now.replace(microsecond=0).isoformat().replace("+00:00", "Z"),
        "id": [trigger],
        "record_number": number,
        "ra": round(chance.uniform(0, 360), 4),
        "dec": round(chance.uniform(-90, 90), 4),
        "ra_dec_error": radius,
        "containment_probability": 0.9,
        "far": 1e-8,
        "additional_info": "",
    }
    document["additional_info"] = "x" * max(0, SIZE - len(json.dumps(document)))
    return json.dumps(document).encode()


def produce(producer, topic: str, messages, *, partitions: int = 0) -> int:
    """Puts messages on a topic; how many, once the broker has all of them. Raises RuntimeError if it has not.

    To `partitions` in turn; or, 0, as librdkafka does, which fills one partition after the other.
    """
    failed: list[str] = []
    count = 0
    for message in messages:
        while True:
            try:
                producer.produce(
                    topic,
                    message.payload,
                    headers=list(message.headers),
                    partition=count % partitions if partitions else -1,
                    on_delivery=lambda error, _: error and failed.append(str(error)),
                )
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        count += 1
    left = producer.flush(60)
    if failed or left:
        raise RuntimeError(f"{topic}: {len(failed)} of {count} messages failed ({failed[:1]}), {left} unsent")
    return count
