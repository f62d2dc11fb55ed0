"""What a person says of the source that pointings might have seen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

#: name: (label, magnitudes, decline); sources in docs/coverage.md
PRESETS = {
    "kilonova": ("Kilonova like AT2017gfo", "g -16.2 -14.5, r -16.2 -14.7, i -16.2 -14.9, z -16.2 -15.0", 1.0),
    "faint": ("Faint kilonova", "g -15 -13, r -15 -13, i -15 -13.2, z -15 -13.3", 1.0),
    "afterglow": ("Bright afterglow", "g -23 -18, r -23 -18, i -23 -18, z -23 -18", 1.0),
}
_BAND = re.compile(r"(\S+)\s+(-?\d+(?:\.\d+)?)(?:\s+(?:to\s+)?(-?\d+(?:\.\d+)?))?")


class CoverageForm(forms.Form):
    """Absolute magnitudes by band, how fast it fades; nothing of it is needed for the coverage itself."""

    preset = forms.ChoiceField(
        required=False, choices=[("", "none"), *((name, one[0]) for name, one in PRESETS.items()), ("own", "as below")]
    )
    magnitudes = forms.CharField(required=False, max_length=300)
    decline = forms.FloatField(required=False, min_value=-5, max_value=20)

    def clean_magnitudes(self) -> dict[str, tuple[float, float]]:
        """{band: (brightest, faintest)} of "g -16 -14.5, r -16"."""
        found = {}
        for part in filter(None, (part.strip() for part in self.cleaned_data["magnitudes"].split(","))):
            said = _BAND.fullmatch(part)
            if said is None:
                raise ValidationError(
                    f"“{part}” is not a band with its brightest and faintest absolute magnitude, such as “r -16 -14.5”."
                )
            bright, faint = float(said[2]), float(said[3] or said[2])
            if not (-40 <= bright <= faint <= 10):
                raise ValidationError(
                    f"In {said[1]} the brightest comes first, both between -40 and 10, not {bright:g} and {faint:g}."
                )
            found[said[1]] = (bright, faint)
        return found

    def source(self) -> dict[str, Any] | None:
        """The source as JSON; None where none is described."""
        preset, said = self.cleaned_data.get("preset"), self.cleaned_data.get("magnitudes")
        if preset in PRESETS:
            _, text, decline = PRESETS[preset]
            parts = (part.split() for part in text.split(", "))
            return {
                "magnitudes": {band: [float(b), float(f)] for band, b, f in parts},
                "decline": decline,
                "name": PRESETS[preset][0],
            }
        if preset == "own" and said:
            return {
                "magnitudes": {band: list(both) for band, both in said.items()},
                "decline": self.cleaned_data.get("decline") or 0.0,
                "name": "",
            }
        return None


def several(said: Any, known: Mapping[str, Sequence[tuple[str, int]]]) -> list[dict[str, Any]]:
    """What may be ticked, several of each: its field, its words, its values with whether each is ticked, and those that are.

    `said` is a QueryDict, `known` has the values of pointings with their counts.
    """
    found = []
    for name, label, values in (
        ("team", "Team", [value for value, _ in known["team"]]),
        ("instrument", "Instrument", [value for value, _ in known["telescope"]]),
        ("band", "Band", [value for value, _ in known["band"]]),
        ("status", "Counts as covered", ["completed", "planned"]),
    ):
        ticked = [value for value in values if value in said.getlist(name)]
        options = [(value, value in ticked) for value in values]
        found.append({"name": name, "label": label, "options": options, "ticked": ticked})
    return found
