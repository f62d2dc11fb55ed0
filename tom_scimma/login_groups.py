"""Log in with SCiMMA: the groups that the identity provider names, as Django groups. Off while LOGIN_GROUPS is empty.

At each log-in through OpenID Connect the person joins and leaves the Django groups that LOGIN_GROUPS speaks of; groups
it does not speak of are never touched, nor is anybody who logs in with a password.
"""

from __future__ import annotations

import fnmatch
import logging
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group

from tom_scimma.conf import conf

logger = logging.getLogger(__name__)


def connect() -> None:
    """Follows log-ins from now on."""
    from allauth.account.signals import user_logged_in

    user_logged_in.connect(follow_login, dispatch_uid="tom_scimma.login_groups")


def follow_login(sender, user, sociallogin=None, **kwargs) -> None:
    """Receives allauth's `user_logged_in`; acts on a log-in through the OpenID provider that LOGIN_GROUPS is of."""
    if sociallogin is not None and conf.LOGIN_GROUPS and speaks_for_groups(sociallogin):
        follow(user, claimed(sociallogin.account.extra_data, conf.LOGIN_GROUPS_CLAIM))


def speaks_for_groups(sociallogin) -> bool:
    """True for the OpenID Connect provider called `scimma`, or the only one there is."""
    from allauth.socialaccount.adapter import get_adapter

    apps = [app.provider_id or app.provider for app in get_adapter().list_apps(None, provider="openid_connect")]
    return sociallogin.account.provider in apps and (sociallogin.account.provider == "scimma" or len(apps) == 1)


def claimed(data: Mapping[str, Any], claim: str) -> tuple[str, ...]:
    """The groups that a claim lists, from what allauth keeps of a log-in: the userinfo's claim, else the ID token's.

    A claim that is missing, or no list of names, lists none: whoever can no longer show a group has lost it.
    """
    for part in (data.get("userinfo"), data.get("id_token"), data):
        if isinstance(part, Mapping) and claim in part:
            value = part[claim]
            break
    else:
        logger.warning("the log-in has no claim %r: no group follows from it (TOM_SCIMMA['LOGIN_GROUPS_CLAIM'])", claim)
        return ()
    if isinstance(value, str):
        value = [value]
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()


def memberships(names: tuple[str, ...], table: Mapping[str, str]) -> dict[str, bool]:
    """Django group -> whether somebody in the claimed groups `names` is in it, for every group the table speaks of."""
    found: dict[str, bool] = {}
    for pattern, group in table.items():
        found[group] = found.get(group, False) or any(fnmatch.fnmatchcase(name, pattern) for name in names)
    return found


def follow(user, names: tuple[str, ...]) -> None:
    """Puts a user into the Django groups that follow from the claimed ones, and out of the mapped others."""
    wanted = memberships(names, conf.LOGIN_GROUPS)
    has = set(user.groups.filter(name__in=wanted).values_list("name", flat=True))
    joins = [name for name, member in wanted.items() if member and name not in has]
    leaves = [name for name in has if not wanted[name]]
    user.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in joins))
    user.groups.remove(*Group.objects.filter(name__in=leaves))
    if joins or leaves:
        logger.info("log-in of %s: joins %s, leaves %s", user.get_username(), joins or "nothing", leaves or "nothing")
