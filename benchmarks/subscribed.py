"""What our side does for the figure of matching: many people's subscriptions, an alert, and what they make of each other."""

from __future__ import annotations

import random
import time
from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.shortcuts import assign_perm
from tom_targets.models import Target

from tom_scimma import subscriptions
from tom_scimma.models import Alert, Annotation, Match, Subscription
from tom_scimma.query import QueryError, find, understand

OWNERS, GROUPS = 1000, 20


def subscribed(total: int, seed: int) -> dict:
    """Makes so many subscriptions, no two alike, of a thousand people in twenty groups."""
    chance = random.Random(seed)
    groups = [Group.objects.create(name=f"bench {n}") for n in range(GROUPS)]
    owners = User.objects.bulk_create([User(username=f"bench {n}", password="!") for n in range(OWNERS)])
    through = User.groups.through
    through.objects.bulk_create(
        [through(user_id=owner.pk, group_id=group.pk) for owner in owners for group in chance.sample(groups, 2)]
    )
    rows = [
        Subscription(owner=owners[n % OWNERS], name=f"bench {n}", query=_query(chance, n), cap=30) for n in range(total)
    ]
    Subscription.objects.bulk_create(rows, batch_size=2000)
    return {"subscriptions": Subscription.objects.count(), "queries": len({row.query for row in rows})}


def _query(chance: random.Random, number: int) -> str:
    """As people write them; the number makes each its own."""
    kind = chance.choice(["GW", "GW", "GW", "GRB", "NU"])
    parts = [
        f'kind = "{kind}"',
        f"far < {chance.uniform(1, 9):.3f}e-{chance.randint(5, 12)}",
        f"area_90 < {number + 1}",
    ]
    parts.append(f"classification.{chance.choice(['BNS', 'NSBH', 'BBH'])} > {chance.random():.4f}")
    more = chance.random()
    if more < 0.1:
        parts.append(f"annotations.areas.area_90 < {chance.randint(1, 20000)}")
    elif more < 0.2:
        parts.append(f"candidates.count > {chance.randint(0, 99)}")
    elif more < 0.3:
        parts.append(f'name !~ "{chance.randint(0, 9)}{chance.randint(0, 9)}zz"')
    elif more < 0.4:
        parts.append("not (properties.HasRemnant < 0.1) or distance < 100")
    return " and ".join(parts)


def matched(alert: int, forget: bool) -> dict:
    """Seconds to match all subscriptions against an alert and to write down which match; forgets known queries first if asked."""
    if forget:
        understand.cache_clear()
    row = Alert.objects.select_related("event", "message").get(pk=alert)
    Annotation.objects.get_or_create(alert=row, annotator="areas", defaults={"value": {"area_90": 900.0}})
    _candidates(row)
    Match.objects.all().delete()
    begun = time.perf_counter()
    subscriptions.note(row, "new", timezone.now())
    seconds = time.perf_counter() - begun
    met = set(Match.objects.values_list("subscription_id", flat=True))
    Match.objects.all().delete()
    with CaptureQueriesContext(connection) as queries:
        subscriptions.note(row, "new", timezone.now())
    return {"seconds": seconds, "matches": len(met), "statements": len(queries), "wrong": _wrong(row, met)}


def _candidates(alert: Alert, count: int = 100) -> None:
    """So many candidates of the alert's event, each third with a private target of one of the groups."""
    if alert.event.candidates.exists():
        return
    groups = list(Group.objects.filter(name__startswith="bench"))
    for number in range(count):
        target = Target.objects.create(
            name=f"candidate {number}",
            type="SIDEREAL",
            ra=number,
            dec=0,
            permissions="PRIVATE" if number % 3 == 0 else "PUBLIC",
        )
        candidate = alert.event.candidates.create(target=target, level=0.5, because="datum")
        candidate.levels.create(alert=alert, level=0.5, inside=True)
        if number % 3 == 0:
            assign_perm("view_target", groups[number % GROUPS], target)


def _wrong(alert: Alert, met: set[int], sample: int = 200) -> int:
    """Of some subscriptions, how many were judged otherwise than the database judges."""
    some = Subscription.objects.select_related("owner").order_by("pk")[
        :: max(1, Subscription.objects.count() // sample)
    ]
    wrong, now = 0, timezone.now() + timedelta(0)
    for row in some:
        try:
            holds = find(row.query, row.owner, now=now).filter(pk=alert.event_id).exists()
        except QueryError:
            holds = False
        wrong += holds != (row.pk in met)
    return wrong


def newest_alert() -> int:
    """The key of the alert that came last."""
    return Alert.objects.latest("pk").pk
