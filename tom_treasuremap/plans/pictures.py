"""The pictures of a plan's row, for those who may see it; drawn once and kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from tom_scimma import kept, skyplot
from tom_scimma.pictures import Picture
from tom_scimma.skyplot import page
from tom_treasuremap import tiling
from tom_treasuremap.models import Plan
from tom_treasuremap.plans import figures
from tom_treasuremap.plans.setting import visit_of
from tom_treasuremap.telescopes.telescope import Telescope

KINDS = ("sky", "timeline", "altitude", "curve")
#: minutes between two points of an altitude's track
EVERY = 5
EDITION = 2


def draw(row: Plan, kind: str, form: str, theme: str, user: Any) -> Picture | None:
    """One picture of a plan; None where it has no visits. Raises ValueError for what no picture has."""
    look = figures.Look(form, theme)
    rows = list(row.visits.select_related("observation").order_by("start", "telescope"))
    if not rows or kind not in KINDS:
        return None
    states = [one.observation.status if one.observation is not None else "" for one in rows]
    parts = {
        "plan": row.pk, "kind": kind, "form": form, "theme": theme, "value": row.value, "bound": row.bound, "edition": EDITION,
        "drawing": skyplot.EDITION, "visits": [rows[0].pk, len(rows)], "states": states if kind == "curve" else [],
    }  # fmt: skip
    audience = kept.audience(False, user)
    data = kept.kept(parts, audience, lambda: _MAKERS[kind](row, rows, look))
    return Picture(data, page.FORMS.get(form, ""), kept.tag(parts, audience))


def _timeline(row: Plan, rows: list[Any], look: figures.Look) -> bytes:
    return figures.timeline([visit_of(one) for one in rows], look)


def _curve(row: Plan, rows: list[Any], look: figures.Look) -> bytes:
    done = [one.end for one in rows if one.observation is not None and one.observation.status == "COMPLETED"]
    gains = [one.gain or 0.0 for one in rows]
    return figures.curve(
        [visit_of(one) for one in rows], gains, row.bound, look, done=max(done, default=None), part=not row.weighed
    )


def _altitude(row: Plan, rows: list[Any], look: figures.Look) -> bytes:
    from tom_treasuremap import sky_position

    visits = [visit_of(one) for one in rows]
    known, tracks, limits = _telescopes(row), {}, {}
    begin, end = (40587.0 + moment.timestamp() / 86400 for moment in (visits[0].start, visits[-1].end))
    times = np.linspace(begin, end, max(int((end - begin) * 1440 / EVERY), 2) + 1)
    for name, one in known.items():
        places_ = {visit.field: (visit.ra, visit.dec) for visit in visits if visit.telescope == name}
        if places_ and one.site is not None:
            ra, dec = np.array(list(places_.values())[: figures.CURVES]).T
            tracks[name] = (times, sky_position.altaz(one.site, ra, dec, times)[0])
            limits[name] = one.limits.min_altitude
    return figures.altitude(visits, tracks, limits, look)


def _sky(row: Plan, rows: list[Any], look: figures.Look) -> bytes:
    from tom_scimma import eventmaps

    rings, points = [], []
    for order, (_, pieces, one) in enumerate(outlines(row), 1):
        rings += pieces
        points.append(skyplot.Point(one.ra, one.dec, str(order)))
    layers = [skyplot.Layer(f"fields in order ({len(points)})", points, rings)]
    found = eventmaps.of_alert(row.alert) if row.alert is not None else None
    subject: Any = found.sky if found is not None else skyplot.Place(points[0].ra, points[0].dec)
    return skyplot.draw(subject, form=look.form, theme=look.theme, layers=layers, title=str(row), time=rows[0].start)


_MAKERS = {"sky": _sky, "timeline": _timeline, "altitude": _altitude, "curve": _curve}


def outlines(row: Plan) -> list[tuple[str, list[list[tuple[float, float]]], Any]]:
    """(telescope, rings on the sky, its first visit) of each field of a plan in the order in which it is looked at."""
    known, found = _telescopes(row), []
    first: dict[tuple[str, str], Any] = {}
    for one in row.visits.order_by("start", "telescope"):
        first.setdefault((one.telescope, one.field), one)
    shapes = {name: tiling.camera(one) for name, one in known.items() if one.rings}
    for (name, _), one in first.items():
        pieces: list[list[tuple[float, float]]] = []
        if shapes.get(name) is not None:
            ra, dec, angle = (np.array([value]) for value in (one.ra, one.dec, one.pos_angle))
            for east, north in shapes[name].at(ra, dec, angle).polygons[0]:
                ring = [(float(x), float(y)) for x, y in zip(east, north, strict=True)]
                pieces.append([*ring, ring[0]])
        found.append((name, pieces, one))
    return found


def _telescopes(row: Plan) -> dict[str, Telescope]:
    from tom_treasuremap import telescopes

    known = telescopes.telescopes()
    return {name: known[name] for name in row.telescopes if name in known}
