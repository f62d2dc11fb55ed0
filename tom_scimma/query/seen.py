"""One event as each audience sees it, for evaluation in memory; reads what queries ask for, once.

Users of the same groups see the same of it and are one audience, unless somebody has permissions of his own on targets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tom_scimma.models import Alias, Annotation, Event
from tom_scimma.query import columns
from tom_scimma.query.counting import Counting
from tom_scimma.query.subject import Subject, values_of


@dataclass(frozen=True)
class Audience:
    """Whoever sees the same: one of them stands for all."""

    user: Any
    everything: bool  #: a superuser
    groups: frozenset[int]

    @classmethod
    def of(cls, user) -> Audience:
        """The audience of one user."""
        groups = frozenset(user.groups.values_list("pk", flat=True)) if user.pk else frozenset()
        return cls(user, bool(user.is_superuser), groups)


@dataclass(frozen=True)
class Said:
    """One annotation and who may see it."""

    annotator: str
    value: Any
    audience: str
    public: bool  #: whether its alert is
    groups: frozenset[int]
    alert_groups: frozenset[int]

    def alert_seen(self, audience: Audience) -> bool:
        """Whether an audience sees the alert."""
        return self.public or audience.everything or bool(self.alert_groups & audience.groups)

    def seen(self, audience: Audience) -> bool:
        """Whether it is made of what an audience may see."""
        if audience.everything or not self.audience:
            return True
        return audience.user.is_authenticated if self.audience == "users" else bool(self.groups & audience.groups)


def _keys(groups: Any) -> frozenset[int]:
    return frozenset(group.pk for group in groups.all())


class Seen:
    """What is to be seen of one event. `values` replace its row's, to look at it as it was."""

    def __init__(self, event: Event, values: Mapping[str, Any] | None = None):
        self.event, self.values = event, values
        self._subjects: dict[Any, Subject] = {}
        self._counting = Counting(event)

    def as_it_was(self, values: Mapping[str, Any]) -> Seen:
        """The same event with other values; what was read of it is kept."""
        self.values, self._subjects = values, {}
        return self

    def subject(self, audience: Audience, asked: frozenset[str]) -> Subject:
        """The event as an audience sees it, with what these names of the language need."""
        key = self.key(audience, asked)
        if key not in self._subjects:
            self._subjects[key] = self._subject(audience, asked)
        return self._subjects[key]

    def key(self, audience: Audience, asked: frozenset[str]) -> tuple:
        """What decides of what this audience sees: the less a query asks for, the more are alike."""
        return (
            audience.everything if "name" in asked else None,
            (audience.everything, audience.groups) if "annotations" in asked else None,
            self._counting.key(audience) if "candidates.count" in asked else None,
        )

    def _subject(self, audience: Audience, asked: frozenset[str]) -> Subject:
        values = values_of(self.event, self.event.latest) if self.values is None else self.values
        return Subject(
            values=values,
            names=(self.event.name, *self._aliases(audience)) if "name" in asked else (),
            classification=values.get("classification", self.event.classification),
            properties=values.get("properties", self.event.properties),
            annotations=self._annotated(audience) if "annotations" in asked else {},
            candidates=self._counting.count(audience) if "candidates.count" in asked else 0,
        )

    def _aliases(self, audience: Audience) -> tuple[str, ...]:
        """As `filters.known_aliases`: none of a public event that hidden alerts speak of too."""
        if self.event.public and not audience.everything and self._hidden_alerts:
            return ()
        return self._names

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(Alias.objects.filter(event=self.event).values_list("name", flat=True))

    @cached_property
    def _hidden_alerts(self) -> bool:
        return self.event.alerts.filter(public=False).exists()

    def _annotated(self, audience: Audience) -> dict[str, dict[str, Any]]:
        """What each annotator said last of each key, in what this audience sees."""
        found: dict[str, dict[str, Any]] = {}
        for row in self._annotations:
            if row.alert_seen(audience) and row.seen(audience) and isinstance(row.value, dict):
                own = found.setdefault(row.annotator, {})
                own.update((key, value) for key, value in row.value.items() if key not in own and value is not None)
        return found

    @cached_property
    def _annotations(self) -> list[Said]:
        """Annotations of the event in the order in which they have their say."""
        rows = Annotation.objects.filter(error="", alert__event=self.event).order_by(*columns.NEWEST)
        rows = rows.select_related("alert__message").prefetch_related("alert__message__groups", "groups")
        return [
            Said(
                row.annotator,
                row.value,
                row.audience,
                row.alert.public,
                _keys(row.groups),
                _keys(row.alert.message.groups),
            )
            for row in rows.defer("alert__document", "alert__message__headers", "alert__message__traceback")
        ]
