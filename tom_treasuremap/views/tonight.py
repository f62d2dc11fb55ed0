"""What the telescopes can do tonight: for an event's map, candidates and galaxies, and for a target."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import Http404, JsonResponse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.generic import TemplateView, View
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_scimma import eventmaps
from tom_scimma.candidates.listing import candidates_of
from tom_scimma.errors import BadSkyMap
from tom_scimma.galaxies import event as galaxies
from tom_scimma.models import Candidate
from tom_scimma.views.events import EventMixin
from tom_treasuremap import earth_turning, night_plot, reachable
from tom_treasuremap.night_words import Row
from tom_treasuremap.nights import mjd_of
from tom_treasuremap.telescopes import Status, statuses, telescopes
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.tonight import Tonight, several, tonight

#: so many candidates and galaxies are listed
CANDIDATES, GALAXIES = 50, 10


def asked() -> dict[str, Telescope]:
    """The telescopes that can be asked for something, by name."""
    return {name: one for name, one in telescopes().items() if not one.reports_only}


def rows(ra: float, dec: float, now: float, where: reachable.Places | None = None) -> list[Row]:
    """A line for each telescope, for one position; with `where`, how much of a map each reaches."""
    known = statuses()
    found = []
    for i, (name, telescope) in enumerate(asked().items()):
        reach = reachable.reachable(telescope, where, now) if where is not None else None
        status = known.get(name, Status())
        found.append(Row(telescope, status, tonight(telescope, ra, dec, now), now, night_plot.stroke(i), reach))
    return found


def picture(found: list[Row], chosen: str, now: float, what: str) -> str:
    """The picture of all telescopes, or of the chosen one."""
    rows = [row for row in found if not chosen or row.telescope.name == chosen]
    title = f"Altitude of {what} tonight: {', '.join(row.telescope.label for row in rows)}"
    strokes = [row.stroke for row in rows]
    if chosen:  # alone it needs no dashes, which are the Moon's there
        strokes = [replace(stroke, dashes="") for stroke in strokes]
    drawn = night_plot.svg([row.tonight for row in rows], now, title=title, strokes=strokes)
    return mark_safe(drawn)  # our own SVG; every text in it is escaped


class PartMixin:
    """For htmx the part, else a page of its own."""

    part: str
    page: str

    def get_template_names(self):
        part = self.request.htmx and not self.request.htmx.history_restore_request
        return [self.part if part else self.page]

    def render_to_response(self, context, **kwargs):
        response = super().render_to_response(context, **kwargs)
        response["Vary"] = ", ".join(filter(None, (response.get("Vary"), "HX-Request")))
        response["Cache-Control"] = "private, no-cache"
        return response


class Place:
    """Where an event is as its reader sees it: its map's most probable place, else its position."""

    def __init__(self, event, user):
        self.ra, self.dec, self.where = event.ra, event.dec, None
        shown = eventmaps.current(event, user)
        if shown is None:
            self.ra = self.dec = None
            return
        try:
            self.ra, self.dec = (float(value) for value in shown.sky.mode)
            self.where = reachable.places(shown.sky)
        except BadSkyMap:
            pass


class EventTonightView(PartMixin, EventMixin, TemplateView):
    """The tab "Tonight" of an event."""

    part, page = "tom_treasuremap/partials/tonight.html", "tom_treasuremap/event_tonight.html"

    def get_context_data(self, **kwargs):
        now, place = mjd_of(timezone.now()), Place(self.event, self.request.user)
        context = {"event": self.event, "note": earth_turning.note(now), **kwargs}
        if place.ra is None:
            return super().get_context_data(nowhere=True, **context)
        found = rows(place.ra, place.dec, now, place.where)
        chosen = self.request.GET.get("telescope", "")
        chosen = chosen if chosen in {row.telescope.name for row in found} else ""
        listed = chosen or _first(found)
        return super().get_context_data(
            rows=found,
            chosen=chosen,
            listed=listed,
            ra=place.ra,
            dec=place.dec,
            picture=picture(found, chosen, now, f"the most probable place of {self.event.name}"),
            things=self._things(asked().get(listed), now),
            **context,
        )

    def _things(self, telescope: Telescope | None, now: float) -> list[dict[str, Any]]:
        """The event's candidates and best galaxies at one telescope tonight, those that its reader may see."""
        if telescope is None:
            return []
        things = [*_candidates(self.event, self.request.user), *_galaxies(self.event, self.request.user)]
        if not things:
            return []
        nights = several(telescope, [one["ra"] for one in things], [one["dec"] for one in things], now)
        return [{**one, "row": Row(telescope, Status(), night, now)} for one, night in zip(things, nights, strict=True)]


def _first(found: list[Row]) -> str:
    """The telescope whose list is shown before one is chosen: the open one that reaches most."""
    best = max(found, key=lambda row: (row.status.can_observe, row.reach or 0.0, row.tonight.hours), default=None)
    return best.telescope.name if best else ""


def _candidates(event, user) -> list[dict[str, Any]]:
    kept = candidates_of(event, user).exclude(status=Candidate.Status.RULED_OUT)
    found = kept.select_related("target").order_by("now", "pk")[:CANDIDATES]
    return [
        {
            "kind": "candidate",
            "name": row.target.name,
            "target": row.target_id,
            "ra": row.target.ra,
            "dec": row.target.dec,
        }
        for row in found
        if row.target.ra is not None and row.target.dec is not None
    ]


def _galaxies(event, user) -> list[dict[str, Any]]:
    found = galaxies.galaxies(event, user)
    if found.why_not or not len(found):
        return []
    lines = found.lines(found.order[:GALAXIES])
    return [
        {"kind": "galaxy", "name": one["galaxy"].name, "target": None, "ra": one["galaxy"].ra, "dec": one["galaxy"].dec}
        for one in lines
    ]


class TargetTonightView(PartMixin, TemplateView):
    """The tab "Tonight" of a target."""

    part, page = "tom_treasuremap/partials/tonight.html", "tom_treasuremap/target_tonight.html"

    def get_context_data(self, **kwargs):
        seen = targets_for_user(self.request.user, Target.objects.filter(pk=self.kwargs["pk"]), "view_target")
        target = seen.first()
        if target is None:
            raise Http404("no such target")
        now = mjd_of(timezone.now())
        context = {"night_target": target, "note": earth_turning.note(now), **kwargs}
        if target.ra is None or target.dec is None:
            return super().get_context_data(nowhere=True, **context)
        found = rows(target.ra, target.dec, now)
        chosen = self.request.GET.get("telescope", "")
        chosen = chosen if chosen in {row.telescope.name for row in found} else ""
        return super().get_context_data(
            rows=found,
            chosen=chosen,
            ra=target.ra,
            dec=target.dec,
            picture=picture(found, chosen, now, target.name),
            **context,
        )


class EventTonightJsonView(EventMixin, View):
    """The same over REST: what each telescope can do for the event's most probable place tonight."""

    def get(self, request, name):
        now, place = mjd_of(timezone.now()), Place(self.event, request.user)
        found = [] if place.ra is None else rows(place.ra, place.dec, now, place.where)
        said = {
            "event": self.event.name,
            "ra": place.ra,
            "dec": place.dec,
            "telescopes": [_plain(row) for row in found],
        }
        response = JsonResponse(said)
        response["Cache-Control"], response["Vary"] = "private, no-cache", "Cookie"
        return response


def _plain(row: Row) -> dict[str, Any]:
    from tom_treasuremap.nights import utc

    found: Tonight = row.tonight
    return {
        "telescope": row.telescope.name,
        "status": row.status.state,
        "up": found.up,
        "windows": [[utc(start).isoformat(), utc(end).isoformat()] for start, end in found.windows],
        "best": None if found.best is None else utc(found.best).isoformat(),
        "airmass": found.airmass,
        "moon_separation": found.moon_separation,
        "moon_illumination": found.moon_illumination,
        "why": found.why,
        "reachable": row.reach,
    }
