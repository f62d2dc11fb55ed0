"""What a side that reads messages is asked: which of a file's it takes, and how long it reads.

Imports nothing that a peer's environment lacks.
"""

from __future__ import annotations

import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks import side


class Message(NamedTuple):
    """One message to be read."""

    form: str
    topic: str
    payload: bytes


def write(path: Path, given: list[Message]) -> None:
    """The file that `messages` reads: a JSON array a line, the payload in base64."""
    lines = (json.dumps([form, topic, b64encode(payload).decode()]) for form, topic, payload in given)
    path.write_text("\n".join(lines))


def messages(path: str) -> list[Message]:
    """Those of a file that `write` wrote."""
    lines = map(json.loads, Path(path).read_text().splitlines())
    return [Message(form, topic, b64decode(payload)) for form, topic, payload in lines]


def serve(**ways: Callable[[Message], object]) -> None:
    """Answers `taken` and `seconds` for each way to read one message, until standard input ends."""

    def taken(path: str, way: str) -> list[int]:
        """Numbers of the messages that are understood."""
        found = []
        for number, message in enumerate(messages(path)):
            try:
                if ways[way](message) is not None:
                    found.append(number)
            except Exception:  # noqa: BLE001  a peer raises what it likes; to be counted is the point
                continue
        return found

    def seconds(path: str, way: str) -> float:
        """Processor time a message."""
        given, read = messages(path), ways[way]
        begun = time.process_time()
        for message in given:
            read(message)
        return (time.process_time() - begun) / len(given)

    side.serve({"taken": taken, "seconds": seconds})
