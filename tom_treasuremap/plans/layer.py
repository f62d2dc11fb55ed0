"""The fields of an event's plans on its interactive sky, numbered in their order."""

from __future__ import annotations

from typing import Any

from tom_scimma import layers
from tom_scimma.layers import Feature
from tom_scimma.models import Event
from tom_treasuremap.models import Plan
from tom_treasuremap.plans import pictures

#: fields that are drawn; a browser draws no more in time
SHOWN = 300
OVER = (Plan.State.SUPERSEDED, Plan.State.WITHDRAWN, Plan.State.FAILED)


def fields(event: Event, user: Any) -> list[Feature]:
    """Footprints of what the newest plans mean to look at."""
    found: list[Feature] = []
    rows = Plan.objects.visible_to(user).about(event).newest().exclude(state__in=OVER).select_related("alert")
    for row in rows.order_by("-pk")[:5]:
        for order, (name, pieces, one) in enumerate(pictures.outlines(row), 1):
            note = f"{row.title}: {name} at {one.start:%Y-%m-%d %H:%M} in {one.band}"
            title, url = f"{order} {one.field}", row.get_absolute_url()
            if pieces:
                found.append(layers.outline(pieces, title, url=url, note=note, dashed=True))
            else:
                found.append(layers.point(one.ra, one.dec, title, url=url, note=note))
    return found[:SHOWN]
