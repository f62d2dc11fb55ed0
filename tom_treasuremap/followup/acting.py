"""The action "follow_up" of a subscription: its event's target, or its best candidates, asked of a telescope, if that is armed."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from tom_scimma.acting import NotDone
from tom_scimma.actions import options
from tom_scimma.candidates.listing import candidates_of
from tom_scimma.models import Alert, Event, Match, Subscription
from tom_treasuremap import telescopes
from tom_treasuremap.followup import arming, fields, validating, written
from tom_treasuremap.followup.request import FAILED, Request
from tom_treasuremap.transports import rules

NAME = "follow_up"
#: decided by a person: not looked at again by a machine
OUT = ("ruled_out",)


class NotAsked(NotDone):
    """Why the telescope was not asked; kept with the match, for its owner."""


def run(subscription: Subscription, alert: Alert) -> None:
    """Asks, in the name of who armed the telescope. Raises NotAsked that says what stood in the way."""
    match = Match.objects.get(subscription=subscription, alert=alert)
    if match.why != Match.Why.MATCHES:
        return
    said = options(subscription, NAME)
    targets = _targets(alert, said, subscription.owner)
    if not targets:
        raise NotAsked("There is no target to look at: the event has none, nor candidates that are not ruled out.")
    requests = [_request(subscription, alert, said, target) for target in targets]
    good, wrong = [], []
    for request in requests:
        faults = validating.faults(request)
        (wrong if faults else good).append((request, faults))
    if not good:
        raise NotAsked(" ".join(why for words in wrong[0][1].values() for why in words))
    chosen = [request for request, _ in good]
    verdict = arming.allowed(said["telescope"], subscription, alert, chosen)
    if not verdict or verdict.arming is None:
        raise NotAsked(verdict.why)
    places = {request.id: target for request, target in zip(requests, targets, strict=True)}
    try:
        records = arming.ask_armed(chosen, verdict.arming, alert=alert, targets=places)
    except arming.NotArmed as error:
        raise NotAsked(str(error)) from error
    if all(record.status in FAILED for record in records):  # of an earlier version: stopped, dropped or a dry run
        words = records[0].status.lower().replace("_", " ")
        raise NotAsked(f"An earlier version asked for this, which is {words}: only a person asks for it again.")


def _targets(alert: Alert, said: dict[str, Any], owner: Any) -> list[Any]:
    """The event's own where it has a position good enough for one, else its candidates, the most probable first."""
    event = Event.objects.select_related("target").get(
        pk=alert.event_id
    )  # another action may just have made its target
    if said.get("what") != "candidates":
        return [event.target] if event.target is not None else []
    rows = candidates_of(event, owner).exclude(status__in=OUT).exclude(target__ra=None).exclude(now=None)
    return [row.target for row in rows.select_related("target").order_by("now", "pk")[: int(said.get("most") or 1)]]


def _request(subscription: Subscription, alert: Alert, said: dict[str, Any], target: Any) -> Request:
    now = timezone.now().replace(second=0, microsecond=0)
    identity = f"{NAME} {subscription.pk} {alert.event_id} {target.pk} {said['telescope']}"
    return Request(
        id=written.PREFIX + hashlib.sha256(identity.encode()).hexdigest()[:24],
        telescope=said["telescope"],
        name=f"{target.name} for {alert.event.name}"[:100],
        target=target.name,
        ra=float(target.ra) % 360.0,
        dec=float(target.dec),
        exposures=fields.exposures(said),
        start=now,
        end=now + timedelta(hours=float(said.get("hours") or 24)),
        event=alert.event.name,
        priority=float(said.get("priority") or 1.0),
    )


class FollowUpForm(forms.Form):
    """What is asked of which telescope."""

    telescope = forms.ChoiceField(
        choices=fields.choices, help_text="It is asked only while somebody has armed it for this subscription."
    )
    what = forms.ChoiceField(
        label="Look at", choices=[("target", "the event's target"), ("candidates", "its most probable candidates")]
    )
    most = forms.IntegerField(label="At most so many of them", min_value=1, max_value=20, initial=1, required=False)
    hours = forms.FloatField(label="Within so many hours", min_value=0.5, max_value=72, initial=24)
    priority = forms.FloatField(min_value=0, max_value=1000, initial=1, required=False)

    template_name = "tom_treasuremap/partials/follow_up_action.html"

    def __init__(self, *args: Any, owner: Any = None, **more: Any):
        super().__init__(*args, label_suffix="", **more)
        fields.offer_able(self.fields["telescope"], "imaging")
        fields.add_rows(self)
        for field in self.fields.values():
            choice = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select form-select-sm" if choice else "form-control form-control-sm"

    @property
    def plain(self) -> list[Any]:
        """The fields above the filters."""
        return [self[name] for name in self.base_fields]

    @property
    def rows(self) -> list[list[Any]]:
        """A row a filter."""
        return [[self[f"{name}_{i}"] for name in ("filter", "seconds", "count")] for i in range(1, fields.ROWS + 1)]

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if self.errors:
            return said
        telescope = telescopes.telescopes()[said["telescope"]]
        wrong = fields.halves(said)
        for i in range(1, fields.ROWS + 1):
            name = said.get(f"filter_{i}")
            if name and name not in telescope.filters:
                wrong.setdefault(f"filter_{i}", rules.no_filter(name, telescope))
        for field, why in wrong.items():
            self.add_error(field, why)
        return said
