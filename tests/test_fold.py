"""Event values by law: last known value in the sender's order, whatever the order of arrival."""

import math
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tom_scimma.fold import Map, Values, area, change, fold
from tom_scimma.notice import Notice, Sky

T0 = datetime(2026, 11, 21, 3, tzinfo=timezone.utc)


def notice(alert_type="initial", **values):
    return Notice(event="S261121a", kind="GW", alert_type=alert_type, source="LVK", **values)


def at(minutes, *args, skymap=None, **values):
    return T0 + timedelta(minutes=minutes), notice(*args, **values), skymap


def told(statements, values=None):
    return fold(statements, values)


def test_a_second_instrument_sharpens_a_trigger_and_cannot_retract_it():
    gbm = Notice(
        event="Fermi GBM 1",
        kind="GRB",
        alert_type="initial",
        source="Fermi GBM",
        sky=Sky("circle", 10, 20, 3.0, 0.68),
        far_hz=1.0,
    )
    bat = Notice(
        event="Swift 2",
        kind="GRB",
        alert_type="initial",
        source="Swift BAT",
        sky=Sky("circle", 11, 21, 0.05, 0.9),
        far_hz=2.0,
    )
    gone = Notice(event="Swift 2", kind="GRB", alert_type="retraction", source="Swift BAT")
    later = [T0 + timedelta(minutes=minute) for minute in range(3)]
    values = fold(zip(later, (gbm, bat, gone), (None,) * 3, strict=True))
    assert (values.state, values.source, values.far_hz, values.radius_deg) == ("active", "Fermi GBM", 1.0, 0.05)


def test_another_mission_cannot_retract_by_the_public_name():
    bat = Notice(event="GRB 261121A", kind="GRB", alert_type="initial", source="Swift BAT")
    gone = Notice(event="GRB 261121A", kind="GRB", alert_type="retraction", source="SVOM ECLAIRs")
    assert told([(T0, bat, None), (T0 + timedelta(minutes=1), gone, None)]).state == "active"


def test_a_retraction_marks_and_keeps_the_last_known_values():
    values = told([at(0, "preliminary", far_hz=1e-9, classification={"BNS": 0.9}, time=T0), at(5, "retraction")])
    assert values.state == "retracted"
    assert (values.far_hz, values.time, values.top) == (1e-9, T0, ("BNS", 0.9))


def test_an_update_lifts_a_retraction():
    values = told([at(0), at(1, "retraction"), at(2, "update", far_hz=1e-10)])
    assert (values.state, values.far_hz) == ("active", 1e-10)


def test_what_a_later_notice_leaves_out_stays():
    values = told(
        [at(0, "initial", far_hz=1e-9, instruments=("H1", "L1")), at(1, "update", classification={"BBH": 1.0})]
    )
    assert (values.far_hz, values.instruments, values.top) == (1e-9, ("H1", "L1"), ("BBH", 1.0))


def test_a_follow_up_sharpens_the_place_and_nothing_else():
    rough, fine = Sky("circle", 10, 20, 0.05), Sky("circle", 10.01, 20.01, 0.001)
    values = told([at(0, sky=rough, far_hz=1.0), at(1, "followup", sky=fine, far_hz=2.0), at(2, "followup", sky=rough)])
    assert (values.ra, values.radius_deg, values.far_hz) == (10.01, 0.001, 1.0)


def test_a_map_places_the_event_and_gives_distance():
    skymap = Map(7, 10.0, 50.0, 120.0, -30.0, (100.0, 20.0))
    values = told([at(0, sky=Sky("healpix"), skymap=skymap)])
    assert (values.localization_id, values.area_90, values.ra, values.distance_mpc) == (7, 50.0, 120.0, 100.0)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [("reported", "active", "new"), ("active", "retracted", "retracted"), ("retracted", "active", "reinstated"),
     ("active", "active", "updated"), ("reported", "retracted", "retracted"), ("retracted", "retracted", "updated")],
)  # fmt: skip
def test_change(before, after, expected):
    assert change(Values(state=before), Values(state=after)) == expected


def test_circle_area_is_a_spherical_cap_scaled_as_a_rayleigh_distribution():
    # P(<r) = 1 - exp(-r^2/2s^2): the 90 % radius is sqrt(ln 0.1 / ln 0.32) times the 68 % radius
    radius = 2 * math.sqrt(math.log(0.1) / math.log(1 - 0.68))
    cap = 2 * math.pi * (1 - math.cos(math.radians(radius))) * math.degrees(1) ** 2
    assert area(Sky("circle", 0, 0, 2.0, 0.68), 0.9) == pytest.approx(cap)
    assert area(Sky("point", 0, 0), 0.9) is None
    assert area(Sky("circle", 0, 0, 360.0), 0.9) == pytest.approx(41252.96, rel=1e-6)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["initial", "update", "retraction", "followup", "other"]), st.none() | st.floats(1e-12, 1)
        ),
        max_size=8,
    )
)
def test_folding_in_parts_is_folding_at_once(said):
    statements = [at(minute, kind, far_hz=far) for minute, (kind, far) in enumerate(said)]
    half = len(statements) // 2
    assert told(statements[half:], told(statements[:half])) == told(statements)
