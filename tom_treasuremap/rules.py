"""Whether the Treasure Map can be told of a pointing, and what of it is wrong, by field. Pure.

The server checks little: an unknown word breaks it and loses the whole request, a place outside the sky is folded back into
it, a number that is none is stored. So everything is checked here before it leaves.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from tom_scimma import times
from tom_treasuremap.pointings import Pointing
from tom_treasuremap.vocabulary import BANDS, DEPTH_UNITS, WAVES

#: what may be reported anew; what is cancelled is taken back by its id
REPORTED = ("planned", "completed")
FIELDS = (
    "ra", "dec", "instrumentid", "time", "status", "band", "central_wave", "bandwidth", "depth", "depth_unit", "depth_err", "pos_angle",
)  # fmt: skip
#: field: least and greatest value
RANGES = {"ra": (0.0, 360.0), "dec": (-90.0, 90.0), "pos_angle": (-360.0, 360.0), "depth_err": (0.0, math.inf)}
WAVELENGTHS = ("central_wave", "bandwidth")
MAGNITUDES = (-10.0, 40.0)
Faults = dict[str, list[str]]


def values(pointing: Pointing) -> dict[str, Any]:
    """A pointing as the server takes it. What nobody said is left out; a band goes with its wavelength and width."""
    waves = WAVES.get(pointing.band or "", (None, None)) if pointing.band != "other" else (None, None)
    said = {
        "ra": pointing.ra,
        "dec": pointing.dec,
        "instrumentid": pointing.instrument_id,
        "time": stamp(pointing.time) if pointing.time else None,
        "status": pointing.status,
        "band": pointing.band,
        "central_wave": pointing.central_wave or waves[0],
        "bandwidth": pointing.bandwidth or waves[1],
        "depth": pointing.depth,
        "depth_unit": pointing.depth_unit if pointing.depth is not None else None,
        "depth_err": pointing.depth_err if pointing.depth is not None else None,
        "pos_angle": pointing.pos_angle,
    }
    return {name: value for name, value in said.items() if value is not None}


def stamp(time: datetime) -> str:
    """A time as it is sent: UTC, with its zone."""
    return time.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"


def faults(said: Mapping[str, Any]) -> Faults:
    """What is wrong with values that are to be sent; {}: nothing."""
    found: Faults = {}
    for check in (_known, _status, _place, _instrument, _time, _band, _depth):
        for name, text in check(said):
            found.setdefault(name, []).append(text)
    return found


def _known(said: Mapping[str, Any]):
    for name in sorted(set(said) - set(FIELDS)):
        yield name, "The Treasure Map has no such field."
    for name in ("ra", "dec", *WAVELENGTHS, "depth", "depth_err", "pos_angle"):
        if said.get(name) is not None and not is_number(said[name]):
            yield name, f"{said[name]!r} is no finite number."


def _status(said: Mapping[str, Any]):
    if said.get("status") not in REPORTED:
        yield "status", f"It is {said.get('status')!r}; what is reported is {' or '.join(REPORTED)}."


def _place(said: Mapping[str, Any]):
    for name in ("ra", "dec"):
        if said.get(name) is None:
            yield name, "It needs a place to look at."
    for name, (least, greatest) in RANGES.items():
        if is_number(said.get(name)) and not least <= said[name] <= greatest:
            yield name, f"{said[name]} is not from {least:g} to {greatest:g}."


def _instrument(said: Mapping[str, Any]):
    number = said.get("instrumentid")
    if number is None:
        yield "instrumentid", "Choose the instrument, as the Treasure Map knows it."
    elif not isinstance(number, int) or isinstance(number, bool) or number < 1:
        yield "instrumentid", f"{number!r} is no instrument's number."


def _time(said: Mapping[str, Any]):
    time = said.get("time")
    if time is None:
        yield "time", "It needs a time, in UTC."
        return
    found = times.parse(str(time)).time
    if found is None:
        yield "time", f"{time!r} is no time."
    elif not re.search(r"(Z|[+-]\d\d(:?\d\d)?)\Z", str(time).upper().partition("T")[2]):
        yield "time", f"{time!r} does not say its zone."
    elif not 2000 <= found.year < 2100:
        yield "time", f"{time!r} is not of this century."


def _band(said: Mapping[str, Any]):
    band, waves = said.get("band"), [said.get(name) for name in WAVELENGTHS]
    if band is None and said.get("status") == "completed":
        yield "band", "What is completed needs its band."
    elif band is not None and band not in BANDS:
        yield (
            "band",
            f"{band!r} is no band of the Treasure Map; those are {' '.join(BANDS)}. For others: other, with wavelength and width.",
        )
    if (waves[0] is None) != (waves[1] is None):
        yield WAVELENGTHS[waves[0] is not None], "Wavelength and width go together."
    elif waves[0] is None and (band == "other" or band in WAVES):
        yield (
            "central_wave",
            f"The band {band} needs its central wavelength and width (Angstrom): without, nobody finds it by wavelength.",
        )
    for name in WAVELENGTHS:
        if is_number(said.get(name)) and said[name] <= 0:
            yield name, f"{said[name]} Angstrom is not above 0."


def _depth(said: Mapping[str, Any]):
    depth, unit = said.get("depth"), said.get("depth_unit")
    if said.get("status") == "completed" and depth is None:
        yield "depth", "What is completed needs the depth that it reached."
    if unit is not None and unit not in DEPTH_UNITS:
        yield "depth_unit", f"{unit!r} is no unit of depth; those are {', '.join(DEPTH_UNITS)}."
    if depth is None or not is_number(depth):
        return
    if unit is None:
        yield "depth_unit", "A depth needs its unit."
    elif str(unit).endswith("_mag") and (depth == 0 or not MAGNITUDES[0] <= depth <= MAGNITUDES[1]):
        yield "depth", f"{depth} is no limiting magnitude."
    elif str(unit).startswith("flux") and depth <= 0:
        yield "depth", f"{depth} is no limiting flux."


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


#: what an update by id cannot change at the server
FIXED = ("ra", "dec", "instrumentid", "band", "central_wave", "bandwidth", "depth", "depth_unit", "depth_err")


def beyond_update(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Fields that an update by id would leave as they were. What is not said afterwards is as before."""
    return [name for name in FIXED if after.get(name) is not None and not _same(before.get(name), after[name])]


def agree(one: Mapping[str, Any], other: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Whether both say the same of these fields; what neither says is the same."""
    return all(_same(one.get(name), other.get(name)) for name in names)


def _same(one: Any, other: Any) -> bool:
    if is_number(one) and is_number(other):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-7)
    return one == other
