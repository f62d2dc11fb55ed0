"""Stored messages made to fit what became known of their topic: what is not public at SCiMMA is closed, with all made of it.

    follow("hopskotch", cleared)     after SCiMMA said more about topics
    open_topic(row, user)            a person says that a topic that became public is open here

Closing reaches messages that were stored as public before SCiMMA was heard. Nothing is opened but what was kept from all
only because nobody knew whose it is: opening a topic is for what comes from then on.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from tom_scimma import hooks, ingest
from tom_scimma.memberships import groups_named
from tom_scimma.models import Alert, Event, Message
from tom_scimma.models.identity import AccessChange, TopicAccess
from tom_scimma.policies import Policies, explicit

logger = logging.getLogger(__name__)

BATCH = 500


def follow(source: str, cleared: Collection[str] = ()) -> None:
    """Closes stored messages of a source whose topics are not public; opens those of topics in `cleared`, which turned out
    to be public although nobody could say so when they came."""
    policies = Policies()
    for row in TopicAccess.objects.filter(source=source):
        if explicit(row.topic, source):
            continue
        if row.closed:
            count = _closed(source, row.topic, policies(row.topic, source).groups)
        else:
            count = _opened(source, row.topic) if row.topic in cleared else 0
        if count:
            word = "closed" if row.closed else "opened"
            text = f"{row.topic}: {count} stored message{'' if count == 1 else 's'} {word}"
            AccessChange.objects.create(topic=row.topic, text=text, by="SCiMMA Auth")
            logger.info("source=%s %s", source, text)


def open_topic(row: TopicAccess, user: Any) -> bool:
    """Opens a topic that became public, from now on; False where it is not public at SCiMMA (any more)."""
    with transaction.atomic():
        count = TopicAccess.objects.filter(pk=row.pk, public=True, held=True).update(held=False)
        if count:
            text = f"{row.topic} is public at SCiMMA and was opened here: what comes from now on is for all to see"
            AccessChange.objects.create(topic=row.topic, text=text, by=user.get_username(), user=user)
    return bool(count)


def _closed(source: str, topic: str, groups: Collection[str]) -> int:
    """Messages stored as public become these groups' alone, and so does all that was made of them.

    Those that were superusers' alone, since no group was mapped then, are the groups' too.
    """
    pks = [group.pk for group in groups_named(groups).values()]
    stored = Message.objects.filter(source=source, topic=topic)
    wrong = stored.filter(Q(public=True) | Q(groups=None)) if pks else stored.filter(public=True)
    return _each(wrong, public=False, groups=pks)


def _opened(source: str, topic: str) -> int:
    """Messages that were kept from all because nobody knew whose they are: public after all.

    Not what was backfilled: the archive may have said by itself that it is not public.
    """
    kept = Message.objects.filter(source=source, topic=topic, public=False, groups=None).exclude(via="backfill")
    return _each(kept, public=True, groups=[])


def _each(messages: QuerySet[Message], *, public: bool, groups: list[int]) -> int:
    """Gives messages their audience, a batch a transaction; how many there were."""
    count = 0
    while keys := list(messages.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            _apply(keys, public=public, groups=groups)
        count += len(keys)
    return count


def _apply(keys: list[int], *, public: bool, groups: Iterable[int]) -> None:
    events = set(Alert.objects.filter(message__in=keys).values_list("event", flat=True))
    list(
        Event.objects.select_for_update().filter(pk__in=events).order_by("pk")
    )  # events before messages, as everywhere
    Message.objects.filter(pk__in=keys).update(public=public)
    through = Message.groups.through
    through.objects.bulk_create(
        [through(message_id=key, group_id=group) for key in keys for group in groups], ignore_conflicts=True
    )
    Alert.objects.filter(message__in=keys).update(public=public)
    ingest.refold(sorted(events))
    if not public:
        _close_targets(events)
    for follow_too in hooks.audience_followers():
        follow_too(keys)


def _close_targets(events: Iterable[int]) -> None:
    """Targets that were made for events that are no longer for all to see."""
    from tom_scimma.targets import share

    for event in Event.objects.filter(pk__in=events, public=False, target_made=True).select_related("target"):
        if event.target is not None and event.target.permissions != "PRIVATE":
            event.target.permissions = "PRIVATE"
            event.target.save(update_fields=["permissions"])
            share(event.target, event.groups.all())
