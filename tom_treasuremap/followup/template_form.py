"""The form of a template of the host's, by which the others are filled in."""

from __future__ import annotations

import ast
import copy
from typing import Any

from django import forms
from tom_observations.observation_template import GenericTemplateForm

from tom_treasuremap.followup import fields
from tom_treasuremap.followup.forms import RequestForm


class FollowUpTemplateForm(GenericTemplateForm):
    """A template of an imaging sequence: everything but target and window."""

    observation_type = forms.ChoiceField(choices=[("imaging", "Imaging"), ("time_critical", "At a fixed time")])
    telescope = forms.ChoiceField(choices=fields.choices)

    def __init__(self, *args: Any, **more: Any):
        super().__init__(*args, **more)
        fields.add_rows(self)
        for name in ("max_airmass", "min_moon_separation", "pos_angle", "priority"):
            self.fields[name] = copy.deepcopy(RequestForm.base_fields[name])
        self.initial = {**_rows(self.initial.get("exposures")), **self.initial}

    def clean(self) -> dict[str, Any]:
        return {name: value for name, value in super().clean().items() if value not in (None, "")}


def _rows(said: Any) -> dict[str, Any]:
    """The rows of filters of an observation from which a template is made: the host hands its parameters on as Python writes them."""
    try:
        found = ast.literal_eval(said)
        rows = [(one["filter"], one["seconds"], one["count"]) for one in found[: fields.ROWS]]
    except (ValueError, TypeError, SyntaxError, KeyError, MemoryError, RecursionError):
        return {}
    names = ("filter", "seconds", "count")
    return {f"{name}_{i}": value for i, row in enumerate(rows, 1) for name, value in zip(names, row, strict=True)}
