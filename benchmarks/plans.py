"""Our side of the planning figures, and astroplan's on the same targets, night and rules; both recounted by one function."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import cache

import numpy as np

from benchmarks import realmaps
from benchmarks.side import serve
from tom_treasuremap import plan, recount, tiling
from tom_treasuremap.planning.problem import Visits
from tom_treasuremap.telescopes.telescope import Axis, Filter, Limits, Site, Slew, Telescope
from tom_treasuremap.visits import Field

BEGIN = datetime(2025, 11, 20, 1, tzinfo=timezone.utc)
NIGHT = (BEGIN, BEGIN + timedelta(hours=12))
PALOMAR = Site(33.3563, -116.8650, 1712.0)
#: deg/s of astroplan's slew along a great circle; ours takes each axis at a rate that is never faster than that
RATE = 0.8
SECONDS = 480.0
READOUT = 20.0
#: the folders with sky maps for the ten maps' figures, see realmaps.py
MAPS = "PLAN_MAPS"


def one(name: str = "p48", **more) -> Telescope:
    """A telescope for lists of targets."""
    axis = Axis(RATE / np.sqrt(2), 0.0)
    values = {"site": PALOMAR, "limits": Limits(30.0), "readout": READOUT, "slew": Slew((axis, axis)), **more}
    return Telescope(name, name, rings=(), filters={"r": Filter("r", "r")}, **values)


@cache
def targets(count: int, seed: int) -> list[Field]:
    """Targets all over the sky that Palomar sees, with weights; the same for the same seed."""
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(0, 360, count), np.degrees(np.arcsin(rng.uniform(-0.5, 0.98, count)))
    weight = rng.exponential(size=count)
    return [Field(f"t{at}", float(ra[at]), float(dec[at]), 0.0, float(weight[at])) for at in range(count)]


def listed(count: int, seed: int, step: int, nodes: int = 0) -> dict:
    """A plan of a list of targets, from their places to the plan."""
    some, telescope, sequence = targets(count, seed), one(), Visits.simple("r", SECONDS)
    begun = time.perf_counter()
    found = plan.solve(some, [telescope], NIGHT, visits=sequence, nodes=nodes, step=step)
    seconds = time.perf_counter() - begun
    blocks = [(visit.field, visit.start.timestamp(), visit.end.timestamp()) for visit in found.visits]
    return {"seconds": seconds, "blocks": blocks, **recounted(count, seed, blocks), "bound": found.bound}


def astroplan(count: int, seed: int, step: int) -> dict:
    """The same by astroplan's PriorityScheduler: targets, constraints and transitions as ours, highest weight first."""
    import astropy.units as u
    from astroplan import (
        AltitudeConstraint,
        AtNightConstraint,
        FixedTarget,
        Observer,
        ObservingBlock,
        PriorityScheduler,
        Schedule,
        Transitioner,
    )
    from astropy.coordinates import EarthLocation, SkyCoord
    from astropy.time import Time
    from astropy.utils import iers

    iers.conf.auto_download = False
    some = targets(count, seed)
    place = EarthLocation.from_geodetic(PALOMAR.longitude, PALOMAR.latitude, PALOMAR.height)
    observer = Observer(place)
    order = np.argsort(np.argsort([-one.weight for one in some]))
    blocks = [
        # its transitions know slews only: the readout is part of the block, and left out when recounted
        ObservingBlock(
            FixedTarget(SkyCoord(one.ra, one.dec, unit="deg"), one.name), (SECONDS + READOUT) * u.s, int(rank)
        )
        for one, rank in zip(some, order, strict=True)
    ]
    rules = [AltitudeConstraint(min=30 * u.deg), AtNightConstraint.twilight_astronomical()]
    begun = time.perf_counter()
    scheduler = PriorityScheduler(
        constraints=rules,
        observer=observer,
        transitioner=Transitioner(slew_rate=RATE * u.deg / u.s),
        time_resolution=step * u.s,
    )
    schedule = Schedule(*(Time(when) for when in NIGHT))
    scheduler(blocks, schedule)
    seconds = time.perf_counter() - begun
    done = [
        (block.target.name, float(block.start_time.unix), float(block.start_time.unix) + SECONDS)
        for block in schedule.observing_blocks
    ]
    return {"seconds": seconds, "blocks": done, **recounted(count, seed, done)}


def recounted(count: int, seed: int, blocks: list) -> dict:
    """Summed weight, and what overlaps or is too low at the start, the middle or the end, by astropy, for either side."""
    from astropy.coordinates import AltAz, EarthLocation, SkyCoord
    from astropy.time import Time

    by = {one.name: one for one in targets(count, seed)}
    blocks = sorted(blocks, key=lambda block: block[1])
    weight = sum(by[name].weight for name in {name for name, _, _ in blocks})
    place = [SkyCoord(by[name].ra, by[name].dec, unit="deg") for name, _, _ in blocks]
    overlaps = 0
    for (a, here), (b, there) in zip(
        zip(blocks[:-1], place[:-1], strict=True), zip(blocks[1:], place[1:], strict=True), strict=True
    ):
        overlaps += b[1] - a[2] < max(here.separation(there).deg / RATE, READOUT) - 1
    times = [when for _, begin, end in blocks for when in (begin, (begin + end) / 2, end)]
    site = EarthLocation.from_geodetic(PALOMAR.longitude, PALOMAR.latitude, PALOMAR.height)
    frame = AltAz(obstime=Time(times, format="unix"), location=site)
    where = SkyCoord([one for one in place for _ in range(3)]) if place else None
    low = int((where.transform_to(frame).alt.deg < 29.95).sum()) if place else 0
    return {"weight": weight, "count": len(blocks), "overlaps": int(overlaps), "low": low}


def tiled(count: int, telescopes: int) -> dict:
    """A first plan of so many candidate fields of each of some wide-field telescopes, pieces of sky counted once."""
    from tom_scimma import skymap

    names = [f"w{at}" for at in range(telescopes)]
    ring = ((-1.5, -1.5), (1.5, -1.5), (1.5, 1.5), (-1.5, 1.5))
    move = Slew((Axis(2.5, 0.4), Axis(2.5, 0.5)), settle=1.0)
    known = [
        Telescope(name, name, site, (ring,), {"r": Filter("r", "r")}, Limits(25.0), readout=8.0, slew=move)
        for name, site in zip(names, (PALOMAR, Site(28.76, -17.88, 2300.0), Site(19.8, -155.5, 4200.0)), strict=False)
    ]
    sky = skymap.from_gaussian(60.0, 25.0, 15.0)
    tiles = [tiling.Tiles(telescope, tiling.covering(tiling.camera(telescope), sky, most=count)) for telescope in known]
    some = tiling.fields(tiling.Residual(sky), tiles, most=count)
    sequence = Visits.simple("r", 120)
    begun = time.perf_counter()
    found = plan.solve(some, known, NIGHT, visits=sequence, nodes=0)
    seconds = time.perf_counter() - begun
    wrong = recount.faults(some, known, NIGHT, found.visits, sequence=sequence)
    value = recount.value(some, found.visits)
    return {
        "seconds": seconds,
        "fields": len(some),
        "value": value,
        "said": found.value,
        "faults": wrong,
        "bound": found.bound,
    }


def maps() -> Mapping[str, str]:
    """{name: place} of the sky maps to plan on: those below the folders that PLAN_MAPS names, made ones up to ten."""
    named = realmaps.found(os.environ.get(MAPS, ""))
    for name in ("150 deg2", "400 deg2", "ring", "two lobes", "blob", "wide", "north", "equator", "arc", "south"):
        if len(named) < 10:
            named[f"made: {name}"] = ""
    return named


@cache
def sky_of(name: str, path: str):
    from tests.maps import SHAPES
    from tom_scimma import skymap

    if path:
        return realmaps.read(path)
    made = {
        "150 deg2": lambda: skymap.from_gaussian(20.0, 40.0, 3.2),
        "400 deg2": lambda: skymap.from_gaussian(100.0, 10.0, 5.3),
        "wide": lambda: skymap.from_gaussian(210.0, 30.0, 15.0),
        "north": lambda: skymap.from_gaussian(300.0, 70.0, 8.0),
        "equator": lambda: skymap.from_gaussian(345.0, 0.0, 10.0),
        "arc": SHAPES["ring"],
        "south": lambda: skymap.from_gaussian(150.0, -10.0, 7.0),
    }
    kind = name.removeprefix("made: ")
    return (made.get(kind) or SHAPES[kind])()


#: by kind: telescope, whether on its own grid, visits
KINDS = {
    "grid": ("ztf", True, Visits.simple("r", 180)),
    "two": ("ztf", True, Visits.simple("r", 60, turns=2, min_gap=1800, max_gap=4 * 3600)),
    "free": ("decam", False, Visits.simple("r", 90)),
}


def best(name: str, path: str, kind: str, seconds: float) -> dict:
    """A plan of a map within so many seconds: its value, its bound, that of the first plan, and what is wrong with it."""
    from dataclasses import replace

    from tom_treasuremap.telescopes.known import shipped

    title, grid, sequence = KINDS[kind]
    telescope = shipped()[title]
    if not telescope.filters.get("r"):
        band = next(iter(telescope.filters))
        blocks = tuple(tuple(replace(item, filter=band) for item in block) for block in sequence.blocks)
        sequence = replace(sequence, blocks=blocks)
    sky = sky_of(name, path)
    camera = tiling.camera(telescope)
    places = tiling.grid(telescope) if grid else tiling.covering(camera, sky, dense=2)
    window = _night(telescope, places, sky)
    open_ = {title: tiling.reachable(telescope, places, window)}
    some = tiling.fields(tiling.Residual(sky), [tiling.Tiles(telescope, places)], most=1000, open_=open_)
    told: list = []
    found = plan.solve(
        some, [telescope], window, visits=sequence, nodes=100_000, seconds=seconds, on_better=told.append
    )
    turns = len(sequence.blocks)
    return {
        "fields": len(some),
        "first": told[0].value if told else 0.0,
        "value": recount.value(some, found.visits, turns=turns),
        "said": found.value,
        "bound": found.bound,
        "stopped": found.stopped,
        "faults": recount.faults(some, [telescope], window, found.visits, sequence=sequence),
    }


def _night(telescope: Telescope, places: tiling.Places, sky) -> tuple[datetime, datetime]:
    """The night of the year's twelve in which most of the map can be reached."""
    from tom_treasuremap.planning import pieces

    inside = pieces.about(sky, tiling.camera(telescope).at(places.ra, places.dec, places.pos_angle))
    noon = BEGIN.replace(hour=0) - timedelta(hours=telescope.site.longitude / 15 + 12)
    nights = [(noon + timedelta(days=30 * month), noon + timedelta(days=30 * month + 1)) for month in range(12)]
    return max(nights, key=lambda night: float(inside @ tiling.reachable(telescope, places, night)))


def peak() -> float:
    """Most memory this process has had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    serve(
        {
            "listed": listed,
            "astroplan": astroplan,
            "tiled": tiled,
            "maps": lambda: dict(maps()),
            "best": best,
            "peak": peak,
        }
    )
