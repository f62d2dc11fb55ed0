"""The first words of a GCN circular about what was chosen: a title that GCN takes, and a text that a person goes on with. Pure.

https://gcn.nasa.gov/docs/circulars/styleguide: the title names the event and says what was done; the text says what was
observed, when (UTC), with what, and how bright; earlier circulars are cited by number. HERMES puts the authors before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone

from tom_hermes.plaintext import table
from tom_hermes.vocabulary import GCN_WORDS
from tom_scimma.compose.content import Content, Happening, Photometry

#: words that make GCN take a title about an event of a kind
WORDS = {
    "GW": "LIGO/Virgo/KAGRA",
    "GRB": "GRB",
    "NU": "IceCube",
    "FRB": "transient",
    "SN": "transient",
    "XRT": "transient",
}
#: rows of a table that people still read
LONGEST = 200


def title(content: Content) -> str:
    """ "LIGO/Virgo/KAGRA S260101ab: 1m0a observations of AT2026abc"."""
    about = _about(content.event) or ", ".join(body.name for body in content.targets[:2])
    what = "upper limits" if _only_limits(content) else "spectroscopy" if _only_spectra(content) else "observations"
    said = f"{' and '.join(_telescopes(content)[:2])} {what}".strip()
    names = _others(content)
    of = f" of {names[0]}" if content.event is not None and len(names) == 1 else ""
    whole = f"{about}: {said}{of}"
    if not any(word.lower() in whole.lower() for word in GCN_WORDS):
        whole = f"{about}: {said} of the transient{of.removeprefix(' of')}"
    return whole


def _about(event: Happening | None) -> str:
    if event is None:
        return ""
    word = WORDS.get(event.kind, "transient")
    if word == "transient" or any(known.lower() in event.name.lower() for known in GCN_WORDS):
        return event.name
    return f"{word} {event.name}"


def _others(content: Content) -> list[str]:
    """Names of the targets, but for one that is called as the event is."""
    event = content.event
    known = {name.casefold() for name in (event.name, *event.aliases)} if event is not None else set()
    return [body.name for body in content.targets if body.name.casefold() not in known]


def _telescopes(content: Content) -> list[str]:
    rows = (*content.photometry, *content.spectra, *content.astrometry)
    return list(dict.fromkeys(name for row in rows if (name := row.telescope or row.instrument)))


def _only_limits(content: Content) -> bool:
    return (
        bool(content.photometry) and not content.spectra and all(row.brightness is None for row in content.photometry)
    )


def _only_spectra(content: Content) -> bool:
    return bool(content.spectra) and not content.photometry


def text(content: Content, *, acknowledgement: str = "") -> str:
    """The draft. What nobody here knows (reductions, calibration, meaning) is left to the person."""
    parts = [_opening(content), _places(content), _brightness(content), _spectra(content), _archived(content)]
    return "\n\n".join(filter(None, [*parts, acknowledgement.strip()]))


def _opening(content: Content) -> str:
    """What was observed, with what, from when to when, and how long after the event."""
    times = sorted(row.time for row in (*content.photometry, *content.spectra, *content.astrometry))
    event = content.event
    names = ", ".join(_others(content))
    of = f"the field of {event.name}{_cited(event.circulars)}" if event is not None else ""
    if not names:
        names, of = of or "the field", ""
    of = f" in {of}" if of else ""
    means = " and ".join(_telescopes(content))
    words = f"We observed {names}{of}{f' with {means}' if means else ''}"
    if not times:
        return f"We report on {names}{of}."
    begin, end = _minute(times[0]), _minute(times[-1])
    when = f"at {begin}" if begin == end else f"from {begin} to {end}"
    since = f", {_since(times[0], times[-1], event.time)} the event" if event is not None and event.time else ""
    return f"{words}, {when} UTC{since}."


def _since(first: datetime, last: datetime, event: datetime) -> str:
    """ "5.0 h after", "67.0 h before", "2.0 h before to 12 min after": when it began, and when it ended if that is after."""
    begin, end = _hours(first, event), _hours(last, event)
    if begin >= 0:
        return f"{_long(begin)} after"
    return f"{_long(begin)} before{f' to {_long(end)} after' if end >= 0 else ''}"


def _long(hours: float) -> str:
    return f"{abs(hours) * 60:.0f} min" if abs(hours) < 1 else f"{abs(hours):.1f} h"


def _cited(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    return f" (GCN Circ. {', '.join(map(str, numbers[:5]))})"


def _archived(content: Content) -> str:
    """Where the alerts can be found for good."""
    event = content.event
    if event is None or not event.archived:
        return ""
    return f"{event.name} is archived at {', '.join(said['url'] for said in event.archived[:3])}"


def _places(content: Content) -> str:
    return "\n".join(
        _place(body.name, body.ra, body.dec) for body in content.targets if None not in (body.ra, body.dec)
    )


def _place(name: str, ra: float, dec: float) -> str:
    turned = f"{_sexagesimal(ra / 15, 2, 24)}, {'-' if dec < 0 else '+'}{_sexagesimal(abs(dec), 1, 360)}"
    return f"{name}: RA, Dec (J2000) = {turned} ({ra:.5f}, {dec:+.5f} deg)"


def _sexagesimal(value: float, decimals: int, turn: int) -> str:
    """Hours or degrees as 10:00:24.00, rounded once; a whole turn is 0."""
    minutes, seconds = divmod(round(value * 3600 * 10**decimals) % (turn * 3600 * 10**decimals), 60 * 10**decimals)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds / 10**decimals:0{3 + decimals}.{decimals}f}"


def _brightness(content: Content) -> str:
    rows = sorted(content.photometry, key=lambda row: row.time)
    if not rows:
        return ""
    event = content.event.time if content.event is not None else None
    cells = [_line(row, event) for row in rows[:LONGEST]]
    units = list(dict.fromkeys(row.unit or "?" for row in rows))
    columns = [
        "Time (UTC)",
        *(["T-T0 (h)"] if event else []),
        "Target",
        "Filter",
        "Brightness",
        "Error",
        *(["Unit"] if len(units) > 1 else []),
        "Exp (s)",
        "Instrument",
    ]
    columns = [name for name in columns if any(cell.get(name) for cell in cells)]
    scale = f"Brightness is in {units[0]}." if len(units) == 1 else "Brightness is in the unit of its row."
    left = f" {len(rows) - LONGEST} more points are in the machine-readable message." if len(rows) > LONGEST else ""
    limits = any(row.limit is not None and row.brightness is None for row in rows)
    note = " A limit is marked > (fainter than), or < where it is a flux." if limits else ""
    nothing = "We detect no source at that position:\n\n" if _only_limits(content) and len(content.targets) == 1 else ""
    return f"{nothing}{table(columns, cells)}\n\n{scale}{note}{left}"


def _line(row: Photometry, event: datetime | None) -> dict[str, str]:
    value = row.brightness if row.brightness is not None else row.limit
    sign = "" if row.brightness is not None else "<" if "mag" not in row.unit.lower() else ">"
    return {
        "Time (UTC)": _second(row.time),
        "T-T0 (h)": f"{round(_hours(row.time, event), 2) + 0:.2f}" if event else "",
        "Target": row.target,
        "Filter": row.bandpass,
        "Brightness": "" if value is None else f"{sign}{_rounded(value, row.unit)}",
        "Error": "" if row.error is None or row.brightness is None else _rounded(row.error, row.unit),
        "Unit": row.unit or "?",
        "Exp (s)": "" if row.exposure is None else f"{row.exposure:g}",
        "Instrument": "/".join(filter(None, (row.telescope, row.instrument))),
    }


def _rounded(value: float, unit: str) -> str:
    return f"{value:.2f}" if "mag" in unit.lower() else f"{value:.4g}"


def _spectra(content: Content) -> str:
    lines = []
    for row in content.spectra:
        means = "/".join(filter(None, (row.telescope, row.instrument))) or "a spectrograph"
        said = f", classified as {row.extra['classification']}" if row.extra.get("classification") else ""
        reach = (
            f" from {min(row.wavelength):g} to {max(row.wavelength):g} {row.wavelength_unit}" if row.wavelength else ""
        )
        lines.append(f"A spectrum of {row.target} was taken with {means} at {_minute(row.time)} UTC{reach}{said}.")
    return "\n".join(lines)


def _hours(time: datetime, since: datetime) -> float:
    return (time - since).total_seconds() / 3600


def _minute(time: datetime) -> str:
    return f"{time.astimezone(timezone.utc):%Y-%m-%d %H:%M}"


def _second(time: datetime) -> str:
    return f"{time.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}"


def numbers(typed: str) -> Iterable[int]:
    """Numbers of circulars that a person typed: "12345, GCN Circ. 12346"."""
    import re

    return [int(number) for number in re.findall(r"\d{1,6}", typed)]
