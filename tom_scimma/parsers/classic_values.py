"""What a classic notice's mail says of its event in numbers and words: rates, classes, properties, who contributed. Pure.

Keys: nasa-gcn/gcn-classic-text-to-json and the missions' pages.
"""

from __future__ import annotations

import re
from typing import Any

from . import angles, classic_types, fields
from .voevent import common
from .voevent.packets import EXPERIMENTS, Kind

_YEAR = 365.25 * 86400
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_RANGE = re.compile(r"\s*\d+(?:\.\d+)?\s*-\s*\d")
_BRACES = re.compile(r"\{([^{}]{1,40})\}")
#: degrees between two ways of saying one coordinate that rounding makes at most, where a tenth of a degree is said
_ROUNDING = 0.1
_LIKELY = re.compile(r"(\d{1,3})\s*%\s*(\w[\w .-]{0,40})")


def number(text: str) -> float | None:
    """The first number of a value, before its unit."""
    match = _NUMBER.search(text[:200])
    return fields.number(match[0]) if match else None


def rate(text: str, unsaid: str = "") -> float | None:
    """`3.4096 [yr^-1]`, `3.2e-08 [Hz] (one per 364 days)`: the unit is in the brackets, else `unsaid`."""
    value, unit = number(text), text.lower().partition("[")[2].partition("]")[0].replace(" ", "") or unsaid
    if value is None or value < 0:
        return None
    return value / _YEAR if "yr" in unit or "year" in unit else value if unit in ("hz", "s^-1", "1/s") else None


def degrees(place: tuple[re.Match[str], re.Match[str]]) -> tuple[float, float] | None:
    """RA and Dec of `19.4330d {+01h 17m 44s} (J2000)`; None where what is in the braces is another place."""
    ra, dec = float(place[0][1]) % 360.0, float(place[1][1])
    again = [_BRACES.search(coordinate[0]) for coordinate in place]
    there = [read(found[1]) if found else None for read, found in zip((angles.ra, angles.dec), again, strict=True)]
    off_ra = 0.0 if there[0] is None else abs((ra - there[0] + 180.0) % 360.0 - 180.0)
    off_dec = 0.0 if there[1] is None else abs(dec - there[1])
    return (ra, dec) if max(off_ra, off_dec) <= _ROUNDING else None


def _numbers(said: dict[str, str], names: dict[str, str]) -> dict[str, float]:
    return {ours: value for key, ours in names.items() if (value := number(said.get(key, ""))) is not None}


def _has_gap(name: str) -> bool:
    """Whether a superevent's mass gap is a property, as it is since O4; before, it was a class of its own."""
    return re.sub(r"\D", "", name)[:2] >= "22"


def classes(said: dict[str, str], name: str) -> dict[str, float]:
    """LVC's probabilities, where they are assigned; the GBM's two most likely classes, `94% GRB`."""
    found = {key: chance for key, chance in _numbers(said, classic_types.LVC_CLASSES).items() if 0 <= chance <= 1}
    if _has_gap(name):
        found.pop("MassGap", None)
    for key in ("most_likely", "2nd_most_likely"):
        match = _LIKELY.fullmatch(said.get(key, "").strip())
        if match and int(match[1]):
            found[match[2].upper()] = int(match[1]) / 100
    return found


def properties(said: dict[str, str], name: str) -> dict[str, Any]:
    """Numbers that are one; a range (`0.3-10 [keV]`) stays in `extra`."""
    pairs = {
        **{"signalness": "signalness", "energy": "energy", "rank": "rank", "trigger_dur": "duration_s"},
        **dict.fromkeys(("data_signif", "trigger_signif", "grb_signif"), "significance"),
        **dict.fromkeys(("trans_duration", "duration", "grb_dur", "burst_dur", "event_dur"), "duration_s"),
        **{"reliability": "Reliability", "central_freq": "central_frequency_hz"},
        **{"rate_signif": "Rate_Signif", "image_signif": "Image_Signif", "n_events": "n_events", "pvalue": "Pvalue", "delta_t": "deltaT"},
        **classic_types.LVC_PROPERTIES,
    }  # fmt: skip
    found: dict[str, Any] = _numbers({key: value for key, value in said.items() if not _RANGE.match(value)}, pairs)
    if (gap := number(said.get("prob_massgap", ""))) is not None and 0 <= gap <= 1 and _has_gap(name):
        found["HasMassGap"] = gap
    for ours in classic_types.LVC_PROPERTIES.values():
        if found.get(ours, 0) < 0:  # not assigned
            del found[ours]
    for key, ours in classic_types.LVC_WORDS.items():
        if "=" in said.get(key, ""):
            found[ours] = said[key].partition("=")[2].strip()[:60]
    if said.get("source_name"):
        found["Source_Name"] = said["source_name"].strip()[: fields.LONGEST_NAME]
    return found


def instruments(said: dict[str, str], kind: Kind) -> tuple[str, ...]:
    """LVC's detectors and SNEWS's experiments, which contributed by name or by the comments; else the instrument in the source's name."""
    if kind.source == "SNEWS" and "Detector_" in said.get("expt", ""):
        return tuple(name for letter, name in EXPERIMENTS.items() if f"Detector_{letter} " in said["expt"])
    if kind.source in ("LVK", "SNEWS"):
        return tuple(classic_types.contributors(said.get("comments", "").splitlines()))
    return common.instruments(kind.source)


def distance(said: dict[str, str]) -> tuple[float, float] | None:
    """`2.16 - 2.95 [kpc]`, Super-K's, as its middle and half its width in Mpc."""
    text = said.get("distance", "") or said.get("distance_range", "")
    ends = [float(end) for end in re.findall(r"\d+(?:\.\d+)?", text[:100])[:2]]
    if "kpc" not in text or len(ends) != 2 or not 0 <= ends[0] < ends[1]:
        return None
    return (ends[0] + ends[1]) / 2000, (ends[1] - ends[0]) / 2000
