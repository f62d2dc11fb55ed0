"""GCN's classic binary packets as GCN turns them into JSON, said as its JSON notices say it. Pure.

Examples: https://github.com/nasa-gcn/gcn-classic-to-json, one folder a type. What differs from the core schemas are lists of
one-word mappings, names of LVC's words, a range where there should be a value, and an instrument for a mission.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from . import classic_types, fields

_WORDS = {"pipeline_type": "pipeline", "search_type": "search", "group_type": "group"}
_CLASSES = {"TERRESTRIAL": "Terrestrial", "MASSGAP": "MassGap"}
_PROPERTIES = {"NS": "HasNS", "REMNANT": "HasRemnant", "MASSGAP": "HasMassGap", "SSM": "HasSSM"}
_SECONDS = re.compile(r"(\d{1,6}(?:\.\d+)?) ?s(?:ec)?", re.ASCII)


def as_core(said: dict[str, Any]) -> dict[str, Any]:
    """The notice in the words of the core schemas; one that says nothing else as it is."""
    found = dict(said)
    for key, names in (("classification", _CLASSES), ("properties", _PROPERTIES)):
        merged = _merged(said.get(key))
        if merged is not None:
            found[key] = {names.get(_plain(name), name): value for name, value in merged.items()}
    for theirs, core in _WORDS.items():
        if fields.clean(said.get(theirs)) and said.get(core) is None:
            found[core] = found.pop(theirs)
    url = fields.link(said.get("skymap_url"))
    if url and ".fit" in url.rpartition("/")[2] and not said.get("healpix_url"):
        found["healpix_url"] = found.pop("skymap_url")
    duration = said.get("duration")
    match = _SECONDS.fullmatch(duration) if isinstance(duration, str) else None
    if match:
        found["duration"] = float(match[1])
    _distance(found)
    _telescope(found)
    return found


def _plain(name: str) -> str:
    """`Mass Gap`, `MASS_GAP`: MASSGAP."""
    return name.upper().replace(" ", "").replace("_", "")


def contributors(text: Any) -> list[str]:
    """Who contributed by what is written for people: `LIGO-Hanford Observatory contributed to this candidate event.`"""
    lines = text.splitlines() if isinstance(text, str) else []
    return classic_types.contributors(lines)


def _merged(raw: Any) -> dict[str, Any] | None:
    """`[{"BNS": 0.1}, {"BBH": 0.9}]` as one mapping; None for anything else."""
    if not isinstance(raw, list) or not raw or not all(isinstance(item, Mapping) for item in raw):
        return None
    return {str(name): value for item in raw[:100] for name, value in item.items()}


def _distance(said: dict[str, Any]) -> None:
    """Super-K's `distance_range`, Mpc, as its middle and half its width; the range stays."""
    ends = said.get("distance_range")
    low, high = (fields.number(end) for end in ends) if isinstance(ends, list) and len(ends) == 2 else (None, None)
    if low is not None and high is not None and 0 <= low < high and said.get("luminosity_distance") is None:
        said["luminosity_distance"], said["luminosity_distance_error"] = (low + high) / 2, (high - low) / 2


def _telescope(said: dict[str, Any]) -> None:
    """A counterpart's `ref_instrument`, `Swift-XRT`, whose mission counts the trigger that it looked at."""
    telescope = fields.clean(said.get("ref_instrument"))[:60]
    if not telescope or said.get("mission"):
        return
    mission, _, instrument = telescope.partition("-")
    said["mission"] = mission
    if instrument:
        said.setdefault("instrument", instrument)
    numbers = [name for name in fields.names(said.get("ref_ID")) if name.isdigit()]
    if numbers and said.get("id") is None:
        said["id"], said["notice_type"] = numbers, said.get("notice_type") or "counterpart"
        said.pop("ref_ID")
