"""Data products that come after the end: an observatory reads out, moves and reduces for hours after an observation is completed.

look()      the job: asks for them, often at first, for three days
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from tom_scimma.errors import DeliveryError
from tom_treasuremap import telescopes
from tom_treasuremap.followup.following import plain
from tom_treasuremap.models import Asked
from tom_treasuremap.transports import transport

LONGEST, SOONEST = timedelta(days=3), timedelta(minutes=10)


def look(now: datetime | None = None) -> None:
    """Asks for what came since, telescope by telescope."""
    now = now or timezone.now()
    late = {name: one for name, one in telescopes.telescopes().items() if transport(one).products_later}
    rows = Asked.objects.filter(telescope__in=late, record__status="COMPLETED", record__modified__gt=now - LONGEST)
    due = [row for row in rows.select_related("record") if _is_due(row, now)]
    Asked.objects.filter(pk__in=[row.pk for row in due]).update(polled=now)
    for row in due:
        try:
            found = transport(late[row.telescope]).products(late[row.telescope], row.request_id)
        except (DeliveryError, LookupError):
            continue  # it is asked again
        new = [plain(one) for one in found]
        if {one["id"] for one in new} - {one["id"] for one in row.products}:
            Asked.objects.filter(pk=row.pk).update(products=new)


def _is_due(row: Asked, now: datetime) -> bool:
    """The longer ago, the less often."""
    age = now - row.record.modified
    return row.polled is None or row.polled <= now - max(SOONEST, age / 6)
