"""The form of a template of the host's, by which the others are filled in."""

from __future__ import annotations

import ast
import copy
from typing import Any

from django import forms
from tom_observations.observation_template import GenericTemplateForm

from tom_treasuremap import telescopes
from tom_treasuremap.followup import fields
from tom_treasuremap.followup.forms import RequestForm, SeriesForm, SpectrumForm
from tom_treasuremap.transports import rules

KINDS = [
    ("imaging", "Imaging"),
    ("time_critical", "At a fixed time"),
    ("cadence", "A series"),
    ("spectrum", "Spectrum"),
]
SHARED = ("max_airmass", "min_moon_separation", "pos_angle", "priority")
#: fields that one kind alone has
OF_KIND = {
    "cadence": (SeriesForm, ("visits", "every_hours")),
    "spectrum": (SpectrumForm, ("instrument", "slit", "calibrations")),
}


class FollowUpTemplateForm(GenericTemplateForm):
    """A template of what can be asked of a telescope: everything but target and window."""

    observation_type = forms.ChoiceField(label="Kind", choices=KINDS)
    telescope = forms.ChoiceField(choices=fields.choices)

    def __init__(self, *args: Any, **more: Any):
        super().__init__(*args, **more)
        fields.add_rows(self)
        self.fields["filter_1"].required = False  # of a spectrum there is none
        for name in SHARED:
            self.fields[name] = copy.deepcopy(RequestForm.base_fields[name])
        for kind, (form, names) in OF_KIND.items():
            for name in names:
                field = self.fields[name] = copy.deepcopy(form.base_fields[name])
                field.required, field.initial = False, None
                field.label = f"{dict(KINDS)[kind]}: {field.label or name}"
        fields.offer_spectrographs(self)
        self.initial = {**_rows(self.initial.get("exposures")), **self.initial}

    def clean(self) -> dict[str, Any]:
        said = {name: value for name, value in super().clean().items() if value not in (None, "")}
        kind = said.get("observation_type", "")
        for other, (_, names) in OF_KIND.items():
            said = {name: value for name, value in said.items() if other == kind or name not in names}
        if kind != "spectrum" and not said.get("filter_1") and "seconds_1" in self.errors:
            self.add_error("filter_1", self.fields["filter_1"].error_messages["required"])
        if self.errors:
            return said
        if kind == "spectrum":
            return self._spectrum(said)
        wrong = {**fields.halves({**dict.fromkeys(self.fields), **said}), **fields.unknown(said)}
        for field, why in wrong.items():
            self.add_error(field, why)
        return said

    def _spectrum(self, said: dict[str, Any]) -> dict[str, Any]:
        telescope = telescopes.telescope(said["telescope"])
        there = rules.spectrographs(telescope)
        if not there:
            self.add_error("telescope", f"{telescope.label} has no spectrograph.")
        elif said.get("instrument") not in there:
            self.add_error("instrument", f"{telescope.label} has: {', '.join(there)}.")
        kept = ("seconds_1", "count_1")
        return {name: value for name, value in said.items() if name in kept or not name.rpartition("_")[2].isdigit()}


def _rows(said: Any) -> dict[str, Any]:
    """The rows of filters of an observation from which a template is made: the host hands its parameters on as Python writes them."""
    try:
        found = ast.literal_eval(said)
        rows = [(one["filter"], one["seconds"], one["count"]) for one in found[: fields.ROWS]]
    except (ValueError, TypeError, SyntaxError, KeyError, MemoryError, RecursionError):
        return {}
    names = ("filter", "seconds", "count")
    return {f"{name}_{i}": value for i, row in enumerate(rows, 1) for name, value in zip(names, row, strict=True)}
