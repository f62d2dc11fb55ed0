"""hop-client's own stream: when it hands each message over. Run as a side; see lone.py."""

from __future__ import annotations

import queue
import threading
import time

from hop import Stream
from hop.auth import Auth

from benchmarks import side

_handed: queue.Queue[tuple[str, float]] = queue.Queue()


def listen(topic: str, source: dict) -> None:
    """Begins to read a topic of a source, from its beginning."""
    auth = source["auth"] and Auth(
        source["auth"]["username"], source["auth"]["password"], ssl_ca_location=source["auth"]["ssl_ca_location"]
    )
    threading.Thread(target=_read, args=(topic, source["brokers"], auth), daemon=True).start()


def _read(topic: str, brokers: str, auth: Auth | bool) -> None:
    group = f"{auth.username}-hop" if auth else "hop"
    with Stream(auth=auth, until_eos=False).open(f"kafka://{brokers}/{topic}", "r", group_id=group) as stream:
        for message in stream:
            _handed.put((message.content["id"][0], time.time()))


def handed(identity: str, seconds: float = 20.0) -> float:
    """When (Unix time) the message with this id was handed over."""
    until = time.monotonic() + seconds
    while True:
        name, at = _handed.get(timeout=max(0.1, until - time.monotonic()))
        if name == identity:
            return at


if __name__ == "__main__":
    side.serve({"listen": listen, "handed": handed})
