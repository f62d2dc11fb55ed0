"""What every parser asks of a sender's values: names, numbers, times, links, maps.

Pure; nothing here raises but `event`.
"""

from __future__ import annotations

import binascii
import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from .. import times
from ..decode import unpack
from ..errors import Unparsable

LONGEST_NAME = 200
#: texts shorter than this are remembered once cleaned
_SHORT = 60
_SUPEREVENT = re.compile(r"([MT]?S)(\d{6})([a-z]+)", re.IGNORECASE | re.ASCII)
_TEST_SUPEREVENT = re.compile(r"[MT]S\d{6}[a-z]", re.ASCII)
#: control characters, half surrogate pairs, and those that turn the direction of the text around them
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_CARD = 80
_BLOCK = 2880


def clean(raw: Any) -> str:
    """A name as one line: control characters gone, white space single, NFC.

    Numbers as their digits; "" for anything else.
    """
    if isinstance(raw, str):
        return _short(raw) if len(raw) < _SHORT else _cleaned(raw)
    if raw is None or isinstance(raw, bool) or not isinstance(raw, (int, float)):  # most keys are not there
        return ""
    return _cleaned(f"{raw:.0f}" if isinstance(raw, float) and raw.is_integer() else str(raw))


def _cleaned(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(_CONTROL.sub(" ", text[: 10 * LONGEST_NAME + 1]).split()))


@lru_cache(maxsize=8192)
def _short(text: str) -> str:
    """The same of a short text: names of Params, missions and detectors come again in every message."""
    return _cleaned(text)


def names(raw: Any) -> list[str]:
    """The names in what may be a string, a number, a list of them or nothing; without repeats and overlong ones."""
    if raw is None:
        return []
    items = raw if isinstance(raw, list) else [raw]
    return list(dict.fromkeys(name for item in items[:100] if (name := clean(item)) and len(name) <= LONGEST_NAME))


def detectors(raw: Any) -> list[str]:
    """The detectors of a list or of a text with commas; some texts are a list's in Python, `['H1', 'L1']`."""
    return names([name.strip(" []'\"") for name in raw.split(",")] if isinstance(raw, str) else raw)


def event(name: Any) -> str:
    """An event's name. Raises Unparsable when it is empty or longer than LONGEST_NAME."""
    text = clean(name)
    if not text:
        raise Unparsable(f"the event has no usable name: {str(name)[:80]!r}")
    if len(text) > LONGEST_NAME:
        raise Unparsable(f"the event's name is longer than {LONGEST_NAME} characters: {text[:40]!r}...")
    return text


def superevent(name: str) -> str | None:
    """The superevent id in its usual case (`S230518h`, `MS181101ab`) when `name` is one, else None."""
    match = _SUPEREVENT.fullmatch(name)
    return match[1].upper() + match[2] + match[3].lower() if match else None


def is_test_superevent(name: str) -> bool:
    """True for mock (`MS...`) and test (`TS...`) superevents."""
    return _TEST_SUPEREVENT.match(name) is not None


def number(raw: Any) -> float | None:
    """A finite float from a number or its text, else None. Booleans are not numbers."""
    if raw is None or isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        return None
    if isinstance(raw, str) and len(raw) > 60:
        return None
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def rate(raw: Any) -> float | None:
    """A false-alarm rate: a number that is not negative, else None."""
    value = number(raw)
    return value if value is not None and value >= 0 else None


def probabilities(raw: Any) -> dict[str, float]:
    """Class to number of what should be a mapping; entries that are no numbers are left out."""
    if not isinstance(raw, Mapping):
        return {}
    pairs = ((clean(key), number(value)) for key, value in raw.items())
    return {key: value for key, value in pairs if key and value is not None}


def classes(said: Mapping[str, Any], extra: dict[str, Any]) -> dict[str, float]:
    """`classification` as class to probability; percent that come to 100 are divided by it.

    Where something in it is no number, or was converted, all of it stays in `extra` too.
    """
    found = _kept(said, "classification", probabilities(said.get("classification")), extra)
    if found and max(found.values()) > 1 and 99 <= sum(found.values()) <= 101:
        extra["classification"] = jsonable(said.get("classification"))
        return {name: value / 100 for name, value in found.items()}
    return found


def flags(said: Mapping[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """The scalars of `properties`; where there is anything else, all of it stays in `extra` too."""
    return _kept(said, "properties", scalars(said.get("properties")), extra)


def _kept(said: Mapping[str, Any], key: str, found: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    raw = said.get(key)
    full = isinstance(raw, Mapping) and len(found) == sum(value is not None for value in raw.values())
    if raw is not None and not full:
        extra[key] = jsonable(raw)
    return found


def scalars(raw: Any) -> dict[str, Any]:
    """The entries of a mapping that are a number, a boolean or a short text."""
    if not isinstance(raw, Mapping):
        return {}
    return {str(key): value for key, value in raw.items() if is_scalar(value)}


def is_scalar(value: Any) -> bool:
    """True for a number, a boolean or a short text: what a property may be."""
    return isinstance(value, (bool, int, float)) or (isinstance(value, str) and 0 < len(value) <= LONGEST_NAME)


def time(said: Mapping[str, Any], key: str, extra: dict[str, Any]) -> datetime | None:
    """The time under `key`.

    What it says beyond the microsecond, or what cannot be understood, stays in `extra` as sent.
    """
    raw = said.get(key)
    if raw is None:
        return None
    moment = times.parse(raw)
    if not moment.exact:
        extra[key] = jsonable(raw)
    return moment.time


def link(raw: Any) -> str | None:
    """A web address (http or https, under 2,000 characters, no spaces), else None."""
    if not isinstance(raw, str) or raw[:1] not in "hH" or not 8 < len(raw) < 2000:
        return None
    if not raw[:8].lower().startswith(("http://", "https://")):
        return None
    return raw if not _CONTROL.search(raw) and " " not in raw else None


def texts(values: Iterable[Any]) -> str | None:
    """The non-empty texts, a line each; None when there is none."""
    return "\n".join(value.strip() for value in values if isinstance(value, str) and value.strip()) or None


def fits(raw: Any) -> tuple[bytes | None, str | None]:
    """The FITS bytes of a sky map sent as base64 text or as bytes, gzip or not; else what is wrong with it.

    Both are None where nothing was sent.
    """
    if raw is None or raw == "" or raw == b"":
        return None, None
    if isinstance(raw, str):
        try:
            data = binascii.a2b_base64(raw.encode("ascii"))
        except (binascii.Error, UnicodeEncodeError) as error:
            return None, f"not base64 ({error}): {raw[:60]!r}"
        if len(raw) - raw.count("\n") - raw.count("\r") != (len(data) + 2) // 3 * 4:
            return None, f"not base64 (other characters in it): {raw[:60]!r}"
    elif isinstance(raw, bytes):
        data = raw
    else:
        return None, f"neither base64 nor bytes, but {type(raw).__name__}"
    if data[:2] != unpack.GZIP and data[:9] != b"SIMPLE  =":
        return None, f"decoded, but not FITS: it begins with {data[:16]!r}"
    return data, None


def sha256(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def map_distance(data: bytes) -> tuple[float, float] | None:
    """(DISTMEAN, DISTSTD) in Mpc from the headers of a sky map, both finite, the mean positive; else None.

    Reads the 80-character cards of the first two headers (FITS standard 4.0, section 4.4); no more of the file is
    touched.
    """
    start = unpack.head(data, 20 * _BLOCK)
    found: dict[bytes, float | None] = {}
    ends = 0
    for place in range(0, len(start) - _CARD + 1, _CARD):
        card = start[place : place + _CARD]
        if card[:8] in (b"DISTMEAN", b"DISTSTD ") and card[8:10] == b"= ":
            found[card[:8]] = number(card[10:].split(b"/")[0].decode("ascii", "replace").strip())
        elif card.rstrip() == b"END":
            ends += 1
            if ends == 2:
                break
    mean, deviation = found.get(b"DISTMEAN"), found.get(b"DISTSTD ")
    return (mean, deviation) if mean is not None and deviation is not None and mean > 0 else None


def jsonable(value: Any) -> Any:
    """The same for a JSON column: bytes become their length and SHA-256, keys text, floats finite.

    Depth is bounded by decode.
    """
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (dict, Mapping)):  # the second question is slow, and almost never asked
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, bytes):
        return {"bytes": len(value), "sha256": sha256(value)}
    return str(value)
