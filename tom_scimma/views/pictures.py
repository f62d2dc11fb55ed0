"""An event's pictures, and the data of its interactive sky, for those who may see the event."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.generic import View

from tom_scimma import layers
from tom_scimma.errors import BadSkyMap
from tom_scimma.pictures import Sight
from tom_scimma.views.events import EventMixin


class EventSkyMapView(EventMixin, View):
    """The picture of where an event is. ?layout=wide, ?theme=dark, ?at=now."""

    def get(self, request, name, form="png"):
        options = {key: request.GET[key] for key in ("layout", "theme") if key in request.GET}
        now = request.GET.get("at") == "now"
        return answer(request, lambda: Sight(self.event, request.user).sky(form=form, now=now, **options))


class EventDistanceView(EventMixin, View):
    """The picture of how far away an event is. ?theme=dark"""

    def get(self, request, name, form):
        options = {key: request.GET[key] for key in ("theme",) if key in request.GET}
        return answer(request, lambda: Sight(self.event, request.user).reach(form=form, **options))


class EventSkyView(EventMixin, View):
    """Where the interactive sky begins, and which layers there are: JSON."""

    def get(self, request, name):
        start = Sight(self.event, request.user).start()
        if start is None:
            raise Http404("nobody said where this event is")
        rows = [
            {
                "name": layer.name,
                "label": layer.label,
                "shown": layer.shown,
                "url": reverse("tom_scimma:event-layer", args=[self.event.name, layer.name]),
            }
            for layer in layers.offered()
        ]
        return _private(JsonResponse({"event": self.event.name, **start, "layers": rows}))


class EventLayerView(EventMixin, View):
    """One layer of the interactive sky: a GeoJSON FeatureCollection, ICRS degrees."""

    def get(self, request, name, layer):
        for found in layers.offered():
            if found.name == layer:
                return _private(JsonResponse(found.collection(self.event, request.user)))
        raise Http404("no such layer")


def answer(request, make) -> HttpResponse:
    """A picture that the browser asks about again each time, so that nobody keeps seeing what they may no longer see."""
    try:
        picture = make()
    except ValueError as error:  # an option there is not
        if isinstance(error, BadSkyMap):
            raise Http404(f"this sky map cannot be read: {error}") from error
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    if picture is None:
        raise Http404("there is nothing to draw of this event")
    etag = f'"{picture.tag}"'
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(picture.data, content_type=picture.content_type)
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Cookie"])
    return response
