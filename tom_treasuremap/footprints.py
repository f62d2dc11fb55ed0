"""An instrument's footprint as a camera, and a server's WKT as rings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

Ring = list[list[float]]


def rings(said: Iterable[str]) -> tuple[list[Ring], str]:
    """The rings of WKT polygons, degrees around (0, 0), not closed; and what is wrong with those that are left out.

    A hole is left out too: no instrument of the Treasure Map has one.
    """
    found, problems = [], []
    for wkt in said:
        bodies = (
            re.findall(r"\(\s*\(([^()]*)\)", wkt or "")
            if re.match(r"\s*(MULTI)?POLYGON", wkt or "", re.IGNORECASE)
            else []
        )
        try:
            parts = [[[float(x) for x in pair.split()[:2]] for pair in body.split(",")] for body in bodies]
        except ValueError:
            parts = []
        for ring in parts:
            if len(ring) > 1 and ring[0] == ring[-1]:
                ring.pop()
        good = [ring for ring in parts if len(ring) > 2 and all(len(corner) == 2 for corner in ring)]
        if not good:
            problems.append(f"{(wkt or 'nothing')[:80]} is no polygon")
        found += good
    return found, "; ".join(problems)[:300]


def camera(parts: Sequence[Sequence[Sequence[float]]]) -> Any:
    """The camera of rings, for `camera.at(ra, dec, -pos_angle)`; None where there are none, or none that can be used.

    The Treasure Map turns the other way: its angles are from north to west.
    """
    from tom_scimma.skymap import footprint

    shapes = [([corner[0] for corner in ring], [corner[1] for corner in ring]) for ring in parts]
    if not shapes:
        return None
    try:
        return footprint.mosaic(shapes) if len(shapes) > 1 else footprint.polygon(*shapes[0])
    except ValueError:
        return None
