"""Outlines as GeoJSON and STC-S. Authority: the area the map gives, RFC 7946, and mocpy's reading of the polygons."""

import json
import re

import numpy as np
import pytest
from astropy import units as u
from mocpy import MOC

from tests import maps
from tom_scimma import skymap

DEG2 = np.square(180 / np.pi)
MAPS = {
    **maps.SHAPES,
    "across RA 180": lambda: skymap.circle(180, 30, 10),
    "at the south pole": lambda: skymap.circle(10, -88, 10),
    "centred on the pole": lambda: skymap.circle(10, 90, 10),
    "near the pole": lambda: skymap.circle(200, 75, 14),
    "ring around the pole": lambda: skymap.annulus(0, 87, 15, 25, containment=0.9),
    "band around the sky": lambda: skymap.annulus(0, 80, 80, 100, containment=0.9),
    "all but a hole": lambda: skymap.make(lambda ra, dec: maps.separation(ra, dec, 20, 10) > 12, rounds=6),
}


def area_on_sphere(coordinates):
    """Area in deg2 that planar rings enclose on the sphere, holes negative: minus the integral of sin(dec) dRA."""
    total = 0.0
    for polygon in coordinates:
        for ring in polygon:
            lon, lat = np.radians(ring).T
            total -= np.sum(np.diff(lon) * (np.sin(lat[1:]) + np.sin(lat[:-1])) / 2)
    return total * DEG2


def in_plane(coordinates, lon, lat):
    """Whether places lie inside a MultiPolygon, by counting crossings in the plane as a drawing library would."""
    inside = np.zeros(lon.shape, bool)
    for polygon in coordinates:
        for ring in polygon:
            x, y = np.array(ring).T
            for x1, y1, x2, y2 in zip(x[:-1], y[:-1], x[1:], y[1:], strict=True):
                if y1 != y2:
                    inside ^= ((y1 > lat) != (y2 > lat)) & (x1 + (lat - y1) / (y2 - y1) * (x2 - x1) > lon)
    return inside


@pytest.mark.parametrize("name", MAPS)
def test_geojson_draws_the_region_in_the_plane(name):
    sky = MAPS[name]()
    document = json.loads(json.dumps(sky.geojson([0.5, 0.9])))
    assert [feature["properties"]["level"] for feature in document["features"]] == [0.5, 0.9]
    feature = document["features"][1]
    coordinates = feature["geometry"]["coordinates"]
    for polygon in coordinates:
        for number, ring in enumerate(polygon):
            lon, lat = np.array(ring).T
            assert ring[0] == ring[-1]
            assert np.abs(lon).max() <= 180
            assert np.abs(lat).max() <= 90
            signed = np.sum(lon[:-1] * lat[1:] - lon[1:] * lat[:-1])
            assert (signed > 0) == (number == 0)  # exterior counterclockwise, holes clockwise
    if name != "all but a hole":  # where all is level, all is in
        assert feature["properties"]["area_deg2"] == sky.area(0.9)
        assert area_on_sphere(coordinates) == pytest.approx(sky.area(0.9), rel=0.03)
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(-180, 180, 3000), np.degrees(np.arcsin(rng.uniform(-1, 1, 3000)))
    at, spread = sky.mode, np.sqrt(sky.area(0.9) / np.pi)
    lat = np.append(lat, np.clip(at[1] + spread * rng.normal(0, 1, 2000), -89.9, 89.9))
    lon = np.append(lon, at[0] + spread * rng.normal(0, 1, 2000) / np.maximum(np.cos(np.radians(lat[3000:])), 0.05))
    lon = (lon + 180) % 360 - 180
    level = sky.level_at(lon % 360, lat)
    sure = (
        np.abs(level - 0.9) > 0.06 if name != "all but a hole" else np.abs(maps.separation(lon, lat, 20, 10) - 12) > 1
    )
    wanted = level <= 0.9 if name != "all but a hole" else maps.separation(lon, lat, 20, 10) > 12
    np.testing.assert_array_equal(in_plane(coordinates, lon, lat)[sure], wanted[sure])


def moc_of(polygon):
    ra, dec = np.array(polygon.split(), float).reshape(-1, 2).T
    return MOC.from_polygon(ra * u.deg, dec * u.deg, max_depth=9)


@pytest.mark.parametrize("name", [name for name in MAPS if name != "arcseconds"])
def test_stcs_is_the_region_on_the_sphere(name):
    sky = MAPS[name]()
    said = sky.stcs(0.9)
    assert re.fullmatch(r"(Polygon|Union|Difference) ICRS [-0-9. ()A-Za-z]+", said)
    assert said.count("(") == said.count(")")
    polygons = [moc_of(words) for words in re.findall(r"Polygon(?: ICRS)?((?: [-0-9.]+)+)", said)]
    areas = [min(moc.sky_fraction, 1 - moc.sky_fraction) * 4 * np.pi * DEG2 for moc in polygons]
    whole = 4 * np.pi * DEG2
    if name == "all but a hole":
        assert said.startswith("Difference ICRS (AllSky Polygon ")
        assert whole - sum(areas) == pytest.approx(whole * (1 + np.cos(np.radians(12))) / 2, rel=0.01)
    elif name == "band around the sky":
        assert said.startswith("Difference ICRS (AllSky Union (Polygon ")
        assert whole - sum(areas) == pytest.approx(sky.area(0.9), rel=0.04)
    elif "ring" in name:
        assert said.startswith("Difference ICRS (Polygon ")
        assert areas[0] - areas[1] == pytest.approx(sky.area(0.9), rel=0.05)
    else:
        assert said.startswith("Union" if name == "two lobes" else "Polygon")
        assert sum(areas) == pytest.approx(sky.area(0.9), rel=0.05)


def test_stcs_goes_around_with_the_inside_on_the_left_as_seen_from_earth():
    ra, dec = np.array(skymap.circle(30, 20, 5).stcs(0.9).split()[2:], float).reshape(-1, 2).T
    east, north = (ra - 30) * np.cos(np.radians(20)), dec - 20
    left = -east  # east is left on the sky
    turned = np.sum(left * np.roll(north, -1) - np.roll(left, -1) * north)
    assert turned > 0  # counterclockwise


def test_whole_sky():
    assert maps.uniform().stcs(0.9) == "AllSky ICRS"
    (feature,) = maps.uniform().geojson([0.9])["features"]
    assert area_on_sphere(feature["geometry"]["coordinates"]) == pytest.approx(4 * np.pi * DEG2)
