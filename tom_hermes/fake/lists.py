"""The lists of the index: filters, pages, single rows. Filters that HERMES does not know are ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dateutil import parser

from tom_hermes.fake.http import Reply, Request
from tom_hermes.fake.index import Event, Index, Message, Target, cone, polygon

PAGE = 100
MOST = 2**63 - 1  #: rows that a LIMIT can say
SEQUENCES = ("EARLY_WARNING", "RETRACTION", "PRELIMINARY", "INITIAL", "UPDATE")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


def messages(request: Request, index: Index) -> list[Message]:
    """Newest first, if nothing is said; one that has two fitting targets is there twice, as in HERMES."""
    given = dict(parse_qsl(request.query))
    rows = _sorted(index.messages, given, ("id", "uuid"))
    if given.get("uuid"):
        rows = [row for row in rows if row.uuid.startswith(given["uuid"])]
    for fits in _of_events(given):
        rows = _joined(rows, lambda row: row.events, fits)
    for fits in _of_targets(given, "target_name"):
        rows = _joined(rows, lambda row: row.targets, fits)
    return rows


def targets(request: Request, index: Index) -> list[Target]:
    given = dict(parse_qsl(request.query))
    rows = _sorted(index.targets, given, ("id", "name"))
    for fits in _of_targets(given, "name"):
        rows = [row for row in rows if fits(row)]
    if given.get("event_id"):
        rows = _joined(
            rows,
            lambda row: [event for message in row.messages for event in message.events],
            lambda event: _named(event.event_id, given["event_id"], False),
        )
    if given.get("referenced_by_uuid"):
        prefix = given["referenced_by_uuid"]
        rows = _joined(rows, lambda row: row.messages, lambda message: message.uuid.startswith(prefix))
    return rows


def events(request: Request, index: Index) -> list[Event]:
    """Those that fit, in the order in which they were first heard of. Raises ValueError for a date that is none.

    `created_after` and `created_before` are asked of an event's sequences, and these have none.
    """
    rows = list(index.events)
    given = dict(parse_qsl(request.query))
    for fits in _of_events(given):
        rows = [row for row in rows if fits(row)]
    if given.get("referenced_by_uuid"):
        prefix = given["referenced_by_uuid"]
        rows = _joined(rows, lambda row: row.messages, lambda message: message.uuid.startswith(prefix))
    for name in ("created_after", "created_before"):
        if given.get(name):
            parser.parse(given[name])
            rows = []
    return rows


def wrong_sequences(request: Request) -> dict[str, list[str]]:
    """What is wrong with the filters of sequences."""
    given, wrong = parse_qsl(request.query), {}
    for name, value in given:
        if name == "sequence_number" and not _NUMBER.fullmatch(value.strip()):
            wrong[name] = ["Enter a number."]
        elif name in ("sequence_type", "exclude_sequence_type") and value not in SEQUENCES:
            wrong[name] = [f"Select a valid choice. {value} is not one of the available choices."]
    return wrong


def page(request: Request, rows: list, base: str) -> Reply:
    """One page of them, by `limit` and `offset`. Raises ValueError for a limit that a database cannot count to."""
    limit, offset = _number(request.value("limit"), PAGE, least=1), _number(request.value("offset"), 0, least=0)
    if limit > MOST and rows and offset <= len(rows):
        raise ValueError("bigint out of range")
    shown = [row.row() for row in rows[offset : offset + limit]]

    def link(place: int) -> str:
        given = parse_qsl(request.query, keep_blank_values=True)
        pairs = [(key, value) for key, value in given if key not in ("limit", "offset")]
        pairs += [("limit", str(limit)), *([("offset", str(place))] if place > 0 else [])]
        return f"{base}{request.path}?{urlencode(sorted(pairs))}"

    document = {
        "count": len(rows),
        "next": link(offset + limit) if offset + limit < len(rows) else None,
        "previous": link(offset - limit) if offset > 0 else None,
        "results": shown,
    }
    return Reply(200, document)


def _of_targets(given: dict[str, str], name: str) -> Iterable[Callable[[Target], bool]]:
    """The filters that look at one target each."""
    if given.get(name):
        yield lambda target: _named(target.name, given[name], False)
    if given.get(f"{name}_exact"):
        yield lambda target: _named(target.name, given[f"{name}_exact"], True)
    if given.get("cone_search"):
        yield cone(given["cone_search"])
    if given.get("polygon_search"):
        yield polygon(given["polygon_search"])


def _of_events(given: dict[str, str]) -> Iterable[Callable[[Event], bool]]:
    if given.get("event_id"):
        yield lambda event: _named(event.event_id, given["event_id"], False)
    if given.get("event_id_exact"):
        yield lambda event: _named(event.event_id, given["event_id_exact"], True)


def _joined(rows: Iterable[Any], many: Callable[[Any], list], fits: Callable[[Any], bool]) -> list[Any]:
    return [row for row in rows for item in many(row) if fits(item)]


def _sorted(rows: Iterable[Any], given: dict[str, str], fields: tuple[str, ...]) -> list[Any]:
    """By `ordering`, of which names that are no fields are left out; the newest first without."""
    wanted = [name for name in given.get("ordering", "").split(",") if name.strip().lstrip("-") in fields]
    found = list(rows)
    for name in reversed(wanted or ["-id"]):
        key = name.strip()
        found.sort(key=lambda row: getattr(row, key.lstrip("-")), reverse=key.startswith("-"))
    return found


def _named(name: str, wanted: str, exact: bool) -> bool:
    return name == wanted if exact else wanted.lower() in name.lower()


def _number(text: str, default: int, *, least: int) -> int:
    """As Django REST framework reads it: whatever `int` takes, else, or where it is less than the least, the default."""
    try:
        number = int(text)
    except ValueError:
        return default
    return number if number >= least else default
