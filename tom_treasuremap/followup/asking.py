"""Asking telescopes: an observation a request for the host's pages, and a delivery for the telescope.

    ask([request], by=user, event=event, targets=target) -> [ObservationRecord]

In the caller's transaction; nothing is sent here. The same request again is the same observation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from tom_observations.models import ObservationRecord

from tom_scimma import outbox
from tom_scimma.models import Delivery, Event
from tom_treasuremap import telescopes
from tom_treasuremap.followup import written
from tom_treasuremap.followup.request import Request
from tom_treasuremap.models import Arming, Asked
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports import transport

FACILITY = "FollowUp"  #: the name of ours, as observations have it


def ask(
    requests: Iterable[Request],
    *,
    by: Any,
    event: Event | None = None,
    targets: Any = None,
    plan: str = "",
    arming: Arming | None = None,
    not_before: datetime | None = None,
    deadline: datetime | None = None,
) -> list[ObservationRecord]:
    """The observations of these requests, each with status PENDING, and a delivery for each on its way to the telescope.

    `by` asks, and what leaves is checked against their rights; for an automatic act it is who armed the telescope, and
    `arming` says so. `targets` is the TOM target of all, or a mapping of request ids to them; a request without one is
    about its `event`'s. Nothing leaves before `not_before`, or after `deadline`. A request without id is given that of its content. Raises
    KeyError for a telescope that is not known, LookupError where a request has no target.
    """
    made: dict[str, list[Asked]] = {}
    records, known = [], telescopes.telescopes()
    with transaction.atomic():
        for request in requests:
            request = request if request.id else written.identified(request)
            if not request.by and by is not None:
                request = replace(request, by=by.get_username())
            target = _target(request, targets, event)
            telescope = telescopes.telescope(request.telescope, known)
            row, new = reserve(
                request, by=by, target=target, event=event, plan=plan, arming=arming, telescope=telescope
            )
            if row.record is None:
                row.record = _record(row, request, telescope)
                row.save()
                new = True
            if new:
                made.setdefault(row.telescope, []).append(row)
            records.append(row.record)
        for name, rows in made.items():
            submit(telescopes.telescope(name, known), rows, not_before=not_before, deadline=deadline)
    return records


def reserve(
    request: Request,
    *,
    by: Any,
    target: Any,
    event: Event | None = None,
    plan: str = "",
    arming: Arming | None = None,
    telescope: Telescope | None = None,
) -> tuple[Asked, bool]:
    """The row of a request, and whether it is new: of two that come at once one makes it. `telescope`: its own, where that is known."""
    telescope = telescope or telescopes.telescope(request.telescope)
    values = {
        "target_id": target.pk,
        "telescope": telescope.name,
        "event": event,
        "by": by,
        "request": written.as_json(request),
        "night": written.night_of(request.start, telescope),
        "plan": plan,
        "arming": arming,
        "armed_by": str(arming) if arming is not None else "",
    }
    return Asked.objects.get_or_create(request_id=request.id, defaults=values)


def submit(
    telescope: Any,
    rows: Sequence[Asked],
    *,
    not_before: datetime | None = None,
    deadline: datetime | None = None,
) -> None:
    """Queues requests for their telescope: one delivery each, or one for all where its transport takes them together.

    Where its transport sends nothing (`download`) they wait for a person to take them there.
    """
    way = transport(telescope)
    if way.submit is None:
        return
    for i in range(0, len(rows), way.together):
        group = list(rows[i : i + way.together])
        delivery = _queued(telescope, way, group, not_before, deadline)
        for row in group:
            row.submission = delivery
            row.goes = not_before if row.armed_by else None
            row.save()


def _queued(
    telescope: Any, way: Any, group: list[Asked], not_before: datetime | None, deadline: datetime | None
) -> Delivery:
    asked = [written.from_json(row.request) for row in group]
    payload = way.write(asked, telescope)
    there = way.submits(telescope)
    first = group[0]
    subject = f"observation:{first.record_id}"
    return outbox.queue(
        there,
        payload,
        key=outbox.key_of(there, f"request:{first.request_id}", payload),
        by=first.by,
        subject=subject,
        event=first.event,
        not_before=not_before,
        deadline=min(filter(None, (max(request.end for request in asked), deadline))),
    )


def _record(row: Asked, request: Request, telescope: Telescope) -> ObservationRecord:
    said = written.parameters(request, telescope)
    record = ObservationRecord.objects.create(
        target_id=row.target_id,
        user=row.by,
        facility=FACILITY,
        parameters={"facility": FACILITY, "target_id": row.target_id, **said},
        observation_id=row.request_id,
        status="PENDING",
    )
    share(record, row.by)
    return record


def share(record: ObservationRecord, user: Any) -> None:
    """Lets whoever asked see their observation, where the host keeps rights of each."""
    if user is None or getattr(settings, "TARGET_PERMISSIONS_ONLY", True):
        return
    from guardian.shortcuts import assign_perm

    for act in ("view", "change", "delete"):
        assign_perm(f"tom_observations.{act}_observationrecord", user, record)


def _target(request: Request, targets: Any, event: Event | None) -> Any:
    found = targets.get(request.id) if isinstance(targets, Mapping) else targets
    if found is None and event is not None:
        from tom_treasuremap.followup.places import event_target

        found = event_target(event)
    if found is None:
        raise LookupError(f"{request.name or request.id} has no target: an observation is of one")
    return found
