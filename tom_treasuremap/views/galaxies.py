"""An event's ranked galaxies, for the Treasure Map: what would be told, and the click that tells it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.views.generic import View

from tom_scimma.galaxies.event import RANK, Choice, Found, galaxies
from tom_scimma.views.events import EventMixin
from tom_scimma.views.galaxies import address, choice_of
from tom_treasuremap import accounts
from tom_treasuremap.galaxies import TreasureMapGalaxies, send_galaxies
from tom_treasuremap.service import why_not_asked

#: so many are told unless one says otherwise, and at most
USUAL, MOST = 50, 500


class CountForm(forms.Form):
    """How many of the best."""

    count = forms.IntegerField(label="How many of the best", min_value=1, max_value=MOST, initial=USUAL)


class EventGalaxiesReportView(LoginRequiredMixin, EventMixin, View):
    """The list as it is ranked for this user; a POST with `count` queues it."""

    def get(self, request, *args, **kwargs):
        return self._page(CountForm())

    def post(self, request, *args, **kwargs):
        form, found = CountForm(request.POST), self._found()
        why = self._why_not(found)
        if why:
            raise PermissionDenied(why)
        if not form.is_valid():
            return self._page(form, 400)
        rows = [
            {"name": line["galaxy"].name, "ra": line["galaxy"].ra, "dec": line["galaxy"].dec, "score": line["score"]}
            for line in found.lines(found.order[: form.cleaned_data["count"]])
        ]
        delivery = send_galaxies(self.event, rows, request.user)
        messages.success(
            request, f"{len(rows)} galaxies are told. The worker sends them; this page shows what became of it."
        )
        return redirect("tom_scimma:delivery", pk=delivery.pk)

    def _found(self) -> Found:
        """By probability, the best first, whatever the list was sorted by."""
        asked = choice_of(self.request.GET)
        return galaxies(
            self.event, self.request.user, Choice(RANK, asked.catalog, asked.weight, asked.max_distance, "")
        )

    def _why_not(self, found: Found) -> str:
        token = accounts.why_none(self.request.user)
        return why_not_asked(self.event) or found.why_not or ("" if len(found) else "No galaxy is ranked.") or token

    def _page(self, form: CountForm, status: int = 200):
        found = self._found()
        why = self._why_not(found)
        context = {
            "event": self.event,
            "form": form,
            "found": found,
            "why_not": why,
            "lines": [] if why else found.lines(found.order[:10]),
            "weight": found.weights.get(found.weight, ""),
            "query": address(found),
            "warning": TreasureMapGalaxies.warning,
        }
        return render(self.request, "tom_treasuremap/event_galaxies.html", context, status=status)
