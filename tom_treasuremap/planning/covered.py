"""Why places are worth nothing any more: who has looked at them, or will."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tom_treasuremap.detection import ab_limit
from tom_treasuremap.planning import pieces
from tom_treasuremap.planning.residual import Residual

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap
    from tom_scimma.skymap.footprint import Footprint
    from tom_treasuremap.pointings import Pointing
    from tom_treasuremap.tiling import Places

DONE, MEANT = "already covered by", "planned by"
#: a place of which less than this part is left counts as covered
LITTLE = 0.5
#: and what must have been there to be spoken of
LEAST = 1e-6


def covered(sky: SkyMap, rest: Residual, shape: Footprint, places: Places) -> dict[str, str]:
    """{name of a place: "already covered by ZTF at 03:12 to r = 21.3"} of those with little left that had some."""
    if rest.fields is None or not len(places.names):
        return {}
    where = shape.at(places.ra, places.dec, places.pos_angle)
    before, after = pieces.about(sky, where), pieces.about(rest.sky, where) * rest.left
    found = {}
    for at in np.flatnonzero((before > LEAST) & (after < LITTLE * before)):
        one = rest.covered_by(float(places.ra[at]), float(places.dec[at]))
        if one is not None:
            found[places.names[at]] = said(one)
    return found


def said(one: Pointing) -> str:
    """Who looked there, when, how deep; or who is going to."""
    who = one.team or one.telescope or "somebody"
    when = f" at {one.time:%H:%M} on {one.time:%d %b}" if one.time else ""
    limit = ab_limit(one)
    depth = f" to {one.band or 'AB'} = {limit:.1f}" if limit is not None else (f" in {one.band}" if one.band else "")
    return f"{DONE} {who}{when}{depth}" if one.status == "completed" else f"{MEANT} {who}{when}"
