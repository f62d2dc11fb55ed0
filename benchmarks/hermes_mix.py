"""HERMES messages as a night brings them: three rows of photometry each, the same again for the same seed.

    messages = take(seed=1, count=100, targets=[("AT2026abc", 150.1, 2.2), ...], new=0.2)

One in five is about a target that the TOM has not. Shape: HERMES' schema, as it publishes; the values are invented.
"""

from __future__ import annotations

import json
import math
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

ROWS = 3
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Said:
    """One message to be received, and whether its target is new."""

    payload: bytes
    ident: uuid.UUID
    new: bool


def take(seed: int, count: int, targets: Sequence[tuple[str, float, float]], new: float = 0.2) -> list[Said]:
    """So many messages; of five one is new, in turn, so that each batch has its share."""
    chance = random.Random(seed)
    every = round(1 / new) if new else 0
    messages = []
    for number in range(count):
        fresh = bool(every) and number % every == 0
        if fresh:
            target = (
                f"AT2026{seed:03d}x{number}",
                chance.uniform(0, 360),
                math.degrees(math.asin(chance.uniform(-1, 1))),
            )
        else:
            target = chance.choice(targets)
        payload = json.dumps(_message(chance, target, seed, number)).encode()
        messages.append(Said(payload, uuid.UUID(int=chance.getrandbits(128)), fresh))
    return messages


def _message(chance: random.Random, target: tuple[str, float, float], seed: int, number: int) -> dict[str, Any]:
    name, ra, dec = target
    time = START + timedelta(days=seed, seconds=10 * number)
    return {
        "title": f"Photometry of {name}",
        "topic": "hermes.photometry",
        "message_text": f"Three points of {name} by our survey; magnitudes are not corrected for extinction.",
        "submitter": "survey",
        "authors": "A. Observer (Somewhere), B. Observer (Elsewhere)",
        "data": {
            "targets": [
                {"name": name, "ra": ra, "dec": dec, "ra_error_units": "degrees", "dec_error_units": "degrees",
                 "epoch": "2000.0", "new_discovery": False}
            ],
            "photometry": [_row(chance, name, time + timedelta(seconds=2 * row), "gri"[row]) for row in range(ROWS)],
        },
    }  # fmt: skip


def _row(chance: random.Random, name: str, time: datetime, band: str) -> dict[str, Any]:
    return {
        "target_name": name,
        "date_obs": time.isoformat(),
        "telescope": "1m0a",
        "instrument": "sinistro",
        "bandpass": band,
        "brightness": round(chance.uniform(15, 22), 3),
        "brightness_error": round(chance.uniform(0.01, 0.2), 3),
        "brightness_unit": "AB mag",
        "exposure_time": 60.0,
        "limiting_brightness_unit": "AB mag",
    }
