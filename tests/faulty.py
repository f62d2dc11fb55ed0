"""`manage.py listen` with bugs that a message can ask for: what ingest promises never to do, done on purpose.

`BUG` in a payload: ingest raises for that batch, the first three times. `DIE`: the thread ends, the first time.
"""

from __future__ import annotations

import signal
import threading

import django

django.setup()

from tom_scimma.ingest import ingest  # noqa: E402
from tom_scimma.listener import listen  # noqa: E402
from tom_scimma.sources import sources  # noqa: E402

met = {b"BUG": 0, b"DIE": 0}


def faulty(records, *, via):
    """ingest, when it is in the mood."""
    for record in records:
        if b"BUG" in record.payload and met[b"BUG"] < 3:
            met[b"BUG"] += 1
            raise ZeroDivisionError("a bug")
        if b"DIE" in record.payload and not met[b"DIE"]:
            met[b"DIE"] += 1
            raise SystemExit
    return ingest(records, via=via)


stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
listen(sources().values(), ingest=faulty, stop=stop)
