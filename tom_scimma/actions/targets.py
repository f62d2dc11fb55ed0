"""The action "targets": an event with a position good enough becomes a TOM target, where its topic's policy did not make one."""

from __future__ import annotations

from dataclasses import replace

from django import forms

from tom_scimma import targets
from tom_scimma.actions import options
from tom_scimma.models import Alert, Event, Match, Subscription
from tom_scimma.policies import policy_of
from tom_scimma.policy import TargetPolicy

NAME = "targets"
#: what an alert must be to make a target: neither taken back nor past the query
MAKES = frozenset({Match.Why.MATCHES})


def run(subscription: Subscription, alert: Alert) -> None:
    """Makes the target, or finds the one that is there, and lets the subscription's owner see it."""
    match = Match.objects.get(subscription=subscription, alert=alert)
    if match.why not in MAKES or not alert.authority:
        return
    radius = float(options(subscription, NAME).get("max_radius_deg") or 0.25)
    policy = policy_of(alert.message.topic, alert.message.source)
    policy = replace(policy, targets=TargetPolicy(max_radius_deg=radius, kinds=(), roles=("observation", "test")))
    notice = alert.notice
    if not targets.good_enough(notice, policy):
        return
    event = Event.objects.select_for_update().get(pk=alert.event_id)
    had = event.target_id
    targets.attach([(event, notice, policy)])
    event.refresh_from_db(fields=["target", "target_made"])
    if event.target is not None and event.target_made and not had:
        event.target.give_user_access(subscription.owner)


class TargetsForm(forms.Form):
    """How good a position must be."""

    max_radius_deg = forms.FloatField(
        label="Error radius up to (degrees)",
        min_value=0,
        max_value=180,
        initial=0.25,
        help_text="Seen by all for a public topic, by its groups for a protected one.",
    )

    def __init__(self, *args, owner=None, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
