"""The portfolio of an event, and what joins it to others: parts of its page with addresses of their own."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.views.generic import TemplateView, View

from tom_scimma import annotate, merging, proposals
from tom_scimma.acts import NotNow
from tom_scimma.models import Merge
from tom_scimma.portfolio import Choice, portfolio
from tom_scimma.views.events import EventMixin

#: so many merges and proposals are listed
SHOWN = 200


class EventPortfolioView(EventMixin, TemplateView):
    """Everything said of the event; for htmx the section, or only the rows after those that are there."""

    def get_template_names(self):
        if not self.request.htmx:
            return ["tom_scimma/event_portfolio.html"]
        more = self.request.htmx.target == "portfolio-more"
        return [f"tom_scimma/partials/portfolio{'_rows' if more else ''}.html"]

    def get_context_data(self, **kwargs):
        asked = {name: self.request.GET.get(name, "")[:200] for name in ("source", "type", "topic", "text")}
        number = self.request.GET.get("page", "")
        page = min(int(number), 10_000) if number.isascii() and number.isdigit() and int(number) else 1
        query = self.request.GET.copy()
        query["page"] = page + 1
        said = portfolio(self.event, self.request.user, Choice(**asked, page=page))
        return super().get_context_data(event=self.event, said=said, older=query.urlencode(), **kwargs)

    def render_to_response(self, context, **kwargs):
        response = super().render_to_response(context, **kwargs)
        response["Vary"] = "HX-Request, HX-Target, Cookie"  # the page and its parts share an address
        return response


class EventMergesView(EventMixin, TemplateView):
    """What this event was joined with, and what it may be one with."""

    def get_template_names(self):
        return ["tom_scimma/partials/merges.html" if self.request.htmx else "tom_scimma/event_merges.html"]

    def get_context_data(self, **kwargs):
        rows = Merge.objects.visible_to(self.request.user).filter(Q(event=self.event) | Q(other=self.event))
        return super().get_context_data(event=self.event, merges=_shown(rows, self.request.user), **kwargs)


class MergeListView(TemplateView):
    """Proposals that wait for a person, and what was joined, newest first."""

    template_name = "tom_scimma/merges.html"

    def get_context_data(self, **kwargs):
        rows = Merge.objects.visible_to(self.request.user)
        waiting = rows.filter(state=Merge.State.PROPOSED)
        others = rows.exclude(state=Merge.State.PROPOSED)
        user = self.request.user
        return super().get_context_data(waiting=_shown(waiting, user), others=_shown(others, user), **kwargs)


class MergeActView(LoginRequiredMixin, View):
    """POST accept, reject or undo; asks for the permission to change merges."""

    http_method_names = ["post"]

    def post(self, request, pk, act):
        merge = get_object_or_404(Merge.objects.visible_to(request.user), pk=pk)
        if not proposals.may_decide(merge, request.user):
            raise PermissionDenied("joining and parting events needs the permission tom_scimma.change_merge")
        try:
            event, text = _done(merge, act, request.user)
        except NotNow as error:
            messages.error(request, str(error))
            return redirect(merge.event)
        messages.success(request, text)
        return redirect(event)


def _done(merge: Merge, act: str, user):
    if act == "accept":
        event = proposals.accept(merge, user)
        annotate.about([event])
        return event, f"{merge.other_name} and {merge.name} are one event now."
    if act == "reject":
        proposals.reject(merge, user)
        annotate.about([merge.event, merge.other])  # each may still be one with what the other was proposed with
        return merge.event, f"{merge.other_name} and {merge.name} stay two events."
    if act != "undo":
        raise Http404("no such act")
    other = merging.undo(merge, user)
    annotate.about([merge.event, other])
    sent, told = merging.meanwhile(merge, user)
    return other, f"{merge.other_name} is an event of its own again. {_out(len(sent), told)} while the two were one."


def _out(sent: int, told: int) -> str:
    """`2 things were sent and nobody was told`, as far as the user may know of it."""
    things = f"{sent} {'thing was' if sent == 1 else 'things were'} sent" if sent else "Nothing was sent"
    return f"{things} and {'nobody was' if not told else '1 person was' if told == 1 else f'{told} people were'} told"


def _shown(rows, user) -> list[dict]:
    rows = rows.select_related("event", "other", "alert__message")[:SHOWN]
    shown, waiting = [], set()
    for merge in rows:
        pair = frozenset((merge.event_id, merge.other_id))
        if merge.state == Merge.State.PROPOSED and pair in waiting:  # a join made one question of two
            continue
        waiting |= {pair} if merge.state == Merge.State.PROPOSED else set()
        out = merging.meanwhile(merge, user) if merge.merged else ([], 0)
        shown.append({"merge": merge, "said": out[0], "told": out[1], "may": proposals.may_decide(merge, user)})
    return shown
