"""That people have seen what they were told: by a signed link in the message, or on the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.signing import BadSignature, TimestampSigner
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from tom_scimma.models import Telling
from tom_scimma.site import absolute

SIGNER = TimestampSigner(salt="tom_scimma.seen")
#: a link is good for so long
AGE = timedelta(days=90)


def link(telling_id: int) -> str:
    """The address that acknowledges the message of a telling; "" where this TOM does not know its own address."""
    return absolute(reverse("tom_scimma:seen", kwargs={"token": SIGNER.sign(telling_id)}))


def found(token: str) -> list[Telling]:
    """What was told in the message that a link came with; empty for a link that is not ours, or too old."""
    try:
        telling = Telling.objects.filter(pk=int(SIGNER.unsign(token, max_age=AGE))).first()
    except (BadSignature, ValueError):
        return []
    return with_the_same_message(telling) if telling is not None else []


def with_the_same_message(telling: Telling) -> list[Telling]:
    """All that was told together with this."""
    same = Q(pk=telling.pk) | (Q(delivery=telling.delivery_id) if telling.delivery_id else Q(pk=None))
    return list(Telling.objects.filter(same).select_related("alert__event", "contact__owner", "contact__group"))


def acknowledge(tellings: list[Telling], user: Any, *, by: str = "") -> int:
    """Notes that these were seen, by a user or by whoever has the link; how many were not yet. The first one counts."""
    known = user if user is not None and user.is_authenticated else None
    name = known.get_username() if known else by
    rows = Telling.objects.filter(pk__in=[one.pk for one in tellings], acknowledged=None)
    return rows.update(acknowledged=timezone.now(), acknowledged_by=known, acknowledged_name=name[:200])
