"""What our side does for the figure of the tab "Coverage": an event with many pointings, worked out, and its page."""

from __future__ import annotations

import time
from datetime import datetime, timezone

from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import looks
from tom_scimma.models import Event
from tom_treasuremap import covering, working
from tom_treasuremap.models import CoverageRun, Instrument, Pointing

ORIGIN = "treasuremap.bench"


def covered(total: int) -> dict:
    """Gives the newest event so many pointings of five teams, and the worker's answer to what everybody may ask of them."""
    event, now = Event.objects.order_by("-pk")[0], datetime.now(timezone.utc)
    rings = [[list(corner) for corner in zip(*ring, strict=True)] for ring in looks.decam()]
    Instrument.objects.create(origin=ORIGIN, number=1, name="camera", rings=rings, fetched=now)
    common = {"event": event, "origin": ORIGIN, "first_seen": now, "last_seen": now, "changed": now}
    names = ("source", "source_id", "status", "team", "telescope", "instrument_id", "ra", "dec", "pos_angle", "time")
    names += ("band", "depth", "depth_unit")
    some = looks.pointings(*looks.about(197.45, -23.38, total), len(looks.TEAMS))
    rows = (Pointing(**common, **{name: getattr(one, name) for name in names}) for one in some)
    Pointing.objects.bulk_create(rows, batch_size=500)
    begun = time.perf_counter()
    run = covering.run(covering.question(event, None, QueryDict()))
    working.work(run)
    return {"seconds": time.perf_counter() - begun, "state": run.state, "probability": run.answer["union"]}


def tab() -> dict:
    """Seconds for the tab as htmx asks for it, its status, queries, and whether it shows the answer."""
    event, client = Event.objects.order_by("-pk")[0], Client(headers={"HX-Request": "true"})
    path = f"/treasuremap/{event.name}/coverage/"
    begun = time.perf_counter()
    response = client.get(path)
    seconds = time.perf_counter() - begun
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    done = CoverageRun.objects.filter(event=event, state=CoverageRun.State.DONE).count() == 1
    shown = done and "of the probability is covered" in response.content.decode()
    return {"seconds": seconds, "status": response.status_code, "queries": len(queries), "shown": shown}
