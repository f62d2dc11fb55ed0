"""The plot of the distance and the words beside pictures. Authority: the map's own distance, numerically integrated."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from tests import maps
from tests.pictures import NIGHT, like, pixels
from tom_scimma import skymap
from tom_scimma.skyplot import Layer, Place, Point, palette, reach, words

ORANGE = palette.LIGHT.points[0]


def blob(**options) -> skymap.SkyMap:
    return skymap.from_gaussian(130.0, 25.0, 6.0, order=3, rounds=3, distance=options.pop("distance", (150.0, 30.0)))


@pytest.mark.parametrize("distance", [(150.0, 30.0), (40.0, 6.0), (3000.0, 900.0), (50.0, 60.0)])
def test_the_intervals_hold_what_they_say(distance):
    sky = blob(distance=distance)
    found = reach.of(sky)
    r = np.linspace(0, 6 * sum(distance), 2_001)
    held = np.cumsum(sky.distance_pdf(r)) * (r[1] - r[0])
    wanted = np.interp([0.05, 0.25, 0.75, 0.95], held / held[-1], r)
    np.testing.assert_allclose([found.most[0], *found.half, found.most[1]], wanted, rtol=0.02)
    assert (found.mean, found.sd) == sky.distance
    assert 0.99 < np.interp(found.r[-1], r, held / held[-1]) <= 1


def test_a_map_without_distance_has_no_reach():
    assert reach.of(skymap.from_gaussian(130.0, 25.0, 6.0, order=3, rounds=3)) is None
    with pytest.raises(ValueError, match="no distance to draw"):
        reach.draw(skymap.from_gaussian(130.0, 25.0, 6.0, order=3, rounds=3))


def marks(rgb: np.ndarray) -> list[tuple[float, float]]:
    """(column, row) of the middle of each orange mark right of the names, from above; the legend's is the last."""
    hit = like(rgb, ORANGE, 30)
    hit[:, : int(0.24 * rgb.shape[1])] = False
    rows = np.flatnonzero(hit.any(axis=1))
    groups = np.split(rows, np.flatnonzero(np.diff(rows) > 3) + 1)
    return [(float(np.nonzero(hit[group])[1].mean()), float(group.mean())) for group in groups]


def test_candidates_stand_at_their_distance_each_in_a_row():
    """Two marks whose distance is known give the scale; the third must lie on it; one too far stands at the edge."""
    sky = blob()
    places = [
        reach.Mark(name, 130.0, 25.0, far) for name, far in (("A", 50.0), ("B", 150.0), ("C", 200.0), ("D", 9000.0))
    ]
    rgb = pixels(reach.draw(sky, places, title="S261120ab"))
    found = marks(rgb)[:4]
    columns, rows = zip(*found, strict=True)
    assert list(rows) == sorted(rows)
    scale = (columns[1] - columns[0]) / 100.0
    assert columns[2] == pytest.approx(columns[1] + 50 * scale, abs=1.5)
    assert columns[3] > columns[2] + 10
    curve = rgb[: int(rows[0]) - 20]
    dark = like(curve, dict(palette.LIGHT.shades)[0.5], 12)
    half = np.flatnonzero(dark.sum(axis=0) > 10)
    low, high = reach.of(sky).half
    assert half.min() == pytest.approx(columns[0] + (low - 50) * scale, abs=3)
    assert half.max() == pytest.approx(columns[0] + (high - 50) * scale, abs=3)


def test_a_bar_shows_the_map_in_the_candidate_s_direction():
    """In a map whose distance grows to the north, two candidates of one distance have bars at different places."""
    sky = skymap.make(
        lambda ra, dec: np.exp(-0.5 * np.square(maps.separation(ra, dec, 130, 25) / 10)),
        distance=(lambda ra, dec: 150 + 4 * (dec - 25), 10.0),
        rounds=4,
    )
    places = [reach.Mark("south", 130.0, 15.0, 300.0), reach.Mark("north", 130.0, 35.0, 300.0)]
    rgb = pixels(reach.draw(sky, places))
    (_, south), (_, north) = marks(rgb)[:2]
    bars = []
    for row in (south, north):
        columns = np.flatnonzero(like(rgb[round(row)], dict(palette.LIGHT.shades)[0.5], 12))
        bars.append(columns.mean())
    assert bars[1] > bars[0] + 60


def test_words_are_those_of_the_picture():
    sky = maps.SHAPES["two lobes"]()
    layers = [
        Layer("Candidates (14)", [Point(1, 2, f"AT {number}") for number in range(14)]),
        Layer("Observed", rings=[[(1, 2)]]),
    ]
    said = dict(words.of(sky, time=NIGHT, time_words="the time of the event", layers=layers))
    assert said["90 % region"] == f"{sky.area(0.9):.0f} deg²"
    assert said["Part A"].startswith("66 % of the probability")
    assert "RA 02h00m" in said["Part A"] or "RA 01h59m" in said["Part A"]
    assert said["Sun and Moon are of"] == "2026-11-20 03:00 UTC, the time of the event"
    assert said["Candidates (14)"].endswith("AT 11 and 2 more")
    assert said["Observed"] == "1 marked"
    assert "Distance" in said
    bare = dict(words.of(Place(10.0, -20.0, 0.05, 0.9)))
    assert bare["Error radius"] == "3′ (90 %)"
    assert "Sun" not in bare


@pytest.mark.parametrize(
    ("ra", "dec"), [(197.4488, -23.384), (0.0, 0.0), (359.99999, 89.9999), (15.0, -0.0001), (180.0, -90.0)]
)
def test_positions_are_written_as_astropy_writes_them(ra, dec):
    wanted = SkyCoord(ra, dec, unit="deg")
    hours = wanted.ra.to_string("hour", sep="hms", precision=1, pad=True).replace("24h00m00.0s", "00h00m00.0s")
    degrees = wanted.dec.to_string("deg", sep=("°", "′", "″"), precision=0, pad=True, alwayssign=True)
    assert words.position(ra, dec, 1).replace("-00°00′00″", "+00°00′00″") == f"RA {hours} Dec {degrees}".replace(
        "-00°00′00″", "+00°00′00″"
    )
