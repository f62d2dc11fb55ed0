"""Telescopes: the list, one with all its figures, whether it is open, and what people add and change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.generic import TemplateView, View

from tom_treasuremap import night_words
from tom_treasuremap.models import Instrument, TelescopeChange, TelescopeRow, TelescopeState
from tom_treasuremap.nights import Night, mjd_of, night
from tom_treasuremap.sky_position import Sky
from tom_treasuremap.telescope_forms import ImportForm, StateForm, TelescopeForm, pretty
from tom_treasuremap.telescopes import STATES, Status, figures, statuses, telescopes, writing
from tom_treasuremap.telescopes.known import of_settings, said_of, shipped_files
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports.rules import spectrographs

LOGGED = 20  #: so many lines of a log
CHANGE, STATE = "tom_treasuremap.change_telescopes", "tom_treasuremap.set_telescope_state"


def one(name: str) -> Telescope:
    """A telescope, or Http404."""
    found = telescopes().get(name)
    if found is None:
        raise Http404(f"no telescope is called {name}")
    return found


def tonight(telescope: Telescope, now: float) -> dict[str, str]:
    """A telescope's night in words: when it is dark, and the Moon then."""
    found = night(telescope, now)
    if found is None or telescope.site is None:
        return {}
    said = {"dark": "it does not get dark"}
    if found.start is not None and found.end is not None:
        said["dark"] = night_words.windows([(found.start, found.end)])
        said["hours"] = f"{found.hours:.1f} h"
    return {**said, "moon": _moon(telescope, found)}


def _moon(telescope: Telescope, found: Night) -> str:
    middle = (found.noon + found.next_noon) / 2
    times = [found.start, middle, found.end] if found.start is not None else [middle]
    assert telescope.site is not None
    sky = Sky(telescope.site, 0.0, 0.0, times)
    up = ["up" if altitude > 0 else "down" for altitude in sky.moon_altitude]
    when = f"{up[0]} at dusk, {up[-1]} at dawn" if len(up) == 3 else up[0]
    return f"{100 * sky.moon_illumination.mean():.0f} % lit, {when}"


class TelescopesView(TemplateView):
    """The list: whether each is open, its night, the Moon."""

    template_name = "tom_treasuremap/telescopes.html"

    def get_context_data(self, **kwargs):
        now, known = mjd_of(timezone.now()), statuses()
        lines = [
            {
                "telescope": found,
                "status": known.get(name, Status()),
                "night": {} if found.reports_only else tonight(found, now),
                "field": figures.field(found),
                "spectra": ", ".join(spectrographs(found)),
            }
            for name, found in telescopes().items()
        ]
        return super().get_context_data(lines=lines, may_change=self.request.user.has_perm(CHANGE), **kwargs)


class TelescopeView(TemplateView):
    """One telescope: all its figures and where each is from, its filters, its state and its log."""

    template_name = "tom_treasuremap/telescope.html"

    def get_context_data(self, **kwargs):
        found, user = one(self.kwargs["name"]), self.request.user
        kwargs.setdefault("state_form", StateForm())
        return super().get_context_data(
            telescope=found,
            status=statuses().get(found.name, Status()),
            night={} if found.reports_only else tonight(found, mjd_of(timezone.now())),
            figures=figures.lines(found),
            filters=[(each, figures.depths(each)) for each in found.filters.values()],
            depth_source=found.sources.get("filters.depths", ""),
            filter_source=found.sources.get("filters", ""),
            # our own SVG, of numbers alone
            outline=mark_safe(figures.outline(found)),
            where=where(found.name),
            states=list(TelescopeState.objects.filter(telescope=found.name)[:LOGGED]) if user.is_authenticated else [],
            changes=list(TelescopeChange.objects.filter(name=found.name)[:LOGGED]) if user.is_authenticated else [],
            labels={name: label for name, (label, _) in STATES.items()},
            may_change=user.has_perm(CHANGE),
            may_state=user.has_perm(STATE) and not found.reports_only,
            **kwargs,
        )


def where(name: str) -> str:
    """Where a telescope's figures come from: "page", "settings" or "shipped"."""
    if TelescopeRow.objects.filter(name=name, removed=None).exists():
        return "page"
    return "settings" if name in of_settings() else "shipped"


def said(name: str) -> dict[str, Any]:
    """What a telescope's file or row says."""
    row = TelescopeRow.objects.filter(name=name, removed=None).first()
    if row is not None:
        return row.said
    from tom_treasuremap.conf import conf

    own = {each["name"]: each for each in map(said_of, conf.TELESCOPES)}
    return dict(own.get(name) or shipped_files()[name])


class TelescopeFileView(View):
    """A telescope as the JSON file that it would be; without what its transport is told."""

    def get(self, request, name):
        found = one(name)
        told = {key: value for key, value in said(found.name).items() if key != "options"}
        response = HttpResponse(pretty(told), content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="{found.name}.json"'
        return response


class TelescopeStateView(LoginRequiredMixin, PermissionRequiredMixin, View):
    """A person says whether it is open."""

    permission_required = STATE
    raise_exception = True

    def post(self, request, name):
        found = one(name)
        form = StateForm(request.POST)
        if not form.is_valid():
            view = TelescopeView(request=request, kwargs={"name": name})
            view.setup(request, name=name)
            return render(request, view.template_name, view.get_context_data(state_form=form), status=400)
        values = form.cleaned_data
        status = writing.set_state(
            found.name, values["state"], request.user, timezone.now(), why=values["why"], until=values["until"]
        )
        messages.success(request, f"{found.label} is {status.label}.")
        return redirect("tom_treasuremap:telescope", name=found.name)


class Changing(LoginRequiredMixin, PermissionRequiredMixin):
    """Base of what changes telescopes."""

    permission_required = CHANGE
    raise_exception = True


class TelescopeEditView(Changing, View):
    """A new telescope as JSON, a copy of one that is known, or a change of one."""

    def get(self, request, name=""):
        start = one(name).name if name else request.GET.get("copy", "")
        text = ""
        if start and start in telescopes():
            text = pretty({**said(start), **({} if name else {"name": f"{start}-copy"[:49]})})
        return self._page(TelescopeForm(initial={"text": text}, name=name), name)

    def post(self, request, name=""):
        if name:
            one(name)
        form = TelescopeForm(request.POST, request.FILES, name=name)
        if not form.is_valid():
            return self._page(form, name, 400)
        if not name and TelescopeRow.objects.filter(name=form.said["name"], removed=None).exists():
            form.add_error("text", f"name: {form.said['name']!r} is there already; change it on its page.")
            return self._page(form, name, 400)
        found = writing.save(form.said, request.user, timezone.now())
        messages.success(request, f"{found.label} is kept.")
        return redirect("tom_treasuremap:telescope", name=found.name)

    def _page(self, form, name: str, status: int = 200):
        context = {"form": form, "name": name, "known": telescopes().values()}
        return render(self.request, "tom_treasuremap/telescope_edit.html", context, status=status)


class TelescopeRemoveView(Changing, View):
    """Takes away what was added by a page."""

    def post(self, request, name):
        if writing.remove(name, request.user, timezone.now()):
            messages.success(request, f"{name} was removed; what was observed with it stays.")
        else:
            messages.error(request, f"{name} was not added by a page: it is shipped, or of the settings.")
        return redirect("tom_treasuremap:telescopes")


class TelescopeImportView(Changing, View):
    """The Treasure Map's instruments, to make telescopes of."""

    def get(self, request):
        text = request.GET.get("q", "").strip()
        known = Instrument.objects.exclude(rings=[]).order_by("name", "number")
        if text:
            by = Q(name__icontains=text) | Q(nickname__icontains=text)
            known = known.filter(by | Q(number=int(text)) if text.isdecimal() else by)
        page = Paginator(known.defer("rings"), 50).get_page(request.GET.get("page"))
        return render(request, "tom_treasuremap/telescope_import.html", {"page": page, "q": text})


class TelescopeOfInstrumentView(Changing, View):
    """One of them with what the Treasure Map does not know, from a person."""

    def get(self, request, pk):
        instrument = get_object_or_404(Instrument, pk=pk)
        return self._page(ImportForm(instrument=instrument), instrument)

    def post(self, request, pk):
        instrument = get_object_or_404(Instrument, pk=pk)
        form = ImportForm(request.POST, instrument=instrument)
        if form.is_valid() and form.said["name"] in telescopes():
            form.add_error("name", f"{form.said['name']} is there already.")
        if not form.is_valid():
            return self._page(form, instrument, 400)
        found = writing.save(form.said, request.user, timezone.now())
        messages.success(request, f"{found.label} is kept. Its depths, limits and overheads can be added here.")
        return redirect("tom_treasuremap:telescope", name=found.name)

    def _page(self, form, instrument, status: int = 200):
        context = {"form": form, "instrument": instrument}
        return render(self.request, "tom_treasuremap/telescope_of_instrument.html", context, status=status)
