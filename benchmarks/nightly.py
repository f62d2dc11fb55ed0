"""What our side does for the figure of the tab "Tonight": the newest event's, as htmx asks for it, with candidates."""

from __future__ import annotations

import time

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tom_targets.models import Target

from tom_scimma.models import Candidate, Event

#: so many candidates stand in its list
CANDIDATES = 20


def tonight() -> dict:
    """Seconds for the tab, its status, its queries, and how many telescopes it speaks of."""
    event, client = Event.objects.order_by("-pk")[0], Client(headers={"HX-Request": "true"})
    if not Candidate.objects.filter(event=event).exists():
        for i in range(CANDIDATES):
            target = Target.objects.create(
                name=f"AT {i}", type="SIDEREAL", ra=190.0 + i, dec=-23.0 + i, permissions="OPEN"
            )
            Candidate.objects.create(event=event, target=target, because=Candidate.Because.PERSON)
    path = f"/treasuremap/{event.name}/tonight/"
    begun = time.perf_counter()
    response = client.get(path)
    seconds = time.perf_counter() - begun
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    shown = response.content.decode().count('data-label="Telescope"')
    return {"seconds": seconds, "status": response.status_code, "queries": len(queries), "telescopes": shown}
