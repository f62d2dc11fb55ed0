"""What waits for a second person's yes: the list, and the word itself, said on the delivery's page."""

from __future__ import annotations

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.generic import View

from tom_scimma import readership
from tom_scimma.acts import NotNow
from tom_scimma.compose import approvals
from tom_scimma.models import Approval
from tom_scimma.views.sent import find


class ApprovalsView(LoginRequiredMixin, View):
    """What this person may decide on."""

    def get(self, request):
        may = request.user.has_perm(Approval.PERMISSION)
        waiting = list(approvals.waiting_for(request.user))
        for one in waiting:
            one.about, _ = readership.about(one.delivery, request.user)
        context = {"waiting": waiting, "may": may, "permission": Approval.PERMISSION}
        return render(request, "tom_scimma/approvals.html", context)


class ApprovalView(LoginRequiredMixin, View):
    """POST: yes or no to one delivery, of the payload whose hash the page showed."""

    http_method_names = ["post"]

    def post(self, request, pk):
        delivery = find(pk, request.user)
        if not request.user.has_perm(Approval.PERMISSION):
            raise PermissionDenied(f"this needs the permission {Approval.PERMISSION}")
        if delivery.by_id == request.user.pk:
            notes.error(request, "Somebody else must approve what you send.")
            return redirect(delivery)
        if not approvals.may_decide(delivery, request.user):
            raise Http404("nothing here waits for you")
        said = request.POST
        try:
            words = approvals.decide(
                delivery, request.user, said.get("verdict", ""), said.get("sha256", ""), said.get("note", "").strip()
            )
        except NotNow as error:
            notes.error(request, str(error))
        else:
            notes.success(request, words)
        return redirect(delivery)
