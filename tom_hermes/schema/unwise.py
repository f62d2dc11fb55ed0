"""What HERMES takes and then garbles, drops or dies of: refused here. Pure.

null and "" (some crash it), numbers that are not finite (published as bare NaN), declinations that it reads as hours,
dates that it guesses, keys that it drops, files that do not come along.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from tom_hermes import dates
from tom_hermes.schema.fields import NULL, Rows, Shape, Text
from tom_hermes.schema.rules import is_iso
from tom_hermes.schema.shape import message as whole

#: places of dates, by section and key
_DATES = {"date_obs", "date", "epoch_of_elements", "epoch_of_perihelion"}
_PLAIN = {"ra", "dec"}
_MESSAGE = whole(dev=False, known=lambda uuid: True)


def unwise(message: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong that HERMES itself would not say, by field as in `schema.faults`."""
    found: dict[str, list[str]] = {}
    for name, text in _object(message, _MESSAGE, ""):
        found.setdefault(name, []).append(text)
    return found


def _object(value: Any, kind: Shape, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        return
    for key, item in value.items():
        whole = kind is _MESSAGE and key == "data"
        name = "" if whole else f"{path}{key}"
        known = kind.keys.get(key)
        if known is None:
            if path or kind is _MESSAGE:  # directly under `data` it is passed on
                yield name, "HERMES does not know this and drops it; put it directly under data."
            else:
                yield from _finite(item, name)
        elif isinstance(known, Shape):
            yield from _object(item, known, "" if whole else f"{name}.")
        elif isinstance(known, Rows) and isinstance(item, (list, tuple)):
            for index, row in enumerate(item):
                yield from _object(row, known.of, f"{name}.{index}.")
        else:
            yield from _value(key, item, name, words=isinstance(known, Text) and key not in _PLAIN)


def _value(key: str, value: Any, name: str, *, words: bool) -> Iterator[tuple[str, str]]:
    """`words`: a text there stays one, whatever it says: an observer may be called Nan."""
    if value is None:
        yield name, NULL
    if not (words and isinstance(value, str)):
        yield from _finite(value, name)
    if key in _PLAIN and isinstance(value, str):
        yield name, "Give decimal degrees: HERMES reads a declination like +05:00:00 as hours."
    if key in _DATES and isinstance(value, (str, int, float)) and not isinstance(value, bool) and not is_iso(value):
        try:
            dates.read(value)
        except dates.BadDate as error:
            yield name, f"{str(error)[:1].upper()}{str(error)[1:]}."


def _finite(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Not a number, infinite, or a text that HERMES makes such a number of; in lists and objects too."""
    if isinstance(value, float) and not math.isfinite(value):
        yield name, f"{value} is not a finite number, which JSON cannot say."
    elif isinstance(value, str) and value.strip().lower().lstrip("+-") in ("nan", "inf", "infinity"):
        yield name, f"{value!r} is not a finite number; HERMES would publish what no JSON reader takes."
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _finite(item, name)
    elif isinstance(value, (list, tuple)):
        bad = next((item for item in value if isinstance(item, float) and not math.isfinite(item)), None)
        if bad is not None:
            yield name, f"{bad} is not a finite number, which JSON cannot say."
