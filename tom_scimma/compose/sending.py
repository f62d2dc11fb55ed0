"""Parcels -> Deliveries, with the objects they carry; in one transaction, and the same once.

send(parcels, cargo, by=user, event="S240422ed", draft=draft) -> [Delivery, ...]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from tom_scimma import acts, bulk, destinations, outbox
from tom_scimma.compose import rights, rules
from tom_scimma.compose.gather import Unseen
from tom_scimma.compose.items import Cargo
from tom_scimma.compose.parcels import Parcel
from tom_scimma.compose.selection import TARGET
from tom_scimma.errors import Unsaid
from tom_scimma.models import Delivery, Draft, Event, Share, SharedItem, StandingShare

#: what `bulk` writes of a SharedItem
COLUMNS = ("delivery", "kind", "number", "target", "digest", "changed")
#: the service does not have what ended so, and whoever shares the same again wants it to be tried once more
NOT_TAKEN = (Delivery.State.REJECTED, Delivery.State.EXPIRED)


@transaction.atomic
def send(
    parcels: Sequence[Parcel],
    cargo: Cargo,
    *,
    by: Any,
    event: str = "",
    draft: Draft | None = None,
    standing: StandingShare | None = None,
    corrects: Delivery | None = None,
) -> list[Delivery]:
    """The deliveries, new or from an earlier click; held where a rule, an embargo or an approval asks for it.

    Raises Unseen where something is not there or not this person's to see, LookupError for a destination that is gone,
    Unsaid where what was queued before excludes one of them.
    """
    about = Event.objects.visible_to(by).filter(name=event).first() if event else None
    if (event and about is None) or not rights.all_seen(cargo.keys(), by):
        raise Unseen
    targets = cargo.keys().get(TARGET, [])
    subject = f"target:{targets[0]}" if targets else about
    if subject is None:
        raise Unseen
    found, first = [], None
    for parcel in parcels:
        waits = parcel.number > 1 and not destinations.find(parcel.destination).apart
        row = _queued(parcel, subject, about, targets, by, after=first if waits else None, anew=standing is None)
        first = row if parcel.number == 1 else first
        share = {"first": first, "number": parcel.number, "of": parcel.of}
        links = {"draft": draft, "standing": standing, "corrects": corrects}
        _, new = Share.objects.get_or_create(delivery=row, defaults={**share, **links})
        if new and parcel.number == 1:
            bulk.insert_rows(SharedItem, COLUMNS, cargo.rows(row.pk))
        found.append(row)
    return found


def _queued(
    parcel: Parcel, subject: Any, event: Event | None, targets: list[int], by: Any, after: Delivery | None, anew: bool
) -> Delivery:
    """One delivery; with what it is held for. `anew`: a person asks, so that what was queued before and not sent goes now."""
    word = rules.may_send(parcel.destination, by)
    embargo = rules.embargo(parcel.destination, event.pk if event else None, targets)
    hold = word.reason or (rules.embargoed(embargo) if embargo else "")
    key = outbox.key_of(parcel.destination, subject, parcel.payload)
    row = outbox.queue(
        parcel.destination, parcel.payload, key=key, by=by, subject=subject, event=event, after=after, hold=hold
    )
    unsent = row.state in NOT_TAKEN or (row.state == Delivery.State.CANCELLED and not row.attempts)
    if anew and unsent and not hold:
        try:
            row = acts.afresh(row, by)
        except acts.NotNow as error:
            raise Unsaid(str(error)) from error
    if word.approval and not hold and row.state == Delivery.State.QUEUED and not row.attempts:
        reason = rules.unapproved(row)
        if reason:
            Delivery.objects.filter(pk=row.pk).update(state=Delivery.State.HELD, reason=reason, needs_person=True)
            row.refresh_from_db()
    return row
