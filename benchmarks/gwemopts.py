"""Our side of the comparison with gwemopt: from the map's file to a plan; and the union of either side's fields."""

from __future__ import annotations

import time

BEGUN = time.perf_counter()

import resource  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

from benchmarks import side  # noqa: E402
from benchmarks.against_gwemopt import AIRMASS, SECONDS, SIDE, SUN, window  # noqa: E402
from tom_scimma import skymap  # noqa: E402
from tom_scimma.skymap import footprint  # noqa: E402
from tom_treasuremap import plan as planner  # noqa: E402
from tom_treasuremap import recount, tiling  # noqa: E402
from tom_treasuremap.planning.problem import Visits  # noqa: E402
from tom_treasuremap.telescopes.telescope import Axis, Filter, Limits, Site, Slew, Telescope  # noqa: E402

IMPORTED = time.perf_counter() - BEGUN
HALF = SIDE / 2
#: 2.6 deg/s along a great circle or 10 s of readout, and 10 s more an exposure; an axis is never faster than that
AXIS = Axis(2.6 / np.sqrt(2), 0.0)
ZTF = Telescope(
    "ztf",
    "ZTF",
    Site(33.3563, -116.8648, 1742.0),
    (((-HALF, -HALF), (HALF, -HALF), (HALF, HALF), (-HALF, HALF)),),
    {"r": Filter("r", "r")},
    Limits(float(np.degrees(np.arcsin(1 / AIRMASS)))),
    twilight=SUN,
    readout=20.0,
    slew=Slew((AXIS, AXIS), settle=10.0),
)


def plan(path: str, fields: list) -> dict:
    """Map read, fields worked out, first plan made: all of it timed."""
    sequence = Visits.simple("r", SECONDS)
    begun = time.perf_counter()
    sky = skymap.read(Path(path).read_bytes())
    _, ra, dec = (np.array(column, float) for column in zip(*fields, strict=True))
    places = tiling.Places(tuple(str(row[0]) for row in fields), ra, dec, np.zeros(len(ra)))
    open_ = {"ztf": tiling.reachable(ZTF, places, window())}
    some = tiling.fields(tiling.Residual(sky), [tiling.Tiles(ZTF, places)], open_=open_)
    found = planner.solve(some, [ZTF], window(), visits=sequence, nodes=0)
    taken = time.perf_counter() - begun
    visits = [[int(one.field), one.start.timestamp(), one.exposure] for one in found.visits]
    faults = recount.faults(some, [ZTF], window(), found.visits, sequence=sequence)
    return {"seconds": taken, "import": IMPORTED, "visits": visits, "faults": faults}


def worth(path: str, fields: list, chosen: list) -> float:
    """Union probability of some fields by their numbers: the one count for both sides."""
    sky = skymap.read(Path(path).read_bytes())
    by = {row[0]: row for row in fields}
    some = [by[number] for number in sorted(set(chosen))]
    shape = footprint.rectangle(SIDE, SIDE)
    return sky.union(shape.at([row[1] for row in some], [row[2] for row in some], 0.0))


def peak() -> float:
    """Most memory this process has had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    side.serve({"plan": plan, "worth": worth, "peak": peak})
