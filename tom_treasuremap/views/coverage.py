"""The tab "Coverage" of an event: how much of its sky pointings cover; its curve, what is left, and REST."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.views.generic import TemplateView, View

from tom_scimma import kept, skymap, skyplot
from tom_scimma.pictures import Picture
from tom_scimma.skyplot import page
from tom_scimma.views.events import EventMixin
from tom_scimma.views.pictures import answer
from tom_treasuremap import covering, curves
from tom_treasuremap.coverage_form import PRESETS, CoverageForm, several
from tom_treasuremap.models import CoverageRun, Pointing
from tom_treasuremap.views.pointings import choices

#: regions of what is left that are said in deg2
LEVELS = (0.5, 0.9)


class AskedMixin(EventMixin):
    """Gives a view what its address asks, as far as its user may see it."""

    def asked(self) -> tuple[covering.Question, CoverageForm]:
        form = CoverageForm(self.request.GET)
        return covering.question(self.event, self.request.user, self.request.GET, form), form

    def finished(self) -> CoverageRun:
        """The answer, with the map of what is left. Raises Http404 while there is none."""
        asked, _ = self.asked()
        run = covering.run(asked)
        if run is None or run.state != CoverageRun.State.DONE:
            raise Http404("this has not been worked out")
        return run


class EventCoverageView(AskedMixin, TemplateView):
    """The tab; by itself, a page."""

    def get_template_names(self):
        part = self.request.htmx and not self.request.htmx.history_restore_request
        return ["tom_treasuremap/partials/coverage.html" if part else "tom_treasuremap/event_coverage.html"]

    def get_context_data(self, **kwargs):
        asked, form = self.asked()
        run = covering.run(asked)
        rows = Pointing.objects.visible_to(self.request.user).filter(event=self.event).known()
        known = choices(rows)
        return super().get_context_data(
            event=self.event,
            asked=asked,
            run=run,
            answer=run.answer if run is not None and run.state == CoverageRun.State.DONE else None,
            form=form,
            presets=[(name, one[0]) for name, one in PRESETS.items()],
            said=self.request.GET,
            query=self.request.GET.urlencode(),
            several=several(self.request.GET, known),
            anything=bool(known["source"]),
            versions=covering.versions(self.event, self.request.user),
            **kwargs,
        )

    def render_to_response(self, context, **kwargs):
        response = super().render_to_response(context, **kwargs)
        response["Vary"] = ", ".join(filter(None, (response.get("Vary"), "HX-Request")))
        return response


class EventCoverageCurveView(AskedMixin, View):
    """Probability covered against time, as a picture."""

    def get(self, request, name, form):
        run = self.finished()
        curve = [pair for pair in run.answer["curve"] if isinstance(pair[0], (int, float))]
        if not curve:
            raise Http404("there is no curve: nobody said when")
        theme = request.GET.get("theme", "light")

        def draw() -> Picture:
            parts = {"coverage curve": run.key, "form": form, "theme": theme, "edition": skyplot.EDITION}
            audience = kept.audience(self.event.public, request.user)
            data = kept.kept(parts, audience, lambda: curves.draw(curve, form=form, theme=theme, title=self.event.name))
            return Picture(data, page.FORMS.get(form, ""), kept.tag(parts, audience))

        return answer(request, draw)


class EventResidualView(AskedMixin, View):
    """What nobody has covered: a picture, or FITS."""

    def get(self, request, name, form):
        run = self.finished()
        data = CoverageRun.objects.values_list("residual", flat=True).get(pk=run.pk)
        if data is None:
            raise Http404("nothing is left")
        sky = skymap.unpack(bytes(data))
        if form == "fits":
            response = HttpResponse(sky.to_fits(), content_type="application/fits")
            response["Content-Disposition"] = f'attachment; filename="{self.event.name.replace(" ", "_")}_left.fits"'
            response["Cache-Control"] = "private, no-cache"
            return response

        def draw() -> Picture:
            parts = {"residual": run.key, "form": form, "edition": skyplot.EDITION}
            audience = kept.audience(self.event.public, request.user)
            title = f"{self.event.name}: not covered"
            drawn = kept.kept(parts, audience, lambda: skyplot.draw(sky, form=form, title=title, time=self.event.time))
            return Picture(drawn, page.FORMS.get(form, ""), kept.tag(parts, audience))

        return answer(request, draw)


class CoverageJsonView(AskedMixin, View):
    """The same numbers over REST: 200 with the answer, 202 while the worker is at it."""

    def get(self, request, name):
        asked, form = self.asked()
        if form.errors or asked.errors:
            return JsonResponse({"errors": {**form.errors, **asked.errors}}, status=400)
        run = covering.run(asked)
        said: dict[str, Any] = {"event": self.event.name, "pointings": len(asked.pointings)}
        if run is None:
            why = "nobody said where this event is" if asked.version is None else "no such pointing is known"
            return _private({**said, "state": "nothing", "why": why})
        said |= {"state": run.state, "version": asked.version.alert_id, "source": asked.source}
        if run.state == CoverageRun.State.FAILED:
            return _private({**said, "error": run.error})
        return _private({**said, **run.answer}, 200 if run.state == CoverageRun.State.DONE else 202)


def _private(said: dict[str, Any], status: int = 200) -> JsonResponse:
    response = JsonResponse(said, status=status)
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Cookie"
    return response
