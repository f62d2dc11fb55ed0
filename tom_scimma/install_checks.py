"""System checks of what is installed around us: a foreign package in our place, a database that will lock, groups."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib import metadata

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import OperationalError, ProgrammingError

from tom_scimma import policy_checks

Problems = Iterator[CheckMessage]


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
