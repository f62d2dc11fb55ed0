"""A question about coverage, from what a page or REST asks: which map, which pointings, which source.

asked = covering.question(event, user, request.GET)     what they may see of it
run = covering.run(asked)                               worked out at once when it is small, else by the worker
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import IntegrityError, transaction
from django.http import QueryDict

from tom_scimma import eventmaps, kept, wording
from tom_scimma.models import Event
from tom_treasuremap.coverage_form import CoverageForm
from tom_treasuremap.filters import PointingFilter
from tom_treasuremap.models import CoverageRun, Instrument, Pointing

#: changes when answers are worked out otherwise
EDITION = 1
#: so many pointings are worked out while the page waits
SMALL = 150
#: so many answers of an event are kept
KEPT = 40
#: what of the address chooses pointings
CHOICE = ("team", "instrument", "band", "status", "source", "depth_min", "depth_max", "after", "before")


@dataclass(frozen=True)
class Version:
    """One map of the event that one may choose."""

    alert: int
    label: str
    time: datetime


@dataclass(frozen=True)
class Question:
    """What is to be worked out: a map, pointings, a source; all of it visible to who asks."""

    event: Event
    version: eventmaps.EventMap | None  #: None: nobody said where the event is
    pointings: tuple[int, ...]  #: keys of rows, completed and planned
    source: Mapping[str, Any] | None  #: what CoverageForm made of the source's description
    key: str
    counted: tuple[str, ...] = ()  #: statuses that count as covered; (): what is completed, and what is planned apart
    errors: Mapping[str, list[str]] = field(default_factory=dict)  #: what of the choice cannot be read, by its field
    problems: tuple[str, ...] = ()  #: the same in words

    @property
    def has_answer(self) -> bool:
        return self.version is not None and bool(self.pointings)


def choice(event: Event, user: Any, said: Any) -> PointingFilter:
    """The completed and planned pointings that the address chooses, as this user may see them."""
    rows = Pointing.objects.visible_to(user).filter(event=event, status__in=("completed", "planned")).known()
    wanted = QueryDict(mutable=True)
    for name in CHOICE:
        for value in filter(str.strip, said.getlist(name)):  # a field that was left empty chooses nothing
            wanted.appendlist(name, value)
    return PointingFilter(wanted, rows.order_by("pk"))


def question(event: Event, user: Any, said: Any, form: CoverageForm | None = None) -> Question:
    """What this user asks; `said` is a QueryDict."""
    form = form or CoverageForm(said)
    source = form.source() if form.is_valid() else None
    version = _version(event, user, said.get("version", ""))
    chosen = choice(event, user, said)
    errors = {name: [str(text) for text in texts] for name, texts in chosen.errors.items()}
    rows = [] if errors else list(chosen.qs.values_list("pk", "changed", "instrument_id"))
    counted = tuple(sorted(chosen.form.cleaned_data.get("status") or ()))
    numbers = {number for _, _, number in rows if number is not None}
    instruments = Instrument.objects.filter(number__in=numbers).order_by("pk").values_list("pk", "fetched")
    parts = [
        EDITION,
        event.pk,
        kept.identity(version) if version is not None else None,
        version.alert_id if version is not None else None,
        event.time if source else None,
        rows,
        sorted(instruments) if numbers else [],
        source,
        counted,
    ]
    key = hashlib.sha256(orjson.dumps(parts, default=str)).hexdigest()
    pointings = tuple(pk for pk, _, _ in rows)
    return Question(event, version, pointings, source, key, counted, errors, tuple(chosen.words()))


def run(asked: Question) -> CoverageRun | None:
    """Its answer, or that it is being worked out; None where there is nothing to work out."""
    if not asked.has_answer:
        return None
    found = ask(asked)
    if found.state == CoverageRun.State.ASKED and len(asked.pointings) <= SMALL:
        from tom_treasuremap import working

        working.work(found)
    return found


def ask(asked: Question) -> CoverageRun:
    """The row of a question that has an answer; a new one waits for the worker."""
    return CoverageRun.objects.filter(key=asked.key).defer("residual").first() or _new(asked)


def _new(asked: Question) -> CoverageRun:
    version = asked.version
    said = {"alert": version.alert_id if version else None, "pointings": asked.pointings, "source": asked.source}
    said["counted"] = asked.counted
    try:
        with transaction.atomic():
            return CoverageRun.objects.create(event=asked.event, key=asked.key, question=said)
    except IntegrityError:  # two pages at once
        return CoverageRun.objects.defer("residual").get(key=asked.key)


def versions(event: Event, user: Any) -> list[Version]:
    """The event's maps that this user may choose, the newest first."""
    return [
        Version(one.alert_id, wording.ALERT_TYPES.get(one.alert_type, one.alert_type), one.order)
        for one in reversed(eventmaps.versions(event, user))
    ]


def _version(event: Event, user: Any, said: str) -> eventmaps.EventMap | None:
    if said.isdecimal() and len(said) < 19:
        for one in eventmaps.versions(event, user):
            if one.alert_id == int(said):
                return one
    return eventmaps.current(event, user)
