"""Forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group

from tom_treasuremap.models import Pointing

LARGEST = 20 * 2**20  #: bytes of a file of pointings


class FileForm(forms.Form):
    """A file of pointings, what the rows are that do not say it, and who may see them."""

    file = forms.FileField(label="CSV or JSON file")
    status = forms.ChoiceField(
        label="Rows without a status are", required=False, choices=[("", "refused"), *Pointing.Status.choices]
    )
    group = forms.ModelChoiceField(
        Group.objects.none(), label="Seen by", required=False, empty_label="whoever sees the event"
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = user.groups.order_by("name")
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select form-select-sm" if select else "form-control form-control-sm"

    def clean_file(self):
        given = self.cleaned_data["file"]
        if given.size > LARGEST:
            raise forms.ValidationError(f"{given.name} is {given.size} bytes long; at most {LARGEST} are taken.")
        return given
