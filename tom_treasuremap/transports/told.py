"""A State as JSON, and what a telescope's message says of its requests. Pure. The schema is in docs/transports.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tom_scimma import times
from tom_scimma.errors import Unparsable
from tom_scimma.notice import iso
from tom_treasuremap.followup.request import STATES, State

LONGEST = 500  #: characters of a text
MOST = 1000  #: exposures or data products of one request
NUMBERS = ("seconds", "depth", "ra", "dec", "pos_angle")


def as_json(state: State) -> dict[str, Any]:
    """A state as a telescope tells it."""
    return {
        "state": state.state,
        "start": iso(state.start),
        "end": iso(state.end),
        "message": state.message,
        "url": state.url,
        "products": [_plain(one) for one in state.products],
        "observed": [_plain(one) for one in state.observed],
    }


def states(content: Any) -> dict[str, State]:
    """The states that a message tells, by request; {} for a message that tells none.

    Either one, `{"request": ID, "state": ...}`, or several, `{"states": [...]}`. Raises Unparsable, with what is wrong.
    """
    if not isinstance(content, Mapping):
        return {}
    rows = content.get("states") if "states" in content else [content] if "state" in content else []
    if not isinstance(rows, list):
        raise Unparsable(f"`states` is {type(rows).__name__} and no list")
    found = {}
    for row in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get("request"), str) or not row["request"]:
            raise Unparsable("a state names no request: {'request': ID, 'state': ...}")
        found[row["request"]] = of_json(row)
    return found


def of_json(said: Mapping[str, Any]) -> State:
    """The state that JSON says. Raises Unparsable, with the field."""
    if said.get("state") not in STATES:
        raise Unparsable(f"`state` is {said.get('state')!r}; it is one of {', '.join(STATES)}")
    return State(
        said["state"],
        _time(said, "start"),
        _time(said, "end"),
        _text(said.get("message")),
        _address(said.get("url")),
        tuple(_product(row) for row in _rows(said, "products")),
        tuple(_observed(row) for row in _rows(said, "observed")),
    )


def _plain(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in said.items()}


def _rows(said: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = [] if said.get(name) is None else said[name]
    if not isinstance(rows, list) or len(rows) > MOST or not all(isinstance(row, Mapping) for row in rows):
        raise Unparsable(f"`{name}` is no list of at most {MOST} objects")
    return rows


def _time(said: Mapping[str, Any], name: str) -> datetime | None:
    if said.get(name) is None:
        return None
    found = times.parse(said[name]).time
    if found is None:
        raise Unparsable(f"`{name}` is {said[name]!r}, which is no time")
    return found


def _text(value: Any) -> str:
    return " ".join(str(value).split())[:LONGEST] if value else ""


def _address(value: Any) -> str:
    """A page's address; "" for what a browser had better not open."""
    text = _text(value)
    return text if text.startswith(("https://", "http://")) else ""


def _product(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": _text(said.get("id")),
        "filename": _text(said.get("filename")),
        "created": _time(said, "created"),
        "url": _address(said.get("url")),
    }


def _observed(said: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: _time(said, name) for name in ("start", "end")}
    found["filter"] = _text(said.get("filter"))
    for name in NUMBERS:
        value = said.get(name)
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value)
        ):
            raise Unparsable(f"`observed.{name}` is {value!r}, which is no number")
        found[name] = value
    return found
