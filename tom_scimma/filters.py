"""Filters of the lists, the same for pages and REST."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Column, Layout, Row
from django import forms
from django.db.models import F, Q
from tom_common.htmx_table import HTMXTableFilterSet

from tom_scimma import events, wording
from tom_scimma.models import Alert, Annotation, Event, Localization, Message
from tom_scimma.models.seen import known_aliases
from tom_scimma.times import YEARS, parse

#: a text search looks up at most so many events by name
NAMES = 500
ALL = "all"
#: no form is for a later year
LAST = 2100


class UtcField(forms.Field):
    """A time typed as ISO 8601; without an offset it is UTC, and shown in UTC, whatever the TOM's time zone."""

    def to_python(self, value):
        if value in self.empty_values:
            return None
        time = parse(str(value)).time
        if time is None:
            raise forms.ValidationError(
                f"{str(value)[:40]!r} is not a time; write it as 2023-05-18 or 2023-05-18T12:59 (UTC)"
            )
        if time.year > LAST:
            raise forms.ValidationError(f"Give a time between {YEARS.start} and {LAST}.")
        return time

    def prepare_value(self, value):
        return value.astimezone(timezone.utc).replace(tzinfo=None) if isinstance(value, datetime) else value


class UtcFilter(django_filters.Filter):
    """Filters by a time in UTC."""

    field_class = UtcField


class Number(django_filters.Filter):
    """Filters by a finite number."""

    field_class = forms.FloatField


def _time(label: str, **options) -> UtcFilter:
    widget = forms.TextInput(attrs={"placeholder": "2023-05-18T12:59", "autocomplete": "off"})
    return UtcFilter(label=label, widget=widget, **options)


def _choices(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(code, f"{words} ({code})" if code.isupper() else words) for code, words in table.items()]


class PageFilter(HTMXTableFilterSet):
    """The host's filter set with a form that works without JavaScript and keeps its place in the address."""

    #: names of the fields that are always shown, then of those under "More filters"
    first: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    def __init__(self, data=None, *args, **kwargs):
        super().__init__(
            {} if data is None else data, *args, **kwargs
        )  # bound, so that what is hidden by default is hidden

    @property
    def form(self):
        if not hasattr(self, "_form"):
            form = self._form = django_filters.FilterSet.form.fget(self)
            form.helper = FormHelper()
            form.helper.form_tag = False
            form.helper.disable_csrf = True
            form.helper.layout = self._layout(any(form.data.get(name) for name in self.more))
            for name in ("query", *self.first, *self.more):
                # the form itself carries hx-get; what the host's field brings would ask twice
                form.fields[name].widget.attrs = {
                    k: v for k, v in form.fields[name].widget.attrs.items() if not k.startswith("hx-")
                }
        return self._form

    def _layout(self, opened: bool) -> Layout:
        columns = [Column(name, css_class="col-6 col-md-3 col-xl-2") for name in self.first]
        more = [Column(name, css_class="col-6 col-md-3 col-xl-2") for name in self.more]
        buttons = (
            '<button class="btn btn-primary btn-sm" type="submit">Filter</button> '
            '<a class="btn btn-link btn-sm" href="?">Clear</a>'
        )
        begin, end = '<div class="scimma-tail">', f"<div>{buttons}</div></div>"
        if more:
            begin += f"<details{' open' if opened else ''}><summary>More filters</summary>"
            end = f"</details>{end}"
        return Layout(
            Row(Column("query", css_class="col-12 col-md-6 col-xl-4"), *columns, css_class="gx-2"),
            HTML(begin),
            Row(*more, css_class="gx-2"),
            HTML(end),
        )


class EventFilter(PageFilter):
    """Events by what they are, when, where and how sure. Tests are hidden unless asked for."""

    first = ("kind", "state", "role", "time_after")
    more = ("time_before", "far_max", "classification", "probability_min", "area_max", "distance_max")

    kind = django_filters.ChoiceFilter(choices=_choices(wording.KINDS), label="Kind", empty_label="any")
    state = django_filters.ChoiceFilter(choices=_choices(wording.STATES), label="State", empty_label="any")
    role = django_filters.ChoiceFilter(
        choices=[*_choices(wording.ROLES), (ALL, "all, tests too")],
        label="Role",
        empty_label="no tests",
        method="by_role",
    )
    time_after = _time("Event time from (UTC)", field_name="time", lookup_expr="gte")
    time_before = _time("Event time to (UTC)", field_name="time", lookup_expr="lte")
    far_max = Number(method="by_rate", label="False alarms at most (per year)")
    classification = django_filters.ChoiceFilter(
        choices=[(name, f"{name}: {words}") for name, words in wording.CLASSES.items()],
        label="Class",
        empty_label="any",
        method="by_class",
    )
    probability_min = Number(method="by_probability", label="Class probability at least (0–1)")
    area_max = Number(field_name="area_90", lookup_expr="lte", label="90 % area at most (deg²)")
    distance_max = Number(field_name="distance_mpc", lookup_expr="lte", label="Distance at most (Mpc)")

    class Meta:
        model = Event
        fields: list[str] = []

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data.get("role") else queryset.exclude(role="test")

    def general_search(self, queryset, name, value):
        """By name or by any other name that the user may know."""
        return named(queryset, value.strip(), getattr(self.request, "user", None))

    def by_role(self, queryset, name, value):
        return queryset if value == ALL else queryset.filter(role=value)

    def by_rate(self, queryset, name, value):
        return queryset.filter(far_hz__lte=value / wording.YEAR)

    def by_class(self, queryset, name, value):
        """The most probable class; with a probability, any class at least that probable."""
        if self.form.cleaned_data.get("probability_min") is None:
            return queryset.filter(top_class=value)
        return queryset.filter(**{f"classification__{value}__gte": self.form.cleaned_data["probability_min"]})

    def by_probability(self, queryset, name, value):
        return queryset if self.form.cleaned_data.get("classification") else queryset.filter(top_probability__gte=value)


def named(events, text: str, user):
    """Those of some visible events that a text names, in part."""
    aliases = known_aliases(user).filter(name__icontains=text)
    return events.filter(Q(name__icontains=text) | Q(pk__in=aliases.values("event_id")))


class MessageFilter(PageFilter):
    """Messages by text, topic, state, sender and time."""

    first = ("state", "topic", "received_after")
    more = ("sender", "received_before", "is_test", "parser")

    state = django_filters.ChoiceFilter(choices=Message.State.choices, label="State", empty_label="any")
    topic = django_filters.CharFilter(label="Topic", lookup_expr="istartswith")
    sender = django_filters.CharFilter(label="Sender", lookup_expr="icontains")
    parser = django_filters.CharFilter(label="Parser", lookup_expr="iexact")
    is_test = django_filters.BooleanFilter(label="Test messages")
    received_after = _time("Received from (UTC)", field_name="received", lookup_expr="gte")
    received_before = _time("Received to (UTC)", field_name="received", lookup_expr="lte")

    class Meta:
        model = Message
        fields: list[str] = []

    def general_search(self, queryset, name, value):
        """By id, topic, event, and the reason of those in quarantine; never through the bytes of everything."""
        text = value.strip()
        try:
            return queryset.filter(uid=uuid.UUID(text))
        except ValueError:
            pass
        user = getattr(self.request, "user", None)
        events = (
            named(Event.objects.visible_to(user), text, user).order_by("-latest").values_list("pk", flat=True)[:NAMES]
        )
        alerts = Alert.objects.visible_to(user).filter(event__in=list(events))
        wrong = Q(state=Message.State.QUARANTINED, error__icontains=text)
        return queryset.filter(Q(topic__icontains=text) | wrong | Q(pk__in=alerts.values("message_id")))


class OfEvent(django_filters.CharFilter):
    """What hangs on an event, by any of its names; `field_name` leads to the event."""

    def filter(self, qs, value):
        if not value:
            return qs
        known = events.named(value, self.parent.request.user)
        return qs.filter(**({self.field_name: known} if known else {f"{self.field_name}__name": value}))


class AlertFilter(django_filters.rest_framework.FilterSet):
    """Alerts over REST."""

    event = OfEvent(field_name="event")
    message = django_filters.UUIDFilter(field_name="message__uid")
    source = django_filters.CharFilter(lookup_expr="istartswith")
    topic = django_filters.CharFilter(field_name="message__topic")
    sent_after = UtcFilter(field_name="sent", lookup_expr="gte")
    sent_before = UtcFilter(field_name="sent", lookup_expr="lte")

    class Meta:
        model = Alert
        fields = ["kind", "alert_type", "role", "authority", "live"]


class LocalizationFilter(django_filters.rest_framework.FilterSet):
    """Sky maps over REST."""

    alert = django_filters.NumberFilter(field_name="alert_id")  # a number: a choice would list alerts to everybody
    event = OfEvent(field_name="alert__event")
    area_max = Number(field_name="area_90", lookup_expr="lte")
    distance_max = Number(field_name="distance_mpc", lookup_expr="lte")

    class Meta:
        model = Localization
        fields = ["name", "sha256"]


class AnnotationFilter(django_filters.rest_framework.FilterSet):
    """Annotations over REST."""

    alert = django_filters.NumberFilter(field_name="alert_id")
    event = OfEvent(field_name="alert__event")

    class Meta:
        model = Annotation
        fields = ["annotator", "version"]


#: null times sort last in both directions
def last(field: str, descending: bool):
    """An ordering by a column with the unknown at the end."""
    return F(field).desc(nulls_last=True) if descending else F(field).asc(nulls_last=True)
