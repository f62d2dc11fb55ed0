"""Which alerts matter to whom: each new or changed alert against everybody's saved queries, with their owners' rights.

`react` is the reaction. Equal queries are evaluated once for all who see the same of the event, in memory: what
would take a statement for each of ten thousand subscriptions takes a few in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from tom_scimma import acting, history
from tom_scimma.conf import conf
from tom_scimma.fold import REPORTED
from tom_scimma.models import Alert, Match, Subscription
from tom_scimma.query import QueryError, memory, understand
from tom_scimma.query.binding import named
from tom_scimma.query.seen import Audience, Seen
from tom_scimma.verdict import CAPPED_OVER, verdict

#: keys in one list of a statement; SQLite takes no endless number
CHUNK = 800
#: what depends on who looks, besides the event's own values
PERSONAL = frozenset({"name", "annotations", "candidates.count"})


def react(alert_id: int, change: str) -> None:
    """Does what everybody's subscriptions want done about an alert. Harmless to repeat; nothing for an old alert."""
    now = timezone.now()
    alert = Alert.objects.select_related("event", "message").defer("message__traceback").get(pk=alert_id)
    if now - alert.order > conf.LIVE_AGE or not (alert.live or alert.role == "test"):
        return
    note(alert, change, now)
    acting.act(alert)


@dataclass(frozen=True)
class Wanted:
    """One subscription, with no more of it than matching needs."""

    pk: int
    query: str
    follow: bool
    cap: int | None
    audience: Audience


def note(alert: Alert, change: str, now: datetime) -> None:
    """Writes a Match for each subscription that has to act on an alert; one that is there stays as it is."""
    told = _told(alert)
    seen = _seen(alert)
    found = []
    held: dict[Any, bool] = {}
    for wanted in _subscriptions(alert, change):
        holds = _holds(wanted, seen, held, now)
        if holds is None:
            continue
        why = verdict(change, holds=holds, told=told.get(wanted.pk, ""), follow=wanted.follow, query=wanted.query)
        if why:
            found.append((wanted, why))
    _write(alert, change, found, now)


def _holds(wanted: Wanted, seen: Seen, held: dict[Any, bool], now: datetime) -> bool | None:
    """Whether its query holds; None for one that is no query any more."""
    try:
        tree = understand(wanted.query)
    except QueryError:
        return None
    asked = named(tree) & PERSONAL
    key = (wanted.query, seen.key(wanted.audience, asked)) if asked else wanted.query
    if key not in held:
        held[key] = memory.holds(tree, seen.subject(wanted.audience, asked), now)
    return held[key]


def _seen(alert: Alert) -> Seen:
    """The alert's event as it was after this alert, whatever has been said since."""
    event = alert.event
    later = Q(order__gt=alert.order) | Q(order=alert.order, pk__gt=alert.pk)
    if not Alert.objects.filter(later, event=event).exists():
        return Seen(event)
    for step in history.steps(event, history.alerts_of([event.pk]).get(event.pk, [])):
        if step.alert.pk == alert.pk:
            return Seen(event, step.values)
    return Seen(event)


def _subscriptions(alert: Alert, change: str) -> Iterator[Wanted]:
    """Those that ask for such alerts, of active people who may see this one."""
    rows = Subscription.objects.filter(enabled=True, tests=alert.role == "test", owner__is_active=True)
    if change == REPORTED:
        rows = rows.filter(reports=True)
    if not alert.public:
        members = get_user_model().objects.filter(groups__in=alert.message.groups.values("pk")).values("pk")
        rows = rows.filter(Q(owner__is_superuser=True) | Q(owner__in=members))
    owners: dict[int, Audience] = {}
    groups = _groups(rows)
    for row in rows.select_related("owner").only("query", "follow", "cap", "owner__is_superuser").order_by("pk"):
        owner = row.owner
        if owner.pk not in owners:
            owners[owner.pk] = Audience(owner, owner.is_superuser, groups.get(owner.pk, frozenset()))
        yield Wanted(row.pk, row.query, row.follow, row.cap, owners[owner.pk])


def _groups(rows) -> dict[int, frozenset[int]]:
    """The groups of the owners."""
    membership = get_user_model().groups.through
    owner = get_user_model()._meta.model_name + "_id"
    found: dict[int, set[int]] = {}
    pairs = membership.objects.filter(**{f"{owner}__in": rows.values("owner_id")}).values_list(owner, "group_id")
    for user, group in pairs:
        found.setdefault(user, set()).add(group)
    return {user: frozenset(groups) for user, groups in found.items()}


def _told(alert: Alert) -> dict[int, str]:
    """Why each subscription was last told of the event, without this alert."""
    rows = Match.objects.filter(alert__event=alert.event_id, capped=False).exclude(alert=alert)
    return dict(rows.order_by("created", "pk").values_list("subscription_id", "why"))


def _write(alert: Alert, change: str, found: list[tuple[Wanted, str]], now: datetime) -> None:
    acted = _acted([wanted.pk for wanted, why in found if why == Match.Why.MATCHES and wanted.cap is not None], now)
    rows = [
        Match(
            subscription_id=wanted.pk,
            alert=alert,
            why=why,
            change=change,
            created=now,
            capped=_full(wanted, why, acted),
        )
        for wanted, why in found
    ]
    with transaction.atomic():
        for some in chunks(rows):
            Match.objects.bulk_create(some, ignore_conflicts=True)


def _full(wanted: Wanted, why: str, acted: dict[int, int]) -> bool:
    """Whether a subscription has said enough; what follows on what it said is said in any case."""
    return why == Match.Why.MATCHES and wanted.cap is not None and acted.get(wanted.pk, 0) >= wanted.cap


def _acted(subscriptions: Iterable[int], now: datetime) -> dict[int, int]:
    """How much each acted on lately."""
    found: dict[int, int] = {}
    for some in chunks(subscriptions):
        rows = Match.objects.filter(
            subscription__in=some, created__gt=now - CAPPED_OVER, capped=False, why=Match.Why.MATCHES
        )
        found.update(rows.order_by().values("subscription").annotate(n=Count("pk")).values_list("subscription", "n"))
    return found


def chunks(items: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """The items in lists of at most so many."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
