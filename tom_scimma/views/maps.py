"""Sky maps as files: pictures and FITS, for those who may see them."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.generic import View

from tom_scimma import pictures as drawn
from tom_scimma import skymap
from tom_scimma.errors import BadSkyMap
from tom_scimma.models import Localization
from tom_scimma.views import pictures
from tom_scimma.views.files import attachment


class LocalizationImageView(View):
    """The picture of one sky map."""

    def get(self, request, pk):
        row = _visible(request.user, pk)
        return pictures.answer(request, lambda: drawn.localization(row, request.user))


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


def _map(row: Localization) -> skymap.SkyMap:
    try:
        return skymap.unpack(bytes(Localization.objects.values_list("data", flat=True).get(pk=row.pk)))
    except BadSkyMap as error:
        raise Http404(f"this sky map cannot be read: {error}") from error
