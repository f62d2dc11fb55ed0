"""Planning problems for tests: fields, telescopes and open times that are made, not worked out."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np

from tom_treasuremap.planning import problem
from tom_treasuremap.planning.problem import Problem, Visits
from tom_treasuremap.telescopes.telescope import Axis, Filter, Site, Slew, Telescope
from tom_treasuremap.visits import Field

BEGIN = datetime(2026, 1, 10, 1, tzinfo=timezone.utc)


def telescope(name: str = "t0", *, readout: float = 10, change: float = 20, slews: bool = True, **more) -> Telescope:
    """A telescope that is nowhere in particular."""
    move = Slew((Axis(2.5, 0.4), Axis(2.0, 0.5)), settle=1.0) if slews else None
    filters = {band: Filter(band, band) for band in "gri"}
    values = {"site": Site(-30.0, -70.0, 2000.0), "rings": (), "filters": filters, "slew": move, **more}
    return Telescope(name, name, readout=readout, filter_change=change, **values)


def fields(count: int, seed: int = 0, *, pieces: int = 0, span: float = 60) -> list[Field]:
    """Fields at random; with `pieces`, each has so many that it may share with others."""
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(100, 100 + span, count), rng.uniform(-30, 30, count)
    mass = rng.exponential(size=2 * count) / count
    found = []
    for at in range(count):
        mine = {int(one): float(mass[one]) for one in rng.integers(0, 2 * count, pieces)}
        found.append(Field(f"f{at}", float(ra[at]), float(dec[at]), 0.0, float(rng.exponential()), mine))
    return found


def night(
    some: list[Field],
    telescopes: list[Telescope],
    visits: Visits,
    *,
    seed: int = 0,
    steps: int = 481,
    step: int = 60,
    half: tuple[int, int] = (20, 200),
    budget: float | None = None,
    shared: bool = True,
) -> Problem:
    """A problem in which each field is open for a while about some time of the night."""
    rng = np.random.default_rng(seed + 1)
    grid, reaches = np.arange(steps)[None], []
    for one in telescopes:
        middle, wide = rng.integers(0, steps, len(some)), rng.integers(*half, len(some))
        open_ = np.abs(grid - middle[:, None]) < wide[:, None]
        reaches.append(problem.fixed(some, one, open_, visits, budget))
    return Problem(tuple(some), tuple(reaches), BEGIN, step, steps, shared)


def window(some: Problem) -> tuple[datetime, datetime]:
    """Its begin and end."""
    return some.start, some.when(some.horizon)
