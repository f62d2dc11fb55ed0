"""Fixed fields. Authority: fields of ZTF's published list (ztf_sim, data/ZTF_Fields.txt); a covering leaves no hole."""

from __future__ import annotations

import numpy as np
import pytest

from tom_treasuremap.telescopes import shipped
from tom_treasuremap.telescopes.grids import grid

#: number: right ascension, declination, as the list has them
LISTED = {
    1: (24.71429, -85.93846), 8: (12.84615, -79.01538), 55: (231.5, -65.16923), 146: (179.0, -44.4), 207: (354.71429, -37.47692),
    301: (355.25, -23.63077), 377: (179.0, -9.78462), 453: (355.47059, -2.86154), 504: (355.47059, 4.06154), 605: (355.4, 17.90769),
    699: (355.08696, 31.75385), 796: (163.11765, 52.52308), 843: (352.7931, 59.44615), 867: (351.5, 66.36923),
    886: (349.52632, 73.29231), 899: (345.15385, 80.21538), 906: (333.28571, 87.13846),
}  # fmt: skip


def test_ztfs_fields_are_those_of_its_list():
    ids, ra, dec = grid("ztf")
    assert len(ids) == 906
    for number, (there, north) in LISTED.items():
        at = ids.index(str(number))
        assert (ra[at], dec[at]) == (pytest.approx(there, abs=1e-4), pytest.approx(north, abs=1e-4))


@pytest.mark.parametrize("name", sorted(name for name, one in shipped().items() if one.grid))
def test_a_grid_covers_the_sky_that_its_telescope_can_reach(name):
    """A position drawn at random lies in the outline of some field."""
    telescope = shipped()[name]
    _, ra, dec = grid(telescope.grid)
    corners = np.array([corner for ring in telescope.rings for corner in ring])
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
    rng = np.random.default_rng(3)
    there, up = np.radians(rng.uniform(0, 360, 4000)), np.arcsin(rng.uniform(-0.98, 0.98, 4000))
    d = np.radians(dec)[:, None]
    turn = there[None, :] - np.radians(ra)[:, None]
    forward = np.cos(up) * np.cos(turn) * np.cos(d) + np.sin(up) * np.sin(d)
    x = np.degrees(np.arctan2(np.cos(up) * np.sin(turn), forward))
    y = np.degrees(np.arcsin(-np.cos(up) * np.cos(turn) * np.sin(d) + np.sin(up) * np.cos(d)))
    inside = (forward > 0) & (x >= west) & (x <= east) & (y >= south) & (y <= north)
    assert inside.any(axis=0).mean() > 0.999


def test_gotos_fields():
    ids, ra, dec = grid("goto")
    assert ids[0] == "T0001"
    assert len(set(ids)) == len(ra) == len(dec)
    assert (dec.min(), dec.max()) == (pytest.approx(-87.35), pytest.approx(87.35))


def test_an_unknown_grid_says_which_are_known():
    with pytest.raises(KeyError, match="ztf, goto"):
        grid("rubin")
