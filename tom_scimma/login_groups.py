"""Log in with SCiMMA: what the identity provider says of a person is kept current here, and their groups follow.

At each log-in through OpenID Connect name and e-mail become what SCiMMA says, and the person joins and leaves Django
groups as memberships.py has it: by the log-in's claim (LOGIN_GROUPS), and by SCiMMA Auth's groups (HOPSKOTCH_GROUPS).
Nobody who logs in with a password is touched.
"""

from __future__ import annotations

import fnmatch
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from tom_scimma import memberships
from tom_scimma.conf import conf
from tom_scimma.models.identity import Kind

logger = logging.getLogger(__name__)

BY = "log-in"


def connect() -> None:
    """Follows log-ins from now on."""
    from allauth.account.signals import user_logged_in

    user_logged_in.connect(follow_login, dispatch_uid="tom_scimma.login_groups")


def follow_login(sender, user, sociallogin=None, **kwargs) -> None:
    """Receives allauth's `user_logged_in`; acts on a log-in through the OpenID provider that is SCiMMA's."""
    if sociallogin is None or not speaks_for_groups(sociallogin):
        return
    keep_current(user, sociallogin.account.extra_data)
    follow_claim(user, sociallogin.account.extra_data)
    if conf.HOPSKOTCH_GROUPS:
        from tom_scimma import syncing

        syncing.at_login(user)


def follow_claim(user: Any, data: Mapping[str, Any], *, by: str = BY) -> list[str]:
    """The groups that follow from the claim in what the log-in said; what changed, in words."""
    if not conf.LOGIN_GROUPS:
        return []
    return memberships.follow(user, Kind.LOGIN, claimed(data, conf.LOGIN_GROUPS_CLAIM), conf.LOGIN_GROUPS, by=by)


def keep_current(user: Any, data: Mapping[str, Any]) -> None:
    """Name and e-mail as SCiMMA has them; what it does not say stays."""
    said = data.get("userinfo") if isinstance(data.get("userinfo"), Mapping) else data
    addresses = said.get("email_list")  # CILogon's, before Keycloak
    email = said.get("email") or (addresses[0] if isinstance(addresses, list) and addresses else "")
    values = {"email": email, "first_name": said.get("given_name"), "last_name": said.get("family_name")}
    changed = []
    for name, value in values.items():
        longest = user._meta.get_field(name).max_length
        if isinstance(value, str) and value and len(value) <= longest and getattr(user, name) != value:
            setattr(user, name, value)
            changed.append(name)
    if changed:
        user.save(update_fields=changed)


def speaks_for_groups(sociallogin) -> bool:
    """True for the OpenID Connect provider called `scimma`, or the only one there is."""
    return sociallogin.account.provider == provider()


def provider() -> str:
    """The name of SCiMMA's provider: `scimma`, or the only OpenID Connect one; "" for none."""
    from allauth.socialaccount.adapter import get_adapter

    names = [app.provider_id or app.provider for app in get_adapter().list_apps(None, provider="openid_connect")]
    return "scimma" if "scimma" in names else names[0] if len(names) == 1 else ""


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


def in_mapped_group(sociallogin) -> bool:
    """Whether the log-in claims a group that LOGIN_GROUPS maps."""
    if not conf.LOGIN_GROUPS or not speaks_for_groups(sociallogin):
        return False
    names = claimed(sociallogin.account.extra_data, conf.LOGIN_GROUPS_CLAIM)
    return bool(memberships.wanted(names, conf.LOGIN_GROUPS))


def may_enter(names: Iterable[str]) -> bool:
    """Whether somebody in these claimed groups may log in with SCiMMA, by LOGIN_REQUIRES."""
    required = conf.LOGIN_REQUIRES
    return not required or any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in required)
