"""What this TOM does with a topic, with what SCiMMA says laid over: a topic that is not public there is protected here.

    policy_of("tomtoolkit.secret", "hopskotch").protected
    policies = Policies(); policies(topic, source)          the same for many, with one question to the database

Groups that settings name for a topic win, also an empty list (public). See docs/login.md.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import fields

from tom_scimma import bulk
from tom_scimma.conf import best, conf, topic_policy
from tom_scimma.known_topics import KNOWN_TOPICS
from tom_scimma.models.identity import RightsAsked, TopicAccess
from tom_scimma.policy import ClosedPolicy, TopicPolicy


class Policies:
    """The policies of topics, as things are when it is first asked."""

    def __init__(self):
        self._rows: dict[tuple[str, str], TopicAccess] | None = None
        self._answered: set[str] = set()

    def __call__(self, topic: str, source: str = "") -> TopicPolicy:
        policy = topic_policy(topic, source)
        if policy.groups or explicit(topic, source):
            return policy
        groups = self.closed_to(topic, source)
        return policy if groups is None else closed(policy, groups)

    def access(self, topic: str, source: str) -> TopicAccess | None:
        """What SCiMMA says of one topic."""
        return self._read().get((source, topic))

    def closed_to(self, topic: str, source: str) -> tuple[str, ...] | None:
        """The Django groups that alone may see the topic, by what SCiMMA says; None: everybody may."""
        rows = self._read()
        places = [(source, topic)] if source else [place for place in rows if place[1] == topic]
        found = [rows[place] for place in places if place in rows]
        if not found:  # where SCiMMA once answered, a topic that it was not asked about yet is nobody's
            return () if source in self._answered else None
        if not any(row.closed for row in found):
            return None
        return mapped(group for row in found for group in row.groups)

    def _read(self) -> dict[tuple[str, str], TopicAccess]:
        if self._rows is None:
            rows = [] if bulk.is_empty(TopicAccess) else TopicAccess.objects.all()
            self._rows = {(row.source, row.topic): row for row in rows}
            if self._rows:
                asked = RightsAsked.objects.filter(answered__isnull=False)
                self._answered = set(asked.values_list("source", flat=True)) & set(conf.SOURCES)
        return self._rows


def policy_of(topic: str, source: str = "") -> TopicPolicy:
    """The policy of one topic."""
    return Policies()(topic, source)


def explicit(topic: str, source: str = "") -> bool:
    """Whether settings say who may see a topic: its entry has `groups`, be it an empty list."""
    return "groups" in {**best(KNOWN_TOPICS, topic, source), **best(conf.TOPICS, topic, source)}


def closed(policy: TopicPolicy, groups: tuple[str, ...]) -> ClosedPolicy:
    """The same policy, protected."""
    said = {item.name: getattr(policy, item.name) for item in fields(TopicPolicy)}
    return ClosedPolicy(**{**said, "groups": groups})


def mapped(names: Iterable[str]) -> tuple[str, ...]:
    """The Django groups that SCiMMA Auth's groups of these names become."""
    names = tuple(names)
    table = conf.HOPSKOTCH_GROUPS
    return tuple(
        dict.fromkeys(
            group for pattern, group in table.items() if any(fnmatch.fnmatchcase(name, pattern) for name in names)
        )
    )
