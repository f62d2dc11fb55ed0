"""What is up tonight. Authority: astroplan's own windows for the same rules; a map's probability counted position by position."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from tests.frames import places as draws
from tests.test_constraints import LAST, SITES, astroplan_observer, telescope_at
from tom_scimma import skymap
from tom_treasuremap import constraints, night_plot, night_words
from tom_treasuremap.nights import night
from tom_treasuremap.reachable import places, reachable
from tom_treasuremap.telescopes import shipped
from tom_treasuremap.telescopes.telescope import Limits, MoonRule
from tom_treasuremap.tonight import several, tonight
from tom_treasuremap.windows import apart, grid

NOW = LAST - 60.3


def test_windows_are_where_astroplan_sees_the_target(astropy_frames):
    """Every ten minutes of the night, away from edges: inside a window exactly where astroplan's constraints hold."""
    import astropy.units as u
    from astroplan import AltitudeConstraint, AtNightConstraint, FixedTarget
    from astropy.coordinates import SkyCoord
    from astropy.time import Time

    telescope = telescope_at(SITES["Siding Spring"], limits=Limits(35.0))
    observer, found = astroplan_observer(telescope.site), night(telescope, NOW)
    times = grid(found.sunset, found.sunrise, 600.0)
    ra, dec = draws(12)
    rules = (AltitudeConstraint(35 * u.deg), AtNightConstraint.twilight_astronomical())
    for one, r, d in zip(several(telescope, ra, dec, NOW), ra, dec, strict=True):
        target = FixedTarget(SkyCoord(r * u.deg, d * u.deg))
        good = np.logical_and.reduce([rule(observer, target, Time(times, format="mjd")) for rule in rules])
        edge = [abs(times - moment) < 45 / 86400 for window in one.windows for moment in window]
        away = ~np.logical_or.reduce(edge) if edge else np.ones(len(times), dtype=bool)
        assert np.array_equal(good[away], np.array([one.up_at(moment) for moment in times])[away])
        assert one.up == bool(one.windows)


def test_best_is_the_highest_moment_of_the_windows():
    telescope = telescope_at(SITES["La Palma"], limits=Limits(30.0))
    for one in several(telescope, *draws(20), NOW):
        if not one.up:
            assert one.best is None
            assert one.why
            continue
        assert one.up_at(one.best)
        assert one.altitude == pytest.approx(one.course.altitude[one.course.good].max())
        assert one.airmass == pytest.approx(1 / np.sin(np.radians(one.altitude)))
        assert one.hours == pytest.approx(24 * sum(b - a for a, b in one.windows))


WHY = [
    (telescope_at(SITES["La Palma"]), -85.0, "Too low: at most"),
    (telescope_at(SITES["North Pole"], twilight=-40.0), 60.0, "does not get dark"),
    (telescope_at(SITES["La Palma"], limits=Limits(max_dec=40.0)), 50.0, "does not point"),
    (telescope_at(None, reports_only=True), 0.0, "in space"),
    (telescope_at(SITES["La Palma"], reports_only=True), 0.0, "not asked"),
    (telescope_at(SITES["La Palma"], limits=Limits(-5.0, None, 0.0)), 50.0, "of the meridian"),
]


def test_what_shares_the_night_between_them_is_named_without_a_figure_of_one():
    """Six places through the zenith of La Palma, at a telescope that looks neither under 50 degrees nor above 40."""
    telescope = telescope_at(SITES["La Palma"], limits=Limits(50.0, 40.0))
    found = {one.why for one in several(telescope, range(0, 360, 60), [28.0] * 6, NOW)}
    shared = {why for why in found if why.startswith("In turn")}
    assert shared
    assert shared <= {
        "In turn through the dark: too low, too near the zenith.",
        "In turn through the dark: too near the zenith, too low.",
    }


def test_what_misses_a_limit_by_little_is_not_said_to_meet_it():
    assert apart(29.81, 30.0) == ("29.81", "30.00")
    assert apart(22.3, 30.0) == ("22", "30")


@pytest.mark.parametrize(("telescope", "dec", "words"), WHY)
def test_why_it_is_not_up(telescope, dec, words):
    found = tonight(telescope, 100.0, dec, NOW)
    assert not found.up
    assert words in found.why


def test_the_moon_stops_what_is_near_it():
    from tom_treasuremap.sky_position import Sky

    site = SITES["La Palma"]
    lit = max(np.arange(LAST - 60, LAST - 30), key=lambda t: Sky(site, 0, 0, t).moon_illumination[0])
    dark = night(telescope_at(site), lit)
    middle = (dark.start + dark.end) / 2
    sky = Sky(site, *draws(3000), middle)
    near = int(np.argmin(sky.moon_separation[:, 0]))
    found = tonight(telescope_at(site, moon=MoonRule(60.0, 60.0)), sky.ra[near], sky.dec[near], middle)
    assert "Too near the Moon" in found.why


MAP = skymap.ellipse(150.0, -10.0, (25.0, 8.0), 30.0, containment=0.9)


def test_places_hold_the_map():
    _, dec, held = places(MAP)
    assert held.sum() == pytest.approx(1.0, abs=3e-3)
    assert held[0] == held.max()
    assert abs(np.average(dec, weights=held) + 10) < 3
    small, _, mass = places(skymap.circle(10.0, 89.0, 0.1))
    assert len(small) >= 1
    assert mass.sum() == pytest.approx(1.0, abs=3e-3)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_reachable_is_the_probability_of_places_that_are_up(name):
    """Counted again by the rules themselves over the same night; and never what is below the horizon all night."""
    telescope = shipped()[name]
    found = reachable(telescope, places(MAP), NOW)
    if telescope.site is None:
        assert found == 0.0
        return
    ra, dec, held = places(MAP)
    dark = night(telescope, NOW)
    up = constraints.standard(telescope)(telescope.site, (ra, dec), grid(dark.start, dark.end, 600.0)).any(axis=1)
    assert found == pytest.approx(held[up].sum(), abs=1e-3)
    assert 0 <= found <= 1


def test_nothing_is_reachable_where_it_does_not_get_dark():
    assert reachable(telescope_at(SITES["North Pole"], twilight=-40.0), places(MAP), NOW) == 0.0


def test_the_picture_is_an_svg_without_anything_from_outside():
    found = [tonight(one, 150.0, -10.0, NOW) for one in shipped().values()]
    for drawn in (found, found[:1]):
        text = night_plot.svg(drawn, NOW + 0.2, title='A "night" <b>')
        root = ElementTree.fromstring(text)
        assert root.get("viewBox")
        assert root.get("aria-label") == 'A "night" <b>'
        assert "href" not in text
        assert text.count("<polyline") >= 1
    assert night_plot.svg([tonight(shipped()["swift-uvot"], 0, 0, NOW)], NOW, title="x") == ""


def test_no_two_lines_of_a_picture_are_drawn_alike():
    """The table beside it says which line is which: with more telescopes than colours it said two of each."""
    strokes = [night_plot.stroke(i) for i in range(40)]
    assert len(set(strokes)) == 40
    found = [tonight(telescope_at(SITES["La Palma"]), 150.0, 30.0, NOW) for _ in range(10)]
    lines = ElementTree.fromstring(night_plot.svg(found, NOW, title="x")).iter()
    drawn = {(one.get("stroke"), one.get("stroke-dasharray")) for one in lines if one.tag.endswith("polyline")}
    assert len(drawn) == 10


def test_a_dark_of_a_whole_day_does_not_end_when_it_begins():
    """At a pole in winter it is dark from noon to noon: "06:52 to 06:52" said no hours at all."""
    noon = 61371.2861  # 2026-11-27 06:52 UTC
    assert night_words.windows([(noon, noon + 1)]) == "Nov 27 06:52 to Nov 28 06:52"
    assert (
        night_words.windows([(noon, noon + 0.7), (noon + 0.8, noon + 1)])
        == "Nov 27 06:52 to 23:40, 02:04 to Nov 28 06:52"
    )
    assert night_words.windows([(noon, noon + 0.99)]) == "Nov 27 06:52 to 06:38"
