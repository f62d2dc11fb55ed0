"""What a person asks a plan for."""

from __future__ import annotations

from datetime import timezone
from typing import Any

from django import forms

from tom_scimma import eventmaps
from tom_scimma.events import named
from tom_scimma.filters import UtcField
from tom_scimma.models import Event
from tom_treasuremap.coverage_form import PRESETS as SOURCES
from tom_treasuremap.planning.question import SUBJECTS, Question
from tom_treasuremap.plans import presets, setting, wanted

#: subjects that are laid on the event's map
ON_THE_MAP = {"grid", "free", "point"}


class QuestionForm(forms.Form):
    """One click asks with nothing of it said; everything may be."""

    telescopes = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    preset = forms.ChoiceField(required=False, label="What")
    subjects = forms.MultipleChoiceField(
        required=False, label="Or look at", choices=list(SUBJECTS.items()), widget=forms.CheckboxSelectMultiple
    )
    targets = forms.CharField(
        required=False,
        label="Targets (one a line)",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Names, with a weight where it is not 1: “M83 = 0.1”. A weight of 1 is as much as all the probability of an event.",
    )
    priority = forms.FloatField(
        required=False,
        label="Priority of this event",
        min_value=0.001,
        max_value=1000,
        help_text="1 where none is said.",
    )
    also = forms.CharField(
        required=False,
        label="Other events (one a line)",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Planned together, with a priority where it is not 1: “S251112cm = 0.5”.",
    )
    filters = forms.CharField(
        required=False,
        max_length=100,
        help_text="In order, such as “g, r”, or with seconds, “g 60, r 30”; others at the next visit after a slash, “g, r / i”.",
    )
    exposure = forms.ChoiceField(
        required=False, label="How long", choices=[("", "the same for all"), ("deep", "as deep as the source asks")]
    )
    seconds = forms.FloatField(required=False, label="Exposure (s)", min_value=0.1, max_value=36000)
    visits = forms.IntegerField(required=False, label="Visits", min_value=1, max_value=10)
    gap_min = forms.FloatField(required=False, label="At least apart (min)", min_value=0, max_value=1440)
    gap_max = forms.FloatField(required=False, label="At most apart (min)", min_value=0, max_value=2880)
    start = UtcField(required=False, label="From (UTC)", widget=forms.DateTimeInput())
    end = UtcField(required=False, label="Until (UTC)", widget=forms.DateTimeInput())
    budget = forms.FloatField(required=False, label="Hours of each telescope", min_value=0.01, max_value=24)
    airmass = forms.FloatField(required=False, label="Airmass up to", min_value=1, max_value=5)
    moon = forms.ChoiceField(required=False, label="Moon", choices=[("", "the telescope's rule"), ("off", "no rule")])
    planned = forms.FloatField(
        required=False,
        label="What others plan counts",
        min_value=0,
        max_value=1,
        help_text="0 not, 1 as if it were done.",
    )
    residual = forms.ChoiceField(
        required=False, label="What others observed", choices=[("", "counts as seen"), ("off", "does not matter")]
    )
    source = forms.ChoiceField(
        required=False,
        label="To detect",
        choices=[("", "whatever is there"), *((key, one[0]) for key, one in SOURCES.items())],
    )
    yields = forms.ChoiceField(
        required=False,
        label="Time that other plans have",
        choices=[("", "is theirs"), ("off", "is taken from them when this is approved")],
    )
    shared = forms.ChoiceField(
        required=False,
        label="What several telescopes see",
        choices=[("", "counts once"), ("off", "counts for each of them")],
    )
    pos_angle = forms.FloatField(required=False, label="Rotation (°)", min_value=-360, max_value=360)
    limit = forms.FloatField(required=False, label="Search for (s)", min_value=0, max_value=120)

    def __init__(self, *args: Any, user: Any = None, event: Event | None = None, **kwargs: Any):
        from tom_treasuremap import telescopes

        super().__init__(*args, label_suffix="", **kwargs)
        self.user, self.event = user, event
        if event is None:
            del self.fields["also"], self.fields["priority"]
        self.known = telescopes.telescopes()
        able = [one for one in self.known.values() if one.site is not None and not one.reports_only]
        self.fields["telescopes"].choices = [(one.name, one.label) for one in able]
        self.fields["telescopes"].initial = setting.defaults(self.known)
        self.fields["preset"].choices = [(name, one.label) for name, one in presets.PRESETS.items()]
        for name, field in self.fields.items():
            if not isinstance(field.widget, forms.CheckboxSelectMultiple):
                kind = (
                    "form-select form-select-sm"
                    if isinstance(field, forms.ChoiceField)
                    else "form-control form-control-sm"
                )
                field.widget.attrs.setdefault("class", kind)
            if name in ("start", "end"):
                field.widget.attrs["placeholder"] = "2026-11-20 03:00"

    def clean_targets(self) -> dict[int, float]:
        """{key of a target: its weight}, in the order in which they were named."""
        from tom_targets.models import Target
        from tom_targets.permissions import targets_for_user

        names = _weighed(self.cleaned_data["targets"])
        if not names:
            return {}
        rows = Target.objects.filter(name__in=names)
        rows = rows if self.user is None else targets_for_user(self.user, rows, "view_target")
        known = {one.name: one.pk for one in rows}
        missing = [name for name in names if name not in known]
        if missing:
            raise forms.ValidationError(f"No target that you may see is called {', '.join(missing[:5])}.")
        return {known[name]: weight for name, weight in names.items()}

    def clean_also(self) -> dict[str, float]:
        """{key of an event: its priority}."""
        found = {}
        for name, priority in _weighed(self.cleaned_data["also"]).items():
            one = named(name, self.user)
            if one is None:
                raise forms.ValidationError(f"No event that you may see is called {name}.")
            if one == self.event:
                raise forms.ValidationError(f"{name} is this event; its priority is asked for apart.")
            if one.state == Event.State.RETRACTED:
                raise forms.ValidationError(f"{name} was retracted.")
            if eventmaps.current(one, self.user) is None:
                raise forms.ValidationError(f"Nobody has said yet where {name} is.")
            found[str(one.pk)] = priority
        return found

    def clean_filters(self) -> tuple[tuple[str, ...], ...]:
        """Filters of the first visit in order, of the second, and so on; how long each, where that is said, in `seconds_by_filter`."""
        self.seconds_by_filter: dict[str, float] = {}
        visits = [part for part in self.cleaned_data["filters"].split("/") if part.strip()]
        return tuple(tuple(map(self._filter, filter(str.strip, part.split(",")))) for part in visits)

    def _filter(self, part: str) -> str:
        name, _, seconds = part.strip().partition(" ")
        if seconds.strip():
            try:
                self.seconds_by_filter[name] = float(seconds)
            except ValueError:
                raise forms.ValidationError(f"“{part.strip()}” is no filter, and no filter with seconds.") from None
            if not 0.1 <= self.seconds_by_filter[name] <= 36000:
                raise forms.ValidationError(f"{part.strip()}: an exposure takes from 0.1 s to 10 h.")
        return name

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("exposure") == "deep":
            self._look_how_deep(said)
        start, end = said.get("start"), said.get("end")
        if start and end and end <= start:
            self.add_error("end", "It ends before it begins.")
        low, high = said.get("gap_min"), said.get("gap_max")
        if low is not None and high is not None and high < low:
            self.add_error("gap_max", "This is less than the smallest gap.")
        self._look_at_filters(said)
        return said

    def _look_how_deep(self, said: dict[str, Any]) -> None:
        """How deep a source asks for is known where the map has its distance: of fields on it, not of objects."""
        subjects = said.get("subjects") or presets.question(said.get("preset") or presets.FIRST).subjects
        if not said.get("source"):
            self.add_error("source", "Say what is to be detected: how deep that asks for is worked out from it.")
        elif not ON_THE_MAP & set(subjects):
            words = (
                "Only fields on the map can be as deep as the source asks; say the exposure of galaxies and targets."
            )
            self.add_error("exposure", words)

    def _look_at_filters(self, said: dict[str, Any]) -> None:
        """Every telescope has something for each visit, and every filter is one that some telescope has."""
        sets = said.get("filters") or ()
        chosen = [self.known[name] for name in said.get("telescopes") or setting.defaults(self.known)]
        try:
            for one in chosen:
                for some in sets:
                    wanted.filters(Question(filters=some), one)
        except ValueError as error:
            self.add_error("filters", str(error))
            return
        lost = [name for some in sets for name in some if not any(wanted.has(one, name) for one in chosen)]
        if lost:
            self.add_error("filters", f"None of the telescopes has a filter {' or '.join(dict.fromkeys(lost))}.")

    def question(self) -> Question:
        """What was asked, the preset's answers where nothing was said."""
        said = self.cleaned_data
        asked = presets.question(said.get("preset") or presets.FIRST)
        changes: dict[str, Any] = {"telescopes": tuple(said.get("telescopes") or ())}
        numbers = (
            "seconds",
            "visits",
            "gap_min",
            "gap_max",
            "budget",
            "airmass",
            "planned",
            "pos_angle",
            "limit",
            "priority",
        )
        changes |= {name: said[name] for name in numbers if said.get(name) is not None}
        changes |= {name: said[name].astimezone(timezone.utc) for name in ("start", "end") if said.get(name)}
        if said.get("filters"):
            seconds = self.seconds_by_filter
            changes |= {"filters": said["filters"][0], "later": said["filters"][1:]}
            changes |= {"exposure": "filter", "seconds_by_filter": seconds} if seconds else {}
        if said.get("exposure"):
            changes["exposure"] = said["exposure"]
        if said.get("targets"):
            weights = {str(key): weight for key, weight in said["targets"].items() if weight != 1}
            subjects = dict.fromkeys((*(said.get("subjects") or ()), "targets"))
            changes |= {"targets": tuple(said["targets"]), "priorities": weights, "subjects": tuple(subjects)}
        elif said.get("subjects"):
            changes["subjects"] = tuple(said["subjects"])
        changes |= {name: said.get(name) != "off" for name in ("moon", "residual", "yields", "shared")}
        changes |= {"also": said["also"]} if said.get("also") else {}
        if said.get("source"):
            _, text, decline = SOURCES[said["source"]]
            parts = (part.split() for part in text.split(", "))
            bands = {band: [float(bright), float(faint)] for band, bright, faint in parts}
            changes["source"] = {"magnitudes": bands, "decline": decline}
        return asked.but(**changes)


def _weighed(text: str) -> dict[str, float]:
    """{name: weight} of lines such as “M83 = 0.1”; 1 where none is said."""
    found: dict[str, float] = {}
    for line in filter(None, (one.strip() for one in text.splitlines())):
        name, _, number = line.rpartition("=")
        try:
            weight = float(number) if name else 1.0
        except ValueError:
            raise forms.ValidationError(f"“{line}”: after = stands a number.") from None
        if not 0 < weight <= 1000:
            raise forms.ValidationError(f"“{line}”: a weight is more than 0, at most 1000.")
        found[name.strip() or line] = weight
    return found
