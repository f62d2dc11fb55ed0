"""What may be wrong inside TOM_SCIMMA's SOURCES and TOPICS, for checks.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured

from tom_scimma import sources as reading
from tom_scimma.conf import TargetPolicy, TopicPolicy, conf
from tom_scimma.notice import KINDS, ROLES

Problems = Iterator[CheckMessage]
SOURCE_KEYS = ("brokers", "kind", "auth", "group", "start", "topics", "config")
KEEP = ("all", "matched", "none")
LANES = ("fast", "bulk")
PERMISSIONS = ("OPEN", "PUBLIC", "PRIVATE", None)


def sources() -> Problems:
    """Each source: known keys, brokers to speak to, a kind we know, a start that can be read, a whole credential."""
    found = False
    for name, entry in conf.SOURCES.items():
        where = f"TOM_SCIMMA['SOURCES'][{name!r}]"
        if not isinstance(name, str) or not isinstance(entry, dict):
            hint = 'A source is a dict, {} for all defaults: {"hopskotch": {}}.'
            yield (found := Error(f"{where} is a {type(entry).__name__}.", hint=hint, id="tom_scimma.E004"))
            continue
        for key, wrong in _wrong_in_source(name, entry):
            hint = _SOURCE_HINTS.get(key, f"Known keys: {', '.join(SOURCE_KEYS)}.")
            yield (found := Error(f"{where}[{key!r}] {wrong}", hint=hint, id="tom_scimma.E004"))
    if found:
        return
    try:
        reading.sources()
    except (
        ImproperlyConfigured
    ) as error:  # what only the whole entry tells: half a credential, in settings or environment
        yield Error(str(error), hint=_SOURCE_HINTS["auth"], id="tom_scimma.E004")


_SOURCE_HINTS = {
    "brokers": 'Give host:port, or several: "brokers": ["kafka.scimma.org:9092"].',
    "kind": f"One of {', '.join(reading.KINDS)}.",
    "start": 'One of "latest", "earliest", or a time such as "2026-01-31T00:00:00Z".',
    "topics": 'A list of topic names and patterns: ["igwn.gwalert", "gcn.notices.*"].',
    "auth": "Leave it out (environment, then hop's auth file), False for none, or a dict: "
    '{"username": ..., "password": ...}.',
    "group": "A consumer group's name; on Hopskotch it must start with the credential's name and a dash.",
    "config": "A dict of librdkafka's properties.",
}


def _wrong_in_source(source: str, entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    kind = entry.get("kind") or (source if source in reading.KINDS else "kafka")
    for key in entry:
        if key not in SOURCE_KEYS:
            yield key, "is unknown."
    brokers = entry.get("brokers") or reading.BROKERS.get(kind)
    listed = brokers.split(",") if isinstance(brokers, str) else brokers
    if not _names(listed) or not listed or not all(name.strip() for name in listed):
        yield "brokers", f"is {brokers!r}: no broker to speak to."
    if kind not in reading.KINDS:
        yield "kind", f"is {entry['kind']!r}."
    try:
        reading.start_position(entry.get("start", "latest"))
    except ValueError:
        yield "start", f"is {entry['start']!r}."
    if not _names(entry.get("topics") or []):
        yield "topics", f"is {entry['topics']!r}."
    if not (entry.get("auth") in (None, False, True) or isinstance(entry["auth"], dict)):
        yield "auth", f"is a {type(entry['auth']).__name__}."
    if not isinstance(entry.get("group") or "", str):
        yield "group", f"is {entry['group']!r}."
    if not isinstance(entry.get("config") or {}, dict):
        yield "config", f"is a {type(entry['config']).__name__}."


def _names(value: Any) -> bool:
    return isinstance(value, (list, tuple, set)) and all(isinstance(name, str) for name in value)


def topics() -> Problems:
    """Each topic's policy: known keys with values that mean something, and a source that exists."""
    for name, entry in conf.TOPICS.items():
        where = f"TOM_SCIMMA['TOPICS'][{name!r}]"
        if not isinstance(name, str) or not isinstance(entry, dict):
            yield Error(
                f"{where} is a {type(entry).__name__}.",
                hint='A policy is a dict, {} for all defaults: {"igwn.gwalert": {}}.',
                id="tom_scimma.E005",
            )
            continue
        for key, wrong, hint in _wrong_in_topic(entry):
            yield Error(f"{where}[{key!r}] {wrong}", hint=hint, id="tom_scimma.E005")
        if entry.get("source") and entry["source"] not in conf.SOURCES:
            known = ", ".join(conf.SOURCES) or "none is set"
            yield Error(
                f"{where} is of the source {entry['source']!r}, which is not in SOURCES.",
                hint=f"Sources: {known}.",
                id="tom_scimma.E007",
            )
        yield from _targets(where, entry)


def _wrong_in_topic(entry: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    known = [item.name for item in fields(TopicPolicy)]
    for key in entry:
        if key not in known:
            yield key, "is unknown.", f"Known keys: {', '.join(known)}."
    if entry.get("keep", "all") not in KEEP:
        yield "keep", f"is {entry['keep']!r}.", f"One of {', '.join(KEEP)}."
    if entry.get("lane", "fast") not in LANES:
        yield "lane", f"is {entry['lane']!r}.", f"One of {', '.join(LANES)}."
    days = entry.get("days")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or days < 1):
        yield "days", f"is {days!r}.", "A whole number of days from 1, or None: never pruned."
    for key in ("groups", "authority", "senders", "republish"):
        if not _names(entry.get(key) or []):
            yield key, f"is {entry[key]!r}.", 'A list of names, also for one: ["LVK"].'


def _targets(where: str, entry: dict[str, Any]) -> Problems:
    given = entry.get("targets", {})
    if given is None:
        return
    if not isinstance(given, dict):
        yield Error(
            f"{where}['targets'] is a {type(given).__name__}.",
            hint="A dict, or None: never makes targets.",
            id="tom_scimma.E006",
        )
        return
    for key, wrong, hint in _wrong_in_targets(given):
        yield Error(f"{where}['targets'][{key!r}] {wrong}", hint=hint, id="tom_scimma.E006")
    if entry.get("groups") and given.get("permissions") in ("OPEN", "PUBLIC"):
        yield Warning(
            f"{where} is protected by groups, but its targets are {given['permissions']}: all see their positions.",
            hint="Leave out targets' permissions: a protected topic's targets are PRIVATE and seen by its groups.",
            id="tom_scimma.W005",
        )


def _wrong_in_targets(given: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    known = [item.name for item in fields(TargetPolicy)]
    for key in given:
        if key not in known:
            yield key, "is unknown.", f"Known keys: {', '.join(known)}."
    radius = given.get("max_radius_deg", 1)
    if isinstance(radius, bool) or not isinstance(radius, (int, float)) or not 0 < radius <= 180:
        yield "max_radius_deg", f"is {radius!r}.", "Degrees, more than 0 and at most 180."
    for key, allowed in (("kinds", KINDS), ("roles", ROLES)):
        value = given.get(key, [])
        if not _names(value) or set(value) - set(allowed):
            yield key, f"is {value!r}.", f"A list of some of {', '.join(allowed)}."
    if given.get("permissions") not in PERMISSIONS:
        yield "permissions", f"is {given['permissions']!r}.", "OPEN, PUBLIC, PRIVATE, or None: by the topic."
    if not _names(given.get("groups") or []):
        yield "groups", f"is {given['groups']!r}.", "A list of names of Django groups, or None: those of the topic."


def named_groups() -> Iterator[tuple[str, str]]:
    """Where TOM_SCIMMA names Django groups, and which: (place, group)."""
    for name, entry in conf.TOPICS.items():
        targets = entry.get("targets") or {}
        for group in dict.fromkeys((*(entry.get("groups") or ()), *(targets.get("groups") or ()))):
            yield f"TOM_SCIMMA['TOPICS'][{name!r}]", group
