"""Told: who was told what and when, and that they have seen it."""

from __future__ import annotations

import django_filters
from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import Q
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.views.generic import TemplateView, View

from tom_scimma import seen, wording
from tom_scimma.filters import PageFilter
from tom_scimma.models import Contact, Telling
from tom_scimma.tables import LOCK, PageTable, head
from tom_scimma.templatetags.scimma_told import outcome_badge, seen_words
from tom_scimma.templatetags.scimma_words import moment
from tom_scimma.views.events import EventMixin, ListMixin

#: an event page shows at most so many, the newest
SHOWN = 100


class TellingTable(PageTable):
    """What was told, the newest first."""

    created = head("Alert (UTC)")
    alert = head("Told", orderable=False)
    contact = head("Whom", orderable=False)
    subscription_name = head("Because of", "wide")
    delivery = head("How far", orderable=False)
    acknowledged = head("Seen", "wide")

    class Meta(PageTable.Meta):
        model = Telling
        fields = ("created", "alert", "contact", "subscription_name", "delivery", "acknowledged")
        sequence = fields
        order_by = ()

    def cell_created(self, row: Telling):
        return moment(row.created)

    def cell_alert(self, row: Telling):
        event = row.alert.event
        lock = "" if row.alert.public else LOCK
        said = f"{row.change}{f', {row.note}' if row.note else ''}"
        return format_html('{}<a href="{}">{}</a> {}', lock, event.get_absolute_url(), event.name, said)

    def cell_contact(self, row: Telling):
        critical = format_html(' <span class="badge text-bg-danger">critical</span>') if row.critical else ""
        return format_html("{}: {} ({}){}", row.contact.whose, row.contact.name, row.contact.scheme, critical)

    def cell_subscription_name(self, row: Telling):
        return wording.short(row.subscription_name, 40)

    def cell_delivery(self, row: Telling):
        return outcome_badge(row)

    def cell_acknowledged(self, row: Telling):
        return seen_words(row)


class TellingFilter(PageFilter):
    """What was told, by event, contact and whether it was seen."""

    first = ("whom", "seen")
    whom = django_filters.ChoiceFilter(
        choices=[("me", "me"), ("others", "others")], label="Whom", empty_label="everybody", method="by_owner"
    )
    seen = django_filters.ChoiceFilter(
        choices=[("no", "not yet"), ("yes", "seen")], label="Seen", empty_label="any", method="by_seen"
    )

    class Meta:
        model = Telling
        fields: list[str] = []

    def general_search(self, queryset, name, value):
        """By event, contact, or subscription."""
        text = value.strip()
        named = Q(alert__event__name__icontains=text) | Q(contact__name__icontains=text)
        return queryset.filter(named | Q(subscription_name__icontains=text))

    def by_owner(self, queryset, name, value):
        own = Q(contact__in=Contact.objects.filter(owner=self.request.user))
        return queryset.filter(own if value == "me" else ~own)

    def by_seen(self, queryset, name, value):
        return queryset.filter(acknowledged__isnull=value == "no")


class ToldView(LoginRequiredMixin, ListMixin):
    """Everything that was told, or waits to be, as far as the visitor may know."""

    model = Telling
    noun = "telling"
    table_class = TellingTable
    filterset_class = TellingFilter
    template_name = "tom_scimma/told.html"

    def get_queryset(self):
        return _rows(self.request.user)


def _rows(user):
    rows = Telling.objects.visible_to(user).select_related(
        "alert__event", "contact__owner", "contact__group", "delivery"
    )
    return rows.defer("alert__document", "delivery__payload", "contact__address")


class EventToldView(EventMixin, TemplateView):
    """Who was told of one event; for htmx only the table."""

    def get_template_names(self):
        return ["tom_scimma/partials/event_told.html" if self.request.htmx else "tom_scimma/event_told.html"]

    def get_context_data(self, **kwargs):
        rows = list(_rows(self.request.user).filter(alert__event=self.event)[: SHOWN + 1])
        user = self.request.user
        usable = set(Contact.objects.usable_by(user).values_list("pk", flat=True))
        for row in rows:
            row.mine = row.contact_id in usable and row.acknowledged is None and row.may_be_seen
        return super().get_context_data(event=self.event, rows=rows[:SHOWN], more=len(rows) > SHOWN, **kwargs)


class TellingSeenView(LoginRequiredMixin, View):
    """POST: the visitor has seen what a contact of theirs was told."""

    http_method_names = ["post"]

    def post(self, request, pk):
        rows = Telling.objects.visible_to(request.user).filter(contact__in=Contact.objects.usable_by(request.user))
        telling = get_object_or_404(rows.select_related("alert__event"), pk=pk)
        seen.acknowledge(seen.with_the_same_message(telling), request.user)
        notes.success(request, f"Noted: you have seen what was told of {telling.alert.event.name}.")
        return redirect(telling.alert.event)


class SeenView(TemplateView):
    """The link in a message. GET asks, for mail scanners open every link; POST notes it. It needs no log-in: the link is
    signed, and was sent to those who were told."""

    template_name = "tom_scimma/seen.html"

    def get_context_data(self, **kwargs):
        tellings = seen.found(self.kwargs["token"])
        events = list({one.alert.event_id: one.alert.event for one in tellings}.values())
        first = tellings[0] if tellings else None
        return super().get_context_data(tellings=tellings, events=events[:20], count=len(events), first=first, **kwargs)

    def get(self, request, *args, **kwargs):
        context = self.get_context_data(**kwargs)
        return self._private(self.render_to_response(context, status=200 if context["tellings"] else 404))

    def post(self, request, token):
        tellings = seen.found(token)
        if tellings:
            contact = tellings[0].contact
            seen.acknowledge(tellings, request.user, by=f"{contact.whose}, by the link to {contact.name}")
        return self._private(HttpResponseRedirect(request.path))

    def _private(self, response):
        response["Cache-Control"] = "private, no-store"
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        return response
