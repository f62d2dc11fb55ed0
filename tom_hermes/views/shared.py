"""What HERMES has of ours: the list, and taking one back as far as that goes, through the outbox."""

from __future__ import annotations

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.views.generic import ListView, View
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_hermes import retraction
from tom_hermes.conf import page
from tom_hermes.models import SharedMessage
from tom_scimma import acts
from tom_scimma.models import SharedItem


class SharedListView(LoginRequiredMixin, ListView):
    """Messages of this TOM at HERMES that this user may know of; of one target or delivery where an address names it."""

    template_name = "tom_hermes/shared.html"
    context_object_name = "shared"
    paginate_by = 50

    def get_queryset(self):
        rows = SharedMessage.objects.visible_to(self.request.user).select_related("delivery")
        if delivery := self.request.GET.get("delivery", ""):
            return rows.filter(delivery=delivery) if delivery.isdecimal() and len(delivery) < 10 else rows.none()
        key = self.kwargs.get("target")
        if key is None:
            return rows
        self.target = targets_for_user(self.request.user, Target.objects.filter(pk=key), "view_target").first()
        if self.target is None:
            raise Http404
        carried = SharedItem.objects.filter(target=key).values("delivery__share__first")
        return rows.filter(delivery__in=carried)

    def get_context_data(self, **kwargs):
        context = super().get_context_data(target=getattr(self, "target", None), **kwargs)
        for row in context["shared"]:
            row.page = page(f"message/{row.uuid}")
            row.may_act = acts.may_act(row.delivery, self.request.user)
        return context


class RetractView(LoginRequiredMixin, View):
    """Queues that a message is hidden, or shown again: only its sender, or whoever may change deliveries."""

    http_method_names = ["post"]

    def post(self, request, pk: int, act: str):
        if act not in ("retract", "restore"):
            raise Http404
        shared = get_object_or_404(SharedMessage.objects.visible_to(request.user).select_related("delivery"), pk=pk)
        if not acts.may_act(shared.delivery, request.user):
            raise PermissionDenied
        delivery = retraction.retract(shared, request.user, retracted=act == "retract")
        notes.success(request, "Queued. It hides the message in the archive and withdraws nothing from TNS or GCN.")
        return redirect(delivery.get_absolute_url())
