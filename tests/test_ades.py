"""A file for the Minor Planet Center holds to the IAU's standard, or is refused with the reason; whatever was measured and typed.

Authority: tests/ades_standard.py, which restates the standard's schema of what is submitted (version 2022).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.ades_standard import faults
from tom_scimma.compose import ades, ades_fields, designations
from tom_scimma.compose.content import Body, Content, Person, Photometry, Position
from tom_scimma.errors import Unsaid

SAID = {
    "stn": "F65",
    "submitter": "A. Lovelace",
    "observers": "A. Lovelace, É. Zola",
    "measurers": "A. Lovelace",
    "design": "Reflector",
    "aperture": "2.0",
    "detector": "CCD",
    "astcat": "Gaia3",
}
NIGHT = datetime(2026, 11, 20, 3, 0, 0, 123456, tzinfo=timezone.utc)
NAME = "2015 BP1"
PLACE = Position(1, NAME, NIGHT, ra=150.1, dec=-2.2, ra_error=0.1, dec_error=0.2, error_unit="arcsec")
POINT = Photometry(2, NAME, NIGHT, brightness=18.0, error=0.05, unit="AB mag", bandpass="r")

NAMES = st.sampled_from(
    (
        *("433", "(433) Eros", "1P/Halley", "73P-BB", "1I/'Oumuamua", "Jupiter 13", "0"),
        *(NAME, "C/2014 Q2 (Lovejoy)", "A/2017 U1", "2040 P-L", "A910 AA", "S/2003 J 2", "P10abcd"),
        *("2014 A1", "2015 B", "I/2017 U1", "D/1993 F2-AA", "T/L"),
    )
) | st.text(alphabet="ABCDIJZ0129 /-()_'", min_size=1, max_size=14)
CATALOGS = st.sampled_from(["Gaia3", "Gaia_DR3", "GSC1.2", "Gaia DR3", "Gaia-EDR3"]) | st.text(max_size=9)
ERRORS = st.none() | st.sampled_from([0.0, 1e-9, 5301.266365, -1.0, 1e5, float("nan")]) | st.floats(1e-6, 90)
TIMES = st.datetimes(datetime(1850, 1, 1), datetime(2199, 1, 1), timezones=st.just(timezone.utc))
PLACES = st.builds(
    Position,
    pk=st.just(1),
    target=st.just(NAME),
    time=st.just(NIGHT) | TIMES,
    ra=st.none() | st.floats(-400, 800),
    dec=st.floats(-91, 91),
    ra_error=ERRORS,
    dec_error=ERRORS,
    error_unit=st.sampled_from([*ades_fields.ARCSEC, "pixels"]),
    extra=st.just({}) | st.builds(dict, catalog=CATALOGS),
)
POINTS = st.builds(
    Photometry,
    pk=st.just(2),
    target=st.just(NAME),
    time=st.just(NIGHT),
    brightness=st.floats(-6, 36) | st.sampled_from([float("nan"), float("inf"), 1e9]),
    error=ERRORS,
    unit=st.just("AB mag"),
    bandpass=st.sampled_from(["r", "V", "rp", "w'", "G B", "½"]) | st.text(max_size=4),
)
FORMS = st.fixed_dictionaries(
    {
        **{name: st.just(text) for name, text in SAID.items()},
        "submitter": st.sampled_from(["A. Lovelace", "A. B|x", "A. Love\nlace", "A. Ada, B. Bee", "A. " + "x" * 99]),
        "aperture": st.sampled_from(["2.0", " 0.4 ", "1e3", "+2", "2_0", "02", ".5", "nan", "1000000", "٣"]),
        "astcat": CATALOGS,
        "mode": st.sampled_from(["CCD", "TDI", "", "a mode"]),
    }
)


def content(name: str = NAME, places=(PLACE,), points=()) -> Content:
    """A moving body by that name, with what was measured of it."""
    body = Body(1, name, sidereal=False)
    rows = [tuple(replace(row, target=name) for row in rows) for rows in (places, points)]
    return Content(Person("ada"), targets=(body,), astrometry=rows[0], photometry=rows[1])


def written(said: Content, form: dict[str, str]) -> str | None:
    """The file, or None where it was refused, with a reason for a person."""
    try:
        return ades.write(said, form)
    except Unsaid as error:
        reasons = [text for texts in error.fields.values() for text in texts]
    assert reasons
    assert all(reasons)
    return None


def good(text: str | None) -> bool:
    """Whether a file was written; one that was holds to the standard."""
    assert text is None or faults(text) == []
    return text is not None


@given(place=PLACES, point=POINTS)
@example(place=PLACE, point=POINT)
def test_whatever_was_measured_is_said_as_the_standard_has_it_or_refused(place, point):
    good(written(content(places=(place, PLACE), points=(point,)), SAID))


@given(name=NAMES)
def test_whatever_it_is_called(name):
    assert good(written(content(name), SAID)) == (designations.best((name,)) is not None)


@given(form=FORMS)
def test_whatever_is_typed(form):
    good(written(content(), form))


@pytest.mark.parametrize(
    "name", ["433", "Jupiter 13", "1P-B", "S/2003 J 2", "A910 AA", "2040 P-L", "C/2019 Y4-B", "ZTF0abc"]
)
def test_what_the_standard_names_is_a_name(name):
    assert good(written(content(name), SAID))
    assert designations.designation(name)[1] == name


@pytest.mark.parametrize(
    ("place", "point"),
    [
        ({"ra_error": 5301.266365}, {}),
        ({"ra": 359.999999999, "dec": -90.0, "dec_error": 1e-9}, {"brightness": -4.99, "error": 1e-9}),
        ({"extra": {"catalog": "GSC1.2"}}, {"brightness": 34.999, "bandpass": "rp"}),
    ],
)
def test_what_can_be_said_is_said(place, point):
    assert good(written(content(places=(replace(PLACE, **place),), points=(replace(POINT, **point),)), SAID))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ra_error": -1.0}, "has an error of -1 arcsec"),
        ({"ra_error": 30.0, "error_unit": "degrees"}, "has an error of 30 degrees"),
        ({"dec": 90.1}, "has a declination of 90.1"),
        ({"extra": {"catalog": "Gaia DR3"}}, "'Gaia DR3', which is no name of a catalogue"),
    ],
)
def test_what_it_cannot_say_of_a_position_is_said(change, words):
    with pytest.raises(Unsaid, match=words):
        ades.write(content(places=(replace(PLACE, **change),)), SAID)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"brightness": 36.0}, "is 36.0; ADES takes -5 to 35"),
        ({"brightness": float("nan")}, "is nan"),
        ({"error": float("inf")}, "has an error of inf"),
        ({"bandpass": "w'"}, "is not of letters and digits"),
    ],
)
def test_what_it_cannot_say_of_a_magnitude_is_said(change, words):
    with pytest.raises(Unsaid, match=words):
        ades.write(content(points=(replace(POINT, **change),)), SAID)


def test_a_time_is_as_exact_as_it_is_known():
    assert ades_fields.iso(NIGHT) == "2026-11-20T03:00:00.123456Z"
    assert ades_fields.iso(NIGHT.replace(microsecond=120000)) == "2026-11-20T03:00:00.120Z"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("# version=2022", "# version 2022", "the first line is not the version"),
        ("! design Reflector\n", "", "telescope needs design"),
        ("# measurers\n! name A. Lovelace\n", "", "# measurers is missing"),
        ("Gaia3 ", "Gaia 3", "astCat is 'Gaia 3'"),
        ("|18.00|0.05  |r   ", "|18.00|0.05  |    ", "a magnitude and its band come together"),
        ("2015 BP1", "        ", "it has no name"),
        ("|0.1  |", "|1e-1 |", "rmsRA is '1e-1'"),
    ],
)
def test_the_check_itself_finds_what_is_wrong(old, new, fault):
    text = ades.write(content(points=(POINT,)), SAID)
    assert faults(text) == []
    assert old in text
    assert fault in faults(text.replace(old, new))
