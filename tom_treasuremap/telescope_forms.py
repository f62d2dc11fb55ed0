"""Forms by which people add telescopes and say whether one is open."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.utils import timezone

from tom_scimma.filters import UtcField
from tom_treasuremap.models import Instrument
from tom_treasuremap.telescopes.checks import WrongTelescope
from tom_treasuremap.telescopes.lines import line_of
from tom_treasuremap.telescopes.reading import parse, read
from tom_treasuremap.telescopes.states import STATES
from tom_treasuremap.transports import transports

LARGEST = 2**20  #: bytes of a telescope's file
#: addresses of pages
RESERVED = ("new", "import")


class Styled(forms.Form):
    """Fields as Bootstrap shows them."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs.setdefault("class", "form-select" if select else "form-control")


class TelescopeForm(Styled):
    """A telescope as JSON: a file, or the text; `said` is the dict once valid."""

    file = forms.FileField(label="JSON file", required=False, help_text="Goes before the text below.")
    text = forms.CharField(
        label="JSON", required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "form-control font-monospace small"}),
    )  # fmt: skip

    def __init__(self, *args: Any, name: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.name = name  #: of the telescope that is changed; empty: a new one
        self.said: dict[str, Any] = {}

    def clean_file(self):
        given = self.cleaned_data["file"]
        if given is not None and given.size > LARGEST:
            raise forms.ValidationError(f"{given.name} is {given.size} bytes long; at most {LARGEST} are taken.")
        return given

    def clean(self):
        found = super().clean()
        given = found.get("file")
        where = "file" if given is not None else "text"
        text = given.read().decode("utf-8", "replace") if given is not None else found.get("text") or ""
        if not text.strip():
            self.add_error("text", "Give a file, or the text.")
            return found
        try:
            self.said = parse(text)
            made = read(self.said)
        except WrongTelescope as wrong:
            self.add_error(where, [_told(text, *one) for one in wrong.fields.items()])
            return found
        name = made.name
        if made.transport not in transports():
            self.add_error(where, f"transport: is {made.transport!r}; known are {', '.join(transports())}")
        if name in RESERVED:
            self.add_error(where, f"name: {name!r} is a page’s; choose another.")
        if self.name and name != self.name:
            self.add_error(where, f"name: this page changes {self.name!r}; for {name!r} add a new telescope.")
        return found


def _told(text: str, field: str, why: str) -> str:
    line = None if field.startswith("line ") else line_of(text, field)
    return f"{f'line {line}, ' if line else ''}{field}: {why}"


class ImportForm(Styled):
    """What the Treasure Map does not know of an instrument; its footprint and number come from there."""

    name = forms.SlugField(help_text="Small letters, digits, hyphens: kait-0m76")
    label = forms.CharField(max_length=100, help_text="As people call it")
    latitude = forms.FloatField(min_value=-90, max_value=90, help_text="Degrees, north positive")
    longitude = forms.FloatField(min_value=-180, max_value=360, help_text="Degrees, east positive")
    height = forms.FloatField(min_value=-500, max_value=9000, help_text="Metres")
    timezone = forms.CharField(initial="UTC", help_text="As Australia/Sydney")
    min_altitude = forms.FloatField(min_value=0, max_value=90, initial=30, label="Lowest altitude", help_text="Degrees")
    twilight = forms.ChoiceField(choices=[(name, name) for name in ("astronomical", "nautical", "civil")])
    filters = forms.CharField(help_text="Names, with commas: g, r, i. Depths can be added later.")
    transport = forms.ChoiceField()
    source = forms.CharField(max_length=200, help_text="Where these figures are from")

    def __init__(self, *args: Any, instrument: Instrument, **kwargs: Any):
        self.instrument = instrument
        self.said: dict[str, Any] = {}
        label = instrument.nickname or instrument.name
        initial = {"label": label, "name": re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")}
        super().__init__(*args, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        self.fields["transport"].choices = [(name, one.label) for name, one in transports().items()]

    def clean(self):
        found = super().clean()
        if self.errors:
            return found
        self.said = self._telescope(found)
        try:
            read(self.said)
        except WrongTelescope as wrong:
            for field, why in wrong.fields.items():
                place = next((part for part in (field, *field.split(".")) if part in self.fields), None)
                self.add_error(place, f"{field}: {why}")
        if found["name"] in RESERVED:
            self.add_error("name", "That is a page’s name; choose another.")
        return found

    def _telescope(self, found: dict[str, Any]) -> dict[str, Any]:
        from tom_treasuremap.bands import band_of
        from tom_treasuremap.vocabulary import BANDS

        names = [name.strip() for name in found["filters"].split(",") if name.strip()]
        filters = []
        for name in names:
            band, wave, width = band_of(name)
            filters.append(
                {"name": name, "band": band if band in BANDS else None, "central_wave": wave, "width": width}
            )
        return {
            "name": found["name"],
            "label": found["label"],
            "site": {key: found[key] for key in ("latitude", "longitude", "height", "timezone")},
            "field": {"rings": self.instrument.rings},
            "filters": filters,
            "limits": {"min_altitude": found["min_altitude"]},
            "twilight": found["twilight"],
            "instrument_id": self.instrument.number,
            "transport": found["transport"],
            "sources": {
                "field": f"{self.instrument.origin}: footprint of instrument {self.instrument.number}",
                "instrument_id": self.instrument.origin,
                **{key: found["source"] for key in ("site", "filters", "limits", "twilight")},
            },
        }


class StateForm(Styled):
    """Whether a telescope is open, until when, why."""

    state = forms.ChoiceField(choices=[(name, label) for name, (label, _) in STATES.items()])
    until = UtcField(
        required=False, label="Until (UTC)", widget=forms.DateTimeInput(attrs={"placeholder": "2026-11-28 03:00"}),
        help_text="Then it is open again by itself; empty: until somebody says so.",
    )  # fmt: skip
    why = forms.CharField(required=False, max_length=300)

    def clean_until(self):
        until = self.cleaned_data["until"]
        if until is not None and until <= timezone.now():
            raise forms.ValidationError("That is over already.")
        return until


def pretty(said: Any) -> str:
    """A telescope's dict as a text that people edit: pairs of numbers stay on one line."""
    text = json.dumps(said, indent=2, ensure_ascii=False)
    return re.sub(r"\[\s+([^\[\]{}\"]*?)\s+\]", lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", text)
