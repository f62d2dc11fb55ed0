"""An app whose actions tests can watch, and alerts as young as live ones."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from tests import factories as make
from tom_scimma import folding
from tom_scimma.models import Alert, Event, Subscription
from tom_scimma.subscriptions import react

#: what was done: (subscription's name, alert)
DONE: list[tuple[str, int]] = []


def actions() -> list[dict]:
    """What an installed app would return from `subscription_actions`."""
    return [
        {"name": "note", "label": "Take a note", "run": "tests.subscribers.note", "form": None},
        {"name": "fail", "label": "Fail", "run": "tests.subscribers.fail", "form": None},
    ]


def note(subscription: Subscription, alert: Alert) -> None:
    """Remembers that it was called."""
    DONE.append((subscription.name, alert.pk))


def fail(subscription: Subscription, alert: Alert) -> None:
    """An action with a bug."""
    Subscription.objects.filter(pk=subscription.pk).update(name="half done")
    raise KeyError("a bug")


def subscribe(owner, query: str = 'kind = "GW"', name: str = "mine", *actions: str, **fields) -> Subscription:
    """A saved query of somebody, with these actions."""
    row = Subscription.objects.create(owner=owner, name=name, query=query, **fields)
    for action in actions or ("note",):
        row.actions.create(name=action)
    return row


def now() -> datetime:
    """The time, to the second."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def hear(
    name: str = "S261120ab",
    *,
    minutes: float = 5,
    groups=(),
    authority: bool = True,
    live: bool = True,
    sky=None,
    **said,
) -> Alert:
    """A new alert of an event, folded into it as ingest does; sent so many minutes ago."""
    sent = now() - timedelta(minutes=minutes)
    event = Event.objects.filter(name=name).first() or make.event(name, groups=groups, latest=sent, state="reported")
    notice = make.notice(name, sent=sent, time=sent - timedelta(minutes=1), **said)
    alert = make.alert(event, notice, make.message(groups=groups, received=sent), authority=authority, live=live)
    if sky is not None:
        make.localization(alert, sky)
    folding.refold([event])
    return Alert.objects.get(pk=alert.pk)


def tell(change: str = "new", name: str = "S261120ab", **said) -> Alert:
    """A new alert, and what the worker does about it."""
    alert = hear(name, **said)
    react(alert.pk, change)
    return alert
