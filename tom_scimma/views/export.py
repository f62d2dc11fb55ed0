"""What a list shows, as a file: the same filter, the same permission, all pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpResponseBadRequest, StreamingHttpResponse
from django.views.generic import View

from tom_scimma import export
from tom_scimma.filters import EventFilter, MessageFilter
from tom_scimma.models import Event, Message
from tom_scimma.views.files import as_attachment

FILTERS = {
    "events": (Event, EventFilter, ("-latest", "-pk")),
    "messages": (Message, MessageFilter, ("-received", "-pk")),
}


class ExportView(View):
    """GET with the parameters of the list: `what` is events or messages."""

    what: str = ""

    def get(self, request, form: str):
        return exported(request, self.what, form)


def exported(request: Any, what: str, form: str):
    """The file of a list, or 400 with what is wrong with the filter. Raises Http404 for a form that is none."""
    if form not in export.FORMS:
        raise Http404(f"files are {', '.join(export.FORMS)}")
    model, filterset, order = FILTERS[what]
    chosen = filterset(request.GET, queryset=model.objects.visible_to(request.user).order_by(*order), request=request)
    if not chosen.form.is_valid():
        return HttpResponseBadRequest(json.dumps({"errors": chosen.form.errors}), content_type="application/json")
    return streamed(export.EXPORTS[what](chosen.qs.order_by(*order), form, request.user), what, form)


def streamed(parts: Iterator[bytes], name: str, form: str) -> StreamingHttpResponse:
    """A file that is sent while it is made."""
    ending, content_type, _ = export.FORMS[form]
    return as_attachment(StreamingHttpResponse(parts, content_type=content_type), f"{name}.{ending}")
