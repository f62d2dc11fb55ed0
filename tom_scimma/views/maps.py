"""Sky maps as files: pictures and FITS, for those who may see them."""

from __future__ import annotations

import math

from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.generic import View

from tom_scimma import skymap
from tom_scimma.errors import BadSkyMap
from tom_scimma.models import Event, Localization
from tom_scimma.views.events import find, shown_map
from tom_scimma.views.files import attachment

#: part of the cache's keys: a new one when pictures are drawn differently
EDITION = 2
#: pictures stay on the server for a day; drawing one takes about a second
KEPT = 86_400


class EventSkyMapView(View):
    """The picture of where an event is: its map with contours, or its error circle."""

    def get(self, request, name):
        event = find(name, request.user)
        row = shown_map(event, request.user)
        if row is not None:
            return _picture(localization_png(row, event.name), f"{row.pk}-{row.sha256[:12]}", request)
        if event.ra is None:
            raise Http404("nobody said where this event is")
        return _picture(circle_png(event), f"c-{event.ra}-{event.dec}-{event.area_90}", request)


class LocalizationImageView(View):
    """The picture of one sky map."""

    def get(self, request, pk):
        row = _visible(request.user, pk)
        return _picture(localization_png(row, row.alert.event.name), f"{row.pk}-{row.sha256[:12]}", request)


class LocalizationFitsView(View):
    """One sky map as a multi-order FITS file."""

    def get(self, request, pk):
        return fits(_visible(request.user, pk))


def _visible(user, pk: int) -> Localization:
    rows = Localization.objects.visible_to(user).defer("data").select_related("alert__event")
    return get_object_or_404(rows, pk=pk, error="")


def fits(row: Localization) -> HttpResponse:
    """A visible map as a FITS download, named after its event and version."""
    name = f"{row.alert.event.name}-{row.alert.alert_type}-{row.pk}-{row.name}.multiorder.fits"
    return attachment(_map(row).to_fits(), name, "application/fits")


def localization_png(row: Localization, title: str) -> bytes:
    """The picture of a map, drawn once and kept in the cache. The caller has checked who asks."""

    def draw() -> bytes:
        from tom_scimma import skyplot

        return skyplot.draw(_map(row), title=title)

    return _kept(f"localization-{row.pk}-{row.sha256[:32]}", draw)


def circle_png(event: Event) -> bytes:
    """The picture of an event with a position and an error, taken as Gaussian."""
    # cap of that area: 2 pi (1 - cos r)
    radius = (
        math.degrees(math.acos(1 - math.radians(math.radians(event.area_90)) / math.tau))
        if event.area_90
        else event.radius_deg
    )

    def draw() -> bytes:
        from tom_scimma import skyplot

        return skyplot.draw(skyplot.Place(event.ra, event.dec, radius, 0.9), title=event.name)

    return _kept(f"circle-{event.pk}-{event.ra:.5f}-{event.dec:.5f}-{radius}", draw)


def _map(row: Localization) -> skymap.SkyMap:
    try:
        return skymap.unpack(bytes(Localization.objects.values_list("data", flat=True).get(pk=row.pk)))
    except BadSkyMap as error:
        raise Http404(f"this sky map cannot be read: {error}") from error


def _kept(key: str, draw) -> bytes:
    key = f"tom_scimma-png{EDITION}-{key}"
    data = cache.get(key)
    if data is None:
        data = draw()
        cache.set(key, data, KEPT)
    return data


def _picture(data: bytes, tag: str, request) -> HttpResponse:
    """A PNG that the browser asks about again each time, so that nobody keeps seeing what they may no longer see."""
    etag = f'"{EDITION}-{tag}"'
    response = (
        HttpResponse(status=304)
        if request.headers.get("If-None-Match") == etag
        else HttpResponse(data, content_type="image/png")
    )
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Cookie"])
    return response
