"""The host's own ways to ask (its form, its cadences, its API) make the observation themselves: here it meets its request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tom_scimma import subjects
from tom_scimma.models import Event
from tom_treasuremap import telescopes
from tom_treasuremap.followup import asking, written
from tom_treasuremap.models import Asked

#: after this an observation that nobody made will not be made: who meant to was killed in between
LOST = timedelta(minutes=1)


def saved(sender: Any, instance: ObservationRecord, created: bool, raw: bool = False, **more: Any) -> None:
    """The signal: an observation of ours that the host made gets its status, and its request leaves."""
    if created and not raw and instance.facility == asking.FACILITY and not instance.status:
        _refuse_strangers(instance)
        join(instance)


def _refuse_strangers(record: ObservationRecord) -> None:
    """The host's API does not say to the form who asks: here it is known. Raises PermissionDenied, and nothing is kept."""
    row = Asked.objects.filter(request_id=record.observation_id, record=None).select_related("by").first()
    if row is None or (record.user is None and row.by is not None):
        return  # a cadence that goes on: what leaves is checked against the rights of who began it
    who = record.user or AnonymousUser()
    seen = subjects.visible([f"target:{row.target_id}"], who)
    if seen and (row.event is None or Event.objects.visible_to(who).filter(pk=row.event_id).exists()):
        return
    record.delete()
    row.delete()
    raise PermissionDenied("There is no such target, or you may not see it.")


def join(record: ObservationRecord) -> None:
    """Puts an observation and its request together, and queues the request."""
    with transaction.atomic():
        row = Asked.objects.select_for_update().filter(request_id=record.observation_id, record=None).first()
        if row is None:
            return
        row.record, row.by = record, record.user or row.by
        telescope = telescopes.telescope(row.telescope)
        record.user = record.user or row.by
        said = written.parameters(written.from_json(row.request), telescope)
        windows = {name: said[name] for name in ("start", "end")}
        record.parameters = {**said, **record.parameters, **windows}
        nobody = row.by is None
        record.status = "FAILED" if nobody else "PENDING"
        row.message = "Nobody who is known here asked for it, so that nothing was sent." if nobody else ""
        row.save()
        values = {"user": record.user, "parameters": record.parameters, "status": record.status}
        ObservationRecord.objects.filter(pk=record.pk).update(**values)
        if nobody:
            return
        asking.share(record, row.by)
        asking.submit(telescope, [row])


def strays() -> None:
    """The job: requests whose observation was never made, since whoever was about to was killed."""
    rows = Asked.objects.filter(record=None, created__lt=timezone.now() - LOST).exclude(by=None)
    for row in rows.select_related("by", "event")[:100]:
        asking.ask([written.from_json(row.request)], by=row.by, event=row.event, targets=row.target, plan=row.plan)
