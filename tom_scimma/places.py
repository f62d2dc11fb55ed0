"""Where every TOM target is on the sky, indexed: cone search, targets inside a region.

Positions are kept with their nested HEALPix index, so that the cost of a search grows with what it finds and not with
the number of targets, and RA 0/360 and the poles are places like any other.
"""

from __future__ import annotations

import math

import numpy as np
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import ASin, Cos, Least, Radians, Sin, Sqrt

from tom_scimma.models import TargetPlace

ORDER = 14
#: more index ranges than this make a slower query than a few targets too many
MAX_RANGES = 200


def index(ra, dec) -> np.ndarray:
    """Nested HEALPix index at order 14 of positions in degrees, int64."""
    from astropy import units
    from astropy_healpix import lonlat_to_healpix

    return np.asarray(lonlat_to_healpix(ra * units.deg, dec * units.deg, 2**ORDER, order="nested"), dtype=np.int64)


def cone(ra: float, dec: float, radius_deg: float) -> models.QuerySet[TargetPlace]:
    """Targets within radius_deg of a position, nearest first, each with `separation` in degrees.

    The separation is the haversine formula, exact to rounding at all angles that matter here.
    """
    from astropy import units
    from astropy.coordinates import Latitude, Longitude
    from mocpy import MOC

    near = TargetPlace.objects.all()  # beyond 60 degrees the index saves nothing
    if radius_deg < 60:
        depth = max(0, min(ORDER, math.ceil(math.log2(4 * 58.6 / max(radius_deg, 1e-4)))))  # cells about a quarter of the radius
        lon, lat = Longitude(ra, "deg"), Latitude(dec, "deg")
        near = inside(MOC.from_cone(lon, lat, radius=radius_deg * units.deg, max_depth=depth, delta_depth=2))
    half_dec = Sin((Radians(F("dec")) - math.radians(dec)) / 2.0)
    half_ra = Sin((Radians(F("ra")) - math.radians(ra)) / 2.0)
    haversine = half_dec * half_dec + Cos(Radians(F("dec"))) * math.cos(math.radians(dec)) * half_ra * half_ra
    separation = ASin(Least(Sqrt(haversine), 1.0)) * (2 * math.degrees(1))
    return near.annotate(separation=separation).filter(separation__lte=radius_deg).order_by("separation", "pk")


def inside(moc) -> models.QuerySet[TargetPlace]:
    """Targets inside a region (mocpy.MOC), to the size of an order-14 cell (13 arcsec).

    A region of many small parts is searched somewhat coarser: ask the map itself for the level of what comes back.
    """
    ranges = _ranges(moc)
    if not len(ranges):
        return TargetPlace.objects.none()
    wanted = Q()
    for first, last in ranges:
        wanted |= Q(hpx14__gte=int(first), hpx14__lt=int(last))
    return TargetPlace.objects.filter(wanted)


def _ranges(moc) -> np.ndarray:
    """Half-open ranges of order-14 indices that cover the region, joined over small gaps until they are few enough."""
    shift = 2 * (29 - ORDER)
    ranges = np.asarray(moc.to_depth29_ranges, dtype=np.uint64).reshape(-1, 2)
    first, last = ranges[:, 0] >> np.uint64(shift), ((ranges[:, 1] - np.uint64(1)) >> np.uint64(shift)) + np.uint64(1)
    if len(first) > MAX_RANGES:
        gaps = first[1:] - last[:-1]
        keep = np.sort(np.argsort(gaps)[::-1][: MAX_RANGES - 1])  # split only at the widest gaps
        first, last = np.append(first[:1], first[1:][keep]), np.append(last[:-1][keep], last[-1:])
    return np.stack([first, last], axis=1).astype(np.int64)


def keep(target) -> None:
    """Brings one target's row up to date; one that moves or has no coordinates has none."""
    fixed = target.type == target.SIDEREAL and target.ra is not None and target.dec is not None
    if fixed and math.isfinite(target.ra) and -90 <= target.dec <= 90:
        _write(np.array([[target.pk, target.ra, target.dec]], dtype=float))
    else:
        TargetPlace.objects.filter(target_id=target.pk).delete()


def reconcile(batch: int = 5000) -> int:
    """Brings all rows up to date and returns how many differed; bulk writes to targets send no signal."""
    from tom_targets.models import Target

    placed = Target.objects.filter(type=Target.SIDEREAL, ra__isnull=False, dec__gte=-90, dec__lte=90)
    removed, _ = TargetPlace.objects.exclude(target__in=placed).delete()
    same = Q(scimma_place__ra=F("ra"), scimma_place__dec=F("dec"))
    differing = list(placed.exclude(same).values_list("pk", "ra", "dec"))
    for start in range(0, len(differing), batch):
        _write(np.array(differing[start : start + batch], dtype=float))
    return removed + len(differing)


def _write(rows: np.ndarray) -> None:
    """Writes rows of (target, ra, dec)."""
    ra = rows[:, 1] % 360
    places = zip(rows[:, 0].astype(int).tolist(), index(ra, rows[:, 2]).tolist(), ra.tolist(), rows[:, 2].tolist(), strict=True)
    TargetPlace.objects.bulk_create(
        [TargetPlace(target_id=pk, hpx14=hpx, ra=ra, dec=dec) for pk, hpx, ra, dec in places],
        update_conflicts=True,
        unique_fields=["target"],
        update_fields=["hpx14", "ra", "dec"],
    )


def connect() -> None:
    """Keeps the table up to date when targets are saved; deletion cascades in the database."""
    from tom_targets.models import Target

    models.signals.post_save.connect(_saved, sender=Target, dispatch_uid="tom_scimma.places")


def _saved(sender, instance, raw=False, **kwargs) -> None:
    keep(instance)
