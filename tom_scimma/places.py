"""Where every TOM target is on the sky, indexed: cone search, targets inside a region.

Positions are kept with their nested HEALPix index, so that the cost of a search grows with what it finds and not with
the number of targets, and RA 0/360 and the poles are places like any other.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat

import numpy as np
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import ASin, Cos, Least, Radians, Sin, Sqrt

from tom_scimma.models import Candidate, TargetPlace
from tom_scimma.skymap import grid
from tom_scimma.skymap.makers import separation as angle

ORDER = 14
#: more index ranges than this make a slower query than a few targets too many
MAX_RANGES = 200
#: mean width of a pixel of order 0, degrees
PIXEL_DEG = math.degrees(math.sqrt(math.pi / 3))
#: circles up to this radius (degrees) are searched together
WIDEST = 5.0
#: of a larger part of the sky than this, all places are read: that is faster than asking for each of many ranges
WIDE = 0.05


class _Thread(threading.local):
    waiting: dict[int, tuple[int, float, float]] | None = (
        None  #: rows to be written at the end of `together`, by target
    )


_thread = _Thread()


def index(ra, dec) -> np.ndarray:
    """Nested HEALPix index at order 14 of positions in degrees, int64."""
    return grid.pixel_of(ra, dec, ORDER)


def cone(ra: float, dec: float, radius_deg: float) -> models.QuerySet[TargetPlace]:
    """Targets within radius_deg of a position, nearest first, each with `separation` in degrees.

    The separation is the haversine formula, exact to rounding at all angles that matter here.
    """
    from astropy import units
    from astropy.coordinates import Latitude, Longitude
    from mocpy import MOC

    near = TargetPlace.objects.all()  # beyond 60 degrees the index saves nothing
    if radius_deg < 60:
        depth = max(
            0, min(ORDER, math.ceil(math.log2(4 * 58.6 / max(radius_deg, 1e-4))))
        )  # cells about a quarter of the radius
        lon, lat = Longitude(ra, "deg"), Latitude(dec, "deg")
        near = inside(MOC.from_cone(lon, lat, radius=radius_deg * units.deg, max_depth=depth, delta_depth=2))
    half_dec = Sin((Radians(F("dec")) - math.radians(dec)) / 2.0)
    half_ra = Sin((Radians(F("ra")) - math.radians(ra)) / 2.0)
    haversine = half_dec * half_dec + Cos(Radians(F("dec"))) * math.cos(math.radians(dec)) * half_ra * half_ra
    separation = ASin(Least(Sqrt(haversine), 1.0)) * (2 * math.degrees(1))
    return near.annotate(separation=separation).filter(separation__lte=radius_deg).order_by("separation", "pk")


def near(circles: Sequence[tuple[float, float, float]]) -> list[list[tuple[float, int]]]:
    """For each (ra, dec, radius) in degrees the (separation, target) within it, nearest first; all in one query."""
    wide = [circle for circle in circles if circle[2] > WIDEST]
    narrow = np.array([circle for circle in circles if circle[2] <= WIDEST]).reshape(-1, 3)
    found = {circle: [(place.separation, place.target_id) for place in cone(*circle)] for circle in wide}
    rows = _rows(_blocks(narrow)) if len(narrow) else np.empty((0, 3))
    for ra, dec, radius in narrow.tolist():
        separation = angle(rows[:, 1], rows[:, 2], ra, dec)
        inner = separation <= radius
        found[ra, dec, radius] = sorted(
            zip(separation[inner].tolist(), rows[inner, 0].astype(int).tolist(), strict=True)
        )
    return [found[tuple(map(float, circle))] for circle in circles]


def _blocks(circles: np.ndarray) -> np.ndarray:
    """Half-open ranges of order-14 indices that hold circles (float64[n, 3]): each centre's pixel and its neighbours.

    The pixels are at least four radii wide, so that no circle reaches past the neighbours.
    """
    from astropy_healpix import neighbours

    order = np.clip(np.floor(np.log2(PIXEL_DEG / (4 * np.maximum(circles[:, 2], 1e-9)))), 0, ORDER).astype(int)
    ranges = []
    for level in np.unique(order).tolist():
        ra, dec, _ = circles[order == level].T
        centre = grid.pixel_of(ra, dec, level)
        with np.errstate(invalid="ignore"):  # numpy's complaint about the -1 of a pixel that has only seven neighbours
            cells = np.unique(np.append(centre, neighbours(centre, 1 << level, order="nested")))
        first = cells[cells >= 0] << (2 * (ORDER - level))
        ranges.append(np.stack([first, first + (1 << (2 * (ORDER - level)))], axis=1))
    return np.concatenate(ranges)


def _rows(ranges: np.ndarray) -> np.ndarray:
    """(target, ra, dec), float64[n, 3], of the places in ranges. As SQL: Django takes long to say this."""
    table, rows = connection.ops.quote_name(TargetPlace._meta.db_table), set()
    with connection.cursor() as cursor:
        for start in range(0, len(ranges), MAX_RANGES):
            wanted = " OR ".join(
                f"(hpx14 >= {first:d} AND hpx14 < {last:d})"
                for first, last in ranges[start : start + MAX_RANGES].tolist()
            )
            cursor.execute(f"SELECT target_id, ra, dec FROM {table} WHERE {wanted}")
            rows.update(cursor.fetchall())
    return np.array(sorted(rows), dtype=float).reshape(-1, 3)


def inside(moc) -> models.QuerySet[TargetPlace]:
    """Targets inside a region (mocpy.MOC), to the size of an order-14 cell (13 arcsec).

    A region of many small parts is searched somewhat coarser: ask the map itself for the level of what comes back.
    """
    found = ranges(np.asarray(moc.to_depth29_ranges, dtype=np.int64).reshape(-1, 2))
    if not len(found):
        return TargetPlace.objects.none()
    wanted = Q()
    for first, last in found:
        wanted |= Q(hpx14__gte=int(first), hpx14__lt=int(last))
    return TargetPlace.objects.filter(wanted)


def within(ranges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(target int64, ra, dec float64) of all places in disjoint ranges, by target; for many at once."""
    table = connection.ops.quote_name(TargetPlace._meta.db_table)
    wide = (ranges[:, 1] - ranges[:, 0]).sum() > WIDE * (12 << (2 * ORDER))
    wanted = " OR ".join(f"(hpx14 >= {first:d} AND hpx14 < {last:d})" for first, last in ranges.tolist())
    if not wanted:
        return np.empty(0, np.int64), np.empty(0), np.empty(0)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT target_id, ra, dec, hpx14 FROM {table}" + ("" if wide else f" WHERE {wanted}"))
        rows = cursor.fetchall()
    ids, ra, dec, index = (np.array(column) for column in zip(*rows, strict=True)) if rows else np.empty((4, 0))
    keep = np.flatnonzero(covers(ranges, index.astype(np.int64)))
    keep = keep[np.argsort(ids[keep])]
    return ids[keep].astype(np.int64), ra[keep], dec[keep]


def covers(ranges: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Which of these order-14 indices lie in sorted, disjoint, half-open ranges (int64[k, 2]): bool[n]."""
    row = np.searchsorted(ranges[:, 0], index, side="right") - 1
    return (row >= 0) & (index < ranges[np.maximum(row, 0), 1]) if len(ranges) else np.zeros(len(index), bool)


def ranges(found: np.ndarray) -> np.ndarray:
    """Half-open ranges of order-14 indices that cover sorted ones of order 29 (int64[k, 2]), joined over small gaps
    until they are few enough."""
    shift = 2 * (29 - ORDER)
    first, last = found[:, 0] >> shift, ((found[:, 1] - 1) >> shift) + 1
    if len(first) > MAX_RANGES:
        gaps = first[1:] - last[:-1]
        keep = np.sort(np.argsort(gaps)[::-1][: MAX_RANGES - 1])  # split only at the widest gaps
        first, last = np.append(first[:1], first[1:][keep]), np.append(last[:-1][keep], last[-1:])
    return np.stack([first, last], axis=1)


def keep(target) -> None:
    """Brings one target's row up to date; one that moves or has no coordinates has none."""
    fixed = target.type == target.SIDEREAL and target.ra is not None and target.dec is not None
    if not (fixed and math.isfinite(target.ra) and -90 <= target.dec <= 90):
        if TargetPlace.objects.filter(target_id=target.pk).delete()[0]:
            Candidate.objects.filter(target=target.pk).update(**Candidate.NOWHERE)
        if _thread.waiting:
            _thread.waiting.pop(target.pk, None)
    elif _thread.waiting is None:
        _write(np.array([(target.pk, target.ra, target.dec)], dtype=float))
    else:
        _thread.waiting[target.pk] = (target.pk, target.ra, target.dec)


@contextmanager
def together() -> Iterator[None]:
    """Rows of targets that are saved within are written at its end, all at once."""
    if _thread.waiting is not None:
        yield
        return
    _thread.waiting = {}
    try:
        yield
        if _thread.waiting:
            _write(np.array(list(_thread.waiting.values()), dtype=float))
    finally:
        _thread.waiting = None


def reconcile(batch: int = 5000) -> int:
    """Brings all rows up to date and returns how many differed; bulk writes to targets send no signal."""
    from tom_targets.models import Target

    placed = Target.objects.filter(type=Target.SIDEREAL, ra__isnull=False, dec__gte=-90, dec__lte=90)
    removed, _ = TargetPlace.objects.exclude(target__in=placed).delete()
    if removed:
        lost = Candidate.objects.filter(level__isnull=False, target__scimma_place__isnull=True)
        lost.update(**Candidate.NOWHERE)
    same = Q(scimma_place__ra=F("ra"), scimma_place__dec=F("dec"))
    differing = list(placed.exclude(same).values_list("pk", "ra", "dec"))
    for start in range(0, len(differing), batch):
        _write(np.array(differing[start : start + batch], dtype=float))
    return removed + len(differing)


def _write(rows: np.ndarray) -> None:
    """Writes rows of (target, ra, dec), each with a mark that the worker has to place it in the live events."""
    ra, mark = rows[:, 1] % 360, time.time_ns() // 1000
    columns = (rows[:, 0].astype(int).tolist(), index(ra, rows[:, 2]).tolist(), ra.tolist(), rows[:, 2].tolist())
    table = connection.ops.quote_name(TargetPlace._meta.db_table)
    query = (
        f"INSERT INTO {table} (target_id, hpx14, ra, dec, mark) VALUES (%s, %s, %s, %s, %s) ON CONFLICT (target_id) DO UPDATE SET "
        "hpx14 = excluded.hpx14, ra = excluded.ra, dec = excluded.dec, mark = excluded.mark"
    )
    with connection.cursor() as cursor:
        cursor.executemany(query, list(zip(*columns, repeat(mark, len(rows)), strict=True)))


def mark(target_ids: Sequence[int]) -> None:
    """Has these targets placed anew in the live events, after bulk writes of what is known of them."""
    now = time.time_ns() // 1000
    for start in range(0, len(target_ids), 900):
        TargetPlace.objects.filter(target_id__in=target_ids[start : start + 900]).update(mark=now)


def connect() -> None:
    """Keeps the table up to date when targets are saved; deletion cascades in the database."""
    from tom_dataproducts.models import REDUCED_DATUM_MODELS
    from tom_targets.models import Target, TargetExtra

    models.signals.post_save.connect(_saved, sender=Target, dispatch_uid="tom_scimma.places")
    for model in (TargetExtra, *REDUCED_DATUM_MODELS):
        models.signals.post_save.connect(_told, sender=model, dispatch_uid=f"tom_scimma.places.{model.__name__}")


def _saved(sender, instance, raw=False, **kwargs) -> None:
    keep(instance)


def _told(sender, instance, raw=False, **kwargs) -> None:
    """A redshift, a discovery date or a first datum may make a target a candidate."""
    mark([instance.target_id])
