"""Notice -> what of it any format can carry: no half characters, no control characters, no numbers that are none. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..notice import Cite, Notice, Sky
from ..parsers import fields

#: what XML 1.0 has no way to say (https://www.w3.org/TR/xml/#charsets)
_UNSAYABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: larger integers are read as floating-point numbers, by decode and by most who read JSON
_INTEGERS = range(-(2**63), 2**64)


def carried(notice: Notice) -> Notice:
    """The notice as every translation can give it back: sky-map bytes left out, characters that XML lacks as U+FFFD.

    Numbers that are not finite are None, or missing where they stood under a name; the text has no white space around it.
    """
    return replace(
        notice,
        event=fields.clean(notice.event),
        source=fields.clean(notice.source),
        aliases=tuple(map(text, notice.aliases)),
        id=text(notice.id or "") or None,
        instruments=tuple(map(text, notice.instruments)),
        far_hz=_number(notice.far_hz),
        classification=_known(notice.classification),
        properties=_known(notice.properties),
        sky=_sky(notice.sky),
        distance_mpc=_distance(notice.distance_mpc),
        cites=tuple(Cite(text(cite.id), text(cite.relation)) for cite in notice.cites),
        links={text(name): url for name, url in notice.links.items() if fields.link(url) and text(url) == url},
        text=text(notice.text or "").replace("\r\n", "\n").replace("\r", "\n").strip() or None,
        extra=plain(dict(notice.extra)),
        skymaps={},
    )


def text(said: str) -> str:
    """A text without characters that XML has no way to say."""
    return _UNSAYABLE.sub("\ufffd", said)


def plain(value: Any) -> Any:
    """The same as JSON can say it."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool)):
        return _number(value)
    if isinstance(value, Mapping):
        return {text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return fields.jsonable(value)


def _known(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in plain(said).items() if value is not None}


def _number(value: float | None) -> float | None:
    if isinstance(value, int) and value in _INTEGERS:
        return value
    try:
        value = None if value is None else float(value)
    except OverflowError:
        return None
    return value if value is not None and math.isfinite(value) else None


def _distance(pair: tuple[float, float] | None) -> tuple[float, float] | None:
    known = [_number(value) for value in pair or ()]
    return (known[0], known[1]) if len(known) == 2 and known[0] is not None and known[1] is not None else None


def _sky(sky: Sky | None) -> Sky | None:
    if sky is None:
        return None
    said = {key: plain(value) for key, value in sky.to_json().items()}
    if said.get("ra_deg") is None or said.get("dec_deg") is None:
        said["ra_deg"] = said["dec_deg"] = None  # half a position is none
    axes = said.get("semi_axes_deg")
    said["semi_axes_deg"] = tuple(axes) if axes and None not in axes else None
    return Sky(**said)
