"""What was shared of a target or an event, and the target's tab from which its data are chosen."""

from __future__ import annotations

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404
from django.shortcuts import render
from django.views.generic import View
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_scimma.compose import rows, shared
from tom_scimma.compose.selection import DATA, Selection
from tom_scimma.models import Draft
from tom_scimma.views.events import EventMixin
from tom_scimma.views.share_rules import embargoes_on


def target_of(request, pk: int) -> Target:
    """The target that this user may see, or Http404."""
    target = targets_for_user(request.user, Target.objects.filter(pk=pk), "view_target").first()
    if target is None:
        raise Http404("no such target")
    return target


class TargetShareView(View):
    """A target's data with checkboxes, and what was shared of them: a tab of its page, and a page without JavaScript."""

    def get(self, request, pk):
        target = target_of(request, pk)
        context = {
            "share_target": target,
            "told": shared.of_target(target, request.user),
            "tables": self._tables(target),
            **embargoes_on(request.user, target=target),
        }
        part = "partials/target_share" if request.htmx else "target_share"
        response = render(request, f"tom_scimma/{part}.html", context)
        response["Vary"] = "HX-Request"
        return response

    def _tables(self, target) -> list[tuple[str, str, int]]:
        if not self.request.user.is_authenticated:
            return []
        found = [entry for entry in rows.kinds(_all_of(target, self.request.user)) if entry[0] in DATA]
        return [(kind, title, count) for kind, title, count, _ in found]


def _all_of(target, user) -> Draft:
    """A draft that nobody keeps: the target with nothing of it chosen."""
    return Draft(user=user, selection=Selection(chosen={"target": (target.pk,)}).to_json())


class TargetRowsView(LoginRequiredMixin, View):
    """One table of a target's data, a page of it, to tick."""

    def get(self, request, pk):
        target, kind = target_of(request, pk), request.GET.get("kind", "")
        if kind not in DATA:
            raise Http404("no such table")
        said = request.GET
        table = rows.page(_all_of(target, request.user), kind, number=said.get("page", 1), sort=said.get("sort", ""))
        return render(request, "tom_scimma/partials/target_rows.html", {"table": table, "share_target": target})


class EventSharedView(EventMixin, View):
    """What was shared about an event."""

    def get(self, request, name):
        told = shared.of_event(self.event, request.user)
        part = "partials/shared" if request.htmx else "shared"
        response = render(
            request,
            f"tom_scimma/{part}.html",
            {"told": told, "event": self.event, **embargoes_on(request.user, event=self.event)},
        )
        response["Vary"] = "HX-Request"
        return response
