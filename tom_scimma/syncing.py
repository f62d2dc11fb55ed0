"""SCiMMA Auth's groups -> Django groups, for everybody it is known of: `manage.py syncgroups`, each log-in, and the worker.

A person's own credential says all of their groups. Of the others, the TOM's credential sees who is in the groups that its
owner is in. A service that does not answer, or a credential that is refused, changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model

from tom_scimma import hopskotch_credentials, login_groups, memberships, sources
from tom_scimma.conf import conf
from tom_scimma.errors import DeliveryError
from tom_scimma.hopauth import SECONDS, HopAuth
from tom_scimma.models.identity import HopskotchCredential, Kind, Membership

logger = logging.getLogger(__name__)

AT_LOGIN = 3.0  #: seconds that a log-in waits for SCiMMA Auth, at most


def run(*, by: str = "syncgroups") -> tuple[list[str], list[str]]:
    """Brings everybody's groups up to date: what changed, and what could not be asked, in words."""
    done, problems = [], []
    for user, data in _log_ins():
        done += login_groups.follow_claim(user, data, by=by)
    if conf.HOPSKOTCH_GROUPS:
        known = set()
        for row in HopskotchCredential.objects.select_related("user"):
            if not row.password:
                continue
            account = hopskotch_credentials.asked(row)
            if account is None:
                problems.append(f"{row.user.get_username()}: {row.problem}")
                continue
            known.add(row.user_id)
            done += memberships.follow(row.user, Kind.HOPSKOTCH, account.groups, conf.HOPSKOTCH_GROUPS, by=by)
        for asking in _toms(SECONDS):
            try:
                done += _by_members(_seen(asking), skip=known, by=by)
            except DeliveryError as error:
                problems.append(str(error))
        done += _unmapped(by)
    return done, problems


def _unmapped(by: str) -> list[str]:
    """Memberships whose group at SCiMMA settings map to theirs no more are lost."""
    done = []
    for row in Membership.objects.filter(kind=Kind.HOPSKOTCH).select_related("user", "group"):
        if row.group.name not in memberships.wanted([row.because], conf.HOPSKOTCH_GROUPS):
            done += memberships.apply(row.user, Kind.HOPSKOTCH, {}, by=by, within={row.group.name})
    return done


def follow_due() -> None:
    """The worker's job: the same each hour; what could not be asked is logged."""
    for problem in run(by="worker")[1]:
        logger.warning("groups at SCiMMA: %s", problem)


def at_login(user: Any) -> None:
    """The same for one person, who waits: short, and a failure is only logged."""
    row = hopskotch_credentials.own(user)
    if row is not None:
        account = hopskotch_credentials.asked(row, seconds=AT_LOGIN)
        if account is not None:
            memberships.follow(user, Kind.HOPSKOTCH, account.groups, conf.HOPSKOTCH_GROUPS, by=login_groups.BY)
            return
    for asking in _toms(AT_LOGIN):
        try:
            _by_members(_seen(asking), only=user, by=login_groups.BY)
        except DeliveryError as error:
            logger.warning("log-in of %s: its groups at SCiMMA Auth stay as they were: %s", user.get_username(), error)


def forget(user: Any, *, by: str) -> None:
    """What followed from a credential that is removed is lost with it."""
    memberships.apply(user, Kind.HOPSKOTCH, {}, by=by)


def subject_of(user: Any) -> str:
    """Who a user is at SCiMMA, by the account they log in with; "" for nobody there."""
    return next(iter(_subjects([user.pk]).values()), "")


def _toms(seconds: float) -> list[HopAuth]:
    found = (hopskotch_credentials.of_tom(source, seconds=seconds) for source in sources.sources().values())
    return [asking for asking in found if asking is not None]


def _seen(asking: HopAuth) -> dict[str, dict[str, str]]:
    """The members of every mapped group that the TOM's credential may look into."""
    account = asking.account()
    return asking.members([name for name in account.groups if memberships.wanted([name], conf.HOPSKOTCH_GROUPS)])


def _by_members(
    seen: Mapping[str, Mapping[str, str]], *, skip: Iterable[int] = (), only: Any = None, by: str
) -> list[str]:
    """Memberships of those whose SCiMMA account is known, as far as the groups that were seen tell."""
    subjects = _subjects(None if only is None else [only.pk])
    rows = Membership.objects.filter(kind=Kind.HOPSKOTCH, because__in=seen).select_related("group")
    had: dict[int, set[str]] = {}
    for row in rows:
        had.setdefault(row.user_id, set()).add(row.group.name)
    done = []
    people = {**dict.fromkeys(had, ""), **subjects}
    users = get_user_model().objects.in_bulk(set(people) - set(skip))
    for pk, user in users.items():
        if only is not None and pk != only.pk:
            continue
        names = [name for name, members in seen.items() if people[pk] and people[pk] in members]
        wants = memberships.wanted(names, conf.HOPSKOTCH_GROUPS)
        if set(wants) != had.get(pk, set()):
            done += memberships.apply(user, Kind.HOPSKOTCH, wants, by=by, within={*wants, *had.get(pk, ())})
    return done


def _subjects(users: Iterable[int] | None) -> dict[int, str]:
    """User -> subject at SCiMMA, of those who log in with it."""
    if not apps.is_installed("allauth.socialaccount"):
        return {}
    from allauth.socialaccount.models import SocialAccount

    rows = SocialAccount.objects.filter(provider=login_groups.provider())
    if users is not None:
        rows = rows.filter(user__in=users)
    return dict(rows.values_list("user_id", "uid"))


def _log_ins() -> Iterable[tuple[Any, Mapping[str, Any]]]:
    """Everybody who logs in with SCiMMA, and what their last log-in said."""
    if not (conf.LOGIN_GROUPS and apps.is_installed("allauth.socialaccount")):
        return []
    from allauth.socialaccount.models import SocialAccount

    rows = SocialAccount.objects.filter(provider=login_groups.provider()).select_related("user")
    return [(row.user, row.extra_data) for row in rows]
