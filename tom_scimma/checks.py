"""System checks of TOM_SCIMMA and of log-in; install_checks.py looks at what is installed around us.

Errors are `tom_scimma.E0nn`, warnings `tom_scimma.W0nn`; each says what was seen and its hint what to do.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from tom_scimma import policy_checks
from tom_scimma.conf import OPTIONS, conf
from tom_scimma.notice import KINDS
from tom_scimma.setting_checks import fits, near, shape
from tom_scimma.translate import AUTHORITY

Problems = Iterator[CheckMessage]


@register()
def settings_check(app_configs, **kwargs) -> list[CheckMessage]:
    """TOM_SCIMMA: its keys, their types, and what is in them."""
    problems = shape("TOM_SCIMMA", OPTIONS, "tom_scimma")
    if not problems:  # only values of the right type can be looked into
        problems = [*policy_checks.sources(), *policy_checks.topics(), *_ages(), *_limits(), *_login()]
    return problems


def _ages() -> Problems:
    for key in ("LIVE_AGE", "ACT_AGE"):
        if getattr(conf, key) <= timedelta(0):
            yield Error(
                f"TOM_SCIMMA[{key!r}] is {getattr(conf, key)}: every alert would be history.",
                hint="Give a positive timedelta, for example timedelta(hours=6).",
                id="tom_scimma.E008",
            )
    if conf.ACT_AGE > conf.LIVE_AGE:
        yield Warning(
            f"TOM_SCIMMA['ACT_AGE'] ({conf.ACT_AGE}) is longer than LIVE_AGE ({conf.LIVE_AGE}).",
            hint="Only live alerts are acted on, so LIVE_AGE ends it first; make ACT_AGE the shorter.",
            id="tom_scimma.W004",
        )


def _limits() -> Problems:
    for key in ("MAX_MESSAGE_BYTES", "MAX_SKYMAP_BYTES", "FETCH_SECONDS", "ANNOTATOR_SECONDS", "COINCIDENCE_SECONDS"):
        if getattr(conf, key) <= 0:
            yield Error(
                f"TOM_SCIMMA[{key!r}] is {getattr(conf, key)}.", hint="Give a positive number.", id="tom_scimma.E008"
            )
    for pair, limits in conf.COINCIDENCE_WINDOWS.items():
        numbers = isinstance(limits, (list, tuple)) and [item for item in limits if isinstance(item, (int, float))]
        if not numbers or len(numbers) != 2 or numbers[0] > numbers[1] or not set(str(pair).split("-")) <= set(KINDS):
            yield Error(
                f"TOM_SCIMMA['COINCIDENCE_WINDOWS'][{pair!r}] is {limits!r}.",
                hint=f'Write it as "GW-GRB": (-60, 600), seconds; kinds are {", ".join(KINDS)}.',
                id="tom_scimma.E008",
            )
    if conf.IVORN and not AUTHORITY.fullmatch(conf.IVORN):
        yield Error(
            f"TOM_SCIMMA['IVORN'] is {conf.IVORN!r}, which begins no IVORN.",
            hint="Write it as ivo://tom.example.org/alerts: ASCII, no '#', no slash at the end.",
            id="tom_scimma.E008",
        )
    if not 0 < conf.CANDIDATE_LEVEL <= 1:
        yield Error(
            f"TOM_SCIMMA['CANDIDATE_LEVEL'] is {conf.CANDIDATE_LEVEL}.",
            hint="A credible level is more than 0 and at most 1, for example 0.95.",
            id="tom_scimma.E008",
        )
    folder = Path(conf.GALAXY_DIR)
    if conf.GALAXY_DIR and (not folder.is_absolute() or (folder.exists() and not folder.is_dir())):
        yield Error(
            f"TOM_SCIMMA['GALAXY_DIR'] is {conf.GALAXY_DIR!r}, which is no absolute path of a folder.",
            hint="Name a folder that all processes of this TOM can read; it is made when it is not there.",
            id="tom_scimma.E008",
        )
    yield from _days()
    if "://" in conf.ALADIN_URL and not conf.ALADIN_URL.startswith(("https://", "http://")):
        yield Error(
            f"TOM_SCIMMA['ALADIN_URL'] is {conf.ALADIN_URL!r}.",
            hint="Give an https address, or the name of a static file such as npm/aladin-lite/aladin.js.",
            id="tom_scimma.E008",
        )
    from tom_scimma.ledger import STEPS

    for step, seconds in conf.LATENCY_BUDGETS.items():
        if step not in STEPS:
            text = f"TOM_SCIMMA['LATENCY_BUDGETS'] names a step {step!r} that there is not."
            yield Error(text, hint=near(step, STEPS), id="tom_scimma.E008")
        if not fits(seconds, (float, type(None))):
            yield Error(
                f"TOM_SCIMMA['LATENCY_BUDGETS'][{step!r}] is {seconds!r}.",
                hint="Give seconds, or None for no budget.",
                id="tom_scimma.E008",
            )


def _days() -> Problems:
    days = conf.CANDIDATE_DAYS
    if len(days) != 2 or not all(fits(day, (float,)) for day in days) or not days[0] < days[1]:
        yield Error(
            f"TOM_SCIMMA['CANDIDATE_DAYS'] is {days!r}.",
            hint="Give two numbers, days before (negative) and after an event, for example (-2, 30).",
            id="tom_scimma.E008",
        )


OPENID = "allauth.socialaccount.providers.openid_connect"


def _login() -> Problems:
    for key, example in (("LOGIN_GROUPS", '{"/LVC": "lvc"}'), ("HOPSKOTCH_GROUPS", '{"tomtoolkit": "team"}')):
        for there, group in getattr(conf, key).items():
            if not (isinstance(there, str) and isinstance(group, str) and there and group):
                yield Error(
                    f"TOM_SCIMMA[{key!r}] maps {there!r} to {group!r}.",
                    hint=f"Map the name of a group at SCiMMA to the name of a Django group: {example}.",
                    id="tom_scimma.E009",
                )
    if conf.HOPAUTH_URL and not conf.HOPAUTH_URL.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        yield Error(
            f"TOM_SCIMMA['HOPAUTH_URL'] is {conf.HOPAUTH_URL!r}.",
            hint="Give an https address such as https://my.hop.scimma.org/hopauth; None: SCiMMA Auth is never asked.",
            id="tom_scimma.E008",
        )
    if not (conf.LOGIN_GROUPS or conf.LOGIN_REQUIRES):
        return
    if OPENID not in settings.INSTALLED_APPS:
        yield Warning(
            "TOM_SCIMMA['LOGIN_GROUPS'] or ['LOGIN_REQUIRES'] is set, but nobody can log in with SCiMMA.",
            hint="Add allauth.socialaccount and allauth.socialaccount.providers.openid_connect to INSTALLED_APPS; "
            "see docs/login.md.",
            id="tom_scimma.W003",
        )
    elif getattr(settings, "SOCIALACCOUNT_ADAPTER", "") != "tom_scimma.login.LoginAdapter":
        yield Warning(
            "Group membership comes from log-in tokens whose signature and nonce nobody checks.",
            hint='Set SOCIALACCOUNT_ADAPTER = "tom_scimma.login.LoginAdapter" (a subclass: silence this check).',
            id="tom_scimma.W003",
        )


@register()
def locked_check(app_configs, **kwargs) -> list[CheckMessage]:
    """A TOM whose pages are all behind a log-in must leave the way to SCiMMA's open."""
    locked = OPENID in settings.INSTALLED_APPS and getattr(settings, "AUTH_STRATEGY", "") == "LOCKED"
    if not locked or any(
        fnmatch.fnmatch("/accounts/oidc/scimma/login/", url) for url in getattr(settings, "OPEN_URLS", [])
    ):
        return []
    return [
        Warning(
            "AUTH_STRATEGY is LOCKED and shuts the way to log in with SCiMMA.",
            hint='OPEN_URLS = ["/accounts/oidc/*", "/accounts/3rdparty/*"]',
            id="tom_scimma.W006",
        )
    ]
