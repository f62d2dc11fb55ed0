"""The query language: one text for the past (find) and the future (subscriptions).

    find('kind = "GW" and far < 1e-7', user)            # the user's events that it holds for, as a queryset
    matches('area_90 < 500', user, alert)               # whether it holds for the event of an alert, as the user sees it

Names are in `names.py`, the grammar in `grammar.py`. `sql.py` and `memory.py` answer alike.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from tom_scimma.models import Alert, Candidate, Event
from tom_scimma.query import columns, memory, sql
from tom_scimma.query.binding import named, understand
from tom_scimma.query.errors import QueryError
from tom_scimma.query.names import ALERTS, CANDIDATES, EVENTS
from tom_scimma.query.seen import Audience, Seen

__all__ = ["MODELS", "QueryError", "find", "matches", "thing_of", "understand", "visible"]

MODELS: dict[str, type] = {EVENTS: Event, ALERTS: Alert, CANDIDATES: Candidate}
#: where a row says whether it is a test
_ROLE = {EVENTS: "role", ALERTS: "role", CANDIDATES: "event__role"}


def thing_of(model: type) -> str:
    """The name in the language of one of our models; ValueError for any other."""
    for thing, known in MODELS.items():
        if issubclass(model, known):
            return thing
    raise ValueError(f"{model.__name__} cannot be queried; events, alerts and candidates can")


def visible(thing: str, user) -> QuerySet:
    """Every event, alert or candidate that a user may see."""
    if thing == CANDIDATES:
        return columns.candidates(user).filter(event__in=Event.objects.visible_to(user).values("pk"))
    return MODELS[thing].objects.visible_to(user)


def find(text: str, user, model: type = Event, *, now: datetime | None = None) -> QuerySet:
    """The rows of Event, Alert or Candidate that the user may see and the query holds for. Raises QueryError.

    Tests are left out unless the query speaks of `role`, as in the list of events.
    """
    thing = thing_of(model)
    tree = understand(text, thing)
    rows = visible(thing, user)
    if "role" not in named(tree):
        rows = rows.exclude(**{_ROLE[thing]: "test"})
    return rows.filter(sql.where(tree, thing, user, now or timezone.now()))


def matches(text: str, user, alert: Alert, *, now: datetime | None = None) -> bool:
    """Whether the query holds for the alert's event, by what the user may see of it. Raises QueryError.

    False for an alert that the user may not see, and for a user who is not active.
    """
    tree = understand(text)
    if not user.is_active or not Alert.objects.visible_to(user).filter(pk=alert.pk).exists():
        return False
    return memory.holds(tree, Seen(alert.event).subject(Audience.of(user), named(tree)), now or timezone.now())
