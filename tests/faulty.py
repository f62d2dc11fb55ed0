"""`manage.py listen` with bugs that a message can ask for: what ingest promises never to do, done on purpose.

`BUG` in a payload: ingest raises for that batch, the first three times. `DIE`: the thread ends, the first time. `WAIT`:
ingest makes a file `waits` in the TOM's folder, and goes on when that is gone.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import django

django.setup()

from tom_scimma.ingest import ingest  # noqa: E402
from tom_scimma.listener import listen  # noqa: E402
from tom_scimma.sources import sources  # noqa: E402

met = {b"BUG": 0, b"DIE": 0}
place, stop = Path(os.environ["TOM_VAR"]) / "waits", threading.Event()


def faulty(records, *, via):
    """ingest, when it is in the mood."""
    for record in records:
        if b"BUG" in record.payload and met[b"BUG"] < 3:
            met[b"BUG"] += 1
            raise ZeroDivisionError("a bug")
        if b"DIE" in record.payload and not met[b"DIE"]:
            met[b"DIE"] += 1
            raise SystemExit
        if b"WAIT" in record.payload:
            place.touch()
            while place.exists() and not stop.is_set():
                time.sleep(0.02)
    return ingest(records, via=via)


signal.signal(signal.SIGTERM, lambda *_: stop.set())
listen(sources().values(), ingest=faulty, stop=stop)
