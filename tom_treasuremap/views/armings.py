"""Which telescopes this TOM may ask by itself: who armed them, for what, until when; arming and disarming."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.generic import View

from tom_scimma import switch
from tom_scimma.filters import UtcField
from tom_scimma.models import Subscription
from tom_treasuremap.conf import conf
from tom_treasuremap.followup import arming, fields, idle
from tom_treasuremap.models import Arming


class ArmForm(forms.Form):
    """What is armed."""

    telescope = forms.ChoiceField(choices=fields.choices)
    rule = forms.ModelChoiceField(
        Subscription.objects.none(),
        label="For the subscription",
        help_text="Only for what this one met, and nothing else. It has to have the action “Ask a telescope”, or “Make a plan” "
        "that is sent by itself: one that only tells people asks no telescope, armed or not.",
    )
    until = UtcField(label="Until (UTC)", widget=fields.UtcInput)
    hours = forms.FloatField(label="Hours of exposures a night, at most", min_value=0.01, max_value=24, initial=2)
    requests = forms.IntegerField(label="Requests a night, at most", min_value=1, max_value=1000, initial=5)
    cancels = forms.BooleanField(
        label="It may also take back what it asked for by itself when an event is retracted",
        required=False,
        help_text="After a grace time in which anybody may keep it; never what is being exposed, never what a person asked for.",
    )

    def __init__(self, *args: Any, user: Any, **more: Any):
        super().__init__(*args, **more)
        rows = Subscription.objects.filter(tests=False)
        self.fields["rule"].queryset = rows if user.is_superuser else rows.filter(owner=user)
        self.fields["until"].initial = timezone.now().replace(second=0, microsecond=0) + timedelta(days=1)


class ArmingsView(LoginRequiredMixin, View):
    """The list, and for those who may the form."""

    def get(self, request):
        return self._page(ArmForm(user=request.user))

    def post(self, request):
        if not arming.may_arm(request.user):
            raise PermissionDenied("You may not arm telescopes.")
        form = ArmForm(request.POST, user=request.user)
        if form.is_valid():
            said = dict(form.cleaned_data)
            try:
                row = arming.arm(said.pop("telescope"), said.pop("rule"), request.user, said.pop("until"), **said)
            except ValueError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "It is armed: this TOM may ask it by itself, in your name.")
                nothing = idle.why(row.rule, row.telescope)
                if nothing:
                    messages.warning(request, nothing)
                return redirect("tom_treasuremap:armings")
        return self._page(form, 400)

    def _page(self, form: ArmForm, status: int = 200):
        rows = (
            Arming.objects.visible_to(self.request.user)
            .select_related("rule__owner", "by", "disarmed_by")
            .prefetch_related("rule__actions")
        )
        rows = rows.prefetch_related("rule__actions")
        context = {
            "form": form,
            "in_force": [(row, idle.why(row.rule, row.telescope)) for row in rows[:200] if row.is_in_force],
            "over": [row for row in rows[:60] if not row.is_in_force][:30],
            "may": arming.may_arm(self.request.user),
            "stopped": switch.stopped(),
            "veto": conf.VETO_SECONDS,
        }
        return render(self.request, "tom_treasuremap/armings.html", context, status=status)


class DisarmView(LoginRequiredMixin, View):
    """Disarms; also the owner of the rule may."""

    http_method_names = ["post"]

    def post(self, request, pk: int):
        row = get_object_or_404(Arming.objects.visible_to(request.user), pk=pk)
        arming.disarm(row, request.user, request.POST.get("why", "")[:500])
        messages.success(request, "It is disarmed, and what waited is dropped.")
        return redirect("tom_treasuremap:armings")
