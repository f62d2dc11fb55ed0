"""A message that is too large -> numbered ones that refer to each other, each with the targets that it speaks of. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tom_scimma.errors import Unsaid

#: bytes of one message as it is published; a broker takes a million with its headers
MOST = 950_000
#: bytes that HERMES' defaults add to a row, at most, and our mark and references to the whole
DEFAULTS = {"targets": 130, "photometry": 60, "spectroscopy": 80, "astrometry": 80}
SLACK = 3000
#: between one row and the next
COMMA = len(", ")
ROWS = ("photometry", "spectroscopy", "astrometry")
#: our own key under `data`
MARK = "tom_multimessenger"


def size(message: Mapping[str, Any]) -> int:
    """Bytes of the message as it will be published, at most: as JSON in ASCII, as HERMES writes it."""
    data = message.get("data", {})
    more = sum(extra * len(data.get(name, ())) for name, extra in DEFAULTS.items())
    return len(json.dumps(message)) + more + SLACK


def parts(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The message itself where it fits, else several. Raises Unsaid where a single row does not fit."""
    if size(message) <= MOST:
        return [message]
    identity = hashlib.sha256(json.dumps(message, sort_keys=True).encode()).hexdigest()
    pieces = list(_pieces(message["data"], MOST - _base(message)))
    return [_part(message, piece, number, len(pieces), identity) for number, piece in enumerate(pieces, 1)]


def _base(message: Mapping[str, Any]) -> int:
    """Bytes of what every part has."""
    data = {key: value for key, value in message["data"].items() if key in ("event_id", "event_aliases", "references")}
    return size({**message, "data": data}) + 800


def _bytes(row: Any) -> int:
    """Bytes of one row among others."""
    return len(json.dumps(row)) + COMMA


def _pieces(data: Mapping[str, Any], room: int) -> Iterator[dict[str, Any]]:
    """The data in lots that fit, in order; what belongs to no row is in the first."""
    targets = {target["name"]: target for target in data.get("targets", [])}
    costs = {name: _bytes(target) + DEFAULTS["targets"] for name, target in targets.items()}
    spoken = {row["target_name"] for name in ROWS for row in data.get(name, [])}
    extras = {name: {extra["row"]: extra for extra in data.get(f"{name}_extra", [])} for name in ROWS}
    known = {
        "event_id",
        "event_aliases",
        "references",
        "targets",
        "targets_extra",
        *ROWS,
        *(f"{n}_extra" for n in ROWS),
    }
    first = {key: value for key, value in data.items() if key not in known}
    about = {extra["name"]: extra for extra in data.get("targets_extra", [])}
    piece, used, there = dict(first), len(json.dumps(first)), {}
    for name, target in targets.items():  # those without data
        if name not in spoken:
            there[name], used = target, used + costs[name] + _bytes(about.get(name, ""))
    if used > room:
        raise Unsaid("What goes with the data is too large for one message by itself; choose less.")
    for section in ROWS:
        for number, row in enumerate(data.get(section, [])):
            extra = extras[section].get(number)
            cost = _bytes(row) + DEFAULTS[section] + (_bytes(extra) + 20 if extra else 0)
            name = row["target_name"]
            new = 0 if name in there else costs.get(name, 0) + _bytes(about.get(name, ""))
            if used + cost + new > room and any(piece.get(kind) for kind in ROWS):
                yield _whole(piece, there, about)
                piece, used, there = {}, 0, {}
                new = costs.get(name, 0) + _bytes(about.get(name, ""))
            if used + cost + new > room:
                where = f"{section}.{number}"
                raise Unsaid(f"{where} alone is too large for a message.", {where: ["too large for one message"]})
            if name in targets:
                there[name] = targets[name]
            piece.setdefault(section, []).append(row)
            if extra:
                at = len(piece[section]) - 1
                piece.setdefault(f"{section}_extra", []).append({**extra, "row": at})
            used += cost + new
    yield _whole(piece, there, about)


def _whole(piece: dict[str, Any], there: dict[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    extra = [about[name] for name in there if name in about]
    return {
        **piece,
        **({"targets": list(there.values())} if there else {}),
        **({"targets_extra": extra} if extra else {}),
    }


def _part(message: Mapping[str, Any], piece: dict[str, Any], number: int, of: int, identity: str) -> dict[str, Any]:
    shared = {
        key: message["data"][key] for key in ("event_id", "event_aliases", "references") if key in message["data"]
    }
    mark = {"set": identity, "part": number, "of": of}
    words = f"Part {number} of {of}; all have data.{MARK}.set = {identity}."
    return {
        **message,
        "title": f"{message['title']} ({number} of {of})",
        "message_text": f"{message['message_text']}\n\n{words}".strip(),
        "data": {**shared, **piece, MARK: mark},
    }
