"""The one way out: what is said to outside services is queued here, and sent by `manage.py deliver`.

    queue("hopskotch:tom.news", payload, key=key_of(...), by=user, subject=event, event=event) -> Delivery

Nothing is ever sent inside a request or an ingest. What a person does about one later is in acts.py.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tom_scimma import destinations, subjects
from tom_scimma.conf import conf
from tom_scimma.models import Delivery, Event
from tom_scimma.trials import about_a_test

State = Delivery.State


def key_of(destination: str, subject: str | models.Model, content: bytes | str, generation: int = 1) -> str:
    """The identity of something said: sha256 of destination, subject, content and generation. The same is said once."""
    said = content.encode() if isinstance(content, str) else content
    parts = (destination.encode(), subjects.named(subject).encode(), hashlib.sha256(said).digest(), b"%d" % generation)
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def queue(
    destination: str | destinations.Destination,
    payload: bytes,
    *,
    key: str,
    by: Any,
    subject: str | models.Model,
    event: Event | None = None,
    after: Delivery | None = None,
    not_before: datetime | None = None,
    deadline: datetime | None = None,
    hold: str = "",
) -> Delivery:
    """The Delivery of that destination and key: a new row, or the one that was queued before. In the caller's transaction.

    `destination` is a name, or the Destination that it finds. `by` is a user, or None for the TOM itself, which may only
    speak of what everybody may see. `after` must be delivered first. `deadline` is by default as long from now (or
    `not_before`) as the destination is patient. With `hold`, the reason, it waits for a person. No I/O. Raises
    LookupError for an unknown destination, TypeError for a payload that is not bytes, Unsaid where something that was
    queued before excludes it.
    """
    if not isinstance(payload, bytes):
        raise TypeError(f"a payload is bytes, not {type(payload).__name__}")
    there = destinations.find(destination) if isinstance(destination, str) else destination
    about = subjects.named(subject)
    begin = max(filter(None, (timezone.now(), not_before)))
    values = {
        "service": there.name,
        "origin": there.origin()[:300],
        "payload": payload,
        "sha256": hashlib.sha256(payload).hexdigest(),
        "size": len(payload),
        "by": by,
        "by_name": by.get_username() if by is not None else "",
        "subject": about,
        "event": event,
        "event_name": event.name if event is not None else "",
        "is_test": about_a_test(about, event),
        "personal": there.personal,
        "state": State.HELD if hold else State.QUEUED,
        "reason": hold,
        "needs_person": bool(hold),
        "after": after,
        "not_before": not_before,
        "deadline": deadline or deadline_of(there, begin),
    }
    if type(there).claim is not destinations.Destination.claim:  # it says some things once only: may this be queued?
        if (known := Delivery.objects.filter(destination=there.full_name, key=key).first()) is not None:
            return known
        there.claim(payload)
    Delivery.objects.bulk_create([Delivery(destination=there.full_name, key=key, **values)], ignore_conflicts=True)
    return Delivery.objects.get(destination=there.full_name, key=key)


def postpone(keys: Any, until: datetime) -> int:
    """What is still queued of the deliveries with these primary keys leaves no earlier than `until`; how many that moved."""
    rows = Delivery.objects.filter(pk__in=keys, state=State.QUEUED).filter(Q(not_before=None) | Q(not_before__lt=until))
    return rows.update(not_before=until)


def deadline_of(there: destinations.Destination, begin: datetime) -> datetime:
    """Until when something is tried that may go from `begin` on."""
    return begin + (there.patience or conf.DELIVERY_PATIENCE)
