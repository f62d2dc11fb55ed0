"""What becomes of what was asked: the job that asks the telescopes, and what is written of their answers.

follow()              the job; the only one that asks transports for states
apply(row, state)     one state into the observation, the calendar and the pointings
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tom_scimma.errors import DeliveryError
from tom_scimma.models import Delivery
from tom_treasuremap import telescopes
from tom_treasuremap.conf import conf
from tom_treasuremap.followup import calendar, written
from tom_treasuremap.followup.request import TERMINAL, State
from tom_treasuremap.models import Asked
from tom_treasuremap.transports import transport

Sent = Delivery.State
#: deliveries that ended before the telescope had them: what the observation is then
ENDS = {Sent.REJECTED: "FAILED", Sent.CANCELLED: "CANCELED", Sent.EXPIRED: "WINDOW_EXPIRED", Sent.DRY: "CANCELED"}
LEFT = (
    "Its reply was lost and not looked for any more: it may be at the telescope. Mark what becomes of it, or cancel it."
)


def follow() -> None:
    """The job: everything that is open, telescope by telescope."""
    _again()
    rows = Asked.objects.open().select_related("record", "submission", "cancellation")
    names = rows.order_by("telescope").values_list("telescope", flat=True).distinct()
    known = telescopes.telescopes()
    for name in names:
        mine = list(rows.filter(telescope=name).order_by("pk"))
        for row in mine:
            delivered(row)
        if name in known:
            ask(known[name], [row for row in mine if _is_there(row)])


def ask(telescope: Any, rows: Iterable[Asked], *, now: datetime | None = None, at_once: bool = False) -> None:
    """Asks a telescope what became of these, unless it was asked just before, and `at_once` all the same."""
    way = transport(telescope)
    now = now or timezone.now()
    pause = timedelta(seconds=float(telescope.options.get("poll_seconds", conf.STATES_SECONDS)))
    due = {row.request_id: row for row in rows if at_once or row.polled is None or row.polled <= now - pause}
    if not way.follows or not due:
        return
    Asked.objects.filter(pk__in=[row.pk for row in due.values()]).update(polled=now)
    try:
        found: Mapping[str, State] = way.states(telescope, list(due))
    except DeliveryError as error:
        Asked.objects.filter(pk__in=[row.pk for row in due.values()]).update(message=f"Not known just now: {error}")
        return
    for name, state in found.items():
        if name in due:
            row = due[name]
            never = state.state == "FAILED" and state.start is None and row.record.scheduled_start is None
            if apply(row, state) and never:
                _refused(row, state.message or "it failed before it was scheduled")


def refresh(row: Asked) -> None:
    """The same for one, at once, for somebody who asks: what has ended here, else what its telescope says."""
    delivered(row)
    if row.record.status not in TERMINAL and _is_there(row):
        ask(telescopes.telescope(row.telescope), [row], at_once=True)


def apply(row: Asked, state: State, *, by: str = "") -> bool:
    """Writes one state; False where it changes nothing: what has ended stays as it ended."""
    with transaction.atomic():
        record = ObservationRecord.objects.select_for_update().get(pk=row.record_id)
        row.refresh_from_db()
        if record.status in TERMINAL and not (by and row.marked_by):
            return False
        start, end = state.start, state.end
        if state.state != "PENDING":  # what waits again, after a try that failed, is scheduled no more
            start, end = start or record.scheduled_start, end or record.scheduled_end
        changed = (record.status, record.scheduled_start, record.scheduled_end) != (state.state, start, end)
        row.message, row.url = state.message, state.url or row.url
        row.products = [plain(one) for one in state.products] or row.products
        row.observed = [plain(one) for one in state.observed]
        row.marked_by = by or row.marked_by
        row.save()
        row.record = record
        if changed:
            record.status, record.scheduled_start, record.scheduled_end = state.state, start, end
            if state.state == "COMPLETED":
                record.parameters = _as_done(record.parameters, row)
            record.save()
        calendar.keep(row)
    return changed


def _as_done(said: Mapping[str, Any], row: Asked) -> dict[str, Any]:
    """The observation's parameters with what was really done, from which the pointing is read."""
    scope = telescopes.telescopes().get(row.telescope)  # it may have been taken away
    filters = scope.filters if scope is not None else {}
    for one in row.observed:  # as the Treasure Map calls the filter
        known = filters.get(one.get("filter", ""))
        if known is not None and known.band:
            one["band"] = known.band
    first = next(iter(row.observed), {})
    same = [one for one in row.observed if one.get("filter") == first.get("filter") and one.get("depth") is not None]
    first = max(same, key=lambda one: one["depth"], default=first)
    names = ("ra", "dec", "pos_angle", "depth")
    done = {name: first[name] for name in names if first.get(name) is not None}
    if "depth" in done:
        done["depth_unit"] = first.get("depth_unit") or "ab_mag"
    if first.get("filter") and row.request.get("kind") != "spectrum":
        done["filter"] = first.get("band") or first["filter"]
    return {**said, **done, "observed": row.observed}


def delivered(row: Asked) -> None:
    """How far the deliveries of one came: what ended before the telescope had it has ended, and what was taken back, too."""
    sent = row.submission
    if sent is not None and sent.state in ENDS and not sent.may_be_there:
        if sent.state == Sent.REJECTED:
            _refused(row, sent.reason)
        words = sent.reason or ("It was a dry run: nothing left." if sent.state == Sent.DRY else "")
        apply(row, State(ENDS[sent.state], message=words))
    elif row.cancellation is not None and row.cancellation.state == Sent.DELIVERED and _confirmed(row):
        apply(row, State("CANCELED", message=row.cancel_reason or "Cancelled."))
    elif row.grace and row.cancellation is not None and row.cancellation.state == Sent.REJECTED:
        _refused(row, row.cancellation.reason)
        Asked.objects.filter(pk=row.pk).update(grace=False)  # from now on it is a person's to take back
    elif sent is not None and (words := _waits(sent)) and row.message != words:
        row.message = words
        row.save(update_fields=["message"])


def _refused(row: Asked, why: str) -> None:
    """What its telescope would not do, where this TOM asked by itself."""
    if row.is_automatic:
        from tom_treasuremap.followup import arming

        arming.refused(row, why)


def _waits(sent: Delivery) -> str:
    """What somebody should know of one that neither arrived nor ended."""
    if sent.state == Sent.HELD:
        return sent.reason
    return LEFT if sent.state == Sent.CANCELLED else ""


def _confirmed(row: Asked) -> bool:
    """Whether a cancellation that was delivered is one that happened; otherwise the telescope tells."""
    known = telescopes.telescopes().get(row.telescope)
    return known is None or transport(known).confirms


def _again() -> None:
    """What a person sent again goes on under the new delivery."""
    for row in Asked.objects.filter(submission__resends__isnull=False).select_related("record").distinct()[:200]:
        row.submission = row.submission.resends.order_by("-pk").first()
        row.message = ""
        row.save()
        if row.record is not None and row.record.status in TERMINAL and row.submission.state not in ENDS:
            row.record.status = "PENDING"
            row.record.save()


def _is_there(row: Asked) -> bool:
    return row.submission is not None and (row.submission.state == Sent.DELIVERED or row.submission.may_be_there)


def plain(said: Mapping[str, Any]) -> dict[str, Any]:
    """Something of a State as its row has it."""
    return {key: written.iso(value) if isinstance(value, datetime) else value for key, value in said.items()}
