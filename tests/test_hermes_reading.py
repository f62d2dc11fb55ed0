"""HERMES messages as plain rows: every form of date, position, unit and limit, and rubbish.

Authority: the schema and the observed answers of HERMES (https://hermes.lco.global/about), TOM Toolkit's typed datums;
Julian Dates by astropy.time.
"""

import json
from datetime import datetime, timezone

import pytest
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hermes_messages import message, point
from tom_hermes import dates, reading, units
from tom_scimma.parsers import angles

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "said",
    [
        "2026-01-02T12:00:00Z", "2026-01-02T12:00:00+00:00", "2026-01-02T14:00:00+02:00", "2026-01-02 12:00:00",
        "2026-01-02T12:00", 2461043.0, "2461043.0", 61042.5, "61042.5", "Jan 2 2026 12:00", "2 January 2026, 12:00 UTC",
        "2026/01/02 12:00:00",
    ],
)  # fmt: skip
def test_a_date_in_any_form_is_the_same_moment(said):
    assert dates.read(said) == NOON


def test_a_date_alone_is_its_midnight():
    assert dates.read("2026-01-02") == datetime(2026, 1, 2, tzinfo=timezone.utc)


@pytest.mark.parametrize("day", [2461042.7310185, "2461042.73101852", 61042.23101851852, "41684.5"])
def test_julian_dates_are_astropys(day):
    scale = "jd" if float(day) > 2e6 else "mjd"
    expected = Time(float(day), format=scale, scale="utc").to_datetime(timezone.utc)
    assert abs((dates.read(day) - expected).total_seconds()) < 1e-4


@pytest.mark.parametrize(
    "said", [None, "", "Monday", "2026", "01/02/2026", "20260102", 1700000000, "nan", "inf", True, [], "January 2026", "yesterday-ish",
             "9" * 5000, "Jan 2 2026 12:00 PST", "2026/01/02 12:00 JZF", "1e400", 0, -5, "12:00"]
)  # fmt: skip
def test_what_leaves_the_day_open_is_no_date(said):
    with pytest.raises(dates.BadDate):
        dates.read(said)


@given(st.floats(15100, 69000))
def test_a_day_and_its_moment_are_one(day):
    assert abs(dates.modified(dates.read(day).isoformat()) - day) < 1e-9


@pytest.mark.parametrize(
    ("ra", "dec", "position"),
    [
        (150.1, 2.2, (150.1, 2.2)), ("150.1", "2.2", (150.1, 2.2)), ("10:00:24", "+02:12:00", (150.1, 2.2)),
        ("10h00m24s", "2d12m00s", (150.1, 2.2)), ("10 00 24.0", "-02 12 00", (150.1, -2.2)), (0, 0, (0.0, 0.0)),
        ("150d06m00s", "2.2", (150.1, 2.2)), (-10, -90, (350.0, -90.0)), (400, 90, (40.0, 90.0)),
    ],
)  # fmt: skip
def test_positions_in_degrees_and_in_hours(ra, dec, position):
    (target,) = reading.read(message([{"name": "a", "ra": ra, "dec": dec}])).targets
    assert (target.ra, target.dec) == pytest.approx(position, abs=1e-9)


@pytest.mark.parametrize(
    ("ra", "dec"), [(None, 2.0), ("nan", 2.0), (10.0, 95), ("x", "y"), (10.0, None), (True, 1.0), (1e9, 0)]
)
def test_half_a_position_is_none(ra, dec):
    (target,) = reading.read(message([{"name": "a", "ra": ra, "dec": dec}])).targets
    assert (target.ra, target.dec) == (None, None)


def test_degrees_written_as_such_are_no_hours():
    assert angles.ra("150d06m00s") == pytest.approx(150.1)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("AB mag", "AB mag"), ("ABmag", "AB mag"), ("mag(AB)", "AB mag"), ("Vega mag", "Vega mag"), ("mJy", "mJy"), ("Jy", "Jy"),
        ("\u00b5Jy", "uJy"), ("\u03bcJy", "uJy"), ("erg / s / cm\u00b2 / \u212b", units.FLAMBDA),
        ("erg / s / cm\u00b2 / \u00c5", units.FLAMBDA), ("erg / (Angstrom s cm2)", units.FLAMBDA),
    ],
)  # fmt: skip
def test_units_by_any_spelling(said, kept):
    assert units.brightness(said) == kept


@pytest.mark.parametrize("said", ["mag", "MJy", "flux", "", 3, None, "erg"])
def test_units_that_say_too_little(said):
    with pytest.raises(units.BadUnit):
        units.brightness(said)


def test_stored_units_of_flux_are_astropys():
    from astropy import units as astropy_units

    for name in (units.MJY, "Jy", "uJy", "nJy", units.FLAMBDA):
        assert astropy_units.Unit(name).to_string() == name
    for name in ("Angstrom", "nm", "um", "Hz", "GHz", "THz"):
        assert astropy_units.Unit(name).to_string() == name


def values(row: dict) -> dict:
    (datum,) = reading.read(message([{"name": "a"}], photometry=[row])).data
    return {**datum.values, "extra": datum.extra}


def test_a_detection_with_all_it_says():
    found = values(
        point("a", brightness="19.5", brightness_error="0.05", exposure_time="147", T_start=386, observer="me")
    )
    assert (found["brightness"], found["brightness_error"], found["limit"], found["unit"]) == (
        19.5,
        0.05,
        None,
        "AB mag",
    )
    assert (found["exposure_time"], found["extra"]) == (147.0, {"T_start": 386, "observer": "me"})


def test_an_upper_limit_has_the_unit_of_the_limit():
    row = point(
        "a", brightness=None, limiting_brightness=0.02, limiting_brightness_unit="mJy", brightness_unit="AB mag"
    )
    found = values(row)
    assert (found["brightness"], found["limit"], found["unit"]) == (None, 0.02, "mJy")


def test_an_upper_limit_with_the_unit_of_the_row():
    row = point(
        "a", brightness=None, limiting_brightness="21", limiting_brightness_unit=None, brightness_unit="Vega mag"
    )
    assert values(row)["unit"] == "Vega mag"


def test_a_detections_own_limit_makes_no_upper_limit():
    found = values(point("a", brightness=19.0, limiting_brightness=21.0))
    assert (found["brightness"], found["limit"], found["extra"]["limiting_brightness"]) == (19.0, None, 21.0)


def test_no_unit_is_the_schemas_and_said_to_be():
    found = values(point("a", brightness_unit=None))
    assert (found["unit"], found["extra"]["unit_not_said"]) == ("AB mag", "AB mag, as HERMES has it")


def test_zero_is_a_value():
    assert values(point("a", brightness=0, brightness_unit="mJy"))["brightness"] == 0.0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bandpass": None}, "filter"), ({"bandpass": "x" * 33}, "filter"), ({"brightness_unit": "mag"}, "unit"),
        ({"date_obs": "Monday"}, "date"), ({"date_obs": None}, "date"), ({"brightness": "nan"}, "value"),
        ({"brightness": "bright"}, "value"), ({"brightness": None}, "value"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_costs_itself_and_says_why(changes, reason):
    bad = point("a", **changes)
    said = reading.read(message([{"name": "a"}], photometry=[point("a"), bad, 7, point("a")]))
    assert [datum.index for datum in said.data] == [0, 3]
    first, second = said.unread
    assert (first.reason, first.index, first.target, second.reason) == (reason, 1, "a", "row")
    assert first.row == bad
    assert first.words


def test_a_row_without_a_name_is_of_the_only_target():
    row = point("a")
    del row["target_name"]
    (datum,) = reading.read(message([{"name": "a"}], photometry=[row])).data
    assert datum.target == "a"
    assert reading.read(message([{"name": "a"}, {"name": "b"}], photometry=[row])).data[0].target == ""


def test_an_orbit_makes_a_moving_target():
    orbit = {
        "epoch_of_elements": "57660.0", "orbital_inclination": 9.79, "longitude_of_the_ascending_node": 122.9,
        "argument_of_the_perihelion": 78.3, "eccentricity": 0.54, "perihelion_distance": 1.0, "epoch_of_perihelion": "57400.0",
    }  # fmt: skip
    (target,) = reading.read(message([{"name": "comet", "orbital_elements": orbit}])).targets
    assert target.moving
    assert target.columns["scheme"] == "MPC_COMET"
    assert (target.columns["epoch_of_elements"], target.columns["perihdist"]) == (57660.0, 1.0)


def test_distances_become_parsecs_and_redshifts_extras():
    said = {
        "name": "a",
        "ra": 1,
        "dec": 1,
        "distance": 40,
        "distance_units": "Mpc",
        "redshift": 0.01,
        "host_name": "NGC 1",
    }
    (target,) = reading.read(message([said])).targets
    assert target.columns["distance"] == pytest.approx(4e7)
    assert target.extras["redshift"] == "0.01"


def test_a_spectrum_inline_and_one_in_a_file():
    line = {"target_name": "a", "date_obs": "61042.5", "telescope": "t", "flux": ["1", 2.0], "wavelength": [500, 501],
            "flux_units": "erg / s / cm\u00b2 / \u212b", "wavelength_units": "nm"}  # fmt: skip
    file = {
        "target_name": "a",
        "date_obs": "61042.5",
        "file_info": [{"name": "a.txt", "url": "https://archive.example/a.txt"}],
    }
    said = reading.read(message([{"name": "a"}], spectroscopy=[line, file, {**line, "flux": [1.0]}]))
    assert (said.data[0].values["flux"], said.data[0].values["wavelength_unit"]) == ([1.0, 2.0], "nm")
    assert [unread.reason for unread in said.unread] == ["file", "value"]


@pytest.mark.parametrize(
    "data", [None, [], "text", 7, {"targets": None, "photometry": {}}, {"targets": "x", "photometry": 3}]
)
def test_data_of_any_kind_is_borne(data):
    assert reading.read({"title": "t", "data": data}).data == ()


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8,
)  # fmt: skip
ROW = st.dictionaries(
    st.sampled_from(
        ["target_name", "name", "ra", "dec", "date_obs", "bandpass", "brightness", "brightness_unit", "flux", "wavelength", "aliases",
         "limiting_brightness", "orbital_elements", "file_info", "telescope", "epoch", "distance", "discovery_info"]
    ),
    ANY, max_size=10,
)  # fmt: skip
SECTION = st.sampled_from(["targets", "photometry", "astrometry", "spectroscopy", "event_id", "references"])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(SECTION, ANY | st.lists(ROW | ANY, max_size=4), max_size=5))
def test_nothing_breaks_the_reading_and_every_row_is_accounted_for(data):
    said = reading.read({"title": "t", "data": data})
    for section in ("targets", "photometry", "astrometry", "spectroscopy"):
        if isinstance(data.get(section), list):
            read = said.targets if section == "targets" else [item for item in said.data if item.section == section]
            lost = [item for item in said.unread if item.section == section]
            assert len(read) + len(lost) == len(data[section])
    json.dumps([item.row for item in said.unread] + [item.extra for item in said.data], allow_nan=False).encode()
