"""Values of the normal form as words, and back: how translate/ writes a notice as VOEvent or text and we read it again. Pure.

A value is written as JSON says it, a text as it is; a text that would be read as something else is quoted. So people
read `0.9`, `true` and `GCN`, and nothing changes its type on the way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..decode.json_text import MAX_DEPTH, check_depth
from ..errors import Undecodable, Unparsable
from ..notice import Notice, from_json
from . import fields

#: says that a VOEvent or text was written by translate/, in which version of its layout
MARK = "tom_scimma notice 1"
LISTS = ("aliases", "instruments")
MAPS = ("classification", "properties", "links", "extra")
#: keys of the normal form that hold one text
TEXTS = ("event", "kind", "alert_type", "role", "source", "id", "time", "sent", "text")


def words(value: Any) -> str:
    """A value of the normal form as one line of words."""
    if isinstance(value, str) and value and value == value.strip() and value.isprintable() and value[0] != '"':
        if _json(value) is _NONE:
            return value
    said = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return said if said.isprintable() else json.dumps(value, allow_nan=False)


def value(said: str) -> Any:
    """The value that `words` wrote; what is no JSON is a text."""
    found = _json(said)
    return said if found is _NONE else found


def text(said: str) -> str:
    """The text that `words` wrote."""
    found = value(said)
    return found if isinstance(found, str) else said


_NONE = object()


def _json(said: str) -> Any:
    """What a JSON text says; `_NONE` for anything else, nested too deep included."""
    if said[:1] not in '"[{-0123456789tfn' or not said:
        return _NONE
    try:
        found = json.loads(said, parse_constant=_refused)
        check_depth(found, "JSON")
    except (ValueError, RecursionError, Undecodable):
        return _NONE
    return found


def _refused(constant: str) -> Any:
    raise ValueError(constant)


def notice(said: Mapping[str, Any]) -> Notice:
    """The Notice of a normal form whose keys may be missing. Raises Unparsable for what none can be made of."""
    empty: dict[str, Any] = {key: None for key in ("id", "time", "sent", "far_hz", "sky", "distance_mpc", "text")}
    empty |= {key: [] for key in (*LISTS, "cites")} | {key: {} for key in MAPS} | {"role": "observation"}
    found = {**empty, **said}
    try:
        _all_of([found["source"]], (str,), "a text")
        made = from_json({**found, "event": fields.event(found.get("event")), "source": fields.clean(found["source"])})
        _checked(made)
        return made
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unparsable(f"not a notice in normal form: {type(error).__name__}: {error}") from error


def _checked(made: Notice) -> None:
    """Raises TypeError where a value is not of its kind: strangers write the normal form too."""
    numbers: list[Any] = [made.far_hz or 0.0, *(made.distance_mpc or ()), *made.classification.values()]
    strings: list[Any] = [
        made.id or "",
        made.text or "",
        *made.aliases,
        *made.instruments,
        *made.links,
        *made.links.values(),
    ]
    strings += [part for cite in made.cites for part in (cite.id, cite.relation)]
    if made.sky is not None:
        sky = made.sky.to_json()
        strings += [sky.pop(key, "") for key in ("type", "skymap_sha256", "skymap_url")]
        numbers += [*sky.pop("semi_axes_deg", ()), *sky.values()]
    _all_of(numbers, (int, float), "a number")
    _all_of(strings, (str,), "a text")
    if made.distance_mpc is not None and len(made.distance_mpc) != 2:
        raise TypeError(f"distance_mpc is mean and deviation, not {len(made.distance_mpc)} numbers")
    if not all(isinstance(item, (bool, int, float, str)) for item in made.properties.values()):
        raise TypeError("a property is a number, a truth or a text")
    if not isinstance(made.extra, dict):
        raise TypeError("extra is no object")
    if made.links != {name: fields.link(address) for name, address in made.links.items()}:
        raise TypeError("a link is no web address")


def _all_of(values: Iterable[Any], kinds: tuple[type, ...], called: str) -> None:
    for item in values:
        if isinstance(item, bool) or not isinstance(item, kinds):
            raise TypeError(f"{str(item)[:40]!r} is not {called}")


__all__ = ["LISTS", "MAPS", "MARK", "MAX_DEPTH", "TEXTS", "notice", "text", "value", "words"]
