"""A telescope's night: timeline, altitudes, table; marked on a phone; as a file for the telescope."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.generic import TemplateView, View

from tom_treasuremap import telescopes
from tom_treasuremap.followup import cancelling, marking, night, written
from tom_treasuremap.followup.request import TERMINAL
from tom_treasuremap.models import Asked, Report
from tom_treasuremap.naming import NAMES
from tom_treasuremap.service import why_not_asked
from tom_treasuremap.transports import FORMATS, files


class NightMixin(LoginRequiredMixin):
    """Gives a view its telescope."""

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.telescope = telescopes.telescopes().get(kwargs["telescope"])

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and self.telescope is None:
            raise Http404("no such telescope")
        return super().dispatch(request, *args, **kwargs)


class NightsView(LoginRequiredMixin, TemplateView):
    """Every telescope with its next nights."""

    template_name = "tom_treasuremap/nights.html"

    def get_context_data(self, **kwargs):
        now, said, lines = timezone.now(), telescopes.statuses(), []
        seen = Asked.objects.visible_to(self.request.user).exclude(record=None)
        for one in telescopes.telescopes().values():
            if one.reports_only or one.site is None:
                continue
            tonight = written.night_of(now, one)
            mine = seen.filter(telescope=one.name)
            days = [tonight + timedelta(days=i) for i in (-1, 0, 1)]
            nights = [{"night": day, "count": len(night.rows(one.name, day, self.request.user))} for day in days]
            status = said.get(one.name, telescopes.Status())
            lines.append({"telescope": one, "nights": nights, "status": status, "open": mine.open().count()})
        return super().get_context_data(lines=lines, **kwargs)


class NightView(NightMixin, TemplateView):
    """One night of one telescope."""

    template_name = "tom_treasuremap/night.html"

    def get_context_data(self, *, night: date, **kwargs):
        return super().get_context_data(**self._night(night), **kwargs)

    def _night(self, when: date) -> dict:
        user, now = self.request.user, timezone.now()
        rows = night.rows(self.telescope.name, when, user)
        for row in rows:
            row.begins, row.ends = night.begins(row), night.ends(row)
            row.is_open = row.record.status not in TERMINAL
            row.markable = (row.is_open or bool(row.marked_by)) and marking.may_mark(row, user)
            row.cancellable = row.is_open and (cancelling.may_cancel(row.record, user) or row.is_stoppable)
        done = [row.record_id for row in rows if row.record.status == "COMPLETED"]
        self._told(rows)
        return {
            "scope": self.telescope,
            "night": when,
            "before": when - timedelta(days=1),
            "after": when + timedelta(days=1),
            "rows": rows,
            "picture": night.picture(self.telescope, when, rows, now),
            "status": telescopes.status(self.telescope.name),
            "forms": FORMATS.items(),
            "done": done,
            "open_count": sum(row.is_open for row in rows),
            "now": now,
        }

    def _told(self, rows: list[Asked]) -> None:
        """Gives each row what the Treasure Map was told of it, and whether it is one to be told of."""
        found = Report.objects.visible_to(self.request.user).filter(observation__in=[row.record_id for row in rows])
        told = {one.observation_id: one for one in found.select_related("event").order_by("turn", "-pk")}
        for row in rows:
            row.told = told.get(row.record_id)
            over = row.record.status == "COMPLETED" and row.event is not None and NAMES.fullmatch(row.event.name)
            row.tellable = bool(over) and row.told is None and not why_not_asked(row.event)


class NightFileView(NightMixin, View):
    """What is still to be done in a night, as a file."""

    def get(self, request, *, telescope: str, night: date, form: str):
        if form not in FORMATS:
            raise Http404("no such format")
        rows = rows_of(self.telescope.name, night, request.user)
        found = files([written.from_json(row.request) for row in rows], self.telescope, form)
        response = HttpResponse(found.data, content_type=found.kind)
        response["Content-Disposition"] = f'attachment; filename="{found.name}"'
        return response


def rows_of(telescope: str, when: date, user) -> list[Asked]:
    """Those of a night that are open."""
    return [row for row in night.rows(telescope, when, user) if row.record.status not in TERMINAL]
