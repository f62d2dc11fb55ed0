"""Forms of what holds sharing back and what makes it go on: rules of groups, embargoes, standing shares."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_scimma import destinations, times
from tom_scimma.compose import predicate
from tom_scimma.models import Embargo, Event, SendRule

SMALL = {"class": "form-control form-control-sm"}
CHOICE = {"class": "form-select form-select-sm"}


def known(pattern: str) -> str:
    """The name or pattern of destinations, cleaned. Raises ValidationError where it fits no service of this TOM."""
    pattern = pattern.strip()
    service, names = pattern.partition(":")[0], sorted(destinations.services())
    if service and service not in names and not set(service) & set("*?["):
        raise forms.ValidationError(f"It fits nothing that this TOM sends to: {', '.join(names)}.")
    return pattern


class SendRuleForm(forms.ModelForm):
    """A group, where, and what it may do there."""

    def clean_destination(self) -> str:
        return known(self.cleaned_data["destination"])

    class Meta:
        model = SendRule
        fields = ["group", "destination", "may"]
        widgets = {
            "group": forms.Select(attrs=CHOICE),
            "may": forms.Select(attrs=CHOICE),
            "destination": forms.TextInput(attrs={**SMALL, "placeholder": "hermes:*"}),
        }


class EmbargoForm(forms.Form):
    """About what, to where, until when, and why. What is left empty narrows nothing; something must be said."""

    event = forms.CharField(required=False, max_length=200, widget=forms.TextInput(attrs=SMALL))
    target = forms.CharField(required=False, max_length=100, widget=forms.TextInput(attrs=SMALL))
    destination = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={**SMALL, "placeholder": "hermes:* (empty: everywhere)"}),
    )
    until = forms.CharField(
        required=False,
        max_length=40,
        label="Until (UTC)",
        widget=forms.TextInput(attrs={**SMALL, "placeholder": "2026-12-01 18:00 (empty: until lifted)"}),
    )
    reason = forms.CharField(required=False, max_length=500, widget=forms.TextInput(attrs=SMALL))

    def __init__(self, *args, user: Any = None, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.user = user

    def clean_destination(self) -> str:
        return known(self.cleaned_data["destination"])

    def clean_event(self) -> Event | None:
        name = self.cleaned_data["event"].strip()
        found = Event.objects.visible_to(self.user).filter(name=name).first() if name else None
        if name and found is None:
            raise forms.ValidationError("There is no event of that name that you may see.")
        return found

    def clean_target(self) -> Target | None:
        name = self.cleaned_data["target"].strip()
        mine = targets_for_user(self.user, Target.objects.all(), "view_target")
        found = mine.filter(name=name).first() if name else None
        if name and found is None:
            raise forms.ValidationError("There is no target of that name that you may see.")
        return found

    def clean_until(self) -> datetime | None:
        text = self.cleaned_data["until"].strip()
        until = times.parse(text).time if text else None
        if text and until is None:
            raise forms.ValidationError(f"{text!r} is no time; write it as 2026-12-01 18:00.")
        if until is not None and until <= timezone.now():
            raise forms.ValidationError("That is over already.")
        return until

    def clean(self):
        said = super().clean()
        if not self.errors and not any(said.get(name) for name in ("event", "target", "destination")):
            raise forms.ValidationError("Say about which event or target, or to where.")
        return said

    def save(self) -> Embargo:
        """The embargo, in force."""
        said = self.cleaned_data
        return Embargo.objects.create(
            event=said["event"],
            target_id=said["target"].pk if said["target"] else None,
            destination=said["destination"],
            until=said["until"],
            reason=said["reason"],
            by=self.user,
            by_name=self.user.get_username(),
        )


class StandingShareForm(forms.Form):
    """Which new data, and how often at most."""

    kinds = forms.MultipleChoiceField(
        choices=[(kind, kind) for kind in predicate.KINDS], initial=["photometry"], widget=forms.CheckboxSelectMultiple
    )
    limits = forms.ChoiceField(choices=list(predicate.LIMITS.items()), initial="all", widget=forms.Select(attrs=CHOICE))
    bands = forms.CharField(
        required=False, label="Bands", help_text="with commas; empty: all", widget=forms.TextInput(attrs=SMALL)
    )
    brighter = forms.FloatField(
        required=False,
        label="Brighter than",
        help_text="magnitude",
        widget=forms.NumberInput(attrs={**SMALL, "step": "any"}),
    )
    telescopes = forms.CharField(
        required=False, help_text="with commas; empty: all", widget=forms.TextInput(attrs=SMALL)
    )
    sources = forms.CharField(
        required=False,
        label="Also data that came from",
        help_text="names with commas. Empty: only data that this TOM's people made",
        widget=forms.TextInput(attrs=SMALL),
    )
    per_hour = forms.IntegerField(
        min_value=1, max_value=60, initial=6, label="Messages an hour, at most", widget=forms.NumberInput(attrs=SMALL)
    )

    def predicate(self) -> dict[str, Any]:
        """As a standing share keeps it."""
        names = ("kinds", "limits", "bands", "brighter", "telescopes", "sources")
        return {name: self.cleaned_data[name] for name in names}
