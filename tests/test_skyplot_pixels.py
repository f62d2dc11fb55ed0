"""What pictures show, read back at known places of the sky. Authority: astropy's WCS for where, the map for what."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests import maps
from tests.pictures import INK, NIGHT, Picture, like, pixels
from tom_scimma import skyplot
from tom_scimma.skyplot import bodies, lobes, palette
from tom_scimma.skyplot.scene import Layer, Place, Point

ORANGE, GREEN, YELLOW = palette.LIGHT.points[0], palette.LIGHT.fields[0], palette.LIGHT.sun
#: of the 90 % circle of a Gaussian, in sigma
NINETY = np.sqrt(-2 * np.log(0.1))


def blueness(found: np.ndarray) -> float:
    """How far pixels are from white, by their median."""
    return 255 - float(np.median(found[:, 0]))


@pytest.mark.parametrize("at", [(130.0, 25.0), (0.2, -12.0), (77.0, -89.5), (200.0, 75.0), (359.5, 0.0)])
def test_probability_is_where_it_is(at):
    """Dark at the middle, lighter at the edge, white on the other side of the sky; and north up, east left."""
    sky = maps.skymap.from_gaussian(*at, 5.0)
    picture, (view,) = Picture(sky), lobes.views(sky, 0.9)
    away = ((at[0] + 180) % 360, -at[1])
    assert maps.separation(view.ra, view.dec, *at) < 1
    assert blueness(picture.around(picture.on_whole(*away))) < 40
    ring = np.array(skyplot.scene.circle(*at, 6.0))
    for ra, dec in ring[::45]:
        assert blueness(picture.around(picture.on_window(view, ra, dec))) > 100
    for ra, dec in np.array(skyplot.scene.circle(*at, 13.0))[::45]:
        column, row = picture.on_window(view, ra, dec)
        if (
            picture.window[0] + 3 < column < picture.window[1] - 3
            and picture.window[2] + 3 < row < picture.window[3] - 3
        ):
            assert blueness(picture.around((column, row))) < 70
    if abs(at[1]) < 80 and 20 < at[0] < 340:
        assert blueness(picture.around(picture.on_whole(at[0] + 1, at[1]))) > 150
        east, here = picture.on_whole(at[0] + 10, at[1]), picture.on_whole(*at)
        north = picture.on_whole(at[0], min(at[1] + 5, 90))
        assert east[0] < here[0]
        assert north[1] < here[1]


@pytest.mark.parametrize("at", [(130.0, 25.0), (0.2, -12.0), (77.0, -89.5), (10.0, 90.0)])
def test_the_broken_line_runs_along_the_90_percent_region(at):
    """Of a Gaussian it is a circle of 2.146 sigma: ink is met within some pixels of it, all the way round."""
    sky = maps.skymap.from_gaussian(*at, 4.0, rounds=9)
    picture, (view,) = Picture(sky), lobes.views(sky, 0.9)
    ring = np.array(skyplot.scene.circle(*at, 4.0 * NINETY))[:-1]
    met = [like(picture.around(picture.on_window(view, *place), 7), INK, 90).any() for place in ring]
    assert np.mean(met) > 0.75  # it is broken
    inner = np.array(skyplot.scene.circle(*at, 4.0 * 1.7))[:-1]
    assert np.mean([like(picture.around(picture.on_window(view, *place), 2), INK, 60).any() for place in inner]) < 0.2


def test_a_circle_of_an_arcminute_is_a_circle():
    place = Place(200.0, -41.0, 1 / 60, 0.9)
    picture, view = Picture(place), skyplot.scene.of_place(place).views[0]
    assert view.radius_deg == pytest.approx(2.2 / 60)
    ring = np.array(skyplot.scene.circle(200.0, -41.0, 1 / 60))
    assert all(like(picture.around(picture.on_window(view, *at), 2), INK, 90).any() for at in ring)
    assert blueness(picture.around(picture.on_window(view, 200.0, -41.0 + 0.5 / 60))) > 50
    assert blueness(picture.around(picture.on_window(view, 200.0, -41.0 + 1.5 / 60))) < 10
    # and on the whole sky a ring points at it
    assert like(picture.around(picture.on_whole(200.0, -41.0), 18), ORANGE).sum() > 40


def test_sun_moon_and_the_galactic_centre():
    sun, moon = bodies.sun_and_moon(NIGHT)
    picture = Picture(maps.SHAPES["blob"](), time=NIGHT)
    assert like(picture.around(picture.on_whole(sun.ra, sun.dec), 6), YELLOW).sum() > 30
    assert like(picture.around(picture.on_whole(moon.ra, moon.dec), 4), palette.LIGHT.moon).sum() > 30
    assert like(picture.around(picture.on_whole(266.405, -28.936), 5), palette.LIGHT.plane).sum() > 5
    without = Picture(maps.SHAPES["blob"]())
    assert not like(without.rgb, YELLOW, 25).any()


def test_candidates_are_marked_in_both_panels():
    sky = maps.SHAPES["blob"]()
    (view,) = lobes.views(sky, 0.9)
    points = [Point(133.0, 22.0, "AT 2026abc"), Point(300.0, -40.0, "far away")]
    picture = Picture(sky, layers=[Layer("candidates (2)", points)])
    for point in points:
        assert like(picture.around(picture.on_whole(point.ra, point.dec), 3), ORANGE).sum() > 8
    assert like(picture.around(picture.on_window(view, 133.0, 22.0), 3), ORANGE).sum() > 25
    assert not like(picture.around(picture.on_window(view, 127.0, 28.0), 3), ORANGE).any()


def test_thousands_of_candidates_are_drawn():
    rng = np.random.default_rng(2)
    points = [Point(*at, f"T{number}") for number, at in enumerate(rng.normal((130, 25), 5, (3000, 2)))]
    assert like(Picture(maps.SHAPES["blob"](), layers=[Layer("candidates", points)]).rgb, ORANGE).sum() > 2000


@pytest.mark.parametrize("at", [(130.0, 25.0), (0.0, -12.0), (10.0, 86.0)])
def test_footprints_are_outlined(at):
    """A polygon of great circles; also across RA 0 and near the pole."""
    sky = maps.skymap.from_gaussian(*at, 5.0)
    picture, (view,) = Picture(sky, layers=[Layer("observed", rings=[_square(*at, 4.0)])]), lobes.views(sky, 0.9)
    fresh = Picture(sky, layers=[Layer("observed", rings=[_square(120.0, -60.0, 1.0)])])
    for here, there in itertools.pairwise([*_square(*at, 4.0), _square(*at, 4.0)[0]]):
        middle = _halfway(here, there)
        place = picture.on_window(view, *middle)
        assert like(picture.around(place, 3), GREEN, 60).any()
        assert not like(fresh.around(place, 3), GREEN, 30).any()
    assert not like(picture.around(picture.on_whole((at[0] + 180) % 360, -at[1]), 6), GREEN).any()


def _square(ra: float, dec: float, size: float) -> list[tuple[float, float]]:
    return [tuple(skyplot.scene.circle(ra, dec, size)[number]) for number in (22, 67, 112, 157)]


def _halfway(here, there) -> tuple[float, float]:
    from astropy.coordinates import SkyCoord

    one, other = SkyCoord(*here, unit="deg"), SkyCoord(*there, unit="deg")
    middle = one.directional_offset_by(one.position_angle(other), one.separation(other) / 2)
    return middle.ra.deg, middle.dec.deg


def test_flat_map_looks_flat():
    rgb = pixels(skyplot.draw(maps.uniform(3)))
    window = rgb[600:800, 330:470].reshape(-1, 3)
    assert np.ptp(np.percentile(window, [5, 95], axis=0), axis=0).max() < 8


def test_names_hide_neither_one_another_nor_marks():
    """What was written and what was to be avoided are boxes that do not overlap; of many names some find no room."""
    from matplotlib.figure import Figure

    from tom_scimma.skyplot import graticule, names
    from tom_scimma.skyplot.frame import Window

    axes = Figure(figsize=(6.4, 8)).add_axes((0.1, 0.1, 0.8, 0.64))
    frame = Window(130.0, 25.0, 10.0)
    graticule.draw(axes, frame, palette.LIGHT)
    writer = names.Names(axes, frame, palette.LIGHT)
    rng = np.random.default_rng(4)
    before = len(axes.texts)
    for x, y in rng.uniform(-9, 9, (300, 2)):
        writer.write(x, y, "AT 2026abc", 7)
    written = len(axes.texts) - before
    assert 20 < written < 300
    assert len(writer.boxes) == written
    for one, other in itertools.combinations(writer.boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def _linear(colour: str) -> np.ndarray:
    """Linear RGB of a hex colour (sRGB, IEC 61966-2-1)."""
    value = np.array(list(bytes.fromhex(colour[1:]))) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _luminance(colour: str) -> float:
    return float(_linear(colour) @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("colours", palette.PALETTES.values(), ids=palette.PALETTES)
def test_letters_and_marks_stand_out(colours):
    """Contrast as WCAG 2.1 has it: at least 7 for letters, 3 for lines; and the shades go one way, for a grey printer."""

    def contrast(one: str, other: str) -> float:
        light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    assert contrast(colours.ink, colours.paper) > 7
    for colour in (*colours.fields, colours.plane):
        assert contrast(colour, colours.paper) > 3
    assert np.ptp(np.sign(np.diff([_luminance(shade) for _, shade in colours.shades]))) == 0


#: Machado, Oliveira & Fernandes 2009 (doi:10.1109/TVCG.2009.113), severity 1.0: protanopia, deuteranopia
BLIND = (
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
)


@pytest.mark.parametrize("colours", palette.PALETTES.values(), ids=palette.PALETTES)
@pytest.mark.parametrize("eye", BLIND, ids=["protanopia", "deuteranopia"])
def test_marks_differ_from_the_blue_for_colour_blind_eyes(colours, eye):
    for mark in (colours.points[0], colours.fields[0]):
        for _, shade in colours.shades:
            seen = [np.clip(np.array(eye) @ _linear(colour), 0, 1) for colour in (mark, shade)]
            assert np.linalg.norm(np.sqrt(seen[0]) - np.sqrt(seen[1])) > 0.15
