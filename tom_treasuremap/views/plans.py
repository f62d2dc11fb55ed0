"""Plans: the tab of an event, the list, the page of one, what a person does about it, its pictures and files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.generic import View

from tom_scimma.models import Event
from tom_scimma.views.events import EventMixin
from tom_scimma.views.pictures import answer
from tom_treasuremap import telescopes
from tom_treasuremap.models import Plan
from tom_treasuremap.plan_forms import QuestionForm
from tom_treasuremap.plans import approving, closed, making, pictures, sheet, told, versions, whatif

PER_PAGE = 30
State = Plan.State


def plans_of(user: Any) -> Any:
    """The plans that a user may see, with what lists show of them."""
    rows = Plan.objects.visible_to(user).select_related("event", "asked_by", "approved_by", "alert", "line")
    return rows.defer("fields", "considered")


class PlanMixin(LoginRequiredMixin):
    """Gives a view the plan that its address names, if the user may see it."""

    @property
    def plan(self) -> Plan:
        if not hasattr(self, "_plan"):
            self._plan = get_object_or_404(plans_of(self.request.user), pk=self.kwargs["pk"])
        return self._plan


class PlanListView(LoginRequiredMixin, View):
    """The newest version of every plan."""

    def get(self, request):
        rows = plans_of(request.user).newest().order_by("-pk")
        state = request.GET.get("state", "")
        if state in State.values:
            rows = rows.filter(state=state)
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        page.object_list = closed.of_all(page.object_list, telescopes.statuses())
        context = {"page": page, "state": state, "states": State.choices}
        return render(request, "tom_treasuremap/plans.html", context)


class EventPlansView(LoginRequiredMixin, EventMixin, View):
    """The tab: the event's plans, their coverage beside everybody's, and a button that makes one."""

    def get(self, request, name):
        return self.shown(QuestionForm(user=request.user, event=self.event))

    def post(self, request, name):
        form = QuestionForm(request.POST, user=request.user, event=self.event)
        if not form.is_valid():
            return self.shown(form, opened=True, status=400)
        row = making.ask(form.question(), by=request.user, event=self.event)
        if request.htmx:
            return self.shown(QuestionForm(user=request.user, event=self.event))
        return redirect(row)

    def shown(self, form: QuestionForm, *, opened: bool = False, status: int = 200) -> HttpResponse:
        request = self.request
        part = request.htmx and not request.htmx.history_restore_request
        rows = plans_of(request.user).about(self.event).newest().order_by("-pk")[:PER_PAGE]
        rows = closed.of_all(rows, telescopes.statuses())
        context = {
            "event": self.event, "rows": rows, "form": form, "opened": opened, "covered": sheet.covered(self.event, request.user),
            "busy": any(row.state in (State.ASKED, State.WORKING) or row.improving for row in rows),
            "retracted": self.event.state == Event.State.RETRACTED, "placed": self.event.ra is not None,
        }  # fmt: skip
        name = "partials/event_plans.html" if part else "event_plans.html"
        response = render(request, f"tom_treasuremap/{name}", context, status=200 if part else status)
        response["Vary"] = ", ".join(filter(None, (response.get("Vary"), "HX-Request")))
        return response


class PlanNewView(LoginRequiredMixin, View):
    """A plan of the TOM's own targets, of no event."""

    def get(self, request):
        return render(request, "tom_treasuremap/plan_new.html", {"form": QuestionForm(user=request.user)})

    def post(self, request):
        form = QuestionForm(request.POST, user=request.user)
        if form.is_valid() and not form.cleaned_data["targets"]:
            form.add_error("targets", "Name at least one target; fields are laid on an event's page.")
        if not form.is_valid():
            return render(request, "tom_treasuremap/plan_new.html", {"form": form}, status=400)
        return redirect(making.ask(form.question(), by=request.user, event=None))


class PlanView(PlanMixin, View):
    """One version of a plan; for htmx how it stands, and what of its pictures and tables is not as the page has it any more."""

    def get(self, request, pk):
        context, before = sheet.of(self.plan, request.user, request.GET), request.GET.get("shown", "")
        part = request.htmx and request.GET.get("part")
        context["fresh"] = bool(part and before and before != context["shown"])
        name = "partials/plan_state.html" if part else "plan.html"
        response = render(request, f"tom_treasuremap/{name}", context)
        if context["fresh"] and before == sheet.NOTHING:  # the page has no place for them yet
            response["HX-Refresh"] = "true"
        response["Vary"] = ", ".join(filter(None, (response.get("Vary"), "HX-Request")))
        return response


class PlanActView(PlanMixin, View):
    """What a person does about a plan, each once."""

    http_method_names = ["post"]

    def post(self, request, pk, act):
        acts = {
            "approve": self._approve, "send": self._send, "stop": self._stop, "again": self._again, "withdraw": self._withdraw,
            "take-back": self._take_back, "keep": self._keep, "tell": self._tell,
        }  # fmt: skip
        if act not in acts:
            raise Http404("no such act")
        try:
            words = acts[act](self.plan, request.user)
        except (approving.NotNow, ValueError) as error:
            messages.error(request, str(error))
            return redirect(self.plan)
        messages.success(request, words)
        newest = plans_of(request.user).filter(line=self.plan.line_id).order_by("-version").first()
        return redirect(newest if act in ("again", "keep") and newest is not None else self.plan)

    def _approve(self, row: Plan, user: Any) -> str:
        sends = "only" not in self.request.POST
        row = approving.approve(row, user, sends=sends, reports="report" in self.request.POST)
        return sheet.sent_words(row) if sends else "Approved. Nothing was sent yet."

    def _send(self, row: Plan, user: Any) -> str:
        return sheet.sent_words(approving.send(row, user))

    def _stop(self, row: Plan, user: Any) -> str:
        self._may(row, user)
        making.stop(row)
        return "The search ends; the best plan so far stays."

    def _again(self, row: Plan, user: Any) -> str:
        self._may(row, user)
        versions.again(row, f"{user.get_username()} asked for it anew.", by=user)
        return "Planned anew from now."

    def _keep(self, row: Plan, user: Any) -> str:
        self._may(row, user)
        question = whatif.asked(row.asks, self.request.POST, row)
        what = whatif.words(row.asks, question)
        why = f"{user.get_username()} kept a what-if{': ' if what else ''}{what}."
        versions.again(row, why, question=question, by=user)
        return "Kept as the next version."

    def _withdraw(self, row: Plan, user: Any) -> str:
        self._may(row, user)
        if not approving.may_approve(user) and versions.acting(row) is not None:
            raise approving.NotNow("Telescopes are at an earlier version: only who may approve plans may withdraw it.")
        versions.withdraw(Plan.objects.filter(line=row.line_id), f"{user.get_username()} withdrew it.", user)
        return "Withdrawn. What had not left never leaves."

    def _take_back(self, row: Plan, user: Any) -> str:
        if not approving.may_approve(user):
            raise approving.NotNow("Only who may approve plans may take back what telescopes have.")
        return sheet.taken_back(row, user)

    def _tell(self, row: Plan, user: Any) -> str:
        if not approving.may_approve(user) or not row.acting:
            raise approving.NotNow("Only an approved plan that is not over is told, by who may approve plans.")
        Plan.objects.filter(pk=row.pk).update(reported=True)
        return f"{sheet.pointings(told.tell(row, user))} told to the Treasure Map, by the worker."

    def _may(self, row: Plan, user: Any) -> None:
        """Its asker may change a plan that nobody approved; who may approve, any."""
        if sheet.may_change(row, user):
            return
        raise approving.NotNow(
            "Only who asked for it, while nobody has approved it, and who may approve plans may do that."
        )


class PlanWhatIfView(PlanMixin, View):
    """The same question asked otherwise, worked out while the page waits; it is kept nowhere."""

    def get(self, request, pk):
        row, error, found = self.plan, "", None
        try:
            found = whatif.answer(row, whatif.asked(row.asks, request.GET, row))
        except (ValueError, LookupError) as trouble:
            error = str(trouble.args[0] if trouble.args else trouble)
        context = {
            "row": row,
            "found": found,
            "error": error,
            "said": request.GET.items(),
            "may": sheet.may_change(row, request.user),
        }
        if found is not None:
            context |= {"worth": row.words(found.best.value), "most": row.words(found.best.bound)}
        return render(request, "tom_treasuremap/partials/whatif.html", context)


class PlanPictureView(PlanMixin, View):
    """One of its pictures. ?theme=dark"""

    def get(self, request, pk, kind, form):
        return answer(
            request, lambda: pictures.draw(self.plan, kind, form, request.GET.get("theme", "light"), request.user)
        )


class PlanFileView(PlanMixin, View):
    """Its requests as a file, in the format of any transport; one file a telescope, or that of ?telescope=."""

    def get(self, request, pk, form):
        found = sheet.file(self.plan, form, request.GET.get("telescope", ""), request.user)
        if found is None:
            raise Http404("no such file")
        response = HttpResponse(found.data, content_type=found.kind)
        response["Content-Disposition"] = f'attachment; filename="{found.name}"'
        response["Cache-Control"] = "private, no-cache"
        return response
