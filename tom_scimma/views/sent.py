"""Sent: everything that this TOM has told the world, one thing of it, and what a person may do about it."""

from __future__ import annotations

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import TemplateView, View

from tom_scimma import acts, destinations, readership, switch
from tom_scimma.compose import rules
from tom_scimma.models import Attempt, Delivery, Stop
from tom_scimma.sent_filter import DeliveryFilter
from tom_scimma.sent_table import DeliveryTable
from tom_scimma.views.events import ListMixin
from tom_scimma.views.files import attachment
from tom_scimma.workload import attended, workload

#: what an act is told as when it is done
DONE = {
    "release": "Released: it goes as soon as a worker has time.",
    "cancel": "Cancelled: it will not leave.",
    "arrived": "Noted as delivered, on your word.",
    "leave": "Left as it is.",
    "look": "The worker looks again in a moment.",
    "seen": "Put aside.",
}


class SentListView(ListMixin):
    """Deliveries, newest first."""

    model = Delivery
    noun, nouns = "delivery", "deliveries"
    table_class = DeliveryTable
    filterset_class = DeliveryFilter
    template_name = "tom_scimma/sent.html"

    def get_queryset(self):
        rows = Delivery.objects.visible_to(self.request.user).select_related("event")
        return rows.defer("payload", "receipt", "errors", "event__classification", "event__properties")

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            load=workload(timezone.now()),
            stops=Stop.objects.all()[:5] if self.request.user.is_authenticated else (),
            may_stop=self.request.user.has_perm(switch.PERMISSION),
            waiting=self.request.GET.get("needs_person") == "true",
            **kwargs,
        )


def find(pk: int, user) -> Delivery:
    """The delivery that this user may know of, or Http404."""
    rows = Delivery.objects.visible_to(user).select_related("event", "after", "by", "resend_of")
    return get_object_or_404(rows, pk=pk)


class DeliveryView(TemplateView):
    """One delivery: what was said to whom, how it went, and what can be done."""

    template_name = "tom_scimma/delivery.html"

    def get_context_data(self, **kwargs):
        delivery, user = find(self.kwargs["pk"], self.request.user), self.request.user
        read = readership.may_read(delivery, user)
        there, aim, text = _there(delivery)
        return super().get_context_data(
            delivery=delivery,
            read=read,
            destination=there,
            aim=aim,
            moved=aim != delivery.origin and delivery.state in ("held", "queued", "unknown"),
            text=text if read else "",
            about=readership.about(delivery, user),
            log=delivery.log.all()[:200] if read else (),
            acts=acts.offered(delivery) if acts.may_act(delivery, user) else (),
            barred=rules.barred(delivery) if delivery.state == Delivery.State.HELD else ("", False),
            afterwards=there.afterwards(delivery) if there is not None else None,
            unheard=_unheard(delivery),
            newer=delivery.resends.order_by("pk").first(),
            followers=delivery.followers.visible_to(user)[:20],
            now=timezone.now(),
            attended=attended(timezone.now()),
            over=rules.is_over(delivery),
            **kwargs,
        )


def _unheard(delivery: Delivery) -> str:
    """Of a lost reply the last failure to ask the service for it, where it was never heard to say that it has it not; else ""."""
    looks = delivery.log.filter(what=Attempt.What.LOOK).order_by("-pk")
    if delivery.state != Delivery.State.UNKNOWN or looks.filter(answer="not found").exists():
        return ""
    return looks.values_list("text", flat=True).first() or ""


def _there(delivery: Delivery):
    """The destination, where it is now, and the payload as people read it; what is left of it when its app is gone."""
    try:
        there = destinations.find(delivery.destination)
    except LookupError:
        return None, "", bytes(delivery.payload).decode("utf-8", "replace")
    try:
        aim = there.origin()
    except ImproperlyConfigured as error:
        aim = str(error)
    try:
        return there, aim[:300], there.show(bytes(delivery.payload))
    except (ValueError, KeyError, TypeError):  # not as this destination writes them: shown as it is
        return there, aim[:300], destinations.Destination.show(there, bytes(delivery.payload))


class DeliveryPayloadView(View):
    """The payload as a download."""

    def get(self, request, pk):
        delivery = find(pk, request.user)
        if not readership.may_read(delivery, request.user):
            raise Http404("no such delivery")
        return attachment(bytes(delivery.payload), f"delivery-{delivery.pk}.json")


class DeliveryActView(LoginRequiredMixin, View):
    """POST: one of the acts of acts.py."""

    http_method_names = ["post"]

    def post(self, request, pk, act):
        delivery = find(pk, request.user)
        if not acts.may_act(delivery, request.user) or not readership.may_read(delivery, request.user):
            raise PermissionDenied("only its sender, and who may change deliveries, may do that")
        try:
            new = perform(delivery, act, request.user, request.POST)
        except acts.NotNow as error:
            notes.error(request, str(error))
            return redirect(delivery)
        if new is not None:
            notes.success(request, f"Sent again as #{new.pk}.")
            return redirect(new)
        notes.success(request, DONE[act])
        return redirect(delivery)


def perform(delivery: Delivery, act: str, user, form) -> Delivery | None:
    """Does one act by its name; the new delivery of a resend. Raises NotNow, or Http404 for an act that there is not."""
    if act == "resend":
        return acts.resend(delivery, user)
    if act == "release":
        acts.release(delivery, user, origin=str(form.get("origin", "")))
    elif act == "arrived":
        acts.arrived(delivery, user, str(form.get("said", ""))[:500])
    elif act in DONE:
        getattr(acts, act)(delivery, user)
    else:
        raise Http404("no such act")
    return None


class StopView(LoginRequiredMixin, View):
    """POST `stop` (with a `reason`) or `lift`: the big switch."""

    http_method_names = ["post"]

    def post(self, request):
        if not request.user.has_perm(switch.PERMISSION):
            raise PermissionDenied(f"this needs the permission {switch.PERMISSION}")
        if "lift" in request.POST:
            switch.lift(request.user)
            notes.success(request, "Things leave again; what waited goes now.")
        else:
            switch.stop(request.user, request.POST.get("reason", "").strip())
            notes.warning(request, "Stopped: nothing leaves this TOM until somebody lifts this.")
        return redirect("tom_scimma:sent")
