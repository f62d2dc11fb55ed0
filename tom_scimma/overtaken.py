"""Heard live after all: an alert that a backfill or a file brought before the listener did is acted on when the listener hears it.

What comes those ways is never live (promise 8). When `listen` brings the same while it is young, be it the same message or another
that says the same, the alert becomes live, its message counts as heard, and what is done with live alerts is queued.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tom_scimma import bulk, fold, folding, history
from tom_scimma.inbox import Arrival
from tom_scimma.models import Alert, Message, Reaction
from tom_scimma.record import printable
from tom_scimma.statements import Statement

LISTEN = "listen"


def repeats(arrivals: Iterable[Arrival], via: str) -> list[Arrival]:
    """What the listener hears that is here already, by another way."""
    if via != LISTEN:
        return []
    return [item for item in arrivals if item.message is not None and not item.created and item.message.via != LISTEN]


def stored(statements: Sequence[Statement]) -> dict[str, Alert]:
    """The alerts that say what these do already, by key."""
    rows = Alert.objects.select_related("event", "message").defer("document", "message__headers", "message__traceback")
    return {row.key: row for row in bulk.having(rows, key={item.key for item in statements})}


def wake(statements: Iterable[Statement], said: Mapping[str, Alert], heard: Sequence[Arrival]) -> list[Statement]:
    """Makes alerts live that were not heard before; their statements, each with the change it stands for.

    `said` is what `stored` found for these statements, `heard` what `repeats` did.
    """
    for arrival in heard:
        record = arrival.reading.record
        place = {"partition": record.partition, "offset": record.offset, "broker": printable(record.broker[:255])}
        Message.objects.filter(pk=arrival.message.pk).update(via=LISTEN, **place)
    woken: dict[int, Statement] = {}
    for item in statements:
        alert = said[item.key]
        if not alert.live and alert.message.via != LISTEN and (item.live or item.drill):
            item.alert = alert
            woken.setdefault(alert.pk, item)
    for item in woken.values():
        if item.arrival.created:  # another message brought it: it belongs to the one that was heard
            place = {"message": item.arrival.message, "position": item.position}
            Alert.objects.filter(pk=item.alert.pk).update(**place)
    if woken:
        Alert.objects.filter(pk__in=[pk for pk, item in woken.items() if item.live]).update(live=True)
        _changes(woken)
    return list(woken.values())


def asked(statements: Sequence[Statement]) -> set[tuple[int, str]]:
    """What was queued for the alerts of these when they were stored: alert, name."""
    rows = Reaction.objects.filter(alert__in=[item.alert.pk for item in statements])
    return set(rows.values_list("alert_id", "name")) if statements else set()


def _changes(woken: Mapping[int, Statement]) -> None:
    """What each alert did to its event, in the sender's order; nothing where a newer one was acted on before."""
    events = {item.alert.event_id: item.alert.event for item in woken.values()}
    for pk, alerts in history.alerts_of(events).items():
        acted = [alert.order for alert in alerts if alert.live and alert.authority and alert.pk not in woken]
        for step in history.steps(events[pk], alerts):
            item = woken.get(step.alert.pk)
            if item is None:
                continue
            item.event, item.change = events[pk], step.change
            if item.authority and any(order > item.order for order in acted):
                item.change = fold.LATE
            elif item.authority and item.event.public and not item.public:
                item.change = folding.aside(item.event, item)
