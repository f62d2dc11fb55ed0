"""Fields to look at: what they hold, what is left in them, who has covered them.

Authorities: exact shares of footprints (tom_scimma/skymap/inside.py, union.py), and detection.py for what would be seen.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from tests import maps, nights
from tom_scimma.skymap import footprint
from tom_treasuremap import coverage, detection, tiling
from tom_treasuremap.planning import covered
from tom_treasuremap.planning.chance import Sight
from tom_treasuremap.planning.problem import Visits
from tom_treasuremap.pointings import Pointing
from tom_treasuremap.telescopes.telescope import Filter

RING = ((-1.5, -1.0), (1.5, -1.0), (1.5, 1.0), (-1.5, 1.0))
DEPTHS = ((30.0, 20.5), (300.0, 22.0))
SOURCE = detection.Source({"r": (-17.0, -15.0)})


@pytest.fixture(scope="module")
def sky():
    return maps.SHAPES["blob"]()


@pytest.fixture(scope="module")
def telescope():
    return nights.telescope(rings=(RING,), filters={"r": Filter("r", "r", depths=DEPTHS)})


def looked(one, **more):
    values = {"status": "completed", "depth": 21.3, "depth_unit": "ab_mag", "team": "ZTF", **more}
    corners = footprint.rectangle(3, 2).at(one.ra, one.dec).polygons[0][0]
    rings = (tuple(zip(*(side.tolist() for side in corners), strict=True)),)
    place = (one.ra, one.dec, 0.0, nights.BEGIN, values.pop("status"), "r", None, None)
    depth, unit, team = values.pop("depth"), values.pop("depth_unit"), values.pop("team")
    return Pointing("k", "E", team, "t", None, *place, depth, unit, "own", "1", footprint=rings, **values)


@pytest.mark.parametrize("angle", [0.0, 30.0, 75.0])
def test_a_covering_leaves_no_gap_at_any_rotation(sky, telescope, angle):
    camera = tiling.camera(telescope)
    found = tiling.fields(
        tiling.Residual(sky), [tiling.Tiles(telescope, tiling.covering(camera, sky, pos_angle=angle))]
    )
    best = found[:60]
    where = camera.at(*(np.array([getattr(one, name) for one in best]) for name in ("ra", "dec", "pos_angle")))
    together = sum({piece: mass for one in best for piece, mass in one.pieces.items()}.values())
    assert together == pytest.approx(sky.union(where), abs=0.01)
    assert np.abs(sky.inside(where) - [one.weight for one in best]).max() < 0.003
    assert sum({piece: mass for one in found for piece, mass in one.pieces.items()}.values()) > 0.985


def test_what_was_seen_is_worth_nothing_and_says_by_whom(sky, telescope):
    places = tiling.covering(tiling.camera(telescope), sky)
    tiles = tiling.Tiles(telescope, places)
    best = tiling.fields(tiling.Residual(sky), [tiles])[0]
    for status, planned, part in (("completed", 0.5, 0.0), ("planned", 0.5, 0.5), ("cancelled", 1.0, 1.0)):
        rest = tiling.residual(sky, [looked(best, status=status)], planned=planned)
        left = {one.name: one.weight for one in tiling.fields(rest, [tiles])}
        assert left.get(best.name, 0.0) == pytest.approx(part * best.weight, abs=0.001)
    rest = tiling.residual(sky, [looked(best)])
    assert rest.left == pytest.approx(1 - best.weight, abs=0.002)
    said = covered.covered(sky, rest, tiling.camera(telescope), places)
    assert said == {best.name: "already covered by ZTF at 01:00 on 10 Jan to r = 21.3"}


def test_worth_of_detection_is_what_detection_says_of_the_same_pointings(sky, telescope):
    places = tiling.covering(tiling.camera(telescope), sky)
    sight = Sight(telescope, Visits.simple("r", 30), SOURCE, airmass=1.0)
    found = tiling.fields(tiling.Residual(sky), [tiling.Tiles(telescope, places, sight)])[:20]
    pointings = [looked(one, depth=20.5) for one in found]
    seen = detection.detected(sky, pointings, coverage.on_sky(pointings, {})[0], SOURCE).probability
    assert sum({piece: mass for one in found for piece, mass in one.pieces.items()}.values()) == pytest.approx(
        seen, rel=0.02
    )


def test_longer_exposures_see_more_of_the_same_and_count_once(sky, telescope):
    places = tiling.covering(tiling.camera(telescope), sky, most=30)
    sight = Sight(telescope, Visits.simple("r", 30), SOURCE, airmass=1.0)
    found = tiling.fields(tiling.Residual(sky), [tiling.Tiles(telescope, places, sight, choices=(30.0, 300.0))])
    by = {one.name: one for one in found}
    best = max(found, key=lambda one: one.weight)
    short = by[best.name.replace("300 s", "30 s")]
    assert best.seconds == 300
    assert short.seconds == 30
    assert short.weight < best.weight
    assert set(short.pieces) <= set(best.pieces)


def test_galaxies_inside_one_field_count_together(telescope):
    ra, dec = [10.0, 10.5, 40.0], [5.0, 5.2, 5.0]
    one, _, other = tiling.targets(["a", "b", "c"], ra, dec, [0.5, 0.2, 0.1], telescope=telescope, pks=[1, 2, 3])
    assert one.pieces == {0: 0.5, 1: 0.2}
    assert one.weight == pytest.approx(0.7)
    assert one.target == 1
    assert other.pieces == {2: 0.1}


def test_lists_of_several_events_keep_apart_and_weigh_by_priority():
    alert = tiling.centred("GRB", 370.0, -5.0)
    both = tiling.events([(2.0, alert), (1.0, [replace(alert[0], name="other")])])
    assert [one.ra for one in both] == [10.0, 10.0]
    assert both[0].weight == 2.0
    assert not set(both[0].pieces) & set(both[1].pieces)


def test_only_what_can_be_reached_is_looked_at(sky, telescope):
    places = tiling.covering(tiling.camera(telescope), sky, most=50)
    night = (nights.BEGIN, nights.BEGIN + timedelta(hours=6))
    open_ = tiling.reachable(telescope, places, night)
    assert open_.dtype == bool
    assert len(open_) == 50
    from tom_treasuremap import constraints

    nowhere = tiling.reachable(telescope, places, night, {"nothing": constraints.Always(False)})
    assert not nowhere.any()
    assert tiling.fields(tiling.Residual(sky), [tiling.Tiles(telescope, places)], open_={"t0": nowhere}) == []
