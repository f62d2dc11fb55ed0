"""Depth and seconds of a filter. Authority: LCO's exposure time calculator, whose figures are in the shipped file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tom_treasuremap import exposure
from tom_treasuremap.telescopes import shipped
from tom_treasuremap.telescopes.telescope import Filter

RP = shipped()["lco-1m0-coj"].filters["rp"]
ONE = Filter("r", "r", 6415.4, 1487.6, ((30.0, 20.9),))


def test_the_tables_points_come_back():
    for seconds, magnitude in RP.depths:
        assert exposure.depth(RP, seconds) == pytest.approx(magnitude)
        assert exposure.seconds(RP, magnitude) == pytest.approx(seconds)


def test_between_points_it_is_a_line_in_the_logarithm():
    (first, bright), (second, faint) = RP.depths[0], RP.depths[1]
    assert exposure.depth(RP, (first * second) ** 0.5) == pytest.approx((bright + faint) / 2)


def test_beyond_the_table_the_sky_rules():
    assert exposure.depth(ONE, 300) == pytest.approx(20.9 + 1.25)
    assert exposure.depth(ONE, 3) == pytest.approx(20.9 - 1.25)
    assert exposure.seconds(ONE, 20.9 + 1.25) == pytest.approx(300)


@given(st.floats(0.1, 1e5), st.floats(1.0, 3.0), st.floats(0, 1), st.floats(-90, 90), st.sampled_from([RP, ONE]))
def test_seconds_undo_depth(time, airmass, lit, altitude, one):
    how = {"airmass": airmass, "moon": (lit, altitude)}
    assert exposure.seconds(one, exposure.depth(one, time, **how), **how) == pytest.approx(time, rel=1e-6)


@given(st.floats(0.1, 1e5), st.floats(1.01, 10.0))
def test_longer_is_deeper(time, factor):
    assert exposure.depth(RP, time * factor) > exposure.depth(RP, time)


def test_airmass_and_moon_take_off():
    assert exposure.depth(ONE, 30, airmass=2.0) == pytest.approx(20.9 - exposure.extinction(6415.4))
    assert exposure.extinction(4760.0) == pytest.approx(0.14)
    assert exposure.depth(ONE, 30, moon=(1.0, 40.0)) < exposure.depth(ONE, 30, moon=(0.4, 40.0)) < 20.9
    assert exposure.depth(ONE, 30, moon=(1.0, -5.0)) == pytest.approx(20.9)


def test_blue_suffers_more_than_red():
    assert exposure.extinction(3500) > exposure.extinction(9000)
    assert exposure.moonlight(4760, 1.0, 50) > exposure.moonlight(7600, 1.0, 50)


def test_without_a_table_nothing_is_guessed():
    with pytest.raises(exposure.NotKnown, match="no depths"):
        exposure.depth(Filter("x", None), 30)
    with pytest.raises(ValueError, match="more than 0 s"):
        exposure.depth(ONE, 0)
    assert exposure.expected(ONE, 0) is None  # nobody is told of a depth, and no page breaks
