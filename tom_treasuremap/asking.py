"""What the composer asks of a person for the Treasure Map, with what is known filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

from tom_scimma.compose.content import Content, Observation
from tom_scimma.destinations import Need
from tom_scimma.errors import Unsaid
from tom_treasuremap import amending, rules
from tom_treasuremap.models import Instrument
from tom_treasuremap.pointings import Pointing
from tom_treasuremap.service import origin
from tom_treasuremap.sources import moment, own
from tom_treasuremap.vocabulary import BANDS, DEPTH_UNITS

NUMBERS = {"depth": "Depth", "central_wave": "Central wavelength (Å)", "bandwidth": "Width of the band (Å)"}


def instruments() -> tuple[tuple[str, str], ...]:
    """The server's instruments to choose among, by name; number and words."""
    known = Instrument.objects.filter(origin=origin()).values_list("number", "nickname", "name")
    said = [(str(number), f"{name or nickname or 'instrument'} ({number})") for number, nickname, name in known]
    return tuple(sorted(said, key=lambda pair: pair[1].casefold()))


#: what a list of instruments says where none is known
NONE_KNOWN = "none known here yet: the worker reads them with an event's pointings"


def choices() -> list[tuple[str, str]]:
    """The same with an empty first one, which says so where nothing was ever read from the server."""
    known = instruments()
    return [("", "choose" if known else NONE_KNOWN), *known]


def likely(telescope: str) -> str:
    """The number of the one instrument whose name an observation's instrument carries; "" where none or several do."""
    words = telescope.casefold()
    known = Instrument.objects.filter(origin=origin()).values_list("number", "nickname", "name")
    fitting = [
        str(number) for number, *names in known if any(len(name) > 2 and name.casefold() in words for name in names)
    ]
    return fitting[0] if len(fitting) == 1 else ""


def needs(subject: Any) -> list[Need]:
    """For each observation what must be known and what its record does not say."""
    if not isinstance(subject, Content):
        return []
    return [need for row in subject.observations for need in _needs(row, subject)]


def _needs(row: Observation, content: Content) -> Iterator[Need]:
    if own.is_spectrum(row):
        return  # `pointings` says it
    try:
        pointing = _pointing(row, content)
    except ValueError:
        return  # `pointings` says it
    field, of = f"observations.{row.pk}.", f"observation {row.pk}"
    done = pointing.status == "completed"
    label = f"Instrument of {of}"
    help = "as the Treasure Map knows it; one that is not there is registered on the page of our reports"
    help = help if instruments() else NONE_KNOWN
    yield Need(
        f"{field}instrumentid", label, likely(pointing.telescope), True, kind="choice", choices=instruments(), help=help
    )
    if pointing.time is None:
        yield Need(f"{field}time", f"Time of {of}", "", True, kind="date", help="UTC")
    if pointing.band not in BANDS:
        choices = tuple((band, band) for band in BANDS)
        help = f"its filter is {pointing.band!r}" if pointing.band else ""
        yield Need(f"{field}band", f"Band of {of}", "", done, kind="choice", choices=choices, help=help)
        for name in rules.WAVELENGTHS:
            yield Need(f"{field}{name}", f"{NUMBERS[name]}, {of}", kind="number", help="for the band other")
    if pointing.depth is None:
        yield Need(
            f"{field}depth", f"Depth of {of}", "", done, kind="number", help="5 sigma; left out, it is not known"
        )
        units = tuple((unit, unit) for unit in DEPTH_UNITS)
        yield Need(
            f"{field}depth_unit",
            f"Unit of the depth, {of}",
            "ab_mag" if done else "",
            done,
            kind="choice",
            choices=units,
        )


def pointings(form: Mapping[str, Any], *, test: bool) -> list[dict[str, Any]]:
    """What is said of each chosen observation. Raises Unsaid with the field."""
    content: Content = form["content"]
    if content.event is None:
        raise Unsaid("The Treasure Map wants to know of which event: share from the event's page.")
    if test and content.event.role != "test":
        raise Unsaid(f"{content.event.name} is no test event.")
    if not content.observations:
        raise Unsaid("Choose observations: those are the pointings that the Treasure Map is told of.")
    said, wrong = [], {}
    for row in content.observations:
        if own.is_spectrum(row):
            why = "is a spectrum, and the Treasure Map knows images: leave it out."
            wrong[f"observations.{row.pk}"] = [f"Observation {row.pk} {why}"]
            continue
        try:
            pointing = _told(_pointing(row, content), row.pk, form)
        except ValueError as error:
            wrong[f"observations.{row.pk}"] = [f"Observation {row.pk}: {error}"]
            continue
        if pointing.status == "cancelled":
            wrong[f"observations.{row.pk}"] = [f"Observation {row.pk} was not done ({row.status}): leave it out."]
            continue
        told = {"event": content.event.name, "source": f"observation:{row.pk}", "pointing": rules.values(pointing)}
        try:
            said.append(told | amending.amended(told["event"], told["source"], told["pointing"]))
        except ValueError as error:
            wrong[f"observations.{row.pk}"] = [f"Observation {row.pk}: {error}"]
    if wrong:
        raise Unsaid("Not all of these can be told.", wrong)
    return said


def _pointing(row: Observation, content: Content) -> Pointing:
    body = next((body for body in content.targets if body.name == row.target), None)
    place = SimpleNamespace(ra=body.ra if body else None, dec=body.dec if body else None)
    record = SimpleNamespace(
        pk=row.pk, facility=row.facility, observation_id=row.observation_id, status=row.status, target=place, user_id=None,
        parameters=row.parameters, scheduled_start=row.start,
    )  # fmt: skip
    return own.found(record, content.event.name if content.event else "", "").pointing


def _told(pointing: Pointing, number: int, form: Mapping[str, Any]) -> Pointing:
    """The pointing with what a person said. Raises ValueError."""
    given: dict[str, Any] = {}
    for name in ("instrumentid", "time", "band", *rules.WAVELENGTHS, "depth", "depth_unit"):
        value = form.get(f"observations.{number}.{name}")
        if value not in (None, ""):
            given["instrument_id" if name == "instrumentid" else name] = _read(name, value)
    if pointing.band not in BANDS and "band" not in given and pointing.status == "planned":
        given["band"] = None  # a filter that the Treasure Map has no name for is left out, not guessed
    return replace(pointing, **given)


def _read(name: str, value: Any) -> Any:
    if name == "instrumentid":
        return int(value)
    if name == "time":
        found = value if isinstance(value, datetime) else moment(value)
        return found.replace(tzinfo=timezone.utc) if found is not None and found.tzinfo is None else found
    return float(value) if name in (*rules.WAVELENGTHS, "depth") else value
