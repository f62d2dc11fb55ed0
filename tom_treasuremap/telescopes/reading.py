"""A telescope from a dict, as its JSON file has it; what is wrong is said for each field at once."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from tom_treasuremap.telescopes import options, shapes
from tom_treasuremap.telescopes.checks import Checks, WrongTelescope
from tom_treasuremap.telescopes.grids import GRIDS
from tom_treasuremap.telescopes.telescope import Axis, Filter, Limits, MoonRule, Site, Slew, Telescope
from tom_treasuremap.vocabulary import WAVES

TWILIGHTS = {"civil": -6.0, "nautical": -12.0, "astronomical": -18.0}
#: what stands for a figure that is needed and that a file does not give
TAKEN = {
    "limits.min_altitude": "assumed: none is given; the horizon is taken where a file says nothing",
    "twilight": "assumed: none is given; astronomical is taken where a file says nothing",
    "site.timezone": "assumed: none is given; UTC is taken where a file says nothing",
}
FIELDS = {
    "name", "label", "site", "field", "filters", "limits", "moon", "twilight", "readout", "filter_change", "slew", "grid",
    "instrument_id", "aperture", "transport", "options", "sources", "reports_only",
}  # fmt: skip


def parse(text: str | bytes) -> dict[str, Any]:
    """The dict of a JSON text; raises WrongTelescope with the line where it is none."""
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as why:
        line = getattr(why, "lineno", None)
        raise WrongTelescope({f"line {line}" if line else "file": f"is not JSON: {why}"}) from None
    if "\x00" in json.dumps(found, ensure_ascii=False):  # which no database keeps
        raise WrongTelescope({"file": "has a character of code 0"})
    if not isinstance(found, dict):
        raise WrongTelescope({"file": "a telescope is an object: { ... }"})
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number that JSON has")


def read(said: Mapping[str, Any], *, stored: bool = False) -> Telescope:
    """The telescope of a dict (docs/telescopes.md); raises WrongTelescope with what is wrong, by field.

    One that is `stored` was taken by the rules of its day: of its options, whose rules have grown, nothing is asked again.
    """
    checks = Checks()
    checks.known(said, FIELDS, "")
    name = checks.slug(said.get("name"), "name")
    rings = checks.run("field", lambda: shapes.rings(said.get("field")))
    given = checks.mapping(said.get("options") or {}, "options")
    given = {name: value for name, value in given.items() if value is not None}
    if not stored:
        options.check(checks, given)
    spectra_alone = not said.get("filters") and bool(given.get("spectrographs"))
    filters = {} if spectra_alone else _filters(checks, said.get("filters"))
    found = {
        "name": name,
        "label": checks.text(said.get("label") or said.get("name"), "label"),
        "site": _site(checks, said.get("site")),
        "rings": rings or (),
        "filters": filters,
        "limits": _limits(checks, said.get("limits") or {}),
        "moon": _part(checks, MoonRule, said.get("moon") or {}, "moon", 0.0, 180.0),
        "twilight": _twilight(checks, said.get("twilight", -18.0)),
        "readout": checks.number(said.get("readout", 0.0), "readout", 0.0, 3600.0),
        "filter_change": checks.number(said.get("filter_change", 0.0), "filter_change", 0.0, 3600.0),
        "slew": _slew(checks, said.get("slew")),
        "grid": checks.among(said.get("grid") or "", "grid", ("", *GRIDS)),
        "instrument_id": checks.whole(said.get("instrument_id"), "instrument_id"),
        "aperture": checks.maybe(said.get("aperture"), "aperture", 0.01, 100.0),
        "transport": checks.text(said.get("transport") or "download", "transport"),
        "options": given,
        "sources": checks.texts(said.get("sources") or {}, "sources"),
        "reports_only": checks.flag(said.get("reports_only", False), "reports_only"),
    }
    found["sources"] = {**_assumed(said), **found["sources"]}
    if said.get("site") is None and found["reports_only"] is False:
        checks.wrong("site", "is missing; a telescope in space can only be reported on (reports_only: true)")
    checks.done()
    return Telescope(**found)


def _assumed(said: Mapping[str, Any]) -> dict[str, str]:
    """The sources of what is needed and was not given: what is taken in its place must not pass for a figure of this telescope."""
    if said.get("site") is None:  # in space there is no horizon
        return {}
    limits, site = (given if isinstance(given := said.get(key), Mapping) else {} for key in ("limits", "site"))
    missing = {
        "limits.min_altitude": limits.get("min_altitude") is None and limits.get("max_airmass") is None,
        "twilight": "twilight" not in said,
        "site.timezone": "timezone" not in site,
    }
    return {key: TAKEN[key] for key in missing if missing[key]}


def _site(checks: Checks, said: Any) -> Site | None:
    if said is None:
        return None
    if not checks.is_mapping(said, "site"):
        return None
    checks.known(said, {"latitude", "longitude", "height", "timezone", "mpc", "name", "parallax"}, "site.")
    if said.get("parallax") is not None:
        place = checks.run("site.parallax", lambda: shapes.from_parallax(*said["parallax"]))
        latitude, longitude, height = place or (0.0, 0.0, 0.0)
    else:
        latitude = checks.number(said.get("latitude"), "site.latitude", -90.0, 90.0)
        longitude = checks.number(said.get("longitude"), "site.longitude", -180.0, 360.0)
        height = checks.number(said.get("height", 0.0), "site.height", -500.0, 9000.0)
    return Site(
        latitude,
        (longitude + 180.0) % 360.0 - 180.0,
        height,
        checks.timezone(said.get("timezone", "UTC"), "site.timezone"),
        checks.text(said.get("mpc") or "", "site.mpc"),
        checks.text(said.get("name") or "", "site.name"),
    )


def _limits(checks: Checks, said: Any) -> Limits:
    if not checks.is_mapping(said, "limits"):
        return Limits()
    ranges = {
        "min_altitude": (-5.0, 90.0), "max_altitude": (0.0, 90.0), "max_hour_angle": (0.0, 12.0),
        "min_dec": (-90.0, 90.0), "max_dec": (-90.0, 90.0),
    }  # fmt: skip
    checks.known(said, {*ranges, "horizon", "max_airmass"}, "limits.")
    found: dict[str, Any] = {
        key: checks.maybe(said.get(key), f"limits.{key}", *between) for key, between in ranges.items()
    }
    airmass = checks.maybe(said.get("max_airmass"), "limits.max_airmass", 1.0, 40.0)
    if airmass is not None:
        found["min_altitude"] = max(found["min_altitude"] or 0.0, math.degrees(math.asin(1.0 / airmass)))
    found["min_altitude"] = found["min_altitude"] or 0.0
    horizon = checks.run("limits.horizon", lambda: shapes.horizon(said.get("horizon") or ())) or ()
    return Limits(horizon=horizon, **found)


def _part(checks: Checks, kind: Any, said: Any, name: str, low: float, high: float) -> Any:
    if not checks.is_mapping(said, name):
        return kind()
    checks.known(said, set(kind.__dataclass_fields__), f"{name}.")
    known = {key: value for key, value in said.items() if key in kind.__dataclass_fields__}
    return kind(**{key: checks.number(value, f"{name}.{key}", low, high) for key, value in known.items()})


def _twilight(checks: Checks, said: Any) -> float:
    if isinstance(said, str):
        if said not in TWILIGHTS:
            checks.wrong("twilight", f"{said!r} is none of {', '.join(TWILIGHTS)}, nor degrees")
        return TWILIGHTS.get(said, -18.0)
    return checks.number(said, "twilight", -90.0, 90.0)


def _slew(checks: Checks, said: Any) -> Slew | None:
    if said is None or not checks.is_mapping(said, "slew"):
        return None
    checks.known(said, {"axes", "altaz", "settle"}, "slew.")
    axes = said.get("axes")
    if not isinstance(axes, (list, tuple)) or len(axes) != 2:
        checks.wrong("slew.axes", "are two: [{speed, acceleration}, {speed, acceleration}]")
        return None
    two = tuple(_axis(checks, axis, f"slew.axes.{i}") for i, axis in enumerate(axes))
    settle = checks.number(said.get("settle", 0.0), "slew.settle", 0.0, 600.0)
    return Slew((two[0], two[1]), checks.flag(said.get("altaz", False), "slew.altaz"), settle)


def _axis(checks: Checks, said: Any, name: str) -> Axis:
    if not checks.is_mapping(said, name):
        return Axis(1.0, 1.0)
    checks.known(said, {"speed", "acceleration"}, f"{name}.")
    speed = checks.number(said.get("speed"), f"{name}.speed", 1e-3, 100.0)
    acceleration = checks.maybe(said.get("acceleration"), f"{name}.acceleration", 1e-3, 100.0)
    return Axis(speed, math.inf if acceleration is None else acceleration)  # not known: at its speed at once


def _filters(checks: Checks, said: Any) -> dict[str, Filter]:
    if not isinstance(said, (list, tuple)) or not said:
        checks.wrong("filters", "is a list with one filter at least: [{name, band, ...}]")
        return {}
    found = {}
    for i, one in enumerate(said):
        if checks.is_mapping(one, f"filters.{i}"):
            made = _filter(checks, one, f"filters.{i}")
            if made.name in found:
                checks.wrong(f"filters.{i}.name", f"{made.name!r} is there twice")
            found[made.name] = made
    return found


def _filter(checks: Checks, said: Mapping[str, Any], name: str) -> Filter:
    checks.known(said, {"name", "band", "central_wave", "width", "depths"}, f"{name}.")
    depths = checks.run(f"{name}.depths", lambda: shapes.depths(said.get("depths") or ())) or ()
    band = checks.band(said.get("band"), f"{name}.band")
    wave = checks.maybe(said.get("central_wave"), f"{name}.central_wave", 100.0, 1e7)
    width = checks.maybe(said.get("width"), f"{name}.width", 1.0, 1e7)
    if wave is None and width is None and band not in (None, "other"):
        wave, width = WAVES.get(band, (None, None))  # as the Treasure Map has that band
    return Filter(checks.text(said.get("name"), f"{name}.name", needed=True), band, wave, width, depths)
