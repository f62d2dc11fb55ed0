"""One's contacts: the card on the profile page, the form, "send me a test", and forgetting."""

from __future__ import annotations

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.generic import TemplateView, View

from tom_scimma import course, switch
from tom_scimma.contact_form import ContactForm
from tom_scimma.hours import HOUR
from tom_scimma.models import Contact, Delivery
from tom_scimma.trying import try_out


def card(user) -> dict:
    """What the profile page shows of a person's contacts and their groups'."""
    rows = list(Contact.objects.usable_by(user).select_related("owner", "group"))
    last: dict[str, Delivery] = {}
    names = [f"people:{row.pk}" for row in rows]
    for delivery in Delivery.objects.filter(service="people", destination__in=names).order_by("pk").defer("payload"):
        last[delivery.destination] = delivery
    for row in rows:
        row.last = last.get(f"people:{row.pk}")
    return {"scimma_contacts": rows}


class Mine(LoginRequiredMixin):
    """A view of a contact that the visitor may use: their own, or one of their groups'."""

    @property
    def contact(self) -> Contact:
        if not hasattr(self, "_contact"):
            rows = Contact.objects.usable_by(self.request.user).select_related("owner", "group")
            self._contact = get_object_or_404(rows, pk=self.kwargs["pk"])
        return self._contact


def home() -> str:
    """Where contacts are listed."""
    return f"{reverse('user-profile')}#contacts"


@method_decorator(sensitive_post_parameters("address_given"), name="dispatch")
class ContactEditView(Mine, TemplateView):
    """The form, of a new contact or of one that is there."""

    template_name = "tom_scimma/contact.html"

    def get(self, request, *args, **kwargs):
        return self._page(ContactForm(instance=self._instance, user=request.user))

    @method_decorator(sensitive_variables())
    def post(self, request, *args, **kwargs):
        form = ContactForm(request.POST, instance=self._instance, user=request.user)
        if not form.is_valid():
            return self._page(form)
        new = form.instance.pk is None
        contact = form.save()
        if "and_test" in request.POST:
            try_out(contact, request.user)
            notes.success(request, f"Saved. A test is on its way to {contact.name}.")
        else:
            notes.success(request, f"Saved: {contact.name}." + (" Send yourself a test." if new else ""))
        return redirect(home())

    @property
    def _instance(self) -> Contact | None:
        return self.contact if "pk" in self.kwargs else None

    def _page(self, form: ContactForm):
        return self.render_to_response(self.get_context_data(form=form, contact=form.instance, home=home()))


class ContactTestView(Mine, View):
    """POST: a test goes to the contact."""

    http_method_names = ["post"]

    def post(self, request, pk):
        sent = Delivery.objects.filter(destination=f"people:{pk}", created__gt=timezone.now() - HOUR).count()
        if sent >= self.contact.per_hour:
            notes.warning(request, f"{sent} messages within an hour, your limit; try again later.")
        else:
            try_out(self.contact, request.user)
            notes.success(request, f"A test is on its way to {self.contact.name}.{_caution()}")
        return redirect(home())


def _caution() -> str:
    stop = switch.stopped()
    return " It will wait: everything that leaves this TOM is stopped." if stop is not None else ""


class ContactForgetView(Mine, View):
    """POST: the address is removed for good, and what waits for it is cancelled."""

    http_method_names = ["post"]

    def post(self, request, pk):
        contact = self.contact
        contact.forget()
        state = Delivery.State
        for delivery in Delivery.objects.filter(destination=f"people:{pk}", state__in=[state.QUEUED, state.HELD]):
            course.move(delivery, state.CANCELLED, reason="The contact was removed.")
        notes.success(request, f"{contact.name} is removed; what it was told stays on record.")
        return redirect(home())
