"""The forms by which a target is asked for: imaging, at a fixed time, a series, a spectrum. What is wrong stands at its field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from crispy_forms.layout import Column, Div, Field, Row
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils import timezone
from tom_observations.facility import BaseRoboticObservationForm

from tom_scimma.events import named
from tom_scimma.filters import UtcField
from tom_scimma.models import Event
from tom_treasuremap import telescopes
from tom_treasuremap.followup import cadences, fields, reach, validating, written
from tom_treasuremap.followup.asker import asker
from tom_treasuremap.followup.request import Exposure, Request
from tom_treasuremap.models import Asked


class RequestForm(BaseRoboticObservationForm):
    """What all kinds ask."""

    kind = "imaging"
    of_anybody = (
        False  #: it may be anybody's, who has what they may see shown to them alone; else of the host's own cadences
    )
    #: where what a request is told to be wrong with stands in the form
    at = {"exposures": "filter_1", "filter": "filter_1", "seconds": "seconds_1", "count": "count_1"}
    telescope = forms.ChoiceField(choices=fields.choices)
    name = forms.CharField(required=False, max_length=50, help_text="For people. Empty: what is asked of which target.")
    start = UtcField(label="From (UTC)", widget=fields.UtcInput)
    end = UtcField(label="Until (UTC)", widget=fields.UtcInput)
    max_airmass = forms.FloatField(label="Airmass at most", required=False, min_value=1, max_value=10)
    min_moon_separation = forms.FloatField(
        label="From the Moon at least (degrees)", required=False, min_value=0, max_value=180
    )
    pos_angle = forms.FloatField(
        label="Position angle (degrees)",
        required=False,
        min_value=-360,
        max_value=360,
        help_text="From north through east.",
    )
    priority = forms.FloatField(required=False, min_value=0, max_value=1000, help_text="Higher goes first; usually 1.")
    anyway = forms.BooleanField(
        label="Ask although it is closed by weather just now", required=False, help_text="The weather may get better."
    )
    event = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput())
    key = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput())

    def __init__(self, *args: Any, facility: Any = None, **more: Any):
        self.asker = getattr(facility, "user", None)
        self.of_cadence = facility is None and not self.of_anybody
        if self.of_anybody:
            self.asker = asker() or AnonymousUser()
        self.requests: list[Request] = []
        self.follows: Event | None = None
        self.rests = False
        start, end = fields.window()
        usual = {"start": start, "end": end, "priority": 1, "pos_angle": 0, "key": timezone.now().isoformat()}
        more["initial"] = {**usual, **(more.get("initial") or {})}
        more.setdefault("auto_id", f"id_{self.kind}_%s")  # the page has a form of each kind
        super().__init__(*args, facility=facility, **more)
        self._rows()
        fields.offer_able(self.fields["telescope"], self.kind)
        self.helper.layout[1] = self.layout()

    @property
    def about(self) -> str:
        """What it is for, for its tab."""
        kind = next(one for one in type(self).__mro__ if one in FORMS.values())
        return str(kind.__doc__)

    def _rows(self) -> None:
        fields.add_rows(self)

    def layout(self) -> Div:
        rows = [
            Row(*(Column(f"{name}_{i}", css_class="col-4") for name in ("filter", "seconds", "count")))
            for i in self._numbers()
        ]
        cadence = [self.cadence_layout()] if hasattr(self, "cadence_layout") else []
        return Div(
            "telescope", *rows, *self._when(), *cadence,
            Row(Column("max_airmass"), Column("min_moon_separation")),
            Row(Column("pos_angle"), Column("priority")),
            "name", Field("anyway"), "event", "key",
        )  # fmt: skip

    def _numbers(self) -> range:
        return range(1, fields.ROWS + 1) if "filter_1" in getattr(self, "fields", {}) else range(0)

    def _when(self) -> list[Any]:
        return [Row(Column("start"), Column("end"))]

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if not self.errors:
            for field, why in fields.halves(said).items():
                self.add_error(field, why)
        if self.errors:
            return said
        if self.of_cadence:
            said |= {name: fields.of_the_hosts_clock(said[name]) for name in ("start", "end") if said.get(name)}
        target = self._target(said.get("target_id"))
        self._event(said.get("event"))
        if target is None or self.errors or self.rests:
            return said
        said["name"] = said.get("name") or self._named(said, target)
        self.requests = [written.identified(one, self._key(said, target)) for one in self._requests(said, target)]
        found: dict[str, list[str]] = {}
        for request in self.requests:
            for field, why in validating.faults(request, anyway=bool(said.get("anyway"))).items():
                found.setdefault(field, []).extend(one for one in why if one not in found.get(field, []))
        for field, why in found.items():
            at = self.at.get(field, field)
            self.add_error(at if at in self.fields else None, why)
        if (
            self.requests
            and said.get("cadence_strategy")
            and Asked.objects.filter(request_id=self.requests[0].id).exists()
        ):
            self.add_error(None, "This was asked for already, a moment ago: see the target's observations.")
        return said

    def _target(self, number: Any) -> Any:
        from tom_targets.models import Target
        from tom_targets.permissions import targets_for_user

        rows = Target.objects.filter(pk=number)
        if self.asker is not None:
            rows = targets_for_user(self.asker, rows, "view_target")
        target = rows.first()
        if target is None:
            self.add_error(None, ValidationError("There is no such target, or you may not see it.", "target"))
        elif target.ra is None or target.dec is None:
            self.add_error(None, ValidationError("This target has no place on the sky.", "target"))
        else:
            return target
        return None

    def _event(self, name: str | None) -> None:
        if name:
            self.follows = named(name, self.asker)
            if self.follows is None:
                self.add_error(None, ValidationError(f"There is no event {name}, or you may not see it.", "event"))
            elif self.of_cadence and self.follows.state == Event.State.RETRACTED:
                # it asks for nothing, which is no error: the host writes a traceback of one at every run
                self.rests = not cadences.goes_on(self.follows, self.data.get("key", ""))

    def _key(self, said: dict[str, Any], target: Any) -> str:
        return f"{said.get('key', '')} {target.pk}"

    def _named(self, said: dict[str, Any], target: Any) -> str:
        what = ", ".join(f"{one.filter} {one.count} x {one.seconds:g} s" for one in self._exposures(said))
        return f"{target.name}: {what}"[:50]

    def _exposures(self, said: dict[str, Any]) -> tuple[Exposure, ...]:
        return fields.exposures(said)

    def _extra(self, said: dict[str, Any]) -> dict[str, Any]:
        return {name: said[name] for name in ("max_airmass", "min_moon_separation") if said.get(name) is not None}

    def _request(self, said: dict[str, Any], target: Any, start: datetime, end: datetime, **more: Any) -> Request:
        return Request(
            id="",
            telescope=said["telescope"],
            name=said["name"],
            target=target.name,
            ra=float(target.ra) % 360.0,
            dec=float(target.dec),
            exposures=self._exposures(said),
            start=start,
            end=end,
            kind=self.kind,
            pos_angle=float(said.get("pos_angle") or 0.0),
            priority=1.0 if said.get("priority") is None else float(said["priority"]),
            event=self.follows.name if self.follows is not None else "",
            by=self.asker.get_username() if self.asker is not None else "",
            extra=self._extra(said),
            **more,
        )

    def _requests(self, said: dict[str, Any], target: Any) -> Sequence[Request]:
        return [self._request(said, target, said["start"], said["end"])]

    def serialize_parameters(self) -> dict[str, Any]:
        said = {
            name: value for name, value in self.cleaned_data.items() if name != "groups" and value not in (None, "")
        }
        return {key: written.as_host(value) if isinstance(value, datetime) else value for key, value in said.items()}

    def observation_payload(self) -> dict[str, Any]:
        return {
            "target_id": self.cleaned_data["target_id"],
            "params": self.serialize_parameters(),
            "of_anybody": self.of_anybody,
            "rests": self.follows.name if self.rests and self.follows is not None else "",
            # a cadence of the host's asks whatever its form says
            "requests": [] if self.errors else [written.as_json(one) for one in self.requests],
        }


class ImagingForm(RequestForm):
    """Images with some filters, whenever it suits in the window."""


class TimeCriticalForm(RequestForm):
    """Images that begin at a moment, and at no other."""

    kind = "time_critical"
    at = {**RequestForm.at, "end": "start"}
    start = UtcField(label="Begins (UTC)", widget=fields.UtcInput)
    end = None

    def _when(self) -> list[Any]:
        return ["start"]

    def _requests(self, said: dict[str, Any], target: Any) -> Sequence[Request]:
        request = self._request(said, target, said["start"], said["start"] + timedelta(days=1), fixed=True)
        known = telescopes.telescopes()[said["telescope"]]
        end = said["start"] + timedelta(seconds=max(1.0, reach.seconds(request, known)))
        return [self._request(said, target, said["start"], end, fixed=True)]

    def serialize_parameters(self) -> dict[str, Any]:
        end = written.as_host(self.requests[0].end) if self.requests else ""
        return {**super().serialize_parameters(), "end": end}


class SeriesForm(RequestForm):
    """The same images again and again: the window moves on by so many hours each time."""

    kind = "cadence"
    visits = forms.IntegerField(label="How often", min_value=2, max_value=50, initial=3)
    every_hours = forms.FloatField(label="Hours from one to the next", min_value=0.1, max_value=24 * 60, initial=24)

    def _when(self) -> list[Any]:
        return [Row(Column("start"), Column("end")), Row(Column("visits"), Column("every_hours"))]

    def _requests(self, said: dict[str, Any], target: Any) -> Sequence[Request]:
        step, start, end = timedelta(hours=said["every_hours"]), said["start"], said["end"]
        if end - start > step:
            self.add_error("end", "The window is longer than the time from one to the next: they would overlap.")
            return []
        windows = [(start + step * i, end + step * i) for i in range(said["visits"])]
        return [self._request(said, target, *one) for one in windows]


class SpectrumForm(RequestForm):
    """A spectrum, with a telescope that has a spectrograph."""

    kind = "spectrum"
    at = {"exposures": "instrument", "filter": "instrument", "seconds": "seconds_1", "count": "count_1"}
    instrument = forms.CharField(label="Spectrograph", max_length=60)
    seconds_1 = forms.FloatField(label="Seconds", min_value=0.001, max_value=86400)
    count_1 = forms.IntegerField(label="Times", required=False, min_value=1, max_value=100, initial=1)
    slit = forms.FloatField(label="Slit (arcsec)", required=False, min_value=0.1, max_value=60)
    calibrations = forms.ChoiceField(
        label="Lamp flats and arcs",
        required=False,
        choices=[("", "Before and after it, where the telescope takes them"), ("none", "None")],
        help_text="Taken at the target; without them its fringes and flexure stay in the spectrum.",
    )

    def _rows(self) -> None:
        fields.offer_spectrographs(self)

    def _when(self) -> list[Any]:
        return [
            Row(Column("instrument"), Column("slit")),
            Row(Column("seconds_1"), Column("count_1")),
            "calibrations",
            Row(Column("start"), Column("end")),
        ]

    def _exposures(self, said: dict[str, Any]) -> tuple[Exposure, ...]:
        return (Exposure(said["instrument"], float(said["seconds_1"]), int(said.get("count_1") or 1)),)

    def _extra(self, said: dict[str, Any]) -> dict[str, Any]:
        return {**super()._extra(said), **{name: said[name] for name in ("slit", "calibrations") if said.get(name)}}


FORMS = {"imaging": ImagingForm, "time_critical": TimeCriticalForm, "cadence": SeriesForm, "spectrum": SpectrumForm}
