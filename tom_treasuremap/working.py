"""A CoverageRun -> its answer. In the page where it is small, else in the worker.

`work(run)` writes `answer`:

    {"count", "union", "error", "area", "map_area", "teams": [{"team", "union", "error", "area", "count"}],
     "curve": [[hours since the event or ISO time, probability]], "unplaced": [{"instrument", "count", "why"}],
     "planned": {"count", "gain"}, "seen": [{"times", "area", "moc"}],
     "detected": {"probability", "used", "unused", "unknown", "extinction"} | {"error"} | None}
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.utils.module_loading import import_string

from tom_scimma import eventmaps, storable
from tom_scimma.errors import BadSkyMap
from tom_scimma.models import Alert
from tom_treasuremap import coverage, detection
from tom_treasuremap.conf import conf
from tom_treasuremap.footprints import camera
from tom_treasuremap.models import CoverageRun, Instrument, Pointing
from tom_treasuremap.seen_often import often
from tom_treasuremap.service import origin


def due() -> None:
    """The job: what pages have asked for, one after the other, the newest question first. What ends the worker is not tried again."""
    runs = CoverageRun.objects.filter(state=CoverageRun.State.ASKED)
    runs.exclude(error="").update(state=CoverageRun.State.FAILED)  # begun, and never ended: others have their turn
    until = time.monotonic() + 20
    while time.monotonic() < until:
        run = runs.order_by("-pk").first()
        if run is None:
            return
        runs.filter(pk=run.pk).update(error="Working it out was begun and did not end.")
        work(run)


def work(run: CoverageRun) -> None:
    """Works a question out and keeps the answer; a map that cannot be read is the answer, too."""
    began = time.monotonic()
    try:
        run.answer, left = _answer(run)
    except (BadSkyMap, ValueError) as error:
        run.state, run.error = CoverageRun.State.FAILED, storable.text(str(error))
    else:
        run.state, run.error = CoverageRun.State.DONE, ""
        run.residual = left.pack() if left is not None else None
    run.seconds = time.monotonic() - began
    run.save()
    _forget(run)


def _answer(run: CoverageRun) -> tuple[dict[str, Any], Any]:
    alert = Alert.objects.filter(pk=run.question["alert"]).first()
    found = eventmaps.of_alert(alert) if alert is not None else None
    if found is None:
        raise ValueError("the map that this was asked of is gone")
    sky = found.sky
    rows = pointings(run.question["pointings"])
    known = cameras(rows)
    counted = run.question.get("counted") or ["completed"]
    done = [one for one in rows if one.status in counted]
    planned = [one for one in rows if one.status not in counted]
    source = _source(run)
    got = coverage.coverage(sky, done, cameras=known, detect=source)
    return {
        "count": len(done),
        "union": got.union,
        "error": got.error,
        "area": got.area,
        "map_area": float(sky.area(0.9)),
        "teams": [{"team": team, **vars(share)} for team, share in got.by_team.items()],
        "curve": _curve(got, run),
        "unplaced": _unplaced([*got.unplaced, *_homeless(planned, known)]),
        "planned": {"count": len(planned), "gain": coverage.more(got, planned, known) if planned else 0.0},
        "seen": often(got.fields) if got.pointings else [],
        "detected": _detected(got, source),
    }, got.residual


def pointings(keys: Sequence[int]) -> list[Any]:
    """The normal forms of rows, in their order; those that are gone are left out."""
    rows: dict[int, Any] = {}
    for start in range(0, len(keys), 500):
        some = (
            Pointing.objects.filter(pk__in=keys[start : start + 500])
            .select_related("event")
            .defer("document", "history")
        )
        rows.update({row.pk: row.as_pointing() for row in some})
    return [rows[key] for key in keys if key in rows]


def cameras(rows: Sequence[Any]) -> dict[int, Any]:
    """The cameras of the instruments that pointings name, by their number: as the server knows them that this TOM speaks to,
    else as the one that was asked last."""
    numbers = {row.instrument_id for row in rows if row.instrument_id is not None}
    found = Instrument.objects.filter(number__in=numbers).order_by("fetched")
    made = {one.number: camera(one.rings) for one in sorted(found, key=lambda one: one.origin == origin())}
    return {number: one for number, one in made.items() if one is not None}


def _source(run: CoverageRun) -> detection.Source | None:
    said = run.question.get("source")
    if not said:
        return None
    bands = {band: (bright, faint) for band, (bright, faint) in said["magnitudes"].items()}
    return detection.Source(bands, onset=run.event.time, decline=said["decline"], extinction=dust())


def dust() -> detection.Extinction | None:
    """The extinction that this TOM reckons with, EXTINCTION; None: none."""
    return import_string(conf.EXTINCTION) if conf.EXTINCTION else None


def _curve(got: coverage.Coverage, run: CoverageRun) -> list[list[Any]]:
    start = run.event.time
    if start is None:
        return [[time_.isoformat(), value] for time_, value in got.curve]
    return [[(time_ - start).total_seconds() / 3600, value] for time_, value in got.curve]


def _homeless(rows: Sequence[Any], known: dict[int, Any]) -> list[Any]:
    placed = set(coverage.on_sky(rows, known)[1].tolist())
    return [row for at, row in enumerate(rows) if at not in placed]


def _unplaced(rows: Sequence[Any]) -> list[dict[str, Any]]:
    counts = Counter((row.telescope or "an instrument that nobody named", row.instrument_id) for row in rows)
    return [{"instrument": name, "number": number, "count": count} for (name, number), count in counts.most_common()]


def _detected(got: coverage.Coverage, source: detection.Source | None) -> dict[str, Any] | None:
    if source is None:
        return None
    try:
        found = got.detected
    except ValueError as error:
        return {"error": str(error)}
    if found is None:
        return None
    extinction = conf.EXTINCTION or "none"
    return {
        "probability": found.probability,
        "used": found.used,
        "unused": dict(found.unused),
        "unknown": found.unknown,
        "extinction": extinction,
    }


def _forget(run: CoverageRun) -> None:
    """Old answers go: they are worked out again when somebody asks."""
    from tom_treasuremap.covering import KEPT

    old = CoverageRun.objects.filter(event=run.event).order_by("-pk").values_list("pk", flat=True)[KEPT : KEPT + 500]
    CoverageRun.objects.filter(pk__in=list(old)).delete()
