"""An event as it was after each of its alerts: what its row held then, worked out from the alerts again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from tom_scimma import fold
from tom_scimma.fold import Values
from tom_scimma.folding import reported, stored_map
from tom_scimma.models import Alert, Event, Localization
from tom_scimma.query.subject import values_of


@dataclass(frozen=True)
class Step:
    """One alert and the event after it."""

    alert: Alert
    values: dict[str, Any]  #: by the names of the query language
    change: str  #: what the alert did: new, updated, retracted, reinstated; reported: nothing


def alerts_of(events: Iterable[int]) -> dict[int, list[Alert]]:
    """All alerts of these events (primary keys, at most some hundred) in the sender's order, with what `steps` needs."""
    maps = Prefetch("localizations", Localization.objects.defer("data"))
    rows = Alert.objects.filter(event__in=list(events)).order_by("order", "key")
    rows = rows.select_related("message").defer("message__headers", "message__traceback")
    found: dict[int, list[Alert]] = {}
    for row in rows.prefetch_related(maps, "message__groups"):
        found.setdefault(row.event_id, []).append(row)
    return found


def steps(event: Event, alerts: Sequence[Alert]) -> Iterator[Step]:
    """The event after each alert, from what its row may show (see Event): of a public event, its public alerts."""
    scope = _scope(alerts)
    judged = [alert for alert in scope if alert.authority]
    judged = [alert for alert in judged if alert.role != "test"] or judged
    counted, known = {alert.pk for alert in judged}, {alert.pk for alert in scope}
    values = Values() if judged else reported(scope) if scope else Values(kind=event.kind, role=event.role)
    latest = None
    for alert in alerts:
        change = fold.REPORTED
        if alert.pk in known:
            latest = max(latest or alert.order, alert.order)
        if alert.pk in counted:
            notice, before = alert.notice, values
            values = fold.fold([(alert.order, notice, stored_map(alert))], values)
            change = fold.change(before, values, fold.heard(before, notice).alert_type)
        yield Step(alert, values_of(values, latest or alert.order), change)


def _scope(alerts: Sequence[Alert]) -> Sequence[Alert]:
    public = [alert for alert in alerts if alert.public]
    if public:
        return public
    audiences = {frozenset(group.pk for group in alert.message.groups.all()) for alert in alerts}
    return alerts if len(audiences) == 1 else []
