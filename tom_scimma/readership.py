"""Who may read what a delivery says, which is less than who may know of it; and what pages call its subject."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tom_scimma import subjects
from tom_scimma.compose import carried
from tom_scimma.models import Delivery


def readable(deliveries: Iterable[Delivery], user: Any) -> set[int]:
    """Of deliveries that a user may know of, those whose payload, answers and reasons they may read: who may see the subject,
    and every object that it carries.

    A subject of a kind that nobody knows (any more) is read by its sender alone, and by superusers.
    """
    deliveries = list(deliveries)
    if user.is_superuser:
        return {delivery.pk for delivery in deliveries}
    seen = subjects.visible({delivery.subject for delivery in deliveries}, user)
    found = {
        delivery.pk
        for delivery in deliveries
        if delivery.subject in seen or (delivery.by_id == user.pk and not subjects.known(delivery.subject))
    }
    return found - carried.unreadable(found, user)


def may_read(delivery: Delivery, user: Any) -> bool:
    """The same of one."""
    return bool(readable([delivery], user))


def about(delivery: Delivery, user: Any) -> tuple[str, str]:
    """What pages call the subject, and its address; words alone where this user may not see it."""
    text, address = subjects.label(delivery.subject, user)
    kind = delivery.subject.partition(":")[0]
    if text:
        return text, address
    return (f"a {kind} that you do not see" if subjects.known(delivery.subject) else delivery.subject), ""
