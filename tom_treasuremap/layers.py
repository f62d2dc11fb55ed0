"""What an event's sky shows of pointings: footprints done and planned, how often places were seen."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.urls import reverse

from tom_scimma import layers
from tom_scimma.layers import Feature
from tom_scimma.models import Event
from tom_treasuremap import covering, working
from tom_treasuremap.coverage import on_sky
from tom_treasuremap.models import CoverageRun, Pointing

#: so many footprints are drawn, the newest first; a browser draws no more in time
SHOWN, DRAWN = 400, 150


def completed(event: Event, user: Any) -> list[Feature]:
    """Footprints of what was observed."""
    return _footprints(event, user, "completed", SHOWN)


def planned(event: Event, user: Any) -> list[Feature]:
    """Footprints of what is planned, dashed."""
    return _footprints(event, user, "planned", SHOWN)


def often(event: Event, user: Any) -> list[Feature]:
    """Regions seen once, twice, and more often, once the coverage was worked out."""
    asked = covering.question(event, user, QueryDict())
    run = CoverageRun.objects.filter(key=asked.key, state=CoverageRun.State.DONE).defer("residual").first()
    seen = run.answer["seen"] if run is not None else ()
    return [
        layers.region(one["moc"], f"seen {one['times']} times or more", note=f"{one['area']:,.0f} deg²") for one in seen
    ]


def _footprints(event: Event, user: Any, status: str, most: int) -> list[Feature]:
    rows = Pointing.objects.visible_to(user).filter(event=event, status=status).known()
    rows = list(rows.select_related("event").defer("document", "history").order_by("-time", "-pk")[:most])
    looks = [row.as_pointing() for row in rows]
    fields, placed = on_sky(looks, working.cameras(looks))
    url = reverse("tom_treasuremap:event-pointings", args=[event.name])
    found = []
    for at, pieces in zip(placed.tolist(), fields.polygons, strict=True):
        one = looks[at]
        rings = [[(float(x), float(y)) for x, y in zip(ra, dec, strict=True)] for ra, dec in pieces]
        when = f"{one.time:%Y-%m-%d %H:%M}" if one.time else ""
        depth = f"{one.depth:g}" if one.depth is not None else ""
        note = " ".join(filter(None, (when, one.band, depth)))
        found.append(
            layers.outline(
                [[*ring, ring[0]] for ring in rings],
                one.team or one.telescope,
                url=url,
                note=note,
                dashed=status == "planned",
            )
        )
    return found
