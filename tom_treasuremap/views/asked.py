"""What people do about what was asked: stop, cancel, keep, mark what became of it, take back all of an event."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import pluralize
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import View
from tom_observations.models import DynamicCadence

from tom_scimma.filters import UtcField
from tom_scimma.views.events import EventMixin
from tom_treasuremap.followup import cadences, cancelling, marking, withdrawn
from tom_treasuremap.models import Asked


class MarkForm(forms.Form):
    """What became of it."""

    why = forms.CharField(required=False, max_length=500)
    start = UtcField(required=False)
    depth = forms.FloatField(required=False, min_value=0, max_value=40)


class AskedActView(LoginRequiredMixin, View):
    """One act on one request: cancel (also: stop before it leaves), keep, observed, begun, failed, skipped."""

    http_method_names = ["post"]

    def post(self, request, pk: int, act: str):
        rows = Asked.objects.visible_to(request.user).exclude(record=None)
        row = get_object_or_404(rows.select_related("record__target", "submission", "cancellation"), pk=pk)
        if act == "cancel":
            if cancelling.cadences(row.record):  # whether that goes on is asked there
                return redirect("tom_observations:cancel", pk=row.record_id)
            self._cancel(row)
        elif act == "keep":
            self._keep(row)
        elif act in marking.STATES:
            if not self._mark(row, act):
                return back(request, row.get_absolute_url(), whole=True)
        else:
            raise Http404("no such act")
        return back(request, row.get_absolute_url())

    def _cancel(self, row: Asked) -> None:
        user = self.request.user
        if not (
            cancelling.may_cancel(row.record, user) or row.is_stoppable
        ):  # whoever sees an automatic act may stop it
            raise PermissionDenied("It is not yours to cancel.")
        left = cancelling.cancel([row.record], user, f"Cancelled by {user.get_username()}.")
        if left:
            messages.error(self.request, " ".join(left.values()))
        elif cancelling.running([row]):
            messages.warning(self.request, f"It is being observed already. {cancelling.MAY_FINISH}")
        else:
            messages.success(self.request, "It is cancelled, or will be as soon as the telescope says so.")

    def _keep(self, row: Asked) -> None:
        if not cancelling.may_cancel(row.record, self.request.user):
            raise PermissionDenied("It is not yours to keep.")
        withdrawn.keep(row, self.request.user)
        messages.success(self.request, "It stays.")

    def _mark(self, row: Asked, act: str) -> bool:
        """Whether it was; else a message says why not."""
        if not marking.may_mark(row, self.request.user):
            raise PermissionDenied("It is not yours to mark.")
        form = MarkForm(self.request.POST)
        if not form.is_valid():
            words = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in form.errors.items())
            messages.error(self.request, f"Not marked. {words}")
            return False
        if marking.mark(row, act, self.request.user, **form.cleaned_data):
            messages.success(self.request, f"{row.record.target.name}: {act}.")
            return True
        messages.error(self.request, "It has ended already: look again.")
        return False


class CadenceActView(LoginRequiredMixin, View):
    """One act on a cadence of the host's: resume what is at rest, or end it."""

    http_method_names = ["post"]

    def post(self, request, pk: int, act: str):
        cadence = get_object_or_404(DynamicCadence, pk=pk)
        row = cadences.asked(cadence, request.user)
        if row is None or act not in ("resume", "end"):
            raise Http404("no such cadence, or no such act")
        if not cancelling.may_cancel(row.record, request.user):
            raise PermissionDenied("It is not yours to change.")
        if act == "resume" and not cadences.why(cadence, row.event):  # a page of before somebody ended or resumed it
            messages.error(request, f"The cadence of {row.record.target.name} is not at rest.")
        elif act == "resume":
            cadences.resume(cadence, request.user)
            messages.success(request, f"The cadence of {row.record.target.name} asks again.")
        else:
            cadences.end(cadence)
            messages.success(request, f"The cadence of {row.record.target.name} has ended.")
        return back(request, row.get_absolute_url())


class EventWithdrawView(LoginRequiredMixin, EventMixin, View):
    """Cancels whatever is left of an event, of what this user may cancel: the one button after a retraction."""

    http_method_names = ["post"]

    def post(self, request, *args: Any, **kwargs: Any):
        rows = withdrawn.left(self.event, request.user)
        if not rows:
            messages.error(request, "Nothing is left that you could cancel.")
            return redirect(self.event.get_absolute_url())
        ended = cadences.end_all(self.event, request.user)  # else they ask again
        why = f"Cancelled by {request.user.get_username()} with all that was asked for {self.event.name}."
        stay = cancelling.cancel([row.record for row in rows], request.user, why)
        runs = len(cancelling.running(rows) - stay.keys())
        gone = len(rows) - len(stay) - runs
        if gone:
            verb = "is" if gone == 1 else "are"
            messages.success(request, f"{gone} of {len(rows)} {verb} cancelled, or will be as the telescopes say so.")
        if runs:
            verb = "is" if runs == 1 else "are"
            messages.warning(request, f"{runs} of {len(rows)} {verb} being observed already. {cancelling.MAY_FINISH}")
        if ended:
            messages.success(request, f"Ended, too: {ended} cadence{pluralize(ended)}.")
        for words in dict.fromkeys(stay.values()):
            messages.error(request, words)
        return redirect(self.event.get_absolute_url())


def back(request: Any, otherwise: str, *, whole: bool = False):
    """To the page it came from, of this site; `whole`: to its top, where messages stand, and not to a part of it."""
    there = request.POST.get("next", "")
    if whole:
        there = there.partition("#")[0]
    if not url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure()):
        there = otherwise or "/"
    return redirect(there)
