"""The form of a search at HERMES. Says nothing over the network; what it gives is text and numbers, as the host stores it."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from crispy_forms.layout import HTML, Column, Layout, Row
from django import forms
from tom_dataservices.forms import BaseQueryForm

from tom_hermes import rows
from tom_scimma.filters import UtcField
from tom_scimma.parsers import angles

ASKED = ("target_name", "ra", "event_id", "topic", "words", "after", "before", "uuid")


def _column(name: str, width: int) -> Column:
    """A field so many twelfths wide; on a telephone all of it."""
    return Column(name, css_class=f"col-md-{width}")


class HermesQueryForm(BaseQueryForm):
    """By name, place, event, topic, time and words; any of them together."""

    target_name = forms.CharField(
        required=False, max_length=100, label="Target name", help_text="part of a name or other name"
    )
    exact = forms.BooleanField(required=False, label="Exactly that name")
    ra = forms.CharField(required=False, max_length=40, label="RA", help_text="degrees, or hours as 10:00:24")
    dec = forms.CharField(required=False, max_length=40, label="Dec", help_text="degrees, or +02:12:00")
    radius = forms.FloatField(required=False, min_value=0, label="Radius (arcsec)")
    event_id = forms.CharField(required=False, max_length=200, label="Event", help_text="S240422ed, GRB 230409B")
    topic = forms.CharField(
        required=False, max_length=1000, label="Topics", help_text="separated by commas; hermes.photometry"
    )
    words = forms.CharField(required=False, max_length=200, label="Words", help_text="in the message")
    after = forms.CharField(
        required=False, max_length=40, label="Sent from (UTC)", help_text="2026-01-02 or 2026-01-02T03:04"
    )
    before = forms.CharField(required=False, max_length=40, label="Sent to (UTC)")
    uuid = forms.UUIDField(required=False, label="HERMES id")

    def get_layout(self) -> Layout:
        """All of it in sight: what is wrong in the host's folded *Advanced* nobody sees."""
        return Layout(
            HTML("<p>What is found are the targets of HERMES messages, with their data.</p>"),
            Row(_column("target_name", 8), Column("exact", css_class="col-md-4 align-self-center")),
            Row(_column("event_id", 6), _column("topic", 6)),
            Row(_column("ra", 4), _column("dec", 4), _column("radius", 4)),
            Row(_column("words", 6), _column("uuid", 6)),
            Row(_column("after", 6), _column("before", 6)),
            HTML("{% include 'tom_scimma/partials/data_service_style.html' %}"),
        )

    def clean_ra(self) -> str:
        return self._angle("ra", rows.right_ascension)

    def clean_dec(self) -> str:
        return self._angle("dec", angles.dec)

    def clean_after(self) -> str:
        return self._time("after")

    def clean_before(self) -> str:
        return self._time("before")

    def clean_uuid(self) -> str:
        return str(self.cleaned_data.get("uuid") or "")

    def _angle(self, name: str, read) -> str:
        text = self.cleaned_data.get(name, "").strip()
        value = read(text) if text else None
        if text and value is None:
            raise forms.ValidationError(
                f"{text!r} cannot be read; write degrees, or hours as 10:00:24 and degrees as +02:12:00."
            )
        return "" if value is None else repr(value)

    def _time(self, name: str) -> str:
        found: datetime | None = UtcField(required=False).clean(self.cleaned_data.get(name, ""))
        return found.isoformat() if found else ""

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        missing = [key for key in ("ra", "dec", "radius") if said.get(key) in (None, "")]
        if len(missing) < 3:
            for key in missing:
                if key not in self.errors:
                    self.add_error(key, "A place needs RA, Dec and a radius.")
        if said.get("radius") is not None and not math.isfinite(said["radius"]):
            self.add_error("radius", "Give a number.")
        if not self.errors and not any(said.get(key) for key in ASKED):
            raise forms.ValidationError("Say what to look for: a name, a place, an event, a topic, a time or words.")
        return said
