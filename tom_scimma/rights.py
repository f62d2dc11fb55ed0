"""Which topics this TOM's credential may read and write, and which are public: asked of SCiMMA Auth, kept in TopicAccess.

    follow(source)            asks now, keeps the answer, and protects what turns out not to be public
    follow_due()              the same for every source; the worker's job
    ready(source, topics)     before topics are heard: whether they are public is asked first, where anybody answers

A service that does not answer changes nothing, but that a topic met meanwhile is kept from all until it does.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tom_scimma import audience, hopskotch_credentials, sources
from tom_scimma.errors import DeliveryError, Unavailable
from tom_scimma.hopauth import SECONDS, HopAuth
from tom_scimma.models import TopicState
from tom_scimma.models.identity import AccessChange, RightsAsked, TopicAccess
from tom_scimma.scimma_account import Account
from tom_scimma.sources import Source, is_pattern

logger = logging.getLogger(__name__)

BY = "SCiMMA Auth"
PAUSE = timedelta(minutes=1)  #: after a failure a listener asks again no sooner
SHORT = 5.0  #: seconds that a listener waits for an answer


def follow_due() -> None:
    """Asks for every source that has a SCiMMA Auth."""
    for source in sources.sources().values():
        follow(source)


def follow(source: Source, topics: Iterable[str] = (), *, seconds: float = SECONDS) -> str:
    """Asks for one source, and keeps what is said of its topics, and of `topics`; why it could not be asked, or ""."""
    asking = hopskotch_credentials.of_tom(source, seconds=seconds)
    if asking is None:
        return ""
    now = timezone.now()
    known = {*_known(source), *topics}
    try:
        account, groups = _asked(asking, known)
    except DeliveryError as error:
        logger.warning("source=%s %s", source.name, error)
        said = {"tried": now, "problem": str(error)[:500], "credential": asking.name}
        RightsAsked.objects.update_or_create(source=source.name, defaults=said)
        _met_in_the_dark(source, topics, now)
        return str(error)
    with transaction.atomic():
        cleared = _keep(source, account, groups, known, now)
        said = {"tried": now, "answered": now, "problem": "", "credential": asking.name}
        RightsAsked.objects.update_or_create(source=source.name, defaults=said)
    audience.follow(source.name, cleared)
    return ""


def ready(source: Source, topics: Collection[str]) -> None:
    """Asks about topics that are about to be heard for the first time. Bounded: a service that is away holds nothing up."""
    had = set(TopicAccess.objects.filter(source=source.name, public__isnull=False).values_list("topic", flat=True))
    if set(topics) <= had:
        return
    asked = RightsAsked.objects.filter(source=source.name).first()
    if asked is not None and asked.problem and timezone.now() - asked.tried < PAUSE:
        _met_in_the_dark(source, topics, timezone.now())
        return
    follow(source, topics, seconds=SHORT)


def words(row: TopicAccess | None, credential: str) -> str:
    """What to say of a topic whose right to read was taken; "" for any other."""
    if row is None or row.lost is None:
        return ""
    again = " It could be added to the credential again in SCiMMA Auth." if "read" in row.addable else ""
    return (
        f"SCiMMA took from our credential {credential} the right to read {row.topic} "
        f"(seen {row.lost:%Y-%m-%d %H:%M} UTC); the other topics go on.{again}"
    )


def taken(source: Source, topic: str) -> str:
    """The same, looked up."""
    row = TopicAccess.objects.filter(source=source.name, topic=topic).first()
    asked = RightsAsked.objects.filter(source=source.name).first()
    return words(row, asked.credential if asked else "")


def _known(source: Source) -> set[str]:
    """Topics of the source that this TOM knows of by any way."""
    met = TopicState.objects.filter(source=source.name).values_list("topic", flat=True)
    had = TopicAccess.objects.filter(source=source.name).values_list("topic", flat=True)
    return {*met, *had, *(topic for topic in source.topics if not is_pattern(topic))}


def _asked(asking: HopAuth, known: Collection[str]) -> tuple[Account, dict[str, frozenset[str]]]:
    """What the credential is and may, and the groups that read each topic that is not public."""
    account = asking.account()
    if not account.topics:  # every credential sees the public topics; an empty list is no answer
        raise Unavailable("SCiMMA Auth lists no topic at all, which cannot be; nothing is changed by it")
    private = {name for name in {*account.topics, *known} if not _public(account, name)}
    seen = asking.readers(sorted(name for name in private if name in account.topics))
    return account, {name: account.groups_reading(name) | seen.get(name, frozenset()) for name in private}


def _public(account: Account, topic: str) -> bool:
    """Whether a topic is public; one that SCiMMA does not show us is not."""
    return topic in account.topics and account.topics[topic].public


def _met_in_the_dark(source: Source, topics: Iterable[str], now: datetime) -> None:
    """Topics that are heard while SCiMMA is away, where it once answered: nobody's, until it says whose."""
    if RightsAsked.objects.filter(source=source.name, answered__isnull=False).exists():
        rows = [TopicAccess(source=source.name, topic=topic, public=None, asked=now) for topic in topics]
        TopicAccess.objects.bulk_create(rows, ignore_conflicts=True)


def _keep(
    source: Source, account: Account, groups: dict[str, frozenset[str]], known: Collection[str], now: datetime
) -> set[str]:
    """The rows as the answer has them, and every change of publicity or of a right to read on record.

    The topics that are public although nobody could say so before.
    """
    rows = {row.topic: row for row in TopicAccess.objects.select_for_update().filter(source=source.name)}
    addable, changes, fresh, cleared = account.addable, [], [], set()
    for topic in sorted({*account.topics, *known}):
        if len(topic) > 255:
            continue
        row = rows.get(topic)
        if row is None:
            row = TopicAccess(source=source.name, topic=topic, asked=now)
            fresh.append(row)
        changes += _changes(row, account, now)
        if row.public is None and not row.held and _public(account, topic):
            cleared.add(topic)
        row.public, row.asked = _public(account, topic), now
        row.held = row.held or not row.public
        row.groups = sorted(groups.get(topic, row.groups if row.held else ()))
        row.readable, row.writable = topic in account.readable, topic in account.writable
        row.addable = list(addable.get(topic, ()))
    TopicAccess.objects.bulk_create(fresh)
    fields = ["public", "held", "groups", "readable", "writable", "addable", "lost", "asked"]
    TopicAccess.objects.bulk_update(rows.values(), fields, batch_size=200)
    AccessChange.objects.bulk_create(
        [AccessChange(topic=topic, text=text[:500], by=BY, when=now) for topic, text in changes]
    )
    for _, text in changes:
        logger.info("source=%s %s", source.name, text)
    return cleared


def _changes(row: TopicAccess, account: Account, now: datetime) -> Iterable[tuple[str, str]]:
    """What is other than before with one topic; also notes since when a right is gone."""
    topic, public, readable = row.topic, _public(account, row.topic), row.topic in account.readable
    if row.pk and row.readable and not readable:
        row.lost = now
        yield topic, f"{topic}: the right to read it was taken from {account.credential}"
    elif readable and row.lost is not None:
        row.lost = None
        yield topic, f"{topic}: {account.credential} may read it again"
    if row.public is True and not public:
        yield topic, f"{topic} is no longer public at SCiMMA: protected here from now on"
    elif row.public is False and public:
        yield topic, f"{topic} became public at SCiMMA: still protected here, until somebody opens it"
