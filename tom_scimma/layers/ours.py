"""The trunk's own layers: the map's contours and region, candidates, Sun and Moon."""

from __future__ import annotations

import json
import math
from typing import Any

from django.urls import reverse
from django.utils import timezone

from tom_scimma import eventmaps, kept, layers, wording
from tom_scimma.errors import BadSkyMap
from tom_scimma.layers import Feature
from tom_scimma.models import Candidate, Event
from tom_scimma.skymap import grid
from tom_scimma.skyplot.bodies import sun_and_moon

LEVELS = (0.5, 0.9)
#: so many candidates are shown, the most probable first
SHOWN = 2000
#: so many galaxies, the best first
GALAXIES = 500
#: pixels of a MOC for the screen need not be smaller than this part of the region's width
FINENESS = 1 / 120


def contours(event: Event, user) -> list[Feature]:
    """The outlines of the 50 and 90 % regions."""

    def trace(sky) -> list[Feature]:
        return [
            layers.outline(rings, f"{100 * level:g} %", note=wording.area(area), dashed=level == LEVELS[-1])
            for level, rings, area in zip(LEVELS, sky.contours(LEVELS), sky.area(LEVELS), strict=True)
        ]

    return _of_map("contours", event, user, trace)


def region(event: Event, user) -> list[Feature]:
    """The 90 % region as a MOC."""

    def cover(sky) -> list[Feature]:
        area = sky.area(LEVELS[-1])
        moc, order = sky.moc(LEVELS[-1]), _order_of(area)
        coarse = moc.degrade_to_order(order) if order < moc.max_order else moc
        return [layers.region(coarse.serialize("json"), f"{100 * LEVELS[-1]:g} % region", note=wording.area(area))]

    return _of_map("region", event, user, cover)


def candidates(event: Event, user) -> list[Feature]:
    """The candidates that nobody has ruled out, the most probable first."""
    return _candidates(event, user, ruled_out=False)


def ruled_out(event: Event, user) -> list[Feature]:
    """The candidates that a person has ruled out."""
    return _candidates(event, user, ruled_out=True)


def galaxies(event: Event, user) -> list[Feature]:
    """The best galaxies of the event's volume, or hosts of its error circle, as its page lists them."""
    from tom_scimma.galaxies.event import galaxies as of_event

    found = of_event(event, user)
    if not len(found):
        return []
    page = reverse("tom_scimma:event-galaxies", args=[event.name])
    return [_galaxy(line, page) for line in found.lines(found.order[:GALAXIES])]


def _galaxy(line: dict[str, Any], page: str) -> Feature:
    galaxy, far = line["galaxy"], line.get("distance")
    note = f"number {line['rank']}" + (f", {wording.distance(far, line.get('distance_sd'))}" if far else "")
    return layers.point(galaxy.ra, galaxy.dec, galaxy.name, url=page, note=note, distance_mpc=far)


def bodies(event: Event, user) -> list[Feature]:
    """The Sun and the Moon at the event's time, or now where that is not known."""
    time = event.time or timezone.now()
    when = f"at {wording.utc(time)[:16]} UTC"
    sun, moon = sun_and_moon(time)
    return [
        layers.point(sun.ra, sun.dec, "Sun", note=when),
        layers.point(moon.ra, moon.dec, "Moon", note=f"{wording.percent(moon.lit)} lit, {when}"),
    ]


def _candidates(event: Event, user, *, ruled_out: bool) -> list[Feature]:
    rows = Candidate.objects.filter(event=event, target__ra__isnull=False, target__dec__isnull=False)
    one = Candidate.Status.RULED_OUT
    rows = rows.filter(status=one) if ruled_out else rows.exclude(status=one)
    found = rows.visible_to(user).select_related("target").order_by("level", "pk")[:SHOWN]
    return [_candidate(row) for row in found]


def _candidate(row: Candidate) -> Feature:
    target = row.target
    far = row.distance_mpc
    url = reverse("targets:detail", args=[row.target_id])
    return layers.point(target.ra, target.dec, target.name, url=url, note=_note(row), distance_mpc=far)


def _note(row: Candidate) -> str:
    levels = [("level", row.level), ("3D level", row.volume_level)]
    said = [
        row.get_status_display(),
        *(f"{name} {wording.percent(value)}" for name, value in levels if value is not None),
    ]
    return ", ".join(said)


def _order_of(area_deg2: float) -> int:
    """HEALPix order whose pixels are FINENESS of a region's width."""
    pixels = grid.SPHERE_SR * grid.DEG2_PER_SR / (max(area_deg2, 1e-9) * FINENESS**2)
    return max(4, min(grid.MAX_ORDER, round(0.5 * math.log2(pixels / 12))))


def _of_map(what: str, event: Event, user, make) -> list[Feature]:
    """What `make` makes of the event's map, kept; nothing where there is no map that can be read."""
    found = eventmaps.current(event, user)
    if found is None:
        return []

    def work() -> bytes:
        try:
            return json.dumps(make(found.sky)).encode()
        except BadSkyMap:
            return b"[]"

    return json.loads(kept.kept({"what": what, "map": kept.identity(found)}, kept.audience(event.public, user), work))
