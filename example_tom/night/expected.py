"""What a TOM that heard the whole night must know: the answers that `make demo-check` compares the pages with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from night.arcs import Arc
from night.mergers import MERGER
from night.names import GALAXY, Names, names


@dataclass(frozen=True)
class Expected:
    """One event as it stands after the night. None: nothing is said about it here."""

    name: str
    kind: str
    alerts: int
    state: str = "active"
    role: str = "observation"
    top_class: str | None = None
    top_probability: float | None = None
    area_90: float | None = None  #: deg2
    has_distance: bool | None = None
    has_map: bool = False


def expected(start: datetime) -> list[Expected]:
    """Every event of the night that began then, tests included."""
    known = names(start)
    return [*_mergers(known), *_others(known)]


#: messages in quarantine, and messages that no parser knows, after one night
QUARANTINED = 1
UNKNOWN = 0


def _mergers(known: Names) -> list[Expected]:
    area = area_90(MERGER[-1])
    return [
        Expected(known.merger, "GW", 5, "active", "observation", "BNS", 0.99, area, has_distance=True, has_map=True),
        Expected(known.retracted, "GW", 2, "retracted", top_class="Terrestrial", has_distance=True, has_map=True),
        Expected(known.burst, "GW", 2, top_class="", has_distance=False, has_map=True),
        Expected(known.joint, "GW", 2, top_class="NSBH", top_probability=0.93, has_distance=True, has_map=True),
        Expected(known.mock, "GW", 1, role="test", has_map=True),
    ]


def _others(known: Names) -> list[Expected]:
    return [
        # Swift's two say that they follow up Fermi's trigger: one event, under the first name of the two
        Expected(f"Fermi GBM {known.gamma_number}", "GRB", 6, top_class="GRB"),
        Expected(f"IceCube {known.neutrino}", "NU", 2),
        Expected(f"Einstein Probe WXT {known.transient}", "XRT", 1),
        Expected(f"Einstein Probe WXT {known.transient_test}", "XRT", 1, role="test"),
        Expected(known.svom, "GRB", 1),
    ]


def area_90(arc: Arc) -> float:
    """Area in deg2 of an arc's 90 % region, by summing its density over a fine grid around the centre; no sky-map code.

    Only for an arc of a few degrees: the grid is 20 degrees wide, in steps of 0.02.
    """
    import numpy as np

    step = 0.02
    offsets = np.arange(-10, 10, step)
    east, north = np.meshgrid(offsets, offsets)
    dec = GALAXY[1] + north
    shrink = np.cos(np.radians(dec))
    density = arc.density(GALAXY[0] + east, dec).ravel()
    cell = (step * step * shrink).ravel()
    order = np.argsort(-density)
    held = np.cumsum(density[order] * cell[order])
    return float(cell[order][held <= 0.9 * held[-1]].sum())
