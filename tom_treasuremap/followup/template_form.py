"""The form of a template of the host's, by which the others are filled in."""

from __future__ import annotations

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

    def clean(self) -> dict[str, Any]:
        return {name: value for name, value in super().clean().items() if value not in (None, "")}
