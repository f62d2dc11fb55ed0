"""What holds sharing back (rules of groups, embargoes) and what makes it go on by itself (standing shares)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View
from tom_targets.models import Target

from tom_scimma.compose import drafts, predicate, rules, sinks, standing
from tom_scimma.compose.gather import Unseen
from tom_scimma.compose.rights import seen_targets
from tom_scimma.compose.selection import TARGET
from tom_scimma.models import Embargo, Event, SendRule, StandingShare
from tom_scimma.share_forms import EmbargoForm, SendRuleForm, StandingShareForm
from tom_scimma.views.share import DraftMixin

RULES, EMBARGO = "tom_scimma.change_sendrule", "tom_scimma.change_embargo"


def need(user, permission: str) -> None:
    """Raises PermissionDenied, in words, without it."""
    if not user.has_perm(permission):
        raise PermissionDenied(f"this needs the permission {permission}")


def seen_embargoes(user) -> list[Embargo]:
    """Embargoes in force whose event and target this user may see."""
    rows = list(Embargo.objects.in_force().select_related("event", "target")[:200])
    events = set(Event.objects.visible_to(user).filter(pk__in={r.event_id for r in rows}).values_list("pk", flat=True))
    targets = seen_targets({row.target_id for row in rows if row.target_id}, user)
    return [
        row
        for row in rows
        if (row.event_id is None or row.event_id in events) and (row.target_id is None or row.target_id in targets)
    ]


def embargoes_on(user, *, event: Event | None = None, target: Target | None = None) -> dict[str, Any]:
    """For a page of an event or a target: the embargoes in force on it, in words, and where who may puts it under one."""
    found = [
        row
        for row in seen_embargoes(user)
        if row.event_id in (None, event and event.pk) and row.target_id in (None, target and target.pk)
    ]
    name = {"event": event.name} if event is not None else {"target": target.name} if target is not None else {}
    may = user.has_perm(EMBARGO)
    return {
        "embargoes": [(row, rules.embargoed(row)) for row in found],
        "embargo": f"{reverse('tom_scimma:share-rules')}?{urlencode(name)}#embargo" if may else "",
    }


class ShareRulesView(LoginRequiredMixin, View):
    """Who may send where, and what must wait. POST adds a rule or an embargo, takes one away or lifts one."""

    def get(self, request, rule=None, embargo=None):
        user = request.user
        known = {name: request.GET.get(name, "") for name in ("event", "target", "destination")}
        context = {
            "rules": SendRule.objects.select_related("group"),
            "embargoes": seen_embargoes(user),
            "may_rule": user.has_perm(RULES),
            "may_embargo": user.has_perm(EMBARGO),
            "rule_form": rule or SendRuleForm(label_suffix=""),
            "embargo_form": embargo or EmbargoForm(user=user, initial=known),
        }
        return render(request, "tom_scimma/share_rules.html", context)

    def post(self, request):
        acts = {"rule": self._rule, "forget": self._forget, "embargo": self._embargo, "lift": self._lift}
        act = acts.get(request.POST.get("act", ""))
        if act is None:
            raise Http404("no such act")
        return act(request) or redirect("tom_scimma:share-rules")

    def _rule(self, request):
        need(request.user, RULES)
        form = SendRuleForm(request.POST, label_suffix="")
        if not form.is_valid():
            return self.get(request, rule=form)
        form.save()
        notes.success(request, f"From now on: {form.instance}.")
        return None

    def _forget(self, request):
        need(request.user, RULES)
        get_object_or_404(SendRule, pk=_key(request)).delete()
        notes.success(request, "The rule is gone.")

    def _embargo(self, request):
        need(request.user, EMBARGO)
        form = EmbargoForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.get(request, embargo=form)
        form.save()
        notes.success(request, "The embargo holds: what falls under it waits.")
        return None

    def _lift(self, request):
        need(request.user, EMBARGO)
        row = next((row for row in seen_embargoes(request.user) if row.pk == _key(request)), None)
        if row is None:
            raise Http404("no such embargo")
        Embargo.objects.filter(pk=row.pk).update(lifted_at=timezone.now(), lifted_by_name=request.user.get_username())
        notes.success(request, "Lifted. What it held waits for a person to release it.")


def _key(request) -> int:
    text = request.POST.get("pk", "")
    return int(text) if text.isdecimal() and len(text) < 19 else 0


class StandingNewView(DraftMixin, View):
    """From a draft to a standing share: new data of its target or event go to one sink by themselves, in the same words."""

    def get(self, request, pk, form=None):
        name = request.GET.get("sink") or request.POST.get("sink", "")
        try:
            proof = drafts.proof_of(self.draft)
        except Unseen as error:
            raise Http404(str(error)) from error
        letter = next((letter for letter in proof.letters if letter.name == name and letter.there.continuous), None)
        if letter is None:
            raise Http404("no such sink")
        context = {
            "draft": self.draft,
            "letter": letter,
            "content": proof.content,
            "form": form or StandingShareForm(label_suffix=""),
            "good": proof.is_good,
        }
        return render(request, "tom_scimma/standing_new.html", context)

    def post(self, request, pk):
        form = StandingShareForm(request.POST, label_suffix="")
        if not form.is_valid():
            return self.get(request, pk, form=form)
        selection, user = drafts.selection_of(self.draft), request.user
        event = Event.objects.visible_to(user).filter(name=selection.event).first() if selection.event else None
        target = next(iter(drafts.targets_of(self.draft)), None) if event is None else None
        if event is None and (target is None or len(selection.keys(TARGET)) > 1):
            form.add_error(None, "New data are shared of one target, or of an event's candidates: choose one of them.")
            return self.get(request, pk, form=form)
        try:
            row = standing.begin(
                user,
                request.POST.get("sink", ""),
                self._words(),
                target=target,
                event=event,
                predicate=form.predicate(),
                per_hour=form.cleaned_data["per_hour"],
            )
        except sinks.Unoffered as error:
            form.add_error(None, str(error))
            return self.get(request, pk, form=form)
        notes.success(
            request, f"New data go to {row.destination} by themselves from now on, until something is refused."
        )
        return redirect("tom_scimma:share")

    def _words(self) -> dict[str, str]:
        """What was typed; what is known is known of each message anew, and so is what is asked of each target."""
        return {name: value for name, value in self.draft.form.items() if not name.startswith("targets.")}


class StandingView(LoginRequiredMixin, View):
    """One standing share: what it takes and what it sent. POST stops it, or lets it go on."""

    def row(self, request, pk) -> StandingShare:
        rows = StandingShare.objects.select_related("target", "event", "owner")
        return get_object_or_404(rows if request.user.is_superuser else rows.filter(owner=request.user), pk=pk)

    def get(self, request, pk):
        row = self.row(request, pk)
        shares = row.shares.select_related("delivery").defer("delivery__payload").order_by("-delivery__pk")[:50]
        context = {"row": row, "takes": predicate.words(row.predicate), "shares": shares}
        if row.active:
            context |= {"waiting": standing.waiting(row), "full_until": standing.full_until(row)}
        return render(request, "tom_scimma/standing.html", context)

    def post(self, request, pk):
        row = self.row(request, pk)
        if "stop" in request.POST:
            standing.stop(row, f"Stopped by {request.user.get_username()}.")
        elif not row.active:
            standing.go_on(row)
        return redirect("tom_scimma:standing", pk=pk)
