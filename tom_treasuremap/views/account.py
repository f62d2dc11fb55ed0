"""A user's own account at the Treasure Map, rules of what goes by itself, and instruments of ours."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.views.generic import UpdateView, View
from tom_observations.models import ObservationRecord

from tom_scimma import account_tests
from tom_scimma.models import Event
from tom_scimma.secrets import LOST
from tom_treasuremap import accounts, registering
from tom_treasuremap.conf import conf
from tom_treasuremap.models import Instrument, Report, ReportRule, TreasureMapProfile
from tom_treasuremap.models.pointings import visible_observations
from tom_treasuremap.report_forms import InstrumentForm, RuleForm, TokenForm
from tom_treasuremap.service import origin

SERVICE = "treasuremap"  #: what the test of its account is called


def card(user: Any) -> dict[str, Any]:
    """What the card on the profile page says; asks nothing."""
    how = accounts.stands(user)
    return {
        "treasuremap_user": user,
        "treasuremap_server": conf.BASE_URL,
        "treasuremap_own": bool(how),
        "treasuremap_lost": how == LOST,
        "treasuremap_token": how != LOST and bool(how or conf.TOKEN),
        "treasuremap_tested": account_tests.shown(user, SERVICE),
    }


class TokenView(LoginRequiredMixin, UpdateView):
    """The form for one's own token."""

    form_class = TokenForm
    template_name = "tom_treasuremap/token.html"
    success_url = reverse_lazy("user-profile")

    def get_object(self, queryset=None) -> TreasureMapProfile:
        return TreasureMapProfile.objects.get_or_create(user=self.request.user)[0]

    def form_valid(self, form):
        account_tests.forget(self.request.user, SERVICE)
        return super().form_valid(form)


class AccountTestView(LoginRequiredMixin, View):
    """POST: the worker asks whose the token is that this user speaks with; the card on the profile page says what it hears."""

    http_method_names = ["post"]

    def post(self, request):
        why = accounts.why_none(request.user) if conf.BASE_URL else "No Treasure Map is set for this TOM."
        if why:
            messages.error(request, why)
            return redirect("user-profile")
        account_tests.ask(request.user, SERVICE)
        return redirect(f"{reverse('user-profile')}#{SERVICE}-card")


class RulesView(LoginRequiredMixin, View):
    """One's own rules of what is told by itself: there are none until one is made."""

    def get(self, request):
        return self._page(RuleForm(user=request.user))

    def post(self, request):
        if request.POST.get("remove", "").isdecimal():
            ReportRule.objects.filter(owner=request.user, pk=int(request.POST["remove"])).delete()
            return redirect("tom_treasuremap:rules")
        form = RuleForm(request.POST, user=request.user)
        if not form.is_valid():
            return self._page(form, 400)
        form.instance.owner, form.instance.since = request.user, timezone.now()
        form.save()
        messages.success(request, "From now on, what is submitted like that is told to the Treasure Map in your name.")
        return redirect("tom_treasuremap:rules")

    def _page(self, form: RuleForm, status: int = 200):
        rows = ReportRule.objects.filter(owner=self.request.user)
        names = dict(Instrument.objects.filter(origin=origin()).values_list("number", "name"))
        context = {
            "form": form,
            "rules": [{"rule": row, "instrument": names.get(row.number, row.number)} for row in rows],
        }
        return render(self.request, "tom_treasuremap/rules.html", context, status=status)


class InstrumentView(LoginRequiredMixin, View):
    """Registers an instrument: filled in, looked at with its picture, confirmed."""

    def get(self, request):
        return self._page(InstrumentForm())

    def post(self, request):
        form = InstrumentForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=400)
        said = form.said()
        same = Instrument.objects.filter(origin=origin(), name__iexact=said["instrument_name"])
        if "confirm" not in request.POST:
            return self._page(form, rings=registering.rings(said), same=same)
        delivery = registering.register(said, request.user)
        messages.success(request, "It is registered by the worker; then it can be chosen.")
        return redirect(delivery.get_absolute_url())

    def _page(self, form: InstrumentForm, status: int = 200, rings: Any = None, same: Any = ()):
        context = {"form": form, "picture": _picture(rings) if rings else None, "same": list(same)}
        return render(self.request, "tom_treasuremap/instrument.html", context, status=status)


def _picture(rings: list[list[list[float]]]) -> dict[str, Any]:
    """Polygons for an SVG, east to the left, and how large they are in degrees."""
    xs, ys = ([corner[axis] for ring in rings for corner in ring] for axis in (0, 1))
    half = max(map(abs, (*xs, *ys))) * 1.1
    shapes = [" ".join(f"{-100 * x / half:.2f},{-100 * y / half:.2f}" for x, y in ring) for ring in rings]
    return {"shapes": shapes, "width": max(xs) - min(xs), "height": max(ys) - min(ys)}


class TargetReportView(LoginRequiredMixin, View):
    """A target's observations, to be ticked and told to the Treasure Map by the composer."""

    def get(self, request, pk: int):
        from tom_targets.models import Target
        from tom_targets.permissions import targets_for_user

        target = get_object_or_404(targets_for_user(request.user, Target.objects.all(), "view_target"), pk=pk)
        rows = ObservationRecord.objects.filter(target=target, pk__in=visible_observations(request.user)).order_by(
            "-created"
        )[:200]
        told = Report.objects.visible_to(request.user).filter(observation__in=[row.pk for row in rows])
        known = {row.observation_id: row for row in told.order_by("turn")}
        events = Event.objects.visible_to(request.user).filter(candidates__target=target) | Event.objects.visible_to(
            request.user
        ).filter(target=target)
        lines = [{"row": row, "report": known.get(row.pk)} for row in rows]
        context = {"target": target, "lines": lines, "events": events.distinct().order_by("-latest")[:20]}
        part = "partials/target_report.html" if request.htmx else "target_report.html"
        return render(request, f"tom_treasuremap/{part}", context)
