"""The fields that forms of requests share, and what they read as."""

from __future__ import annotations

from datetime import datetime, timedelta
from datetime import timezone as zone
from typing import Any

from django import forms
from django.utils import timezone

from tom_scimma.times import parse
from tom_treasuremap import telescopes
from tom_treasuremap.followup.request import Exposure
from tom_treasuremap.transports import rules

ROWS = 4  #: filters of one request


class UtcInput(forms.DateTimeInput):
    """The browser's own choice of day and minute, in UTC."""

    input_type = "datetime-local"

    def __init__(self):
        super().__init__(format="%Y-%m-%dT%H:%M")

    def format_value(self, value: Any) -> Any:
        found = parse(value).time
        return super().format_value(found.replace(tzinfo=None) if found is not None else value)


def of_the_hosts_clock(moment: datetime) -> datetime:
    """What a cadence of the host's gave, as it is meant.

    Where it asks for now it gives its own clock, in the TOM's zone and with microseconds; else what was asked, in UTC to the second.
    """
    if not moment.microsecond:
        return moment
    return timezone.make_aware(moment.astimezone(zone.utc).replace(tzinfo=None), timezone.get_default_timezone())


def choices() -> list[tuple[str, str]]:
    """The telescopes that may be asked, for a choice."""
    return [
        ("", "Choose"),
        *((one.name, one.label) for one in telescopes.telescopes().values() if not one.reports_only),
    ]


def offer_able(field: forms.Field, kind: str) -> None:
    """Lets a choice of telescopes offer those that can do this; another is refused in words. Where one alone can, it is chosen."""
    known = telescopes.telescopes()
    can = {name for name, one in known.items() if (rules.spectrographs(one) if kind == "spectrum" else one.filters)}
    rows = [(name, label) for name, label in choices() if not name or name in can]
    field.widget.choices = rows
    if len(rows) == 2:
        field.initial = rows[1][0]


def filters() -> list[tuple[str, Any]]:
    """The filters of all of them, a group a telescope."""
    rows: list[tuple[str, Any]] = [("", "")]
    for one in telescopes.telescopes().values():
        if one.filters and not one.reports_only:
            rows.append((one.label, [(name, name) for name in one.filters]))
    return rows


def slits() -> dict[str, list[str]]:
    """The spectrographs of all of them with the widths of their slits, in arcsec; two telescopes may have one of the same name."""
    found: dict[str, list[str]] = {}
    for one in telescopes.telescopes().values():
        for name, widths in rules.spectrographs(one).items():
            known = found.setdefault(name, [])
            known += [one for one in widths if rules.width(one) not in map(rules.width, known)]
    return found


def offer_spectrographs(form: forms.Form) -> None:
    """Lets a form's `instrument` and `slit` offer what there is."""
    known = slits()
    rows = [(name, [(width, width) for width in widths]) for name, widths in known.items() if widths]
    if rows:
        form.fields["slit"].widget = forms.Select(choices=[("", "The usual one, the first below"), *rows])
    none = [] if form.fields["instrument"].required else [("", "")]
    if known:
        form.fields["instrument"].widget = forms.Select(choices=[*none, *((name, name) for name in known)])
    else:
        form.fields["instrument"].help_text = "None of the telescopes here has one."


def exposures(said: dict[str, Any]) -> tuple[Exposure, ...]:
    """What the rows of filters say; a row without a filter says nothing."""
    found = []
    for i in range(1, ROWS + 1):
        if said.get(f"filter_{i}") and said.get(f"seconds_{i}"):
            found.append(Exposure(said[f"filter_{i}"], float(said[f"seconds_{i}"]), int(said.get(f"count_{i}") or 1)))
    return tuple(found)


def halves(said: dict[str, Any]) -> dict[str, str]:
    """What is missing in rows of which a part was given, by field: such a row would ask for nothing, in silence."""
    found = {}
    for i in range(1, ROWS + 1):
        if said.get(f"filter_{i}") and not said.get(f"seconds_{i}"):
            found[f"seconds_{i}"] = "Give the seconds of this filter, or no filter."
        elif said.get(f"seconds_{i}") and f"filter_{i}" in said and not said[f"filter_{i}"]:
            found[f"filter_{i}"] = "Give the filter of these seconds, or no seconds."
    return found


def unknown(said: dict[str, Any]) -> dict[str, str]:
    """Filters that the chosen telescope does not have, by field."""
    telescope = telescopes.telescope(said["telescope"])
    names = (f"filter_{i}" for i in range(1, ROWS + 1))
    return {
        name: rules.no_filter(said[name], telescope)
        for name in names
        if said.get(name) and said[name] not in telescope.filters
    }


def add_rows(form: forms.Form) -> None:
    """Gives a form its rows of filters; the first is needed."""
    for i in range(1, ROWS + 1):
        first = i == 1
        form.fields[f"filter_{i}"] = FilterField(required=first)
        form.fields[f"seconds_{i}"] = forms.FloatField(
            label="Seconds", required=first, min_value=0.001, max_value=86400
        )
        form.fields[f"count_{i}"] = forms.IntegerField(
            label="Times", required=False, min_value=1, max_value=500, initial=1
        )


class FilterField(forms.CharField):
    """The name of a filter; which ones there are depends on the telescope, which says so when it is asked for another."""

    def __init__(self, **more: Any):
        super().__init__(label="Filter", max_length=60, widget=forms.Select(choices=filters()), **more)


def window() -> tuple[datetime, datetime]:
    """From now for a day: tonight."""
    now = timezone.now().replace(second=0, microsecond=0)
    return now, now + timedelta(days=1)
