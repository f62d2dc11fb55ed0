"""Targets -> where they lie in an event's maps -> Candidate and CandidateLevel rows; the only writer of levels.

    place(event)                 all targets, in the maps of the event in which they were not placed yet
    place_targets(event, ids)    some targets, in all maps of the event: they are new, or moved

A map makes candidates of what lies inside it when it comes; later, targets become candidates by the map that stands then.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone

from tom_scimma import bulk, eventmaps, places
from tom_scimma.candidates import appearing, own
from tom_scimma.candidates.distances import distances
from tom_scimma.candidates.extras import among
from tom_scimma.candidates.levels import levels
from tom_scimma.conf import conf
from tom_scimma.errors import BadSkyMap
from tom_scimma.eventmaps import EventMap
from tom_scimma.models import Alert, Candidate, CandidateLevel, Event, Placement, TargetPlace

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Targets:
    """Where some targets are, sorted by key: arrays of one length."""

    ids: np.ndarray  #: int64
    ra: np.ndarray
    dec: np.ndarray
    distance: np.ndarray  #: Mpc; NaN where nothing is known

    def only(self, ids: Iterable[int]) -> Targets:
        """Those of them."""
        rows = np.flatnonzero(np.isin(self.ids, np.fromiter(ids, np.int64)))
        return Targets(self.ids[rows], self.ra[rows], self.dec[rows], self.distance[rows])


@dataclass(frozen=True)
class Found:
    """Targets in one map."""

    map: EventMap
    targets: Targets
    level: np.ndarray
    volume: np.ndarray


def place(event: Event) -> list[Placement]:
    """Places all targets in those maps of the event in which they are not yet; returns what was done, oldest map first."""
    for _ in range(2):  # a second time for the one that met another worker's insert of the same rows
        try:
            return _place(event)
        except IntegrityError:
            continue
    return _place(event)


def _place(event: Event) -> list[Placement]:
    maps, done = eventmaps.versions(event), []
    placed = set(Placement.objects.filter(alert__event=event).values_list("alert_id", flat=True))
    for one in maps:
        if one.alert_id not in placed:
            placement = _place_all(event, one, maps)
            if placement is not None:
                done.append(placement)
    return done


def _place_all(event: Event, new: EventMap, maps: Sequence[EventMap]) -> Placement | None:
    try:
        sky = new.sky
    except BadSkyMap as error:
        logger.warning("event=%s alert=%s: its map places no target: %s", event.name, new.alert_id, error)
        return None
    region = places.ranges(sky.region_spans(conf.CANDIDATE_LEVEL))
    ids, ra, dec = places.within(region)
    near = sky.level_at(ra, dec) <= conf.CANDIDATE_LEVEL
    known = dict(Candidate.objects.filter(event=event).values_list("target_id", "pk"))
    young = appearing.appeared(_unknown(event, ids[near], known), *appearing.window(event, conf.CANDIDATE_DAYS))
    targets = _read([*known, *young])
    others = _find((one for one in maps if one is not new), targets.only(young))
    found = [*_find([new], targets), *others]  # before anything is written: others may write meanwhile
    with transaction.atomic():
        _store(event, found, young, known)
        values = {"level": conf.CANDIDATE_LEVEL, "region": region.tobytes(), "inside": int(near.sum())}
        made, _ = Placement.objects.update_or_create(
            alert_id=new.alert_id, defaults={**values, "finished": timezone.now()}
        )
    _place_late(event, region, (ids, ra, dec))
    return made


def _place_late(event: Event, region: np.ndarray, seen: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """Places the targets that came or moved into the region since these were read.

    Until the placement was stored nobody else could know that they have to be placed in it: their marks may be gone.
    """
    before = dict(zip(seen[0].tolist(), zip(seen[1].tolist(), seen[2].tolist(), strict=True), strict=True))
    ids, ra, dec = (column.tolist() for column in places.within(region))
    late = [pk for pk, *place in zip(ids, ra, dec, strict=True) if before.get(pk) != tuple(place)]
    if late:
        place_targets(event, late)


def place_targets(event: Event, ids: Iterable[int]) -> None:
    """Places these targets in all maps of the event: makes candidates of those that lie in one that stands now.

    A candidate that moved out of all of them goes, unless a person had decided on it or added it.
    """
    maps = eventmaps.versions(event)
    standing = _standing(event, maps)
    targets = _read(ids)
    parts = among(Candidate.objects.filter(event=event), "target", targets.ids)
    known = {target: key for part in parts for target, key in part.values_list("target_id", "pk")}
    inside = {
        int(target)
        for found in _find(standing, targets)
        for target in found.targets.ids[found.level <= conf.CANDIDATE_LEVEL]
    }
    young = appearing.appeared(
        _unknown(event, np.array(sorted(inside), np.int64), known), *appearing.window(event, conf.CANDIDATE_DAYS)
    )
    found = list(_find(maps, targets.only([*known, *young])))
    with transaction.atomic():
        _store(event, found, young, known)
        _forget(known, targets)


def add(event: Event, target_id: int, by) -> Candidate:
    """A candidate that a person names, whatever its age or place; one that they see already stays as it is."""
    person = {"because": Candidate.Because.PERSON, "added_by": by}
    found = list(_find(eventmaps.versions(event), _read([target_id])))
    with transaction.atomic():
        row, made = Candidate.objects.get_or_create(event=event, target_id=target_id, defaults=person)
        if made:
            _store(event, found, {}, {target_id: row.pk})
        elif not Candidate.objects.filter(pk=row.pk).visible_to(by).exists():  # made by a map that only others may see
            _begin_anew(row, person)
    row.refresh_from_db()
    return row


def _begin_anew(row: Candidate, person: dict[str, Any]) -> None:
    """What others decided stays theirs: the candidate is one more by this person's word, and nobody has decided on it yet."""
    undecided = {"status": Candidate.Status.NEW, "reason": "", "decided_by": None, "decided_at": None}
    Candidate.objects.filter(pk=row.pk).update(**person, **undecided)
    row.decisions.update(hidden=True)


def _unknown(event: Event, ids: np.ndarray, known: dict[int, int]) -> np.ndarray:
    """Those that may become candidates: not candidates already, and not what stands for the event itself."""
    return np.setdiff1d(ids, np.fromiter([*known, *own.targets_of(event)], np.int64))


def _read(ids: Iterable[int]) -> Targets:
    """Places and distances of those of these targets that have a place."""
    rows = [
        row
        for part in among(TargetPlace.objects.all(), "target", np.unique(np.fromiter(ids, np.int64)))
        for row in part.order_by("target_id").values_list("target_id", "ra", "dec")
    ]
    known, ra, dec = (np.array(column) for column in zip(*rows, strict=True)) if rows else np.empty((3, 0))
    known = known.astype(np.int64)
    return Targets(known, ra, dec, distances(known))


def _find(maps: Iterable[EventMap], targets: Targets) -> Iterable[Found]:
    for one in maps if len(targets.ids) else ():
        try:
            yield Found(one, targets, *levels(one.sky, targets.ra, targets.dec, targets.distance))
        except BadSkyMap as error:
            logger.warning("alert=%s: its map places no target: %s", one.alert_id, error)


def _standing(event: Event, maps: Sequence[EventMap]) -> list[EventMap]:
    """The map that stands for the event, and newer ones that only some may see."""
    stands = eventmaps.current(event)
    if stands is None:
        return list(maps[-1:])
    return [one for one in maps if one.alert_id == stands.alert_id or one.order > stands.order]


def _store(event: Event, found: Sequence[Found], young: dict[int, tuple[str, datetime]], known: dict[int, int]) -> None:
    """Writes candidates of the young, and what was found of these and of those known ({target: key})."""
    stands = eventmaps.current(event)
    now = next((one for one in found if stands is not None and one.map.alert_id == stands.alert_id), None)
    keys = {**known, **_make(event, young, now)}
    rows = [row for one in found for row in _rows(one, keys)]
    for one in found:
        old = CandidateLevel.objects.filter(alert_id=one.map.alert_id)
        for part in among(old, "candidate", [known[target] for target in one.targets.ids.tolist() if target in known]):
            part.delete()
    bulk.insert_rows(CandidateLevel, ("candidate", "alert", "level", "volume_level", "inside"), rows)
    if now is not None:
        _update(now, known)


def _make(event: Event, young: dict[int, tuple[str, datetime]], now: Found | None) -> dict[int, int]:
    """New candidates, with their levels in the map that stands; {target: key}."""
    at = {} if now is None else dict(zip(now.targets.ids.tolist(), _standing_levels(now), strict=True))
    named = ("event", "target", "because", "since", "level", "volume_level", "distance_mpc")
    always = ("status", "reason", "created")
    same, nowhere = (Candidate.Status.NEW.value, "", timezone.now()), (None, None, None)
    rows = [
        (event.pk, target, str(because), since, *at.get(target, nowhere), *same)
        for target, (because, since) in young.items()
    ]
    return dict(zip(young, bulk.insert_rows(Candidate, (*named, *always), rows), strict=True))


def _standing_levels(now: Found) -> list[tuple[float | None, ...]]:
    """(level, volume level, distance) of each target, as the Candidate table has them."""
    columns = (now.level.tolist(), now.volume.tolist(), now.targets.distance.tolist())
    return [tuple(None if value != value else value for value in row) for row in zip(*columns, strict=True)]


def _rows(found: Found, keys: dict[int, int]) -> Iterable[tuple[Any, ...]]:
    """Of each target: candidate, alert, level, volume level, inside."""
    alert, inside = found.map.alert_id, (found.level <= conf.CANDIDATE_LEVEL).tolist()
    columns = (found.targets.ids.tolist(), found.level.tolist(), found.volume.tolist(), inside)
    for target, level, volume, within in zip(*columns, strict=True):
        yield keys[target], alert, level, None if volume != volume else volume, within


def _update(now: Found, known: dict[int, int]) -> None:
    """Gives candidates that were there their levels in the map that stands; nothing else of them changes."""
    rows = []
    for target, values in zip(now.targets.ids.tolist(), _standing_levels(now), strict=True):
        if target in known:
            row = Candidate(pk=known[target])
            row.level, row.volume_level, row.distance_mpc = values
            rows.append(row)
    bulk.update(rows, ["level", "volume_level", "distance_mpc"])


def _forget(known: dict[int, int], targets: Targets) -> None:
    """Candidates that lie in no map of the event any more, since they moved: gone where only the machine had made them."""
    keys = [known[target] for target in targets.ids.tolist() if target in known]
    for part in among(Candidate.objects.all(), "id", keys):
        out = Candidate.objects.filter(pk__in=part.values("pk")).exclude(levels__inside=True)
        out.filter(decided_at=None).exclude(because=Candidate.Because.PERSON).delete()
        # where a protected map may have made it one, those who may not see that map do not learn of it now
        decided = out.filter(decided_at__isnull=False).exclude(
            event__in=Alert.objects.filter(public=False).values("event")
        )
        decided.update(because=Candidate.Because.PERSON)
