"""TOM targets inside an event's region that are no candidates of it, as far as the user may see them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_scimma import places, skymap
from tom_scimma.conf import conf
from tom_scimma.errors import BadSkyMap
from tom_scimma.models import Candidate, Event, Localization

#: so many targets are shown, the most probable first, and at most so many looked at
SHOWN, LOOKED_AT = 50, 20_000


@dataclass(frozen=True)
class Inside:
    """The targets found, best first, and how they were looked for."""

    targets: tuple[tuple[object, float], ...] = ()  #: (Target, credible level 0..1 or separation in degrees)
    count: int = 0
    measure: str = "level"  #: level | separation | none: nobody said where the event is
    at_least: bool = False  #: there are more than were looked at
    error: str = ""


def targets_inside(event: Event, row: Localization | None, user) -> Inside:
    """Targets up to CANDIDATE_LEVEL of the map, or within the error circle; those the user may see, candidates left out."""
    if row is not None and not row.error:
        try:
            found, more = _in_map(row)
        except BadSkyMap as error:
            return Inside(measure="none", error=str(error))
        return _seen(_others(event, found, user), "level", more, user)
    if event.ra is None or event.radius_deg is None:
        return Inside(measure="none")
    near = places.cone(event.ra, event.dec, event.radius_deg)[: LOOKED_AT + 1]
    found = list(near.values_list("target_id", "separation"))
    return _seen(_others(event, dict(found[:LOOKED_AT]), user), "separation", len(found) > LOOKED_AT, user)


def _others(event: Event, found: dict[int, float], user) -> dict[int, float]:
    rows = Candidate.objects.filter(event=event).visible_to(user).order_by()
    known = set(rows.values_list("target_id", flat=True))
    return {pk: value for pk, value in found.items() if pk not in known}


def _in_map(row: Localization) -> tuple[dict[int, float], bool]:
    """{target: level} of targets inside the map's region, and whether there were too many to look at."""
    sky = skymap.unpack(bytes(Localization.objects.values_list("data", flat=True).get(pk=row.pk)))
    rows = list(places.inside(sky.moc(conf.CANDIDATE_LEVEL)).values_list("target_id", "ra", "dec")[: LOOKED_AT + 1])
    if not rows:
        return {}, False
    pks, ra, dec = zip(*rows[:LOOKED_AT], strict=True)
    levels = sky.level_at(np.array(ra), np.array(dec))
    return {pk: float(level) for pk, level in zip(pks, levels, strict=True) if level <= conf.CANDIDATE_LEVEL}, len(
        rows
    ) > LOOKED_AT


def _seen(found: dict[int, float], measure: str, more: bool, user) -> Inside:
    """Keeps those the user may see, asking the host in pieces that any database takes."""
    pks, seen = list(found), []
    for start in range(0, len(pks), 500):
        seen += targets_for_user(
            user, Target.objects.filter(pk__in=pks[start : start + 500]), "view_target"
        ).values_list("pk", flat=True)
    best = sorted(set(seen), key=lambda pk: (found[pk], pk))
    rows = Target.objects.in_bulk(best[:SHOWN])
    return Inside(tuple((rows[pk], found[pk]) for pk in best[:SHOWN] if pk in rows), len(best), measure, more)
