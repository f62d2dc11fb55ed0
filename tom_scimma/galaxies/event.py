"""The galaxies of an event, as a person may see it: ranked by its map, or as hosts of a point with an error.

    found = event.galaxies(event, user, Choice(weight="k"))
    found.lines(found.order[:25])

Whoever may see the event and its map may see its galaxies: the map is the one `eventmaps.current` gives that person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from tom_scimma import eventmaps
from tom_scimma.errors import BadCatalog, BadSkyMap
from tom_scimma.galaxies import hosts, light, ranking, sheet, store
from tom_scimma.models import Event, Galaxy, GalaxyCatalog

RANK, HOSTS = "rank", "hosts"
#: so many are listed, the best first
LISTED = 1000
WEIGHTS = {
    "k": "K-band luminosity",
    "b": "B-band luminosity",
    "w1": "W1 luminosity",
    "mass": "stellar mass",
    ranking.UNIFORM: "all galaxies alike",
}
SORTS = {RANK: ("score", "level", "distance", "weight"), HOSTS: ("chance", "offset", "distance", "r")}


@dataclass(frozen=True)
class Choice:
    """What a person wants to see; empty: what fits the event."""

    how: str = ""  #: rank | hosts
    catalog: str = ""
    weight: str = ""
    max_distance: float | None = None
    sort: str = ""  #: one of SORTS, with - for descending


@dataclass(frozen=True, eq=False)
class Found:
    """The galaxies of an event, or why there are none."""

    event: Event
    catalogs: Sequence[GalaxyCatalog] = ()
    catalog: GalaxyCatalog | None = None
    how: str = ""
    weight: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)  #: that this catalogue has, with their names
    max_distance: float | None = None
    sort: str = ""
    map: eventmaps.EventMap | None = None
    sheet: sheet.Sheet | None = None
    ranked: ranking.Ranked | None = None
    hosts: hosts.Hosts | None = None
    complete: float | None = None  #: of the catalogue at the map's distance, 0..1
    complete_by: str = ""  #: in which light, or mass
    complete_here: float | None = None  #: the same in the map's 90 % region
    distance: tuple[float, float] | None = None  #: of the map, Mpc
    point: bool = False  #: the event is a position with an error, so that hosts can be asked for
    why_not: str = ""  #: catalog | place | error
    error: str = ""

    @property
    def rows(self) -> np.ndarray:
        """Rows of the column file, best first."""
        found = self.ranked if self.how == RANK else self.hosts
        return np.empty(0, np.int64) if found is None else found.rows

    def __len__(self) -> int:
        return self.rows.size

    @property
    def stands_out(self) -> bool:
        """Whether a host's Pcc is below a tenth."""
        return self.hosts is not None and bool(np.any(self.hosts.chance < 0.1))

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """Numbers of the listed galaxies by name, best first."""
        assert self.sheet is not None
        names = ("distance", "distance_sd", "r", "radius", *ranking.WEIGHTS)
        values = {name: np.asarray(self.sheet.column(name)[self.rows], np.float64) for name in names}
        if self.ranked is not None:
            values |= {"score": self.ranked.score, "level": self.ranked.level, "sd": self.ranked.sd}
            values |= {"sum": np.cumsum(self.ranked.score)}
        if self.hosts is not None:
            for name in ("offset", "sigmas", "kpc", "radii", "chance"):
                values[name] = getattr(self.hosts, name)
        values["weight"] = values[self.weight] if self.weight in values else np.full(len(self), np.nan)
        return values

    @cached_property
    def order(self) -> np.ndarray:
        """Positions in the list in the order asked for; what is not known comes last."""
        name, descending = self.sort.lstrip("-"), self.sort.startswith("-")
        if name in ("score", "chance"):
            best = np.arange(len(self))
            return best if descending == (name == "score") else best[::-1]
        values = self.values[name]
        key = np.where(np.isfinite(values), -values if descending else values, np.inf)
        return np.argsort(key, kind="stable")

    def lines(self, positions: Sequence[int] | np.ndarray) -> list[dict[str, Any]]:
        """What is known of the galaxies at these positions of the list: a dict each, with its Galaxy row."""
        assert self.sheet is not None
        pks = self.sheet.column("pk")[self.rows[positions]].tolist()
        known: dict[int, Galaxy] = {}
        for start in range(0, len(pks), 500):
            known |= Galaxy.objects.in_bulk(pks[start : start + 500])
        lines = []
        for position, pk in zip(np.asarray(positions).tolist(), pks, strict=True):
            if pk in known:  # else the catalogue was replaced a moment ago
                numbers = {name: _said(values[position]) for name, values in self.values.items()}
                lines.append({**numbers, "rank": position + 1, "galaxy": known[pk]})
        return lines


def galaxies(event: Event, user, choice: Choice = Choice()) -> Found:
    """The galaxies of an event for a person who may see it."""
    catalogs = store.current()
    shown = eventmaps.current(event, user)
    if not catalogs:
        return Found(event, why_not="catalog")
    if shown is None:
        return Found(event, catalogs, why_not="place")
    catalog = next((one for one in catalogs if one.name == choice.catalog), catalogs[0])
    point = _point(shown)
    how = choice.how if choice.how in SORTS else (HOSTS if point else RANK)
    how = RANK if how == HOSTS and not point else how
    given = {"catalogs": catalogs, "catalog": catalog, "how": how, "map": shown, "point": point is not None}
    given |= {"max_distance": choice.max_distance}
    try:
        opened = sheet.open_sheet(store.path_of(catalog))
        given |= {"sheet": opened, **_chosen(choice, how, opened)}
        if how == HOSTS:
            return Found(event, **given, hosts=hosts.near(opened, *point, most=LISTED))
        return Found(event, **given, **_ranked(shown.sky, opened, given["weight"], choice.max_distance))
    except (BadCatalog, BadSkyMap) as error:
        return Found(event, **given, why_not="error", error=str(error))


def _point(shown: eventmaps.EventMap) -> tuple[float, float, float] | None:
    """(ra, dec, standard deviation), degrees, of an event that is a position with an error; None for a map."""
    said = shown.error
    if shown.localization_id is not None or said is None or said.ra_deg is None or not said.radius_deg:
        return None
    return said.ra_deg, said.dec_deg, hosts.sigma_of(said.radius_deg, said.containment)


def _chosen(choice: Choice, how: str, opened: sheet.Sheet) -> dict[str, Any]:
    """The weight and the order, as asked for where that makes sense here."""
    weights = {name: words for name, words in WEIGHTS.items() if name == ranking.UNIFORM or opened.known[name]}
    weight = choice.weight if choice.weight in weights else next(iter(weights))
    sort = choice.sort if choice.sort.lstrip("-") in SORTS[how] else ("-score" if how == RANK else "chance")
    return {"weights": weights, "weight": weight, "sort": sort}


def _ranked(sky, opened: sheet.Sheet, weight: str, max_distance: float | None) -> dict[str, Any]:
    by = next((name for name in (weight, "k", "b", "mass") if name in light.MEAN_DENSITY and opened.known[name]), "")
    whole, here = ranking.completeness(sky, opened, by)
    ranked = ranking.rank(sky, opened, weight, most=LISTED, max_distance=max_distance)
    distance = sky.distance if sky.mu is not None else None
    said = {"complete": whole, "complete_here": here, "complete_by": WEIGHTS.get(by, "")}
    return {"ranked": ranked, "distance": distance, **said}


def _said(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
