"""What a question stands on: the event's map, everybody's pointings as the asker may see them, and what is left of the sky.

found = standing.of(event, user, question)
found.left, found.share          the map of what is left, normalised, and how much of the probability that is
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from django.db.models import Q

from tom_scimma import eventmaps
from tom_scimma.models import Alert, Event
from tom_treasuremap import detection, exposure, tiling, working
from tom_treasuremap import pointings as pointing_values
from tom_treasuremap.models import Plan, PlanVisit, Pointing
from tom_treasuremap.planning import residual
from tom_treasuremap.planning.question import Question
from tom_treasuremap.plans import done
from tom_treasuremap.plans.done import SEEN
from tom_treasuremap.telescopes.telescope import Telescope


@dataclass(frozen=True, eq=False)
class Standing:
    """One event's sky as one person may know it."""

    event: Event | None
    version: eventmaps.EventMap | None
    rows: tuple[Pointing, ...]  #: that count, completed and planned
    own: tuple[PlanVisit, ...]  #: of the same plan, done or being done, that are no pointings yet
    question: Question
    telescopes: dict[str, Telescope] = field(default_factory=dict)

    @property
    def alert(self) -> Alert | None:
        """Whose map it is."""
        return Alert.objects.filter(pk=self.version.alert_id).first() if self.version is not None else None

    @cached_property
    def looks(self) -> tuple[Any, ...]:
        """The normal form of the pointings."""
        return tuple(row.as_pointing() for row in self.rows)

    @cached_property
    def done(self) -> list[Any]:
        return [one for one in self.looks if one.status == "completed"]

    @cached_property
    def planned(self) -> list[Any]:
        return [one for one in self.looks if one.status == "planned"]

    @cached_property
    def rest(self) -> residual.Residual | None:
        """What nobody has seen, and how much that is; None where there is no map. Raises BadSkyMap for one that cannot be read."""
        if self.version is None:
            return None
        if not self.question.residual:
            return residual.Residual(self.version.sky)
        own, source = _own(self.own, self.telescopes), self.source
        blind = [one for one in own if source is not None and one.depth is None]  # its own, and nobody knows how deep
        looks = [*self.looks, *(one for one in own if one not in blind)]
        done = any(one.status == "completed" for one in looks)
        rest = residual.residual(
            self.version.sky, looks, working.cameras(self.looks), planned=self.question.planned,
            detect=source if done else None,
        )  # fmt: skip
        return residual.further(rest, blind) if blind else rest

    @property
    def left(self) -> float:
        """How much of the probability is left; 0 where there is no map."""
        return self.rest.left if self.rest is not None else 0.0

    @property
    def source(self) -> detection.Source | None:
        """What is to be detected; None where that was not asked."""
        if self.question.source is None:
            return None
        said = self.question.source
        bands = {band: (bright, faint) for band, (bright, faint) in said["magnitudes"].items()}
        onset = self.event.time if self.event is not None else None
        return detection.Source(bands, onset=onset, decline=said.get("decline", 0.0), extinction=working.dust())

    def of_telescope(self, name: str, line: Plan | None) -> Standing:
        """The same without what other telescopes of a plan have done for it: where each is to look at the same sky."""
        theirs = PlanVisit.objects.filter(plan__line=line).exclude(telescope=name).exclude(observation=None)
        others = set(theirs.values_list("observation", flat=True)) if line is not None else set()
        return replace(
            self,
            rows=tuple(one for one in self.rows if one.observation_id not in others),
            own=tuple(one for one in self.own if one.telescope == name),
        )

    def words(self) -> dict[str, Any]:
        """It as JSON, for the plan's row."""
        return {
            "map": self.version.alert_type if self.version is not None else "",
            "order": self.version.order.isoformat() if self.version is not None else "",
            "pointings": [row.pk for row in self.rows],
            "changed": newest(self.rows),
            "done": len(self.done),
            "planned": len(self.planned),
            "own": len(self.own),
            "left": self.left if self.version is not None else None,
        }


def of(
    event: Event | None,
    user: Any,
    question: Question,
    *,
    line: Plan | None = None,
    telescopes: dict[str, Telescope] | None = None,
) -> Standing:
    """What a question of this user about an event stands on. `line`: the plan it is a version of, whose own visits count apart."""
    version = _version(event, user, question)
    rows = tuple(pointings(event, user, line)) if event is not None and question.residual else ()
    own = tuple(seen(line, rows)) if line is not None else ()
    some = done.of(line, question, whole=False).values()  # of which further visits are wanted: their sky is not done
    part = frozenset().union(*(one.observations for one in some))
    rows = tuple(one for one in rows if one.observation_id not in part)
    own = tuple(one for one in own if one.observation_id not in part)
    return Standing(event, version, rows, own, question, telescopes or {})


def pointings(event: Event, user: Any, line: Plan | None = None) -> list[Pointing]:
    """Everybody's completed and planned pointings as a user may see them; what a plan itself planned is not in its own way."""
    rows = Pointing.objects.visible_to(user).filter(event=event, status__in=("completed", "planned")).known()
    if line is not None:
        mine = PlanVisit.objects.filter(plan__line=line).exclude(observation=None).values("observation")
        rows = rows.exclude(Q(status="planned") & Q(observation__in=mine))
    return list(rows.select_related("event", "group").defer("document", "history").order_by("pk"))


def seen(line: Plan, rows: Sequence[Pointing]) -> list[PlanVisit]:
    """Visits of a plan that were done or are being done and are not among these pointings."""
    known = {row.observation_id for row in rows if row.observation_id is not None}
    visits = PlanVisit.objects.filter(plan__line=line, observation__status__in=SEEN).select_related("observation")
    return [one for one in visits.order_by("start") if one.observation_id not in known]


def newest(rows: Sequence[Pointing]) -> str:
    """When any of these last changed."""
    return max((row.changed for row in rows), default=datetime.min).isoformat() if rows else ""


def _version(event: Event | None, user: Any, question: Question) -> eventmaps.EventMap | None:
    if event is None:
        return None
    if question.version is not None:
        for one in eventmaps.versions(event, user):
            if one.alert_id == question.version:
                return one
    return eventmaps.current(event, user)


def _own(visits: Sequence[PlanVisit], telescopes: dict[str, Telescope]) -> list[Any]:
    """The plan's own visits as completed pointings with their footprints."""
    found = []
    for one in visits:
        telescope = telescopes.get(one.telescope)
        if telescope is None or not telescope.rings:
            continue
        ra, dec, angle = (np.array([value]) for value in (one.ra, one.dec, one.pos_angle))
        shape = tiling.camera(telescope).at(ra, dec, angle)
        rings = tuple(
            tuple((float(x), float(y)) for x, y in zip(east, north, strict=True)) for east, north in shape.polygons[0]
        )
        kind = telescope.filters.get(one.band)
        deep = exposure.expected(kind, one.exposure)
        found.append(
            pointing_values.Pointing(
                key=one.source_name, event="", team="this plan", telescope=one.telescope, instrument_id=None, ra=one.ra,
                dec=one.dec, pos_angle=None, time=one.start, status="completed", band=(kind and kind.band) or one.band,
                central_wave=None, bandwidth=None, depth=deep, depth_unit=None if deep is None else "ab_mag", source="own",
                source_id=one.source_name, footprint=rings,
            )
        )  # fmt: skip
    return found
