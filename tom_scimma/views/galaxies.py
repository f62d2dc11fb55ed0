"""Galaxies: those of an event, as a file, as targets; and which catalogues are loaded."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.views.generic import TemplateView, View
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_scimma import hooks, wording
from tom_scimma.errors import BadCatalog
from tom_scimma.galaxies import files, light, making, sheet, store
from tom_scimma.galaxies.event import LISTED, Choice, Found, galaxies
from tom_scimma.models import Galaxy, GalaxyCatalog
from tom_scimma.views.events import EventMixin
from tom_scimma.views.files import attachment

PER_PAGE = 25
#: at most so many targets come of one click
AT_ONCE = 100
FORMATS = {"csv": (files.to_csv, "text/csv; charset=utf-8"), "vot": (files.to_votable, "application/x-votable+xml")}
#: catalogues whose names NED knows
OF_NED = ("NED-LVS", "GLADE+")


def choice_of(data) -> Choice:
    """What the address asks for; what makes no sense counts as not said."""
    try:
        far = float(data.get("max_distance") or "nan")
    except ValueError:
        far = math.nan
    return Choice(
        how=data.get("how", ""),
        catalog=data.get("catalog", ""),
        weight=data.get("weight", ""),
        max_distance=far if math.isfinite(far) and far > 0 else None,
        sort=data.get("galaxy_sort", ""),
    )


def address(found: Found, **changes: Any) -> str:
    """The query of the address of a list, with something changed."""
    said = {
        "how": found.how,
        "catalog": found.catalog.name if found.catalog else "",
        "weight": found.weight,
        "max_distance": f"{found.max_distance:g}" if found.max_distance else "",
        "galaxy_sort": found.sort,
    }
    return urlencode({key: value for key, value in {**said, **changes}.items() if value})


class EventGalaxiesView(EventMixin, TemplateView):
    """The galaxies in an event's volume or around its position; for htmx only the section."""

    def get_template_names(self):
        return ["tom_scimma/partials/galaxies.html" if self.request.htmx else "tom_scimma/event_galaxies.html"]

    def get_context_data(self, **kwargs):
        found = galaxies(self.event, self.request.user, choice_of(self.request.GET))
        page = Paginator(found.order if len(found) else np.empty(0, int), PER_PAGE).get_page(
            self.request.GET.get("galaxy_page")
        )
        lines = found.lines(page.object_list) if len(found) else []
        _mark_targets(lines, self.request.user)
        return super().get_context_data(
            event=self.event,
            found=found,
            lines=lines,
            page=page,
            query=address(found),
            heads=_heads(found),
            listed=LISTED,
            ned=found.catalog is not None and found.catalog.name in OF_NED,
            may_make=self.request.user.is_authenticated,
            links=hooks.galaxy_links() if self.request.user.is_authenticated else (),
            **kwargs,
        )

    def render_to_response(self, context, **kwargs):
        response = super().render_to_response(context, **kwargs)
        response["Vary"] = ", ".join(filter(None, (response.get("Vary"), "HX-Request")))
        return response


def _mark_targets(lines: list[dict], user) -> None:
    """Gives each line the target of its galaxy's name, where there is one that the user may see."""
    here = making.existing([line["galaxy"].name for line in lines])
    seen = targets_for_user(user, Target.objects.filter(pk__in=list(here.values())), "view_target")
    targets = {target.pk: target for target in seen}
    for line in lines:
        line["target"] = targets.get(here.get(line["galaxy"].name))


def _heads(found: Found) -> list[dict[str, str]]:
    """The heads that sort: title, class, and the query of their link."""
    hosts = [
        ("offset", "Offset", ""),
        ("distance", "Distance (Mpc)", "wide"),
        ("r", "r (mag)", "wide"),
        ("chance", "Pcc", ""),
    ]
    ranked = [
        ("distance", "Distance (Mpc)", ""),
        ("level", "Credible level", "wide"),
        ("weight", wording_of(found.weight), "wide"),
        ("score", "Score", ""),
    ]
    heads = []
    for name, title, css in hosts if found.how == "hosts" else ranked:
        now = found.sort.lstrip("-") == name
        first = f"-{name}" if name in ("score", "weight") else name
        other = name if found.sort.startswith("-") else f"-{name}"
        heads.append(
            {
                "title": title,
                "css": css,
                "query": address(found, galaxy_sort=other if now else first),
                "arrow": ("▾" if found.sort.startswith("-") else "▴") if now else "",
                "aria": ("descending" if found.sort.startswith("-") else "ascending") if now else "none",
            }
        )
    return heads


def wording_of(weight: str) -> str:
    """The head of the column of a weight, with its unit."""
    return {
        "mass": mark_safe("Mass (M<sub>☉</sub>)"),
        "uniform": "Weight",
    }.get(weight) or format_html("L<sub>{}</sub> (L<sub>☉</sub>)", weight.upper())


class EventGalaxiesFileView(EventMixin, View):
    """The listed galaxies of an event as CSV or VOTable."""

    def get(self, request, name, form):
        if form not in FORMATS:
            raise Http404("galaxies are given as csv and vot")
        found = galaxies(self.event, request.user, choice_of(request.GET))
        if found.why_not:
            raise Http404(found.error or "there are no galaxies for this event")
        write, content_type = FORMATS[form]
        return attachment(write(found), f"{self.event.name}-galaxies.{form}", content_type)


class EventGalaxiesTargetsView(EventMixin, LoginRequiredMixin, View):
    """POST `galaxy` (one or several keys): a target for each; again, nothing more."""

    http_method_names = ["post"]

    def post(self, request, name):
        keys = [int(key) for key in request.POST.getlist("galaxy") if key.isdigit() and len(key) < 19][:AT_ONCE]
        chosen = Galaxy.objects.filter(pk__in=keys, catalog__state=GalaxyCatalog.State.CURRENT)
        made = making.targets(chosen.select_related("catalog").order_by("pk"), request.user, self.event)
        _tell(request, made)
        back = redirect("tom_scimma:event", name=self.event.name)
        back["Location"] += "#galaxies"
        return back


def _tell(request, made: list[making.Made]) -> None:
    fresh = [one.target.name for one in made if one.created]
    known = [one.target.name for one in made if one.target is not None and not one.created]
    taken = [one.galaxy.name for one in made if one.target is None]
    if fresh:
        word = "is a target now" if len(fresh) == 1 else "are targets now"
        messages.success(request, f"{wording.listed(fresh)} {word}.")
    if known:
        messages.info(
            request, f"{wording.listed(known)} {'was a target' if len(known) == 1 else 'were targets'} already."
        )
    if taken:
        messages.warning(
            request, f"A target of that name is there already: {wording.listed(taken)}. Ask its owner to share it."
        )
    if not made:
        messages.warning(request, "No galaxy was chosen.")


class GalaxyCatalogsView(TemplateView):
    """Which catalogues are loaded, what they have, how complete they are."""

    template_name = "tom_scimma/galaxies.html"

    def get_context_data(self, **kwargs):
        catalogs = [_described(catalog) for catalog in store.current()]
        loading = GalaxyCatalog.objects.filter(state=GalaxyCatalog.State.LOADING)
        return super().get_context_data(catalogs=catalogs, loading=loading, **kwargs)


#: by what completeness is said
COMPLETE = {"k": "K-band light", "b": "B-band light", "mass": "stellar mass"}
#: luminosity distances at which the page says how complete a catalogue is, Mpc
STEPS = (20, 40, 80, 125, 200, 300, 500, 800)


def _described(catalog: GalaxyCatalog) -> dict[str, Any]:
    try:
        opened = sheet.open_sheet(store.path_of(catalog))
    except BadCatalog as error:
        return {"catalog": catalog, "error": str(error)}
    table = {name: light.complete(opened.sums, name) for name in COMPLETE if opened.known[name]}
    shells = [light.EDGES.index(step) - 1 for step in STEPS]
    return {
        "catalog": catalog,
        "known": opened.known,
        "steps": STEPS,
        "complete": [
            (COMPLETE[name], [values[shell] for shell in shells])
            for name, values in table.items()
            if values is not None
        ],
    }
