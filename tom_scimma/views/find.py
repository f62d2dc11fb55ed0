"""Find: a query over events, alerts or candidates, its table, its files, and what the query box needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata, resources

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBadRequest, JsonResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView, View
from django_tables2 import RequestConfig

from tom_scimma import export, found
from tom_scimma.conf import conf
from tom_scimma.models import Alert, Event
from tom_scimma.query import MODELS, QueryError, find, names, understand
from tom_scimma.query.binding import named
from tom_scimma.query.bounds import within
from tom_scimma.query.completion import suggestions
from tom_scimma.query.doubts import doubts
from tom_scimma.views.export import streamed
from tom_scimma.views.files import as_attachment

#: a file has at most so many rows
MOST = 10_000
PER_PAGE = 20
EXAMPLES = {
    names.EVENTS: (
        ("Neutron stars, well placed", 'kind = "GW" and classification.BNS > 0.5 and area_90 < 500'),
        ("Rare gravitational waves of this month", 'kind = "GW" and far < 3.2e-8 and time > "-30d"'),
        ("Near, or with matter outside", "distance < 200 or properties.HasRemnant > 0.5"),
        ("Taken back", 'state = "retracted" and sent > "-30d"'),
    ),
    names.ALERTS: (
        ("First words on gravitational waves", 'kind = "GW" and type in ("early_warning", "preliminary")'),
        ("Everything LVK said this week", 'source = "LVK" and sent > "-7d"'),
    ),
    names.CANDIDATES: (
        ("In the innermost half of the map", "level < 0.5"),
        ("Of neutron-star events of this month", 'classification.BNS > 0.5 and time > "-30d"'),
    ),
}


class Asked:
    """What an address asks for: `what`, `q`."""

    def __init__(self, request):
        what = request.GET.get("what", names.EVENTS)
        self.what = what if what in names.THINGS else names.EVENTS
        self.text = request.GET.get("q", "").replace("\r\n", "\n").strip()
        self.user = request.user

    def rows(self):
        """The rows, not yet asked for. Raises QueryError."""
        return found.with_all(self.what, find(self.text, self.user, MODELS[self.what], now=timezone.now()))


class FindView(TemplateView):
    """The query box, and under it what was found, what is wrong, or how to begin."""

    def get_template_names(self):
        if self.request.htmx and not self.request.htmx.history_restore_request:
            return ["tom_scimma/partials/found.html"]
        return ["tom_scimma/find.html"]

    def get_context_data(self, **kwargs):
        asked = Asked(self.request)
        context = {
            "asked": asked,
            "things": names.THINGS,
            "examples": EXAMPLES[asked.what],
            "names": names.NAMES_OF[asked.what].values(),
            "djangoql": metadata.version("djangoql"),
        }
        if asked.text:
            try:
                context.update(self._found(asked))
            except QueryError as error:
                context["error"] = error
        return super().get_context_data(**context, **kwargs)

    def _found(self, asked: Asked) -> dict:
        """The table as HTML, and how many rows there are; the database is asked while this runs."""
        table = found.TABLES[asked.what](asked.rows())
        with within(conf.QUERY_SECONDS):
            RequestConfig(self.request, paginate={"per_page": PER_PAGE}).configure(table)
            count = table.paginator.count
            context = {"table": table, "record_count": count, "noun": found.NOUNS[asked.what]}
            context["doubts"] = doubts(asked.text, asked.user, asked.what)
            context["hides_tests"] = "role" not in named(understand(asked.text, asked.what))
            context["html"] = render_to_string("tom_scimma/partials/found_table.html", context, self.request)
        return context

    def render_to_response(self, context, **kwargs):
        response = super().render_to_response(context, **kwargs)
        response["Vary"] = ", ".join(filter(None, (response.get("Vary"), "HX-Request")))
        return response


class FindFileView(View):
    """What was found as CSV, JSON or VOEvents, at most `MOST` rows."""

    def get(self, request, form: str):
        asked = Asked(request)
        if form not in ("csv", "json", "voevent") or (form == "voevent" and asked.what == names.CANDIDATES):
            raise Http404("files are csv or json, of events and alerts also voevent")
        try:
            rows = asked.rows()
            with within(conf.QUERY_SECONDS):
                keys = list(rows.values_list("pk", flat=True)[: MOST + 1])
                unknown = doubts(asked.text, asked.user, asked.what)
        except QueryError as error:
            return HttpResponseBadRequest(json.dumps({"error": error.to_json()}), content_type="application/json")
        complete, keys = len(keys) <= MOST, keys[:MOST]
        if form == "voevent":
            response = streamed(_voevents(asked, keys), asked.what, form)
        else:
            said = {"what": asked.what, "query": asked.text, "complete": complete, "doubts": unknown}
            parts = export.results(asked.what, keys, form, asked.user, said)
            kind = "text/csv; charset=utf-8" if form == "csv" else "application/json"
            response = as_attachment(StreamingHttpResponse(parts, content_type=kind), f"{asked.what}.{form}")
        response["X-Complete"] = "yes" if complete else f"no: the first {MOST}"
        if unknown:  # a file that is empty for a slip of the pen says so
            response["X-Doubts"] = " ".join(unknown).encode("ascii", "backslashreplace").decode()
        return response


def _voevents(asked: Asked, keys: list[int]) -> Iterator[bytes]:
    """A zip with the newest notice of each event found, or with each alert."""
    if asked.what == names.EVENTS:
        rows = Event.objects.visible_to(asked.user).filter(pk__in=keys).order_by("-latest", "-pk")
        return export.events(rows, "voevent", asked.user)
    return export.alerts(Alert.objects.filter(pk__in=keys).order_by("-order", "-pk"), asked.user)


@require_safe
def names_of(request):
    """What the query box suggests this user, as djangoql's widget wants it."""
    response = JsonResponse(suggestions(Asked(request).what, request.user))
    response["Cache-Control"] = "private, max-age=300"
    return response


@require_safe
def completion(request):
    """The completion widget, out of the installed djangoql package."""
    path = resources.files("djangoql") / "static" / "djangoql" / "js" / "completion.js"
    response: HttpResponse = FileResponse(path.open("rb"), content_type="text/javascript")
    response["Cache-Control"] = "public, max-age=31536000, immutable"  # the address has its version
    response["X-Content-Type-Options"] = "nosniff"
    return response
