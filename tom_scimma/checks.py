"""System checks: wrong settings, a foreign package in our place, a database that will lock.

Errors are `tom_scimma.E0nn`, warnings `tom_scimma.W0nn`; each says what was seen and its hint what to do.
"""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Iterator
from datetime import timedelta
from importlib import metadata
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import OperationalError, ProgrammingError

from tom_scimma import policy_checks
from tom_scimma.conf import OPTIONS, conf

Problems = Iterator[CheckMessage]


def near(name: str, known) -> str:
    """A hint that names the closest known name, or all of them."""
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."


@register()
def settings_check(app_configs, **kwargs) -> list[CheckMessage]:
    """TOM_SCIMMA: its keys, their types, and what is in them."""
    given = getattr(settings, "TOM_SCIMMA", {})
    if not isinstance(given, dict):
        return [
            Error(
                f"TOM_SCIMMA is a {type(given).__name__}.",
                hint='Make it a dict: TOM_SCIMMA = {"SOURCES": {...}}.',
                id="tom_scimma.E001",
            )
        ]
    problems = [*_keys(given), *_types(given)]
    if not problems:  # only values of the right type can be looked into
        problems = [*policy_checks.sources(), *policy_checks.topics(), *_ages(), *_limits(), *_login()]
    return problems


def _keys(given: dict) -> Problems:
    for key in given:
        if key not in OPTIONS:
            yield Error(f"TOM_SCIMMA has an unknown key {key!r}.", hint=near(key, OPTIONS), id="tom_scimma.E002")


def _types(given: dict) -> Problems:
    for key, value in given.items():
        if key in OPTIONS and not _fits(value, OPTIONS[key].types):
            names = " or ".join(kind.__name__ for kind in OPTIONS[key].types)
            yield Error(
                f"TOM_SCIMMA[{key!r}] is a {type(value).__name__}, not a {names}.",
                hint=f"{OPTIONS[key].help} Default: {OPTIONS[key].default!r}.",
                id="tom_scimma.E003",
            )


def _fits(value: Any, types: tuple[type, ...]) -> bool:
    if isinstance(value, bool):  # True is an int in Python, and never what was meant
        return bool in types
    return isinstance(value, types) or (float in types and isinstance(value, int))


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
    for key in ("MAX_MESSAGE_BYTES", "MAX_SKYMAP_BYTES", "FETCH_SECONDS"):
        if getattr(conf, key) <= 0:
            yield Error(
                f"TOM_SCIMMA[{key!r}] is {getattr(conf, key)}.", hint="Give a positive number.", id="tom_scimma.E008"
            )
    if not 0 < conf.CANDIDATE_LEVEL <= 1:
        yield Error(
            f"TOM_SCIMMA['CANDIDATE_LEVEL'] is {conf.CANDIDATE_LEVEL}.",
            hint="A credible level is more than 0 and at most 1, for example 0.95.",
            id="tom_scimma.E008",
        )
    from tom_scimma.ledger import STEPS

    for step, seconds in conf.LATENCY_BUDGETS.items():
        if step not in STEPS:
            text = f"TOM_SCIMMA['LATENCY_BUDGETS'] names a step {step!r} that there is not."
            yield Error(text, hint=near(step, STEPS), id="tom_scimma.E008")
        if not _fits(seconds, (float, type(None))):
            yield Error(
                f"TOM_SCIMMA['LATENCY_BUDGETS'][{step!r}] is {seconds!r}.",
                hint="Give seconds, or None for no budget.",
                id="tom_scimma.E008",
            )


def _login() -> Problems:
    for claimed, group in conf.LOGIN_GROUPS.items():
        if not (isinstance(claimed, str) and isinstance(group, str) and claimed and group):
            yield Error(
                f"TOM_SCIMMA['LOGIN_GROUPS'] maps {claimed!r} to {group!r}.",
                hint='Map the name of a group in the claim to the name of a Django group: {"/LVC": "lvc"}.',
                id="tom_scimma.E009",
            )
    if not conf.LOGIN_GROUPS:
        return
    if "allauth.socialaccount.providers.openid_connect" not in settings.INSTALLED_APPS:
        yield Warning(
            "TOM_SCIMMA['LOGIN_GROUPS'] is set, but nobody can log in with SCiMMA.",
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
def installation_check(app_configs, **kwargs) -> list[CheckMessage]:
    """What is installed: nobody else's files over ours, the app under its own name, Kafka's libraries there."""
    return [*_foreign(), *_entries(), *_libraries()]


def _foreign() -> Problems:
    for name in ("tom-scimma", "tom-hermes"):
        try:
            version = metadata.distribution(name).version
        except metadata.PackageNotFoundError:
            continue
        yield Error(
            f"Another package, {name} {version}, is installed. It has the same import name as ours: "
            "the files of one lie over those of the other.",
            hint="pip uninstall tom-scimma tom-hermes && pip install --force-reinstall tom-multimessenger",
            id="tom_scimma.E011",
        )


def _entries() -> Problems:
    for entry in settings.INSTALLED_APPS:
        if entry.startswith("tom_scimma."):
            yield Error(
                f"INSTALLED_APPS has {entry!r}; TOM Toolkit looks for <entry>.urls and would miss our REST API.",
                hint="List it as 'tom_scimma'.",
                id="tom_scimma.E010",
            )


def _libraries() -> Problems:
    for name, why in (
        ("hop", "credentials and formats"),
        ("six", "hop-client needs it and does not say so"),
        ("confluent_kafka", "Kafka"),
    ):
        if importlib.util.find_spec(name) is None:
            yield Error(
                f"The Python package {name} is missing ({why}).",
                hint="pip install --upgrade tom-multimessenger" + (" six" if name == "six" else ""),
                id="tom_scimma.E012",
            )


@register()
def sqlite_check(app_configs, **kwargs) -> list[CheckMessage]:
    """SQLite in WAL with IMMEDIATE transactions, so that listener, worker and pages write at once."""
    database = settings.DATABASES.get("default", {})
    name, options = str(database.get("NAME") or ""), database.get("OPTIONS", {})
    if not database.get("ENGINE", "").endswith("sqlite3") or "memory" in name:
        return []
    missing = []
    if "journal_mode=wal" not in options.get("init_command", "").lower().replace(" ", "") and not _in_wal(name):
        missing.append("the WAL journal")
    if str(options.get("transaction_mode", "")).upper() != "IMMEDIATE":
        missing.append("IMMEDIATE transactions")
    if not missing:
        return []
    return [
        Warning(
            f"SQLite is used without {' and '.join(missing)}: "
            'with a listener and pages at once it will say "database is locked".',
            hint='DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20, '
            '"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"}',
            id="tom_scimma.W001",
        )
    ]


def _in_wal(path: str) -> bool:
    """True for a database file that is in WAL for good: bytes 18 and 19 are 2 (sqlite.org/fileformat2.html)."""
    try:
        with open(path, "rb") as file:
            return file.read(20)[18:20] == b"\x02\x02"
    except OSError:
        return False


@register(Tags.database)
def groups_check(app_configs, databases=None, **kwargs) -> list[CheckMessage]:
    """Django groups that policies name must exist, else superusers alone see the topic. For `check --database`."""
    from django.contrib.auth.models import Group

    if not databases:
        return []
    try:
        there = set(Group.objects.using(next(iter(databases))).values_list("name", flat=True))
    except (OperationalError, ProgrammingError):  # before the first migrate
        return []
    return [
        Warning(
            f"{where} names a group {group!r} that does not exist.",
            hint=f"Make the group {group!r} in the TOM's Users page, or correct the name; "
            "until then only superusers see what it protects.",
            id="tom_scimma.W002",
        )
        for where, group in policy_checks.named_groups()
        if group not in there
    ]
