"""An event's pictures, drawn once and kept: for pages, mail and papers.

    sight = pictures.Sight(event, user)
    sight.sky()                                   -> Picture | None      where it is: PNG
    sight.sky(form="pdf", layout="wide")                                 for a paper
    sight.reach()                                 -> Picture | None      how far away
    sight.words                                   -> [(name, words)]     what both show, said

The caller has checked that the user may see the event; the map, and what is drawn over it, are what this user may see
(no user: what everybody may). None where nobody has said where, or how far away, the event is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from tom_scimma import eventmaps, kept, layers, skymap, skyplot, wording
from tom_scimma.errors import BadSkyMap
from tom_scimma.models import Event, Localization
from tom_scimma.notice import iso
from tom_scimma.skyplot import reach as reaches
from tom_scimma.skyplot import scene
from tom_scimma.skyplot import words as said

#: a picture of now is good for so long
NOW = timedelta(minutes=10)


@dataclass(frozen=True)
class Picture:
    """A file, and a name that changes when it does."""

    data: bytes
    content_type: str
    tag: str


class Sight:
    """An event as one user may see it, as pictures and as words. Asks the database once for each thing."""

    def __init__(self, event: Event, user=None) -> None:
        self.event, self.user = event, user or AnonymousUser()

    @cached_property
    def map(self) -> eventmaps.EventMap | None:
        """The map that stands for the event."""
        return eventmaps.current(self.event, self.user)

    @cached_property
    def place(self) -> skyplot.Place | None:
        """Where the event is, when there is no map."""
        event = self.event
        return None if event.ra is None else skyplot.Place(event.ra, event.dec, event.radius_deg)

    @cached_property
    def subject(self) -> skymap.SkyMap | skyplot.Place:
        """What is drawn: the map, or the place where there is none or it cannot be read. Raises BadSkyMap."""
        try:
            if self.map is not None:
                return self.map.sky
        except BadSkyMap:
            if self.place is None:
                raise
        if self.place is None:
            raise BadSkyMap(f"nobody said where {self.event} is")
        return self.place

    @cached_property
    def identity(self) -> str:
        """What `subject` is made of, known before anything is unpacked; "" where there is nothing to draw."""
        if self.map is not None:
            return kept.identity(self.map)
        return repr(self.place) if self.place is not None else ""

    @cached_property
    def over(self) -> list[skyplot.Layer]:
        """What is drawn over the map."""
        return [layers.over_map(*pair) for pair in self._drawn]

    @cached_property
    def marks(self) -> list[reaches.Mark]:
        """What the picture of the distance marks: the first with a distance of what is drawn over the map."""
        return [mark for _, features in self._drawn for mark in layers.in_distance(features)][: reaches.ROWS]

    @cached_property
    def words(self) -> list[tuple[str, str]]:
        """What the pictures show, as pairs of a name and words; empty where there is nothing to draw."""
        if not self.identity:
            return []
        time, when = self._time(False)

        def say() -> bytes:
            return json.dumps(said.of(self.subject, time=time, time_words=when, layers=self.over)).encode()

        parts = {"words": self.identity, "time": iso(time), "layers": [asdict(layer) for layer in self.over]}
        try:
            return [(name, text) for name, text in json.loads(self._kept(parts, say).data)]
        except BadSkyMap:
            return []

    def start(self) -> dict[str, float] | None:
        """Where to look first: `ra`, `dec` and width `fov` of the most probable part, degrees."""
        if not self.identity:
            return None

        def look() -> bytes:
            view = scene.view_of(self.subject)
            fov = 2.6 * view.radius_deg if view.radius_deg < 50 else 360.0
            return json.dumps({"ra": view.ra, "dec": view.dec, "fov": fov}).encode()

        return json.loads(self._kept({"start": self.identity}, look).data)

    def sky(
        self, *, form: str = "png", layout: str = "tall", theme: str = "light", now: bool = False
    ) -> Picture | None:
        """The picture of where the event is. Sun and Moon are those of its time, or of `now`.

        Raises ValueError for options that `skyplot.draw` has not, BadSkyMap where the map cannot be read.
        """
        if not self.identity:
            return None
        time, when = self._time(now)
        options: dict[str, Any] = {"form": form, "layout": layout, "theme": theme, "title": self.event.name}

        def draw() -> bytes:
            return skyplot.draw(self.subject, time=time, time_words=when, layers=self.over, **options)

        parts = {"sky": self.identity, "time": [iso(time), when], "layers": [asdict(layer) for layer in self.over]}
        return self._kept({**parts, **options}, draw, form)

    def reach(self, *, form: str = "png", theme: str = "light") -> Picture | None:
        """The picture of how far away the event is; None where its map has no distance."""
        if "Distance" not in dict(self.words):
            return None
        options: dict[str, Any] = {"form": form, "theme": theme, "title": self.event.name}

        def draw() -> bytes:
            return reaches.draw(self.map.sky, self.marks, **options)  # type: ignore[union-attr]

        parts = {"reach": self.identity, "marks": [asdict(mark) for mark in self.marks], **options}
        return self._kept(parts, draw, form)

    @cached_property
    def _drawn(self) -> list[tuple[layers.Layer, list[layers.Feature]]]:
        return layers.drawn(self.event, self.user)

    def _time(self, now: bool) -> tuple[datetime, str]:
        if self.event.time is not None and not now:
            return self.event.time, "the time of the event"
        clock = timezone.now()
        return clock - timedelta(seconds=clock.timestamp() % NOW.total_seconds()), "now"

    def _kept(self, parts: dict[str, Any], make: Callable[[], bytes], form: str = "png") -> Picture:
        return _kept(parts, self.event.public, self.user, make, form)


def localization(row: Localization, user) -> Picture:
    """The picture of one map that the caller has found visible, whatever the event's own is. Raises BadSkyMap."""
    event, kind = row.alert.event, row.alert.alert_type
    title = f"{event.name}, {wording.ALERT_TYPES.get(kind, kind)}"
    title += f" ({row.name})" if row.name != "skymap" else ""

    def draw() -> bytes:
        data = Localization.objects.values_list("data", flat=True).get(pk=row.pk)
        return skyplot.draw(skymap.unpack(bytes(data)), title=title, time=event.time)

    parts = {"map": f"{row.pk}-{row.sha256}", "title": title, "time": iso(event.time)}
    return _kept(parts, event.public and row.alert.public, user, draw)


def _kept(parts: dict[str, Any], public: bool, user, make: Callable[[], bytes], form: str = "png") -> Picture:
    parts, audience = {"edition": skyplot.EDITION, **parts}, kept.audience(public, user)
    return Picture(kept.kept(parts, audience, make), skyplot.FORMS.get(form, ""), kept.tag(parts, audience))
