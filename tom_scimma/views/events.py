"""Events: the list, the page of one, and the parts of it that load when they are wanted."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import slugify
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.generic import TemplateView
from django_filters.views import FilterView
from django_tables2 import SingleTableMixin
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_scimma import annotations, hooks, wording
from tom_scimma.archive import citing
from tom_scimma.conf import conf
from tom_scimma.events import named
from tom_scimma.export import FORMS
from tom_scimma.filters import EventFilter
from tom_scimma.inside import targets_inside
from tom_scimma.ledger import STEPS
from tom_scimma.links import links
from tom_scimma.models import Alias, Event, Localization
from tom_scimma.paths import segment
from tom_scimma.pictures import Sight
from tom_scimma.tables import EventTable
from tom_scimma.versions import versions

#: at most so many properties, classes and names of one event are shown; senders may write any number
SHOWN = 40
#: what a list shows of an event; the rest stays in the database
LISTED = (
    "name",
    "kind",
    "role",
    "state",
    "time",
    "latest",
    "far_hz",
    "top_class",
    "top_probability",
    "properties",
    "distance_mpc",
    "distance_sd_mpc",
    "area_90",
    "public",
)


class ListMixin(SingleTableMixin, FilterView):
    """A filtered table: the whole page, or only the table for htmx."""

    strict = False
    table_pagination = {"per_page": 20}  # the table's own pages; the list view would count the rows again
    noun: str  #: what one row is
    nouns = ""  #: what several are, where an s does not do
    export_name = ""  #: the address that gives all pages as a file

    def get_template_names(self):
        if self.request.htmx and not self.request.htmx.history_restore_request:
            return [self.table_class.partial_template_name]
        return [self.template_name]

    def get_filterset_kwargs(self, filterset_class):
        # bound also to an empty address: an unbound filter set filters nothing, and would show the tests
        return {**super().get_filterset_kwargs(filterset_class), "data": self.request.GET}

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context["noun"], context["nouns"] = self.noun, self.nouns or f"{self.noun}s"
        context["empty_partial"] = f"tom_scimma/partials/no_{context['nouns']}.html"
        context["export_name"] = self.export_name
        context["export_forms"] = {form: label for form, (_, _, label) in FORMS.items()}
        context["record_count"] = context["table"].paginator.count
        context["empty_database"] = not (context["record_count"] or self.get_queryset().exists())
        context["some_filter"] = any(value for name, value in self.request.GET.items() if name not in ("page", "sort"))
        return context

    def render_to_response(self, context, **kwargs):
        response = super().render_to_response(context, **kwargs)
        response["Vary"] = ", ".join(
            filter(None, (response.get("Vary"), "HX-Request"))
        )  # the part and the page share an address
        return response


class EventListView(ListMixin):
    """Events, newest word first, tests hidden."""

    model = Event
    noun = "event"
    table_class = EventTable
    filterset_class = EventFilter
    template_name = "tom_scimma/events.html"
    export_name = "tom_scimma:events-export"

    def get_queryset(self):
        return Event.objects.visible_to(self.request.user).only(*LISTED)


def find(name: str, user) -> Event:
    """The event of that name that this user may see, or Http404."""
    return get_object_or_404(
        Event.objects.visible_to(user).select_related("localization").defer("localization__data"), name=name
    )


def known_names(event: Event, user, found) -> list[str]:
    """The event's name and its other names, without those that only alerts hidden from this user give."""
    aliases = Alias.objects.filter(event=event).exclude(name=event.name).order_by("name").values_list("name", flat=True)
    if event.public and event.alerts.filter(public=False).exists():
        said = {name for version in found for name in (version.notice.event, *version.notice.aliases)}
        aliases = [name for name in aliases if name in said]
    return [event.name, *aliases][:SHOWN]


def own_address(request) -> str | None:
    """The address of the same page under the own names of the events that it names; None where it has these, or one is not known."""
    match = request.resolver_match
    events = {key: named(match.kwargs[key], request.user) for key in ("name", "other") if key in match.kwargs}
    names = {key: event.name for key, event in events.items() if event is not None}
    if (
        len(set(names.values())) < len(events) or names.items() <= match.kwargs.items()
    ):  # of two that are one there is no pair
        return None
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return reverse(match.view_name, kwargs={**match.kwargs, **names}) + query


class EventMixin:
    """Gives a view the event that its address names, if the user may see it; another name of it leads to its own address."""

    def dispatch(self, request, *args, **kwargs):
        try:
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        except Http404:
            address = own_address(request) if request.method in ("GET", "HEAD") else None
            if address is None:
                raise
            return redirect(address)

    @property
    def event(self) -> Event:
        if not hasattr(self, "_event"):
            self._event = find(self.kwargs["name"], self.request.user)
        return self._event


class EventView(EventMixin, TemplateView):
    """One event: what it is, where, in which versions, how fast they came."""

    template_name = "tom_scimma/event.html"

    def get_context_data(self, **kwargs):
        event, user = self.event, self.request.user
        found, count = versions(event, user)
        names = known_names(event, user, found)
        cards, tabs = _panels(event, self.request)
        archived = citing.of_event(event, user)
        return super().get_context_data(
            event=event,
            now=timezone.now(),
            what=wording.what(event.kind, event.classification, event.properties),
            classes=_classes(event),
            properties=[(name, wording.value(name, said)) for name, said in list(event.properties.items())[:SHOWN]],
            versions=found,
            version_count=count,
            steps=STEPS.values(),
            names=names,
            segment=segment(event.name),
            links=links(event.kind, names, (version.notice.links for version in found)),
            archived=archived,
            archive_links=citing.links_of(archived)[: citing.CITED],
            unsaid=[note for note in archived if note.retracted],
            localization=shown_map(event, user),
            sight=Sight(event, user),
            target=_target(event, user),
            level=conf.CANDIDATE_LEVEL,
            annotations=annotations.shown(event, user),
            cards=cards,
            tabs=tabs,
            **kwargs,
        )


class EventTargetsView(EventMixin, TemplateView):
    """The user's targets inside the event's region; for htmx only the table."""

    def get_template_names(self):
        return ["tom_scimma/partials/targets.html" if self.request.htmx else "tom_scimma/event_targets.html"]

    def get_context_data(self, **kwargs):
        row = shown_map(self.event, self.request.user)
        return super().get_context_data(
            event=self.event,
            level=conf.CANDIDATE_LEVEL,
            inside=targets_inside(self.event, row, self.request.user),
            **kwargs,
        )


class EventPanelView(EventMixin, TemplateView):
    """A tab that another app adds and that has no page of its own."""

    def get_template_names(self):
        return [self.panel["partial"]]

    @property
    def panel(self) -> dict:
        for panel in hooks.event_panels():
            if slugify(panel["label"]) == self.kwargs["slug"]:
                return panel
        raise Http404("no such panel")

    def get_context_data(self, **kwargs):
        return super().get_context_data(**_panel_context(self.panel, self.event, self.request.user), **kwargs)


def shown_map(event: Event, user) -> Localization | None:
    """The sky map that stands for the event, if this user may see it; without its bytes."""
    if event.localization_id is None:
        return None
    return Localization.objects.visible_to(user).defer("data").filter(pk=event.localization_id).first()


def _classes(event: Event) -> list[tuple[str, str, float]]:
    """(name, words, probability) of each class, the most probable first."""
    known = [(name, p) for name, p in event.classification.items() if isinstance(p, (int, float))]
    return [(name, wording.CLASSES.get(name, ""), p) for name, p in sorted(known, key=lambda pair: -pair[1])[:SHOWN]]


def _target(event: Event, user):
    if event.target_id is None:
        return None
    return targets_for_user(user, Target.objects.filter(pk=event.target_id), "view_target").first()


def _panel_context(panel: dict, event: Event, user) -> dict:
    context = import_string(panel["context"])(event, user) if panel.get("context") else {}
    return {"event": event, **context}


def _panels(event: Event, request) -> tuple[list[dict], list[dict]]:
    """What other apps add: cards as HTML, tabs with the address that gives them."""
    cards, tabs = [], []
    for panel in hooks.event_panels():
        if panel.get("place") == "tab":
            own = reverse(panel["url"], kwargs={"name": event.name}) if panel.get("url") else None
            slug = slugify(panel["label"])
            url = own or reverse("tom_scimma:event-panel", kwargs={"name": event.name, "slug": slug})
            tabs.append({"label": panel["label"], "slug": slug, "url": url})
        else:
            context = _panel_context(panel, event, request.user)
            html = render_to_string(panel["partial"], context, request)
            if html.strip():  # a card that has nothing to say of this event is left out
                cards.append({"label": panel["label"], "html": html})
    return cards, tabs
