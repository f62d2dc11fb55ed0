"""Where two events may both be: the product of their maps, its areas and the candidates in it."""

from __future__ import annotations

import hashlib
from functools import cached_property

from django.http import Http404
from django.views.generic import TemplateView, View

from tom_scimma import eventmaps, skymap, skyplot
from tom_scimma.annotators.coincidences import chance
from tom_scimma.candidates.listing import candidates_of
from tom_scimma.conf import conf
from tom_scimma.errors import BadSkyMap
from tom_scimma.models import Event
from tom_scimma.pictures import Picture
from tom_scimma.views import pictures
from tom_scimma.views.events import EventMixin, find
from tom_scimma.views.files import attachment


class Joint(EventMixin):
    """Base of what shows two events that the user may see."""

    @cached_property
    def other(self) -> Event:
        other = find(self.kwargs["other"], self.request.user)
        if other.pk == self.event.pk:  # also where somebody joined the two
            raise Http404("an event coincides with itself")
        return other

    @cached_property
    def maps(self) -> tuple[skymap.SkyMap, skymap.SkyMap] | None:
        """Both maps, as this user may see them; None where one has none. Raises BadSkyMap."""
        found = [eventmaps.current(event, self.request.user) for event in (self.event, self.other)]
        return None if None in found else (found[0].sky, found[1].sky)

    @cached_property
    def product(self) -> skymap.SkyMap | None:
        """Where both are; None without two maps, or where they exclude each other."""
        try:
            return self.maps and self.maps[0].times(self.maps[1])
        except BadSkyMap:
            return None


class JointView(Joint, TemplateView):
    """The page of a pair."""

    template_name = "tom_scimma/joint.html"

    def get_context_data(self, **kwargs):
        one, other, product = self.event, self.other, self.product
        overlap = float(self.maps[0].overlap(self.maps[1])) if product is not None else None
        seconds = (other.time - one.time).total_seconds() if one.time and other.time else None
        areas = {level: product.area(level) for level in (0.5, 0.9)} if product is not None else {}
        return super().get_context_data(
            one=one,
            partner=other,
            both=self.maps is not None,
            product=product,
            overlap=overlap,
            seconds=None if seconds is None else abs(seconds),
            later=seconds is not None and seconds >= 0,
            chance=chance(one, other, overlap) if seconds is not None else None,
            area_50=areas.get(0.5),
            area_90=areas.get(0.9),
            level=conf.CANDIDATE_LEVEL,
            inside=self._inside(),
            **kwargs,
        )

    def _inside(self) -> list:
        """The user's candidates of either event that lie in the joint map, the most probable first."""
        if self.product is None:
            return []
        rows = {}
        for event in (self.event, self.other):
            for row in candidates_of(event, self.request.user).select_related("target")[:1000]:
                rows.setdefault(row.target_id, row.target)
        placed = [target for target in rows.values() if target.ra is not None and target.dec is not None]
        levels = [float(self.product.level_at(target.ra, target.dec)) for target in placed]
        pairs = sorted(zip(levels, placed, strict=True), key=lambda pair: pair[0])
        return [(target, level) for level, target in pairs if level <= conf.CANDIDATE_LEVEL]


class JointFileView(Joint, View):
    """The joint map as FITS, or its picture."""

    def get(self, request, name, other, form):
        product = self.product
        if product is None or form not in ("fits", "png"):
            raise Http404("these two events have no joint map")
        if form == "fits":
            return attachment(
                product.to_fits(), f"{self.event.name}-{self.other.name}.multiorder.fits", "application/fits"
            )
        title = f"{self.event.name} and {self.other.name}"
        return pictures.answer(request, lambda: _drawn(product, title))


def _drawn(product: skymap.SkyMap, title: str) -> Picture:
    data = skyplot.draw(product, title=title)
    return Picture(data, "image/png", hashlib.sha256(data).hexdigest())
