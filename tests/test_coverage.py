"""What pointings cover of a sky map.

Authority: mocpy at depth 14 and Monte Carlo for the unions; the formulas in detection.py worked out by drawing from the map.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from tom_scimma import skymap
from tom_scimma.skymap import footprint, grid
from tom_treasuremap import coverage as cover
from tom_treasuremap import detection
from tom_treasuremap.pointings import Pointing

EVENT = datetime(2026, 11, 20, 3, 0, tzinfo=timezone.utc)
#: two CCDs with a gap between them
CAMERA = footprint.mosaic([([-1, -0.1, -0.1, -1], [-0.5, -0.5, 0.5, 0.5]), ([0.1, 1, 1, 0.1], [-0.5, -0.5, 0.5, 0.5])])
CAMERAS = {7: CAMERA, 8: footprint.circle(0.8)}


@pytest.fixture(scope="module")
def sky():
    return skymap.ellipse(120.0, 40.0, (9.0, 4.0), 30.0, containment=0.9, distance_mpc=(150.0, 40.0))


def pointing(number: int, ra: float, dec: float, **values) -> Pointing:
    """A completed pointing."""
    base = Pointing(
        f"treasuremap:{number}", "S261120ab", "ZTF", "P48", 7, ra, dec, 0.0, EVENT + timedelta(hours=number + 1),
        "completed", "r", None, None, 21.0, "ab_mag", "treasuremap", str(number),
    )  # fmt: skip
    return replace(base, **values)


def scattered(sky, count: int = 40, seed: int = 3) -> list[Pointing]:
    """Pointings of two teams, turned all ways, over a map."""
    rng = np.random.default_rng(seed)
    mass = sky.density * sky.pixel_area
    ra, dec = grid.centres(sky.uniq[rng.choice(len(mass), count, p=mass / mass.sum())])
    return [
        pointing(
            n, ra[n], dec[n], team=("ZTF", "GOTO")[n % 2], instrument_id=(7, 8)[n % 2], pos_angle=rng.uniform(0, 360)
        )
        for n in range(count)
    ]


def drawn(sky, count: int = 200_000, seed: int = 1):
    """(row, ra, dec, unit vectors) of places drawn from the map."""
    rng = np.random.default_rng(seed)
    mass = sky.density * sky.pixel_area
    row = rng.choice(len(mass), count, p=mass / mass.sum())
    order = grid.order_of(sky.uniq[row])
    fine = 29 - order
    ipix = ((sky.uniq[row] - (4 << (2 * order))) << (2 * fine)) + (rng.random(count) * 4.0**fine).astype(np.int64)
    from astropy_healpix import HEALPix

    lon, lat = HEALPix(1 << 29, order="nested").healpix_to_lonlat(ipix)
    return row, lon.deg, lat.deg


def test_union_area_and_teams_against_draws(sky):
    some = scattered(sky)
    found = cover.coverage(sky, some, cameras=CAMERAS)
    _, ra, dec = drawn(sky)
    from tom_scimma.skymap import seen

    within = seen.seen(found.fields, ra, dec) > 0
    assert found.union == pytest.approx(within.mean(), abs=0.004)
    teams = np.array([one.team for one in found.pointings])
    assert set(found.by_team) == {"ZTF", "GOTO"}
    for team, share in found.by_team.items():
        held = seen.seen(found.fields[np.flatnonzero(teams == team)], ra, dec) > 0
        assert share.union == pytest.approx(held.mean(), abs=0.004)
        assert share.count == 20
        assert share.area < found.area
    assert max(share.union for share in found.by_team.values()) <= found.union


def test_the_union_against_mocpy(sky):
    from astropy import units
    from astropy.coordinates import SkyCoord
    from mocpy import MOC

    some = scattered(sky, 12)
    found = cover.coverage(sky, some, cameras=CAMERAS)
    polygons = [SkyCoord(ra, dec, unit="deg") for one in found.fields.polygons for ra, dec in one]
    sums = []
    for depth in (13, 14):  # a MOC takes every cell that an edge touches: its excess halves with each depth
        moc = MOC.from_polygons(polygons, max_depth=depth)[0]
        for polygon in polygons[1:]:
            moc = moc.union(MOC.from_polygon_skycoord(polygon, max_depth=depth))
        sums.append(float(moc.probability_in_multiordermap(_table(sky, units))))
    assert found.union == pytest.approx(2 * sums[1] - sums[0], abs=3e-4)


def _table(sky, units):
    from astropy.table import QTable

    return QTable({"UNIQ": sky.uniq.astype(np.uint64), "PROBDENSITY": sky.density / units.sr})


def test_the_angle_of_the_treasure_map_turns_to_the_west():
    """Authority: the Treasure Map's contract: its server turns a footprint from north to west."""
    fields, _ = cover.on_sky(
        [pointing(0, 30.0, 0.0, pos_angle=90.0)], {7: footprint.polygon([-1, 1, 1, -1], [2, 2, 3, 3])}
    )
    ra, dec = fields.polygons[0][0]
    assert np.mean(ra) < 29  # what was north lies west
    assert np.mean(dec) == pytest.approx(0, abs=1e-6)


def test_the_curve_rises_to_the_union(sky):
    some = scattered(sky, 90)
    found = cover.coverage(sky, some, cameras=CAMERAS)
    times, values = zip(*found.curve, strict=True)
    assert len(times) == cover.STEPS
    assert list(times) == sorted(times)
    assert times[-1] == max(one.time for one in some)
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(values))
    assert values[-1] == pytest.approx(found.union, abs=2e-4)
    half = [one for one in some if one.time <= times[19]]
    assert values[19] == pytest.approx(cover.coverage(sky, half, cameras=CAMERAS).union, abs=2e-4)


def test_what_is_left(sky):
    found = cover.coverage(sky, scattered(sky), cameras=CAMERAS)
    assert found.residual.inside([found.fields]).max() < 2e-3
    assert found.residual.meta["REMOVED"] == pytest.approx(found.union, abs=2e-4)


def test_one_more(sky):
    some = scattered(sky, 30)
    before = cover.coverage(sky, some[:-1], cameras=CAMERAS)
    after = cover.coverage(sky, some, cameras=CAMERAS)
    assert cover.more(before, some[-1:], CAMERAS) == pytest.approx(after.union - before.union, abs=2e-4)


def test_what_has_no_footprint_is_said(sky):
    known, unknown = pointing(1, 120, 40), pointing(2, 120, 40, instrument_id=99)
    own = pointing(3, 0, 0, instrument_id=None, footprint=(((118, 38), (122, 38), (122, 42), (118, 42)),))
    found = cover.coverage(sky, [unknown, own, known], cameras=CAMERAS)
    assert found.pointings == (own, known)
    assert found.unplaced == (unknown,)
    assert found.by_team["ZTF"].count == 2
    nothing = cover.coverage(sky, [unknown], cameras=CAMERAS)
    assert (nothing.union, nothing.area, nothing.curve, nothing.residual) == (0.0, 0.0, [], sky)


def test_depths_that_are_ab_magnitudes():
    """Authority: 1 Jy is AB 8.90 (Oke & Gunn 1983)."""
    assert detection.ab_limit(pointing(0, 1, 1, depth=20.5)) == 20.5
    assert detection.ab_limit(pointing(1, 1, 1, depth=1e-5, depth_unit="flux_jy")) == pytest.approx(21.4)
    for values in ({"depth": None}, {"depth": 22.0, "depth_unit": "vega_mag"}, {"depth": 0.0, "depth_unit": "flux_jy"}):
        assert detection.ab_limit(pointing(2, 1, 1, **values)) is None


# depth


def test_detection_against_draws(sky):
    rng = np.random.default_rng(5)
    some = [
        replace(one, depth=float(rng.uniform(18.5, 21)), band=str(rng.choice(["g", "r", "i"])))
        for one in scattered(sky, 36)
    ]
    source = detection.Source({"g": (-16.5, -14.0), "r": (-16.0, -14.5)}, onset=EVENT, decline=0.5)
    found = cover.coverage(sky, some, cameras=CAMERAS, detect=source)
    row, ra, dec = drawn(sky, 60_000)
    far = _distances(sky, row, rng)
    u = rng.random(len(row))
    caught = np.zeros(len(row), bool)
    for place, one in zip(range(len(found.pointings)), found.pointings, strict=True):
        if one.band not in source.magnitudes:
            continue
        from tom_scimma.skymap import seen

        bright, faint = source.magnitudes[one.band]
        days = (one.time - EVENT).total_seconds() / 86400
        apparent = bright + u * (faint - bright) + 0.5 * days + 5 * np.log10(far * 1e5)
        caught |= (seen.seen(found.fields[[place]], ra, dec) > 0) & (apparent <= one.depth)
    assert 0.05 < caught.mean() < 0.6
    assert found.detected.probability == pytest.approx(caught.mean(), abs=0.006)
    assert found.detected.unused == {"band i": sum(one.band == "i" for one in some)}
    left = found.detected.left
    assert np.sum(left.density * left.pixel_area) == pytest.approx(1, abs=1e-9)


def _distances(sky, row, rng):
    """A distance for each draw, by rejection from r**2 N(r; mu, sigma)."""
    far = np.zeros(len(row))
    todo = np.arange(len(row))
    top = sky.mu + 6 * sky.sigma
    while len(todo):
        mu, sigma = sky.mu[row[todo]], sky.sigma[row[todo]]
        r = rng.normal(mu, sigma)
        good = (r > 0) & (rng.random(len(todo)) * top[row[todo]] ** 2 < r**2)
        far[todo[good]] = r[good]
        todo = todo[~good]
    return far


def test_a_source_that_anybody_sees_and_one_that_nobody_sees(sky):
    some = scattered(sky, 30)
    bright, faint = ({"r": (value, value)} for value in (-30.0, 0.0))
    found = cover.coverage(sky, some, cameras=CAMERAS, detect=detection.Source(bright))
    assert found.detected.probability == pytest.approx(found.union, abs=5e-4)
    assert cover.coverage(sky, some, cameras=CAMERAS, detect=detection.Source(faint)).detected.probability < 1e-9


def test_extinction_makes_it_fainter(sky):
    some = scattered(sky, 30)
    plain = detection.Source({"r": (-16.0, -15.0)})
    dusty = replace(plain, extinction=lambda band, ra, dec: np.full(len(ra), 1.0))
    shifted = detection.Source({"r": (-15.0, -14.0)})
    found = [
        cover.coverage(sky, some, cameras=CAMERAS, detect=one).detected.probability for one in (plain, dusty, shifted)
    ]
    assert found[1] == pytest.approx(found[2], rel=1e-9)
    assert found[1] < found[0]


def test_what_cannot_tell_is_counted_by_reason(sky):
    some = [
        pointing(0, 120, 40, depth=None),
        pointing(1, 120, 40, depth_unit="vega_mag"),
        pointing(2, 120, 40, band=None),
        pointing(3, 120, 40, time=EVENT - timedelta(days=1)),
        pointing(4, 120, 40, time=None),
        pointing(5, 120, 40),
    ]
    found = cover.coverage(sky, some, cameras=CAMERAS, detect=detection.Source({"r": (-17, -15)}, onset=EVENT)).detected
    assert found.used == 1
    assert found.unused == {"no depth as an AB magnitude": 2, "band not said": 1, "before the event": 1, "no time": 1}


def test_a_map_without_distance_cannot_say():
    flat = skymap.circle(120, 40, 5, containment=0.9)
    found = cover.coverage(flat, [pointing(0, 120, 40)], cameras=CAMERAS, detect=detection.Source({"r": (-17, -15)}))
    with pytest.raises(ValueError, match="no distance"):
        _ = found.detected
    with pytest.raises(ValueError, match="first the brightest"):
        detection.Source({"r": (-14, -17)})
