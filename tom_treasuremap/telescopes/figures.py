"""A telescope's figures for people: what, how much, from where. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from tom_treasuremap.telescopes.telescope import Filter, MoonRule, Slew, Telescope
from tom_treasuremap.transports.rules import spectrographs

#: what was left to its default, which is no figure of this telescope
NOT_KNOWN = "not known"
#: with these words a source begins that is none, or one that nothing bears out: they are shown as such
DOUBTS = ("assumed", "unconfirmed")
Line = tuple[str, str, str, str]


def lines(one: Telescope) -> list[Line]:
    """(what, how much, source, doubt) of everything but the filters; `doubt` is one of DOUBTS, or ""."""
    return [(what, value, *doubted(_source(one, *keys))) for what, value, keys in _values(one)]


def doubted(source: str) -> tuple[str, str]:
    """A source, and the doubt that it begins with: "unconfirmed: a file alone" is ("a file alone", "unconfirmed")."""
    word, colon, rest = source.partition(":")
    return (rest.strip(), word) if colon and word in DOUBTS else (source, "")


def _values(one: Telescope) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    yield from _place(one)
    yield "Aperture", f"{one.aperture:g} m" if one.aperture else NOT_KNOWN, ("aperture",)
    yield "Field of view", field(one), ("field",)
    yield from _spectra(one)
    yield from _limits(one)
    if one.site is not None:
        yield "Observes", f"with the Sun below {one.twilight:g}°", ("twilight",)
        yield "Moon", moon(one.moon), ("moon",)
    yield "Readout", f"{one.readout:g} s" if one.readout else NOT_KNOWN, ("readout",)
    if one.filters:
        yield "Filter change", f"{one.filter_change:g} s" if one.filter_change else NOT_KNOWN, ("filter_change",)
    yield "Slew", slew(one.slew), ("slew",)
    yield "Fields", f"fixed grid “{one.grid}”" if one.grid else "points anywhere", ("grid",)
    number = NOT_KNOWN if one.instrument_id is None else str(one.instrument_id)
    yield "Treasure Map instrument", number, ("instrument_id",)


def _place(one: Telescope) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    site = one.site
    if site is None:
        yield "Place", "in space", ("site",)
        return
    where = f"{abs(site.latitude):.4f}° {'N' if site.latitude >= 0 else 'S'}, "
    where += f"{abs(site.longitude):.4f}° {'E' if site.longitude >= 0 else 'W'}, {site.height:.0f} m"
    yield "Place", f"{site.name}: {where}" if site.name else where, ("site",)
    if site.mpc:
        yield "Observatory code", site.mpc, ("site.mpc", "site")
    yield "Time zone", site.timezone, ("site.timezone",)


def _spectra(one: Telescope) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    said = spectrographs(one)
    if not said:
        return
    slits = "; ".join(
        f"{name}, slits of {', '.join(widths)} arcsec" if widths else name for name, widths in said.items()
    )
    yield "Spectrographs", slits, ("options.spectrographs", "options")
    lamps = [_lamp(kind, length) for kind, length in (one.options.get("calibrations") or {}).items()]
    if lamps:
        yield "Around a spectrum", "; ".join(lamps), ("options.calibrations", "options")


def _lamp(kind: str, length: float | Mapping[str, float]) -> str:
    """ "lamp flat 50 s", or of each slit."""
    name = kind.lower().replace("_", " ")
    if not isinstance(length, Mapping):
        return f"{name} {length:g} s"
    return f"{name} " + ", ".join(f"{seconds:g} s with {width} arcsec" for width, seconds in length.items())


def _limits(one: Telescope) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    limits = one.limits
    if one.site is None:
        return
    airmass = 1 / math.sin(math.radians(limits.min_altitude)) if limits.min_altitude > 0 else None
    low = f"{limits.min_altitude:.1f}°" + (f" (airmass {airmass:.2f})" if airmass else "")
    yield "Lowest altitude", low, ("limits.min_altitude", "limits.max_airmass", "limits")
    if limits.max_altitude is not None:
        yield "Highest altitude", f"{limits.max_altitude:g}°", ("limits.max_altitude", "limits")
    if limits.max_hour_angle is not None:
        yield "Hour angle", f"{limits.max_hour_angle:g} h either way", ("limits.max_hour_angle", "limits")
    if limits.min_dec is not None or limits.max_dec is not None:
        least = "" if limits.min_dec is None else f"from {limits.min_dec:g}° "
        most = "" if limits.max_dec is None else f"to {limits.max_dec:g}°"
        yield "Declination", f"{least}{most}".strip(), ("limits.max_dec", "limits.min_dec", "limits")
    if limits.horizon:
        yield "Horizon", horizon(limits.horizon), ("limits.horizon", "limits")


def horizon(points: tuple[tuple[float, float], ...]) -> str:
    """Its points: "45° in the north (azimuth 0°), ..." as they are given."""
    shown = ", ".join(f"{altitude:g}° at azimuth {azimuth:g}°" for azimuth, altitude in points[:12])
    return shown if len(points) <= 12 else f"{shown} and {len(points) - 12} points more"


def field(one: Telescope) -> str:
    """Its area and pieces: "47.7 deg² in 64 pieces, 7.3° x 7.5°"; of a slit its sides alone: "30″ x 2″"."""
    area = sum(_area(ring) for ring in one.rings)
    xs, ys = zip(*(corner for ring in one.rings for corner in ring), strict=True)
    pieces = f" in {len(one.rings)} pieces" if len(one.rings) > 1 else ""
    sides = max(xs) - min(xs), max(ys) - min(ys)
    unit, sign = next((pair for pair in ((1.0, "°"), (60.0, "′")) if max(sides) * pair[0] >= 1), (3600.0, "″"))
    size = " x ".join(f"{side * unit:.3g}{sign}" for side in sides)
    return size if sign == "″" else f"{area:.3g} deg²{pieces}, {size}"


def _area(ring) -> float:
    """Of a flat polygon, which a camera's piece is to a thousandth."""
    around = zip(ring, (*ring[1:], ring[0]), strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in around)) / 2


def moon(rule: MoonRule) -> str:
    """How near the Moon it may look."""
    if rule == MoonRule():
        return "no rule"
    said = f"{rule.separation:g}° from a full Moon, at least {rule.least:g}°"
    return said if rule.max_illumination >= 1 else f"{said}; not at all over {100 * rule.max_illumination:g} % lit"


def slew(one: Slew | None) -> str:
    """How it moves."""
    if one is None:
        return NOT_KNOWN
    names = ("azimuth", "altitude") if one.altaz else ("hour angle", "declination")
    parts = []
    for name, axis in zip(names, one.axes, strict=True):
        faster = f" at {axis.acceleration:g}°/s²" if math.isfinite(axis.acceleration) else ""
        parts.append(f"{name} {axis.speed:g}°/s{faster}")
    return ", ".join(parts) + (f", then {one.settle:g} s" if one.settle else "")


def depths(one: Filter) -> str:
    """ "21.1 in 30 s, 22.0 in 120 s"."""
    return ", ".join(f"{magnitude:g} in {seconds:g} s" for seconds, magnitude in one.depths) or NOT_KNOWN


def _source(one: Telescope, *keys: str) -> str:
    return next((one.sources[key] for key in keys if key in one.sources), "")


def outline(one: Telescope) -> str:
    """Its camera as an SVG, north up and east to the left as on the sky."""
    xs, ys = zip(*(corner for ring in one.rings for corner in ring), strict=True)
    reach = max(map(abs, (*xs, *ys))) * 1.05
    rings = "".join(f'<polygon points="{" ".join(f"{-x:.5f},{-y:.5f}" for x, y in ring)}"/>' for ring in one.rings)
    return (
        f'<svg viewBox="{-reach:.5f} {-reach:.5f} {2 * reach:.5f} {2 * reach:.5f}" role="img" aria-label="Field of view" '
        f'style="width:11rem;height:11rem" fill="currentColor" fill-opacity="0.15" stroke="currentColor" '
        f'stroke-width="{reach / 150:.6f}">{rings}</svg>'
    )
