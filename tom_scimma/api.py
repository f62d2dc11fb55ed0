"""REST: events, alerts, annotations, messages, localizations. All see what `visible_to` lets them; only "try again" writes."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from tom_scimma import ledger, replay
from tom_scimma.events import named
from tom_scimma.filters import AlertFilter, AnnotationFilter, EventFilter, LocalizationFilter, MessageFilter
from tom_scimma.galaxies import files as listing
from tom_scimma.galaxies.event import galaxies
from tom_scimma.models import Alert, Annotation, Event, Localization, Merge, Message
from tom_scimma.paths import name_of, segment
from tom_scimma.serializers import (
    AlertSerializer,
    AnnotationSerializer,
    EventSerializer,
    LocalizationSerializer,
    MergeSerializer,
    MessageDetailSerializer,
    MessageSerializer,
)
from tom_scimma.views.export import exported
from tom_scimma.views.galaxies import choice_of
from tom_scimma.views.maps import fits
from tom_scimma.views.messages import raw
from tom_scimma.views.notices import download

#: a ledger over REST covers at most so many alerts, the newest
LEDGER = 1000


class Pages(LimitOffsetPagination):
    """`?limit=&offset=`, never more than 500 at once."""

    default_limit = 50
    max_limit = 500


class Readable(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Rows of one model that the user may see, filtered, ordered and paged."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    pagination_class = Pages
    filter_backends = [DjangoFilterBackend, OrderingFilter]
    model: type

    @cached_property
    def rows(self):
        """Every row the user may see."""
        return self.model.objects.visible_to(self.request.user)

    def get_queryset(self):
        return self.rows


class EventViewSet(Readable):
    """Events. As on the page, tests are left out unless `role` asks for them; one is found by its name."""

    model = Event
    serializer_class = EventSerializer
    filterset_class = EventFilter
    ordering_fields = ["latest", "time", "name", "far_hz", "area_90", "distance_mpc"]
    ordering = ["-latest", "-pk"]
    lookup_field = "name"
    lookup_value_regex = r"[^/\x00]+"

    def get_object(self):
        event = named(name_of(self.kwargs["name"]), self.request.user)
        if event is None:
            raise Http404("no such event")
        return event

    def retrieve(self, request, *args, **kwargs):
        """The event; another name of it leads to its own."""
        event = self.get_object()
        if event.name != name_of(self.kwargs["name"]):
            return redirect("api:events-detail", name=segment(event.name))
        return Response(self.get_serializer(event).data)

    @action(detail=False, url_path="export/(?P<form>[a-z]+)", pagination_class=None)
    def export(self, request, form=""):
        """Every event of the filter as `json` (lines), `csv` or `voevent` (a zip), made while it is sent."""
        return exported(request, "events", form)

    @action(detail=True)
    def ledger(self, request, name=None):
        """When each step of each alert of the event happened, newest alert first."""
        alerts = Alert.objects.visible_to(request.user).filter(event=self.get_object()).select_related("message")
        newest = alerts.defer("document", "message__traceback", "message__headers").order_by("-order", "-pk")[:LEDGER]
        return Response({"event": name_of(name), "alerts": ledger.table(ledger.for_event(newest))})

    @action(detail=True)
    def galaxies(self, request, name=None):
        """The galaxies in the event's volume or around its position, best first; the page's choices as parameters."""
        found = galaxies(self.get_object(), request.user, choice_of(request.GET))
        if found.why_not:
            return Response({"event": name_of(name), "galaxies": [], "why_not": found.error or found.why_not})
        return Response({**listing.summary(found), "galaxies": listing.plain(found)})


class AlertViewSet(Readable):
    """Alerts: versions of events, as they were said."""

    model = Alert
    serializer_class = AlertSerializer
    filterset_class = AlertFilter
    ordering_fields = ["order", "sent", "id"]
    ordering = ["-order", "-pk"]

    def get_queryset(self):
        maps = Prefetch("localizations", queryset=Localization.objects.only("pk", "alert_id"))
        return self.rows.select_related("event", "message").prefetch_related(maps)

    @action(detail=True, url_path="notice/(?P<form>[a-z]+)")
    def notice(self, request, pk=None, form=""):
        """What it said as `json`, `voevent` or `text`."""
        return download(self.get_object(), form)


class AnnotationViewSet(Readable):
    """What annotators worked out about alerts, each for those who may see what it was made of."""

    model = Annotation
    serializer_class = AnnotationSerializer
    filterset_class = AnnotationFilter
    ordering_fields = ["made", "id"]
    ordering = ["-pk"]

    def get_queryset(self):
        return self.rows.select_related("alert__event").defer("alert__document")


class MergeViewSet(Readable):
    """Events that became one, and pairs that may be one: proposals wait for a person on the page."""

    model = Merge
    serializer_class = MergeSerializer
    filterset_fields = ["state", "event__name"]
    ordering_fields = ["made", "merged", "id"]
    ordering = ["-made", "-pk"]

    def get_queryset(self):
        return self.rows.select_related("event").defer("moved")


class MessageViewSet(Readable):
    """Messages as received; `raw` has the bytes, `retry` parses them again."""

    model = Message
    filterset_class = MessageFilter
    ordering_fields = ["received", "published", "size"]
    ordering = ["-received", "-pk"]
    lookup_field = "uid"
    lookup_value_regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

    def get_queryset(self):
        return self.rows.defer("traceback") if self.action == "list" else self.rows

    def get_serializer_class(self):
        return MessageSerializer if self.action == "list" else MessageDetailSerializer

    def get_object(self):
        message = self.rows.filter(uid=self.kwargs["uid"]).first()
        if message is None:
            raise Http404("no such message")
        return message

    @action(detail=False, url_path="export/(?P<form>[a-z]+)", pagination_class=None)
    def export(self, request, form=""):
        """Every message of the filter as `json` (lines), `csv` or `voevent` (a zip), made while it is sent."""
        return exported(request, "messages", form)

    @action(detail=True)
    def raw(self, request, uid=None):
        """The bytes as received."""
        return raw(self.get_object())

    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def retry(self, request, uid=None):
        """Parses the message again with today's parsers; never live."""
        message = self.get_object()
        replay.replay([message])
        message.refresh_from_db()
        return Response(self.get_serializer(message).data)


class LocalizationViewSet(Readable):
    """Sky maps; `fits` has the map itself."""

    model = Localization
    serializer_class = LocalizationSerializer
    filterset_class = LocalizationFilter
    ordering_fields = ["id", "area_90", "distance_mpc"]
    ordering = ["-pk"]

    def get_queryset(self):
        return self.rows.defer("data").select_related("alert__event")

    @action(detail=True)
    def fits(self, request, pk=None):
        """The map as a multi-order FITS file."""
        row = self.get_object()
        if row.error:
            raise Http404(f"this sky map could not be read: {row.error}")
        return fits(row)
