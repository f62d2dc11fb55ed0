"""Requests as an observing plan of DC-3 Dreams' ACP Observatory Control. Pure.

The format: "About Observing Plans", ACP help, support.dc3.com/plandoc/planfmt.html. A line is a comment (`;`), a directive
(`#`) or a target: name, right ascension (hours) and declination (degrees), J2000, with tabs between. Directives stand
before the target that they are for. COUNT, INTERVAL, FILTER and BINNING have a value for each filter group, with commas between.
WAITUNTIL names a set and a time in UTC, and is ignored once a whole date and time has passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

from tom_treasuremap.followup.request import Request
from tom_treasuremap.telescopes.telescope import Telescope

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def plan(requests: Sequence[Request], telescope: Telescope) -> bytes:
    """The plan, with the line ends of Windows, on which ACP runs. Raises ValueError for a place that is none.

    From `telescope.options`: `binning` (1), and `rotator`: whether position angles can be asked for (by default where any is).
    """
    turning = bool(telescope.options.get("rotator", any(request.pos_angle for request in requests)))
    lines = [
        f"; {_words(telescope.label)}: {len(requests)} target{'' if len(requests) == 1 else 's'}",
        "; times in UTC",
    ]
    if requests:
        lines.append(f"#QUITAT {when(max(request.end for request in requests))}")
    for request in requests:
        lines += ["", *_target(request, telescope, turning)]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _target(request: Request, telescope: Telescope, turning: bool) -> Iterator[str]:
    yield f"; {_words(request.id)} {_words(request.name)}"
    yield f"; {'at' if request.fixed else 'from'} {when(request.start)}, until {when(request.end)}"
    yield f"#WAITUNTIL 1, {when(request.start)}"
    binning = str(int(telescope.options.get("binning", 1)))
    for name, values in (
        ("COUNT", [str(exposure.count) for exposure in request.exposures]),
        ("INTERVAL", [f"{exposure.seconds:g}" for exposure in request.exposures]),
        ("BINNING", [binning] * len(request.exposures)),
        ("FILTER", [_words(exposure.filter).replace(",", "_") for exposure in request.exposures]),
    ):
        yield f"#{name} {','.join(values)}"
    if turning:
        yield f"#POSANG {request.pos_angle % 360:.2f}"
    yield f"{named(request.target)}\t{sexagesimal(request.ra / 15 % 24, 3, 24)}\t{_signed(request.dec)}"


def when(time: datetime) -> str:
    """A time in UTC, as every version of Windows reads it: 21-Apr-2006 08:02:00."""
    utc = time.astimezone(timezone.utc)
    return f"{utc.day:02}-{MONTHS[utc.month - 1]}-{utc.year} {utc:%H:%M:%S}"


def named(name: str) -> str:
    """A target's name that makes a file's name, too, and begins no comment or directive."""
    return re.sub(r"[^A-Za-z0-9 ._+()-]+", "_", name).strip(" .")[:60] or "target"


def sexagesimal(value: float, decimals: int, whole: int | None = None) -> str:
    """08:02:00.000, rounded once, so that 60 seconds never stand there; `whole` turns are none."""
    unit = 10**decimals
    ticks = round(value * 3600 * unit)
    if whole is not None:
        ticks %= whole * 3600 * unit
    seconds, minutes = ticks % (60 * unit), ticks // (60 * unit)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds / unit:0{3 + decimals}.{decimals}f}"


def _signed(dec: float) -> str:
    if not -90 <= dec <= 90:
        raise ValueError(f"a declination of {dec} degrees is none")
    return f"{'-' if dec < 0 else '+'}{sexagesimal(abs(dec), 2)}"


def _words(text: str) -> str:
    """Text for a comment or a filter: no line of its own, no comment inside, plain letters."""
    return re.sub(r"[^\x20-\x3a\x3c-\x7e]+", "_", text).strip()
