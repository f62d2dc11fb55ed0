"""The big switch: while it is on, nothing leaves this TOM. Each use of it is a row that says who, when and why."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from tom_scimma.models import Stop

#: whoever may turn it
PERMISSION = "tom_scimma.add_stop"


def stopped() -> Stop | None:
    """The stop in force, or None."""
    return Stop.objects.filter(in_force=True).first()


def stop(by: Any, reason: str = "") -> Stop:
    """Stops everything that leaves; what is being sent at this moment ends as it will. A stop in force stays."""
    try:
        with transaction.atomic():
            return Stop.objects.create(by=by, by_name=by.get_username(), reason=reason[:2000])
    except IntegrityError:
        return Stop.objects.get(in_force=True)


def lift(by: Any) -> bool:
    """Lets things leave again; False when nothing was stopped."""
    who = {"lifted_by": by, "lifted_by_name": by.get_username()}
    return bool(Stop.objects.filter(in_force=True).update(in_force=None, lifted_at=timezone.now(), **who))
