"""The action "plan" of a subscription: a plan made by itself, to be approved; sent by itself only where telescopes are armed for it.

run(subscription, alert)     asks for the plan; the worker makes it
made(plan)                   once it is made: sent, where the subscription wants that and every telescope is armed for it
"""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms

from tom_scimma.actions import options
from tom_scimma.models import Alert, Match, Subscription
from tom_treasuremap.conf import conf
from tom_treasuremap.models import Asked, Plan
from tom_treasuremap.plans import approving, making, presets, versions

NAME = "plan"


def run(subscription: Subscription, alert: Alert) -> None:
    """Asks for a plan of the event, once for each subscription and event; a later map makes its next version by itself."""
    match = Match.objects.filter(subscription=subscription, alert=alert).first()
    if match is not None and match.why == Match.Why.ENDED:
        return
    if alert.event.state == alert.event.State.RETRACTED:
        return
    chosen = options(subscription, NAME)
    question = presets.question(chosen.get("preset") or presets.FIRST, alert.event)
    lead = float(conf.VETO_SECONDS) if chosen.get("send") else 0.0
    question = question.but(telescopes=tuple(chosen.get("telescopes") or ()), lead=lead)
    cause = f"subscription {subscription.pk} event {alert.event_id}"
    making.ask(
        question, by=subscription.owner, event=alert.event, why=f"“{subscription.name}” asked for it.",
        subscription=subscription.name, key=hashlib.sha256(cause.encode()).hexdigest(),
    )  # fmt: skip


def made(row: Plan) -> None:
    """Approves and sends a plan that a subscription asked for, where that wants it and all its telescopes are armed for it.

    A later version goes by itself only where the one before did; the first that could be made is no later one.
    """
    subscription = _subscription(row)
    if subscription is None or row.event is None or not row.visits.exists():
        return
    if not options(subscription, NAME).get("send"):
        return
    by_itself = versions.acting(row)
    if versions.before(row) is not None and (by_itself is None or not by_itself.how.get("armed")):
        return
    arming, why = _armed(row, subscription)
    if why:
        row.progress = {**row.progress, "words": f"Not sent by itself: {why}"}
        row.save(update_fields=["progress"])
        return
    try:
        approving.approve(row, next(iter(arming.values())).by, reports=None, arming=arming)
    except approving.NotNow as error:
        row.refresh_from_db()
        if row.approved is None:  # otherwise a person was faster
            row.progress = {**row.progress, "words": f"Not sent by itself: {error}"}
            row.save(update_fields=["progress"])
        return
    row.refresh_from_db()
    row.how = {**row.how, "armed": sorted(arming)}
    row.save(update_fields=["how"])


def _armed(row: Plan, subscription: Subscription) -> tuple[dict[str, Any], str]:
    """({telescope: by whose word}, why it may not)."""
    from tom_treasuremap.followup.arming import allowed

    alert = row.alert
    if alert is None:
        return {}, "it stands on no alert's map."
    last = Match.objects.filter(subscription=subscription, alert__event=row.event_id).order_by("created", "pk").last()
    if last is not None and last.why != Match.Why.MATCHES:
        return {}, f"the event no longer meets “{subscription.name}”."
    wanted: dict[str, list[Any]] = {}
    for request, _ in approving.requests(
        row, row.visits.select_related("event").order_by("telescope", "start"), subscription.owner
    ):
        wanted.setdefault(request.telescope, []).append(request)
    found, instead = {}, _replaced(row)
    for name, some in wanted.items():
        verdict = allowed(name, subscription, alert, some, instead=instead)
        if not verdict:
            return {}, verdict.why
        found[name] = verdict.arming
    return found, _stays(row, found)


def _stays(row: Plan, arming: dict[str, Any]) -> str:
    """What of the version before telescopes have that this one has not, and nobody would take back; "" where there is none."""
    before = versions.acting(row)
    gone = approving.shared(row, before)[1] if before is not None else []
    for name in sorted(
        {one.telescope for one in gone if one.observation is not None and one.observation.asked.has_left}
    ):
        if name not in arming or not arming[name].cancels:
            return f"{name} has what version {before.version} asked for, and is not armed for taking it back."
    return ""


def _replaced(row: Plan) -> set[str]:
    """Requests of the version that telescopes are at which this one takes the place of, by their ids."""
    before = versions.acting(row)
    some = versions.unbegun(before) if before is not None else []
    asked = Asked.objects.filter(record__in=[one.observation_id for one in some if one.observation_id is not None])
    return set(asked.values_list("request_id", flat=True))


def _subscription(row: Plan) -> Subscription | None:
    if not row.subscription:
        return None
    rows = Subscription.objects.filter(name=row.subscription, owner=row.asked_by, enabled=True)
    return rows.prefetch_related("actions").first()


class PlanForm(forms.Form):
    """For which telescopes, and how."""

    telescopes = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="None: the TOM's own choice, PLAN_TELESCOPES."
    )
    preset = forms.ChoiceField(label="Plan", choices=[], initial=presets.FIRST)
    send = forms.BooleanField(
        required=False,
        label="Send it by itself",
        help_text="Only to telescopes that are armed for this subscription, and only for live alerts; else a person approves it.",
    )

    def __init__(self, *args, owner=None, **kwargs):
        from tom_treasuremap import telescopes

        super().__init__(*args, label_suffix="", **kwargs)
        known = telescopes.telescopes().values()
        able = [one for one in known if one.site is not None and not one.reports_only]
        self.fields["telescopes"].choices = [(one.name, one.label) for one in able]
        self.fields["preset"].choices = [(name, one.label) for name, one in presets.PRESETS.items()]
        self.fields["preset"].widget.attrs["class"] = "form-select form-select-sm w-auto"
