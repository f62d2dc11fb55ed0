"""The galaxies that may host the event: the best of the catalogue by the map, or near a position that is well known.

Nothing while no catalogue is loaded (`manage.py loadgalaxies`), and nothing for a wide map without distance, where any
galaxy would do.
"""

from __future__ import annotations

import math
from typing import Any

from tom_scimma import wording
from tom_scimma.galaxies import hosts, ranking, sheet, store
from tom_scimma.models import Galaxy

BEST = 5
#: a map without distance that is larger than this points at no galaxy, deg2
LARGEST = 10.0


def annotate(event, map) -> dict[str, Any]:
    """The best galaxies with their share of the probability, or with their chance-coincidence probability."""
    catalogs = store.current()
    if map is None or not catalogs:
        return {}
    catalog = catalogs[0]
    opened = sheet.open_sheet(store.path_of(catalog))
    said = {"catalog": f"{catalog.name} {catalog.edition}"}
    if map.mu is not None:
        weight = next((name for name in ("k", "b", "mass", "w1") if opened.known[name]), ranking.UNIFORM)
        ranked = ranking.rank(map, opened, weight, most=10)
        said |= {"count": ranked.in_volume, "weight": weight, "top_10": float(ranked.score.sum())}
        shares = [{"share": float(share)} for share in ranked.score[:BEST]]
        return said | {"best": _named(opened, ranked.rows[:BEST], shares), **_top("share", shares)}
    area = float(map.area(0.9))
    if area > LARGEST:
        return {}
    sigma = hosts.sigma_of(math.sqrt(area / math.pi), 0.9)
    near = hosts.near(opened, *map.mode, sigma, most=BEST)
    chances = [
        {"chance": float(chance), "offset_arcsec": float(offset)}
        for chance, offset in zip(near.chance, near.offset, strict=True)
    ]
    return said | {"count": len(chances), "best": _named(opened, near.rows, chances), **_top("chance", chances)}


def _top(name: str, found: list[dict[str, float]]) -> dict[str, float]:
    """The best one's number by itself, for predicates."""
    return {name: found[0][name]} if found and math.isfinite(found[0][name]) else {}


def _named(opened: sheet.Sheet, rows, numbers: list[dict[str, float]]) -> list[dict[str, Any]]:
    pks = opened.column("pk")[rows].tolist()
    distances = opened.column("distance")[rows].tolist()
    known = Galaxy.objects.in_bulk(pks)
    return [
        {"name": str(known[pk]), "distance": distance, **number}
        for pk, distance, number in zip(pks, distances, numbers, strict=False)
        if pk in known
    ]


def words(value: dict[str, Any]) -> list[tuple[str, str]]:
    """The findings as lines of an event's page."""
    lines = [("Catalogue", value["catalog"])] if value else []
    for one in value.get("best", ()):
        what = (
            f"{wording.percent(one['share'])} of the probability"
            if "share" in one
            else f"Pcc {wording.number(one['chance'] or math.nan, 2)}, {wording.angle(one['offset_arcsec'] / 3600)} away"
        )
        lines.append((one["name"], f"{what}, {wording.distance(one['distance'])}"))
    return lines


annotate.label, annotate.words = "galaxies", words  # type: ignore[attr-defined]
