"""The latency ledger: when each step of an alert's life happened, how long it took, and whether that was late.

    ledger(alert)            -> Ledger                 one alert
    for_event(alerts)        -> [Ledger, ...]          several, with a constant number of queries
    medians(alerts)          -> [Median, ...]          over the recent ones of a queryset

A step is empty until it happened. It gets its times by one function in SOURCES, or of an app's hook `ledger_sources()`:
alerts in, {alert pk: time} out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db.models import Min, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from tom_scimma import hooks
from tom_scimma.conf import conf
from tom_scimma.models import Alert, Delivery, Reaction, Telling
from tom_scimma.wording import span

Times = Mapping[int, "datetime | None"]

#: the steps in order: name and what people call it
STEPS: dict[str, str] = {
    "event": "event time",
    "sent": "sent",
    "broker": "at the broker",
    "received": "received",
    "committed": "committed",
    "annotated": "annotated",
    "told": "told",
    "planned": "planned",
    "approved": "approved",
    "submitted": "submitted",
    "exposed": "first exposure",
    "shared": "shared",
}

#: seconds that a step may take after the last one before it that happened; none for what is not in our hands
BUDGETS: dict[str, float] = {
    "broker": 60,
    "received": 5,
    "committed": 5,
    "annotated": 10,
    "told": 15,
    "planned": 30,
    "approved": 600,
    "submitted": 60,
    "exposed": 1800,
    "shared": 3600,
}


def _annotated(alerts: Sequence[Alert]) -> Times:
    """When annotators were done with them; alerts that ask for no annotation are left out."""
    asked = Reaction.objects.filter(alert__in=[alert.pk for alert in alerts], name="annotate")
    return dict(asked.values_list("alert_id", "finished"))


def _told(alerts: Sequence[Alert]) -> Times:
    """When the first of those who were to be told at once had it; alerts that nobody is to be told of are left out."""
    rows = Telling.objects.filter(alert__in=[alert.pk for alert in alerts], why="").order_by()
    arrived = Min("delivery__finished", filter=Q(delivery__state=Delivery.State.DELIVERED))
    return dict(rows.values("alert").annotate(at=arrived).values_list("alert", "at"))


#: name of a step -> function that finds when it happened, for many alerts at once; one that it leaves out never will
SOURCES: dict[str, Callable[[Sequence[Alert]], Times]] = {
    "event": lambda alerts: {alert.pk: alert.time for alert in alerts},
    "sent": lambda alerts: {alert.pk: alert.sent for alert in alerts},
    "broker": lambda alerts: {alert.pk: alert.message.published for alert in alerts},
    "received": lambda alerts: {alert.pk: alert.message.received for alert in alerts},
    "committed": lambda alerts: {alert.pk: alert.message.stored for alert in alerts},
    "annotated": _annotated,
    "told": _told,
}


@dataclass(frozen=True)
class Entry:
    """One step of one alert."""

    step: str
    label: str
    time: datetime | None  #: None: has not happened, or nobody said
    seconds: float | None  #: after the last step before it that happened
    budget: float | None  #: seconds; None: not judged
    overdue: bool = False  #: did not happen yet and should have

    @property
    def late(self) -> bool:
        """True when it took, or is taking, longer than its budget."""
        return self.overdue or (self.budget is not None and self.seconds is not None and self.seconds > self.budget)

    @property
    def note(self) -> str:
        """How long it took against what it may, in words; "" for a step that has not happened and is not overdue."""
        if self.seconds is None:
            return ""
        budget = f", budget {span(self.budget)}" if self.budget is not None else ""
        return f"{'not yet after ' if self.overdue else ''}{span(self.seconds)}{budget}"


@dataclass(frozen=True)
class Ledger:
    """All steps of one alert, in order."""

    alert: Alert
    entries: tuple[Entry, ...]
    judged: bool  #: budgets apply: it was heard as it came, not read from a file or from the past

    @property
    def late(self) -> bool:
        """True when any step was late."""
        return any(entry.late for entry in self.entries)

    @property
    def day(self) -> datetime | None:
        """The first time known, whose date stands for the row."""
        return next((entry.time for entry in self.entries if entry.time is not None), None)

    @property
    def total(self) -> float | None:
        """Seconds from when it was sent (or reached the broker) until it was committed; None if either is unknown."""
        times = {entry.step: entry.time for entry in self.entries}
        start, end = times["sent"] or times["broker"], times["committed"]
        return (end - start).total_seconds() if start and end else None


@dataclass(frozen=True)
class Median:
    """How long one step takes."""

    step: str
    label: str
    seconds: float | None  #: median; None without any
    count: int
    late: int  #: how many were over budget
    budget: float | None

    @property
    def over(self) -> bool:
        """True when the median itself is over budget."""
        return self.budget is not None and self.seconds is not None and self.seconds > self.budget


def budgets() -> dict[str, float | None]:
    """Seconds for each step: the defaults with this TOM's LATENCY_BUDGETS over them; None switches a budget off."""
    return {**BUDGETS, **conf.LATENCY_BUDGETS}


def ledger(alert: Alert, *, now: datetime | None = None) -> Ledger:
    """The ledger of one alert."""
    return for_event([alert], now=now)[0]


def for_event(alerts: Iterable[Alert], *, now: datetime | None = None) -> list[Ledger]:
    """The ledgers of these alerts, in their order. Alerts should come with `select_related("message")`."""
    alerts = list(alerts)
    now, allowed = now or timezone.now(), budgets()
    found = {step: source(alerts) for step, source in _sources().items()}
    return [
        _ledger(alert, {step: times[alert.pk] for step, times in found.items() if alert.pk in times}, allowed, now)
        for alert in alerts
    ]


def _sources() -> dict[str, Callable[[Sequence[Alert]], Times]]:
    """Those of the trunk and what apps add by `ledger_sources() -> {step: "dotted.path"}`."""
    added = {step: import_string(path) for more in hooks.gather("ledger_sources") for step, path in more.items()}
    return {**SOURCES, **added}


def _ledger(
    alert: Alert, times: Mapping[str, datetime | None], allowed: Mapping[str, float | None], now: datetime
) -> Ledger:
    judged = _heard_as_it_came(alert)
    entries = []
    before: datetime | None = None
    for step, label in STEPS.items():
        known = judged and (
            step != "broker" or times.get("sent") is not None
        )  # else it would be timed from the event itself
        time, budget = times.get(step), allowed.get(step) if known else None
        seconds = (time - before).total_seconds() if time is not None and before is not None else None
        overdue = False
        if time is None and step in times and budget is not None and before is not None:
            waited = (now - before).total_seconds()
            overdue = step in _OURS and waited > budget
            seconds = waited if overdue else None
        entries.append(Entry(step, label, time, seconds, budget, overdue))
        before = time or before
    return Ledger(alert, tuple(entries), judged)


def _heard_as_it_came(alert: Alert) -> bool:
    """Whether its times say how fast this TOM is: not so for files, replays, and the history heard at a first start."""
    return alert.message.via == "listen" and alert.message.received - alert.order < conf.LIVE_AGE


#: steps that always follow by themselves; the others wait for a person or for there being something to do
_OURS = frozenset({"annotated"})


def medians(alerts, limit: int = 500) -> list[Median]:
    """Median seconds of each step over the latest alerts of a queryset of Alert that were heard as they came.

    One Median a step, in order, with how many were late. Two queries however many there are.
    """
    recent = (
        alerts.filter(message__via="listen")
        .select_related("message")
        .defer("document", "message__traceback", "message__headers")
    )
    ledgers = [ledger for ledger in for_event(recent.order_by("-pk")[:limit]) if ledger.judged]
    allowed, found = budgets(), []
    for position, (step, label) in enumerate(STEPS.items()):
        entries = [ledger.entries[position] for ledger in ledgers]
        taken = [entry.seconds for entry in entries if entry.seconds is not None and not entry.overdue]
        late = sum(entry.late for entry in entries)
        found.append(Median(step, label, median(taken) if taken else None, len(taken), late, allowed.get(step)))
    return found


def table(ledgers: Iterable[Ledger]) -> list[dict]:
    """The ledgers as plain values, for REST: one object an alert."""
    return [
        {
            "alert": one.alert.pk,
            "alert_type": one.alert.alert_type,
            "source": one.alert.source,
            "judged": one.judged,
            "late": one.late,
            "steps": [
                {"step": e.step, "time": e.time, "seconds": e.seconds, "budget_seconds": e.budget, "late": e.late}
                for e in one.entries
            ],
        }
        for one in ledgers
    ]
