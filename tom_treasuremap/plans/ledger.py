"""When an alert's plan was made, approved and sent, and when its first exposure began: for the latency ledger.

Each takes alerts and gives {alert's key: time}; an alert that nobody planned on is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Min, Q

from tom_scimma.models import Alert, Delivery
from tom_treasuremap.models import Plan

Times = dict[int, Any]


def planned(alerts: Sequence[Alert]) -> Times:
    """When the first plan on its map was ready to be approved."""
    return _first(alerts, Min("ready"))


def approved(alerts: Sequence[Alert]) -> Times:
    """When somebody first approved one."""
    return _first(alerts, Min("approved"))


def submitted(alerts: Sequence[Alert]) -> Times:
    """When the first telescope had its request."""
    asked = "visits__observation__asked__submission"
    arrived = Min(f"{asked}__finished", filter=Q(**{f"{asked}__state": Delivery.State.DELIVERED}))
    return _first(alerts, arrived, acting=True)


def exposed(alerts: Sequence[Alert]) -> Times:
    """When its first exposure began, as the telescope said."""
    begun = Q(visits__observation__status__in=("IN_PROGRESS", "COMPLETED"))
    return _first(alerts, Min(F("visits__observation__scheduled_start"), filter=begun), acting=True)


def _first(alerts: Sequence[Alert], what: Any, *, acting: bool = False) -> Times:
    rows = Plan.objects.filter(alert__in=[alert.pk for alert in alerts]).order_by()
    if acting:
        rows = rows.exclude(sent=None)
    return dict(rows.values("alert").annotate(at=what).values_list("alert", "at"))
