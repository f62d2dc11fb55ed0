"""The pointings of an event: the tab, the files, the buttons that ask for more."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.db.models import Count, Max
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.generic import TemplateView, View

from tom_scimma.views.events import EventMixin
from tom_treasuremap import following, gathering
from tom_treasuremap.conf import conf
from tom_treasuremap.filters import PointingFilter
from tom_treasuremap.forms import FileForm
from tom_treasuremap.listing import FORMATS
from tom_treasuremap.models import EventName, FetchState, Instrument, Pointing
from tom_treasuremap.service import service, why_not_asked
from tom_treasuremap.sources.file import BadFile

PER_PAGE = 50
SORTS = {"time": "time", "-time": "-time", "team": "team", "depth": "depth", "-depth": "-depth", "status": "status"}


class ChosenMixin(EventMixin):
    """Gives a view the event's pointings as the address chooses them."""

    def rows(self):
        return Pointing.objects.visible_to(self.request.user).filter(event=self.event)

    def chosen(self) -> PointingFilter:
        rows = self.rows().select_related("event").defer("document", "history", "footprint")
        if not self.request.GET.get("vanished"):
            rows = rows.known()
        sort = SORTS.get(self.request.GET.get("sort", ""), "-time")
        return PointingFilter(self.request.GET, rows.order_by(sort, "pk"), request=self.request)


class EventPointingsView(ChosenMixin, TemplateView):
    """The tab "Pointings" of an event; by itself, a page."""

    def get_template_names(self):
        part = self.request.htmx and not self.request.htmx.history_restore_request
        return ["tom_treasuremap/partials/pointings.html" if part else "tom_treasuremap/event_pointings.html"]

    def get_context_data(self, **kwargs):
        chosen = self.chosen()
        page = Paginator(chosen.qs, PER_PAGE).get_page(self.request.GET.get("page"))
        said = self.request.GET.copy()
        said.pop("page", None)
        return super().get_context_data(
            event=self.event,
            page=page,
            lines=_lines(page.object_list),
            query=said.urlencode(),
            said=said,
            statuses=Pointing.Status.values,
            filter_errors=chosen.words(),
            choices=choices(self.rows()),
            summary=_summary(self.rows()),
            **_state(self.event),
            form=FileForm(user=self.request.user) if self.request.user.is_authenticated else None,
            **kwargs,
        )

    def render_to_response(self, context, **kwargs):
        response = super().render_to_response(context, **kwargs)
        response["Vary"] = ", ".join(filter(None, (response.get("Vary"), "HX-Request")))
        return response


def _lines(rows) -> list[dict[str, Any]]:
    """Each row with what its instrument is, where it is known."""
    rows = list(rows)
    numbers = {row.instrument_id for row in rows if row.instrument_id is not None}
    found = Instrument.objects.filter(number__in=numbers).defer("rings") if numbers else ()
    known = {instrument.number: instrument for instrument in found}
    return [{"row": row, "instrument": known.get(row.instrument_id)} for row in rows]


def choices(rows) -> dict[str, list]:
    """The values that a person may choose among."""
    found = {}
    for name in ("team", "telescope", "band", "source"):
        values = rows.order_by().values_list(name).annotate(Count("pk")).order_by(name)
        found[name] = [(value, count) for value, count in values if value]
    labels = dict(Pointing.Source.choices)
    found["source"] = [(value, labels[value], count) for value, count in found["source"]]
    return found


def _summary(rows) -> dict[str, Any]:
    counts = dict(rows.known().order_by().values_list("status").annotate(Count("pk")))
    return {
        "total": sum(counts.values()),
        **{status: counts.get(status, 0) for status in Pointing.Status.values},
        "teams": rows.known().exclude(team="").order_by().values("team").distinct().count(),
        "last": rows.known().filter(status="completed").aggregate(last=Max("time"))["last"],
        "vanished": rows.exclude(vanished=None).count(),
    }


def _state(event) -> dict[str, Any]:
    """How fetching goes: of each source its row, what the event is called, instruments without a footprint, why nothing is asked."""
    states = list(FetchState.objects.filter(event=event).order_by("source", "origin"))
    used = Pointing.objects.filter(event=event).exclude(instrument_id=None).order_by().values("instrument_id")
    bare = Instrument.objects.filter(number__in=used).exclude(problem="").defer("rings")
    origin = service().origin if conf.BASE_URL else ""
    ours = [state for state in states if state.source == Pointing.Source.TREASUREMAP and state.origin == origin]
    return {
        "states": states,
        "state": ours[0] if ours else None,
        "origin": origin,
        "called": EventName.objects.filter(event=event, origin=origin).first(),
        "why_not": why_not_asked(event),
        "bare": list(bare),
    }


class EventPointingsFileView(ChosenMixin, View):
    """The chosen pointings as a file."""

    def get(self, request, *args, form: str, **kwargs):
        if form not in FORMATS:
            raise Http404("no such format")
        write, kind = FORMATS[form]
        rows = self.chosen().qs.iterator(chunk_size=1000)
        name = f"{self.event.name.replace(' ', '_')}_pointings.{form}"
        response = StreamingHttpResponse(write(rows), content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


class EventFetchView(LoginRequiredMixin, EventMixin, View):
    """Queues a fetch for the worker, and follows the event or ceases to."""

    def post(self, request, *args, **kwargs):
        reason = why_not_asked(self.event)
        if reason:
            messages.error(request, reason)
        else:
            follow = {"yes": True, "no": False}.get(request.POST.get("follow", ""))
            following.ask(self.event, request.user, followed=follow)
            messages.success(request, "The worker fetches the pointings next; this page shows them once they are here.")
        return redirect("tom_treasuremap:event-pointings", name=self.event.name)


class EventLoadView(LoginRequiredMixin, EventMixin, View):
    """Takes the pointings of a file."""

    def post(self, request, *args, **kwargs):
        form = FileForm(request.POST, request.FILES, user=request.user)
        errors: list[str] = []
        if form.is_valid():
            given, group = form.cleaned_data["file"], form.cleaned_data["group"]
            try:
                kept = gathering.from_file(
                    self.event, given.read(), f"{request.user.get_username()}/{given.name}", user=request.user,
                    status=form.cleaned_data["status"] or None, group=group.pk if group else None,
                )  # fmt: skip
            except BadFile as error:
                errors = error.errors
            else:
                told = (
                    f"{kept.count} pointings were taken: {kept.new} new, {kept.changed} changed, {kept.vanished} gone."
                )
                messages.success(request, told)
                return redirect("tom_treasuremap:event-pointings", name=self.event.name)
        context = {"event": self.event, "form": form, "errors": errors}
        return render(request, "tom_treasuremap/event_load.html", context, status=400)
