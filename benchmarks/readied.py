"""What our side does for the figures of plans: a subscription that makes them, when one was ready, and a what-if of it."""

from __future__ import annotations

import time

from django.contrib.auth import get_user_model
from django.test import Client

from tom_treasuremap.models import Plan


def planner() -> int:
    """Somebody whose subscription makes a plan of every gravitational wave."""
    from tom_scimma.models import Subscription

    user, _ = get_user_model().objects.get_or_create(username="bench", is_superuser=True)
    made = Subscription.objects.create(owner=user, name="plans", query='kind = "GW"')
    made.actions.create(name="plan", options={"telescopes": ["demo"], "preset": "tiling"})
    return user.pk


def readied(name: str) -> dict:
    """When the plan of an event was ready (Unix time; 0: not yet), and what there is on its page; `state` says what went wrong."""
    row = Plan.objects.filter(event__name=name).exclude(ready=None).first()
    if row is None:
        lost = Plan.objects.filter(event__name=name, state="failed").first()
        return {"ready": 0.0, "state": lost.error if lost is not None else ""}
    client = Client()
    client.force_login(row.asked_by)
    shown = "Approve and send" in client.get(row.get_absolute_url()).content.decode()
    return {"ready": row.ready.timestamp(), "state": row.state, "visits": row.visits.count(), "shown": shown}


def what_if(name: str, airmass: float) -> dict:
    """Seconds for a what-if as the page asks for it, and whether it was answered and nothing was kept."""
    row, count = Plan.objects.filter(event__name=name).latest("pk"), Plan.objects.count()
    client = Client()
    client.force_login(row.asked_by)
    begun = time.perf_counter()
    response = client.get(f"{row.get_absolute_url()}what-if/", {"airmass": airmass})
    seconds = time.perf_counter() - begun
    answered = "It would be worth" in response.content.decode()
    return {"seconds": seconds, "answered": answered, "kept": Plan.objects.count() - count}
