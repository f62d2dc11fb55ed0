"""What is wrong with a request, whatever way it goes. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from tom_treasuremap.followup.request import Request
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports.document import document

DAY = 86400.0


def sayable(request: Request) -> dict[str, Any]:
    """A request's document. Raises ValueError for one that no JSON can say."""
    said = document(request)
    if not all(math.isfinite(said[name]) for name in ("ra", "dec", "pos_angle", "priority")):
        raise ValueError(f"{request.id} has a number that is not finite")
    return said


def faults(request: Request, telescope: Telescope) -> dict[str, list[str]]:
    """What is wrong, by field; {}: nothing. What can be reached when is not asked here."""
    found: dict[str, list[str]] = {}
    for field, why in (*_place(request), *_exposures(request, telescope), *_window(request), *_names(request)):
        found.setdefault(field, []).append(why)
    if telescope.reports_only:
        found.setdefault("telescope", []).append(f"Nobody here can ask {telescope.label} for anything.")
    return found


def spectrographs(telescope: Telescope) -> dict[str, dict[str, str]]:
    """What it takes spectra with: {name: {width of the slit in arcsec: what its observatory calls it}}, the usual slit first."""
    said = telescope.options.get("spectrographs") or ()
    return {str(name): dict(said[name]) if isinstance(said, Mapping) else {} for name in said}


def slit(request: Request, telescope: Telescope) -> tuple[str, str] | None:
    """(width, the observatory's name) of the slit that a spectrum is asked with, else of the usual one; None where there is none such."""
    slits = [
        pair for exposure in request.exposures for pair in spectrographs(telescope).get(exposure.filter, {}).items()
    ]
    wanted = request.extra.get("slit")
    return next((pair for pair in slits if not wanted or width(pair[0]) == width(wanted)), None)


def width(said: Any) -> float | str:
    """A slit's width as a number, so that "2" and "2.0" are one; as it is where it is none, which is said elsewhere."""
    try:
        return float(said)
    except (TypeError, ValueError):
        return str(said)


def _of_slit(lengths: Mapping[str, Any], taken: float | str) -> Any:
    return next((length for said, length in lengths.items() if width(said) == taken), None)


def lamps(request: Request, telescope: Telescope) -> tuple[tuple[str, float], ...]:
    """What is taken of lamps before a spectrum, and once more, the other way round, after it: ((type, seconds), ...); (): nothing.

    A telescope's `options` say it: {"calibrations": {"LAMP_FLAT": {"1.6": 50}, "ARC": 60}}, seconds or those of each slit.
    """
    if request.kind != "spectrum" or request.extra.get("calibrations") == "none":
        return ()
    taken = width((slit(request, telescope) or ("",))[0])
    said = telescope.options.get("calibrations") or {}
    pairs = ((kind, _of_slit(one, taken) if isinstance(one, Mapping) else one) for kind, one in said.items())
    return tuple((str(kind), float(length)) for kind, length in pairs if length)


def seconds(request: Request, telescope: Telescope) -> float:
    """How long its exposures take with readout, changes of the filter and lamps, without the way there."""
    open_for = sum(exposure.seconds * exposure.count for exposure in request.exposures)
    around = [length for _, length in lamps(request, telescope)] * 2
    reading = telescope.readout * (len(around) + sum(exposure.count for exposure in request.exposures))
    return open_for + sum(around) + reading + telescope.filter_change * max(0, len(request.exposures) - 1)


def _place(request: Request) -> Iterator[tuple[str, str]]:
    if not (math.isfinite(request.ra) and 0 <= request.ra < 360):
        yield "ra", f"{request.ra} is not from 0 to 360 degrees."
    if not (math.isfinite(request.dec) and -90 <= request.dec <= 90):
        yield "dec", f"{request.dec} is not from -90 to 90 degrees."
    if not math.isfinite(request.pos_angle):
        yield "pos_angle", f"{request.pos_angle} is no angle."


def _spectrum(request: Request, telescope: Telescope) -> Iterator[tuple[str, str]]:
    there = spectrographs(telescope)
    if not there:
        yield "telescope", f"{telescope.label} has no spectrograph."
        return
    for exposure in request.exposures:
        if exposure.filter not in there:
            yield "filter", f"{telescope.label} has no {exposure.filter}; it has: {', '.join(there)}."
        elif there[exposure.filter] and slit(request, telescope) is None:
            widths = ", ".join(there[exposure.filter])
            yield "slit", f"{exposure.filter} has no slit of {request.extra['slit']:g} arcsec; it has: {widths}."


def _exposures(request: Request, telescope: Telescope) -> Iterator[tuple[str, str]]:
    if not request.exposures:
        yield "exposures", "It needs at least one exposure."
    spectrum = request.kind == "spectrum"
    if spectrum:
        yield from _spectrum(request, telescope)
    for exposure in request.exposures:
        if not spectrum and exposure.filter not in telescope.filters:
            yield "filter", no_filter(exposure.filter, telescope)
        if not (math.isfinite(exposure.seconds) and 0 < exposure.seconds <= DAY):
            yield "seconds", f"{exposure.seconds:g} s is no time to expose."
        if exposure.count < 1:
            yield "count", f"{exposure.count} exposures are none."


def no_filter(name: str, telescope: Telescope) -> str:
    """What is said of a filter that a telescope does not have."""
    return f"{telescope.label} has no filter {name}; it has: {', '.join(telescope.filters) or 'none'}."


def _window(request: Request) -> Iterator[tuple[str, str]]:
    for name in ("start", "end"):
        if getattr(request, name).tzinfo is None:
            yield name, "It does not say its zone; times are UTC."
            return
    if request.end <= request.start:
        yield "end", "It ends before it begins."
    elif 0 < _open(request) < math.inf and _open(request) > (request.end - request.start).total_seconds():
        yield "end", f"The exposures alone take {_open(request):.0f} s, longer than from start to end."


def _open(request: Request) -> float:
    return sum(exposure.seconds * exposure.count for exposure in request.exposures)


def _names(request: Request) -> Iterator[tuple[str, str]]:
    for name in ("id", "name", "target"):
        said = getattr(request, name)
        if not said.strip():
            yield name, "It is empty."
        elif not said.isprintable():
            yield name, "It has a character that cannot be printed, such as a new line."
