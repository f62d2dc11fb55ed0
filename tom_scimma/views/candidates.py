"""Candidates: the section of an event's page, what people decide there, and the events in which a target lies."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.generic import TemplateView, View
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_scimma import eventmaps
from tom_scimma.candidates import deciding, lying
from tom_scimma.candidates.listing import (
    PLACES,
    SORTS,
    CandidateFilter,
    CandidateTable,
    candidates_of,
    changeable,
    row_html,
)
from tom_scimma.candidates.moves import moves
from tom_scimma.conf import conf
from tom_scimma.models import Candidate, Placement
from tom_scimma.views.events import EventMixin, ListMixin

#: what a row shows of other tables
SHOWN = ("event", "target", "decided_by", "added_by")
#: at most so many at once; a page shows fewer
SELECTED = 500


class EventCandidatesView(EventMixin, ListMixin):
    """An event's candidates: for htmx the section, or the table alone when something in the section asks for it."""

    model = Candidate
    noun = "candidate"
    table_class = CandidateTable
    filterset_class = CandidateFilter
    template_name = "tom_scimma/event_candidates.html"

    def get_template_names(self):
        if not self.request.htmx or self.request.htmx.history_restore_request:
            return [self.template_name]
        part = "table" if self.request.htmx.target == "candidates-table" else "section"
        return [f"tom_scimma/partials/candidates_{part}.html"]

    def get_queryset(self):
        if not hasattr(self, "_rows"):
            self._rows = candidates_of(self.event, self.request.user).select_related(*SHOWN)
        return self._rows

    def get_table(self, **kwargs):
        table = super().get_table(**kwargs)
        table.path = reverse("tom_scimma:event-candidates", kwargs={"name": self.event.name})
        return table

    def get_context_data(self, **kwargs):
        return {**super().get_context_data(**kwargs), **_about(self.event, self.request, self.get_queryset())}

    def render_to_response(self, context, **kwargs):
        response = super().render_to_response(context, **kwargs)
        patch_vary_headers(response, ["HX-Target"])  # the section and the table in it share an address too
        return response


def _about(event, request, rows) -> dict:
    shown = eventmaps.current(event, request.user)
    return {
        "event": event,
        "level": conf.CANDIDATE_LEVEL,
        "days": conf.CANDIDATE_DAYS,
        "days_before": -conf.CANDIDATE_DAYS[0],
        "places": PLACES.items(),
        "sorts": SORTS.items(),
        "statuses": Candidate.Status.choices,
        "shown_map": shown,
        "placement": Placement.objects.filter(alert=shown.alert_id).first() if shown else None,
        "moves": moves(event, request.user, rows)
        if not request.htmx or request.htmx.target != "candidates-table"
        else [],
        "may_some": request.user.is_authenticated,
        "query": request.GET.urlencode(),
        "path": reverse("tom_scimma:event-candidates", kwargs={"name": event.name}),
    }


class Deciding(LoginRequiredMixin, EventMixin, View):
    """Base of what people change on an event's candidates."""

    http_method_names = ["post"]

    @property
    def rows(self):
        """The candidates that they may see."""
        return candidates_of(self.event, self.request.user).select_related(*SHOWN)

    def back(self, text: str, *, good: bool = True) -> HttpResponse:
        """The table again, saying what was done; without htmx the page of candidates."""
        address = reverse("tom_scimma:event-candidates", kwargs={"name": self.event.name})
        if not self.request.htmx:
            messages.add_message(self.request, messages.SUCCESS if good else messages.ERROR, text)
            return redirect(address)
        view = EventCandidatesView(kwargs=self.kwargs)
        view.setup(self.request, **self.kwargs)
        view.object_list = view.get_queryset()
        view.filterset = view.get_filterset(CandidateFilter)
        view.object_list = view.filterset.qs
        context = {
            **view.get_context_data(filter=view.filterset, object_list=view.object_list),
            "said": text,
            "good": good,
        }
        return HttpResponse(render_to_string("tom_scimma/partials/candidates_table.html", context, self.request))

    def decision(self) -> tuple[str, str] | None:
        """Status and reason as the form has them; None for a status that there is not."""
        status = self.request.POST.get("status", "")
        return (status, self.request.POST.get("reason", "")) if status in Candidate.Status.values else None


class CandidateDecideView(Deciding):
    """One candidate's status and reason, changed in its row."""

    def post(self, request, name, pk):
        row = get_object_or_404(self.rows, pk=pk)
        said = self.decision()
        if said is None:
            return HttpResponseBadRequest(
                f"there is no such status; choose one of {', '.join(Candidate.Status.values)}"
            )
        if not changeable([row], request.user):
            return HttpResponse("only those who may change the target may decide on it", status=403)
        deciding.decide([row], *said, request.user)
        if not request.htmx:
            return redirect("tom_scimma:event-candidates", name=self.event.name)
        return HttpResponse(row_html(self.rows.get(pk=pk), True, request))


class CandidatesDecideView(Deciding):
    """The same for those that were ticked."""

    def post(self, request, name):
        said = self.decision()
        keys = [int(key) for key in request.POST.getlist("candidate")[:SELECTED] if key.isdecimal()]
        if said is None or not keys:
            return self.back("Tick some candidates and choose a status.", good=False)
        rows = list(self.rows.filter(pk__in=keys))
        mine = changeable(rows, request.user)
        count = deciding.decide([row for row in rows if row.pk in mine], *said, request.user)
        left = len(keys) - len(mine)
        more = f" {left} left as they are: only those who may change a target may decide on it." if left else ""
        words = Candidate.Status(said[0]).label
        return self.back(f"{count} candidate{'' if count == 1 else 's'} now {words}.{more}", good=not left)


class CandidateAddView(Deciding):
    """A target that a person names becomes a candidate, whatever its age and place."""

    def post(self, request, name):
        event, target = self.event, self._target(request.POST.get("target", "").strip())
        if target is None:
            return self.back("There is no target of that name that you may change.", good=False)
        there = self.rows.filter(target=target).exists()
        deciding.add(event, target, request.user)
        return self.back(f"{target.name} {'is a candidate already' if there else 'is now a candidate'}.")

    def _target(self, text: str) -> Target | None:
        mine = targets_for_user(self.request.user, Target.objects.all(), "change_target")
        named = mine.filter(name=text).first() or mine.filter(aliases__name=text).first()
        if named is None and text.isdecimal() and len(text) < 10:
            named = mine.filter(pk=int(text)).first()
        return named


class TargetEventsView(TemplateView):
    """The events in which a target lies: a tab of its page, and a page of its own without JavaScript."""

    def get_template_names(self):
        return [f"tom_scimma/{'partials/' if self.request.htmx else ''}target_events.html"]

    def get_context_data(self, **kwargs):
        seen = targets_for_user(self.request.user, Target.objects.filter(pk=self.kwargs["pk"]), "view_target")
        target = seen.first()
        if target is None:
            raise Http404("no such target")
        found = lying.events_of(target, self.request.user)
        return super().get_context_data(lying_target=target, lying=found, level=conf.CANDIDATE_LEVEL, **kwargs)
