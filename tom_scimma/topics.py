"""What this TOM knows of each topic and of each consumer: choices, rates, lights. Queries, no Kafka.

survey(now) -> Survey(topics, listeners)         everything the Streams page, health, metrics and streamstatus show
named("hopskotch"), choice(state)                which topics to hear: settings first, then people's clicks
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, OuterRef, Q, Subquery

from tom_scimma.carries import carries
from tom_scimma.conf import conf
from tom_scimma.lights import judge, reasons
from tom_scimma.models import Listener, Message, RightsAsked, TopicAccess, TopicState
from tom_scimma.parsers import at_home
from tom_scimma.policies import Policies, explicit
from tom_scimma.policy import TopicPolicy

#: a consumer that has been dead for so long is no longer listed
FORGOTTEN = timedelta(days=1)
#: what brings messages and is no broker: files, and GraceDB
BY_HAND = {"file": "read from files", "gracedb": "fetched from GraceDB"}


@dataclass(frozen=True)
class Topic:
    """One topic of one source, and how it does."""

    source: str
    name: str
    state: TopicState  #: unsaved where the topic was never met
    policy: TopicPolicy
    choice: str = "none"  #: settings (by name), heard or dropped (by a click), pattern, none
    carries: str = ""
    parser: str = ""
    hour: int = 0  #: messages kept in the last hour
    minute: int = 0  #: and in the last minute
    quarantined: int = 0  #: messages in quarantine now
    light: str = "off"  #: off, green, yellow, red
    reason: str = ""
    access: TopicAccess | None = None  #: what SCiMMA Auth says; None: it was not asked, or has nothing to say
    explicit: bool = False  #: settings say who may see it, whatever SCiMMA says

    @property
    def protected(self) -> bool:
        """True when only members of its groups may know of it."""
        return self.policy.protected

    @property
    def may_open(self) -> bool:
        """True where it became public at SCiMMA, and waits for a person to say that it is open here too."""
        return self.access is not None and self.access.held and self.access.public is True and not self.explicit

    @property
    def by_hand(self) -> str:
        """How its messages came, where no listener can hear its source; "" where one can."""
        return by_hand(self.source)

    @property
    def wanted(self) -> bool:
        """True when this TOM means to hear it."""
        return self.choice != "none"


@dataclass(frozen=True)
class Survey:
    """Everything known of topics and consumers at one time."""

    now: datetime
    topics: tuple[Topic, ...]
    listeners: tuple[Listener, ...]
    reasons: tuple[str, ...] = ()  #: why this TOM does not hear as it should; empty: it does
    hidden: int = 0  #: protected topics left out, by `visible`
    masked: tuple[str, ...] = field(default=(), repr=False)  #: their names and patterns
    asked: tuple[RightsAsked, ...] = ()  #: how SCiMMA Auth was asked, by source

    @property
    def ok(self) -> bool:
        return not self.reasons

    def visible(self, user) -> Survey:
        """The same without the topics that this user may not know of; their names are masked in errors and reasons."""
        groups = member_of(user)
        if groups is None:
            return self
        shown = tuple(topic for topic in self.topics if not topic.protected or groups & set(topic.policy.groups))
        hidden = {topic.name for topic in self.topics} - {topic.name for topic in shown}
        secret = tuple(sorted(hidden | _secret_patterns(groups), key=len, reverse=True))
        return replace(
            self,
            topics=tuple(_masked(topic, secret) for topic in shown),
            listeners=tuple(_silenced(listener, secret) for listener in self.listeners),
            reasons=tuple(mask(reason, secret) for reason in self.reasons),
            hidden=len(self.topics) - len(shown),
            masked=secret,
            asked=tuple(_without_names(row, secret) for row in self.asked),
        )


def member_of(user) -> set[str] | None:
    """Names of the groups a user is in; None for a superuser, who may see everything."""
    if user is None or isinstance(user, AnonymousUser) or not user.is_active:
        return set()
    if user.is_superuser:
        return None
    return set(user.groups.values_list("name", flat=True))


def mask(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret name replaced."""
    for secret in secrets:
        text = text.replace(secret, "(a protected topic)")
    return text


def _masked(topic: Topic, secret: tuple[str, ...]) -> Topic:
    return replace(topic, state=_silenced(topic.state, secret), reason=mask(topic.reason, secret))


def _silenced(row, secret: tuple[str, ...]):
    """A copy of a TopicState or Listener whose error names no secret."""
    row = copy(row)
    row.last_error = mask(row.last_error, secret)
    return row


def _without_names(row: RightsAsked, secret: tuple[str, ...]) -> RightsAsked:
    row = copy(row)
    row.problem = mask(row.problem, secret)
    return row


def _secret_patterns(groups: set[str]) -> set[str]:
    return {
        name for name, entry in conf.TOPICS.items() if (entry or {}).get("groups") and not groups & set(entry["groups"])
    }


def by_hand(source: str) -> str:
    """How messages of a source came that is no broker, in words; "" for a broker."""
    return "" if source in conf.SOURCES else BY_HAND.get(source, "")


def named(source: str) -> tuple[str, ...]:
    """Names and patterns of the topics that settings make a source hear: its `topics`, else those of TOPICS for it."""
    own = (conf.SOURCES.get(source) or {}).get("topics")
    if own is not None:
        return tuple(own)
    return tuple(name for name, entry in conf.TOPICS.items() if (entry or {}).get("source") in (source, "", None))


def choice(state: TopicState) -> str:
    """Who decides whether a topic is heard, as `sources.chosen` has it: settings (name or pattern), a click, nobody."""
    if by_hand(state.source):
        return "none"
    if any(fnmatch.fnmatchcase(state.topic, pattern) for pattern in named(state.source)):
        return "settings"
    return "click" if state.wanted else "none"


def survey(now: datetime, *, counts: bool = True) -> Survey:
    """What is known of every topic and consumer at `now`. Eight queries; five without `counts` (rates and quarantine)."""
    listeners = tuple(
        Listener.objects.filter(beat__gte=now - FORGOTTEN)
        .exclude(state="stopped")
        .order_by("source", "lane", "process")
    )
    rates, bad = (_rates(now), _quarantined()) if counts else ({}, {})
    policies, asked = Policies(), tuple(RightsAsked.objects.filter(source__in=conf.SOURCES).order_by("source"))
    topics = tuple(_topic(state, now, listeners, rates, bad, policies) for state in _states())
    return Survey(now, topics, listeners, tuple(reasons(conf.SOURCES, topics, listeners, now)), asked=asked)


def _states() -> list[TopicState]:
    """Every topic met, and those that settings name outright but nobody has met yet."""
    states = list(TopicState.objects.all())
    met = {(state.source, state.topic) for state in states}
    for source in conf.SOURCES:
        for name in named(source):
            if not any(sign in name for sign in "*?[") and (source, name) not in met:
                states.append(TopicState(source=source, topic=name))
    return sorted(states, key=lambda state: (state.source, state.topic))


def _rates(now: datetime) -> dict[tuple[str, str], tuple[int, int]]:
    """(source, topic) -> messages kept in the last hour and minute.

    Counted by topic, on the index of topic and time alone (300,000 messages an hour: a tenth of a second, not two).
    Only a topic that two sources have makes it look at the rows.
    """
    hour, minute = now - timedelta(hours=1), now - timedelta(minutes=1)
    lately = TopicState.objects.filter(last_message__gte=hour)
    found = {}
    for source, topic, *numbers in lately.annotate(hour=_since(hour), minute=_since(minute)).values_list(
        "source", "topic", "hour", "minute"
    ):
        found[source, topic] = tuple(number or 0 for number in numbers)
    names = [topic for _, topic in found]
    shared = {name for name in names if names.count(name) > 1}
    if shared:
        rows = Message.objects.order_by().filter(topic__in=shared, received__gte=hour).values("source", "topic")
        found.update(dict.fromkeys([place for place in found if place[1] in shared], (0, 0)))
        for row in rows.annotate(hour=Count("*"), minute=Count("pk", filter=Q(received__gte=minute))):
            found[row["source"], row["topic"]] = (row["hour"], row["minute"])
    return found


def _since(time: datetime) -> Subquery:
    """How many messages of the row's topic came since."""
    rows = Message.objects.filter(topic=OuterRef("topic"), received__gte=time).order_by().values("topic")
    return Subquery(rows.annotate(count=Count("*")).values("count"))


def _quarantined() -> dict[tuple[str, str], int]:
    rows = Message.objects.order_by().filter(state=Message.State.QUARANTINED).values("source", "topic")
    return {(row["source"], row["topic"]): row["count"] for row in rows.annotate(count=Count("*"))}


def _topic(
    state: TopicState, now: datetime, listeners: Sequence[Listener], rates: dict, bad: dict, policies: Policies
) -> Topic:
    place = (state.source, state.topic)
    hour, minute = rates.get(place, (0, 0))
    topic = Topic(
        source=state.source,
        name=state.topic,
        state=state,
        policy=policies(state.topic, state.source),
        choice=choice(state),
        carries=carries(state.topic),
        parser=state.parser or at_home(state.topic) or "",
        hour=hour,
        minute=minute,
        quarantined=bad.get(place, 0),
        access=policies.access(state.topic, state.source),
        explicit=explicit(state.topic, state.source),
    )
    light, reason = judge(topic, now, listeners)
    return replace(topic, light=light, reason=reason)
