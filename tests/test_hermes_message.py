"""What is composed for HERMES: what was chosen, in HERMES' words, whole and exact.

Authority: HERMES' contract (its message schema, spellings, what it drops, garbles and dies of), its published form from
the stand-in over HTTP, astropy for conversions of units, and Oke & Gunn 1983 for the AB system's zero.
"""

from __future__ import annotations

import json
import math
import string
from datetime import datetime, timedelta, timezone

import pytest
from astropy import units as u
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.hermes_content import NIGHT, body, content, event, limit, point, position, spectrum
from tom_hermes import circular, parts, reading, schema
from tom_hermes.client import Hermes
from tom_hermes.fake import Fake
from tom_hermes.message import Told, build
from tom_hermes.schema.unwise import unwise
from tom_scimma.compose.content import Counterpart, Observation
from tom_scimma.errors import Unsaid

ANGSTROM, FLAMBDA = "\u212b", "erg / s / cm\u00b2 / \u212b"
SAID = {"title": "T", "text": "words", "authors": "A. One", "submitter": "ada"}


def made(chosen, **more):
    return build(chosen, "hermes.test", **{**SAID, **more})


@pytest.fixture(scope="module")
def hermes():
    with Fake() as fake, Hermes(fake.url, fake.token) as client:
        yield client


def refused(chosen, **more) -> dict[str, list[str]]:
    with pytest.raises(Unsaid) as error:
        made(chosen, **more)
    assert str(error.value)
    return error.value.fields


def test_a_whole_message_is_published_as_it_was_made(hermes):
    chosen = content(
        targets=(
            body(
                extras={"redshift": 0.1, "host_name": "NGC 1", "colour": "red"}, pm_ra=12.0, pm_dec=-3.0, distance=4e7
            ),
        ),
        photometry=(point(source="ZTF", extra={"observer": "Ada", "seeing": 1.1}), limit()),
        spectra=(spectrum(),),
        astrometry=(position(),),
        candidates=(Counterpart("AT2026abc", "interesting", "fades", 0.5),),
        observations=(Observation(1, "AT2026abc", "LCO", "42", "COMPLETED", NIGHT, NIGHT, {"proposal": "SECRET"}),),
        references=({"url": "https://example.org/1"},),
    )
    message = made(chosen)
    assert schema.faults(message, dev=True) == {}
    assert hermes.validate(message) == {}
    published = hermes.submit(message)["data"]
    for section in ("targets", "photometry", "spectroscopy", "astrometry"):
        for row, there in zip(message["data"][section], published[section], strict=True):
            assert {key: there[key] for key in row} == row
    rest = {"event_id", "references", "candidates", "observations", "targets_extra", "photometry_extra"}
    assert {key: published[key] for key in rest} == {key: message["data"][key] for key in rest}
    assert message["data"]["targets_extra"] == [{"name": "AT2026abc", "colour": "red"}]
    assert message["data"]["photometry_extra"] == [{"row": 0, "seeing": 1.1}]
    assert message["data"]["targets"][0]["pm_ra"] == pytest.approx(0.012)  # HERMES wants arcsec a year
    assert message["data"]["photometry"][0]["comments"] == "source: ZTF"
    assert "SECRET" not in json.dumps(message)


@pytest.mark.parametrize(
    ("unit", "said", "factor"),
    [
        ("AB mag", "AB mag", 1),
        ("ABmag", "AB mag", 1),
        ("mag(AB)", "AB mag", 1),
        ("Vegamag", "Vega mag", 1),
        ("mJy", "mJy", 1),
        ("Jy", "mJy", 1e3),
        ("uJy", "mJy", 1e-3),
        ("erg / (s cm2 Hz)", "mJy", (1 * u.erg / u.s / u.cm**2 / u.Hz).to_value(u.mJy)),
        ("erg/s/cm2/\u00c5", FLAMBDA, 1),
        ("erg / (Angstrom s cm2)", FLAMBDA, 1),
        ("W / (m2 um)", FLAMBDA, (1 * u.W / u.m**2 / u.um).to_value(u.erg / u.s / u.cm**2 / u.AA)),
    ],
)
def test_units_are_spelled_as_hermes_spells_them_and_converted_where_that_is_exact(unit, said, factor):
    row = made(content(photometry=(point(unit=unit, brightness=2.0, error=0.5, limit=3.0),)))["data"]["photometry"][0]
    assert row["brightness_unit"] == row["limiting_brightness_unit"] == said
    values = [row["brightness"], row["brightness_error"], row["limiting_brightness"]]
    assert values == pytest.approx([2.0 * factor, 0.5 * factor, 3.0 * factor], rel=1e-12)


def test_an_st_magnitude_is_a_flux_by_definition():
    row = made(content(photometry=(point(unit="STmag", brightness=20.0, error=0.1),)))["data"]["photometry"][0]
    wanted = (20 * u.STmag).to_value(u.erg / u.s / u.cm**2 / u.AA)
    assert row["brightness"] == pytest.approx(wanted, rel=1e-3)  # astropy's zero has more digits than 21.1
    assert row["brightness_error"] == pytest.approx(row["brightness"] * 0.1 * math.log(10) / 2.5)


def test_an_ab_magnitude_of_exactly_zero_is_said_as_its_flux(hermes):
    message = made(content(photometry=(point(brightness=0.0, error=0.1),)))
    row = message["data"]["photometry"][0]
    assert row["brightness_unit"] == "mJy"
    assert row["brightness"] == pytest.approx((0 * u.ABmag).to_value(u.mJy))
    assert row["brightness_error"] == pytest.approx(row["brightness"] * 0.1 * math.log(10) / 2.5)
    assert hermes.validate(message) == {}


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"photometry": (point(unit="mag"),)}, "photometry.0.brightness_unit"),
        ({"photometry": (point(unit=""),)}, "photometry.0.brightness_unit"),
        ({"photometry": (point(unit="ct / s"),)}, "photometry.0.brightness_unit"),
        ({"photometry": (point(), point(brightness=math.nan))}, "photometry.1.brightness"),
        ({"photometry": (point(error=-1.0),)}, "photometry.0.brightness_error"),
        ({"photometry": (point(unit="Vega mag", brightness=0.0),)}, "photometry.0.brightness"),
        ({"photometry": (point(brightness=None),)}, "photometry.0.brightness"),
        ({"photometry": (point(bandpass=""),)}, "photometry.0.bandpass"),
        ({"photometry": (point(telescope="", instrument=""),)}, "photometry.0.telescope"),
        ({"spectra": (spectrum(flux_unit=""),)}, "spectroscopy.0.flux_units"),
        ({"spectra": (spectrum(flux_unit="AB mag"),)}, "spectroscopy.0.flux_units"),
        ({"spectra": (spectrum(wavelength_unit="pixel"),)}, "spectroscopy.0.wavelength_units"),
        ({"spectra": (spectrum(flux=(1.0, math.nan)),)}, "spectroscopy.0.flux"),
        ({"spectra": (spectrum(error=(1.0,)),)}, "spectroscopy.0.flux_error"),
        ({"spectra": (spectrum(wavelength=(1.0,)),)}, "spectroscopy.0.wavelength"),
        ({"spectra": (spectrum(flux=(), error=()),)}, "spectroscopy.0.flux"),
        ({"astrometry": (position(error_unit=""),)}, "astrometry.0.ra_error_units"),
        ({"astrometry": (position(dec=None),)}, "astrometry.0.ra"),
        ({"targets": (body(ra=None, dec=None),)}, "targets.0.ra"),
        ({"targets": (body(ra=None, dec=None, sidereal=False, elements={"eccentricity": 0.1}),)}, "targets.0.orbital_elements"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_at_its_field(chosen, field):
    assert field in refused(content(**chosen))


def test_what_a_person_says_of_a_unit_and_a_telescope_counts():
    rows = (point(unit="mag", telescope="", instrument=""),)
    row = made(content(photometry=rows), told=Told({"mag": "Vega mag"}, "T50"))["data"]["photometry"][0]
    assert (row["brightness_unit"], row["telescope"]) == ("Vega mag", "T50")


@pytest.mark.parametrize(
    ("unit", "said", "value"),
    [
        ("Angstrom", ANGSTROM, 4000.0),
        ("nm", "nm", 4000.0),
        ("micron", "\u00b5m", 4000.0),
        ("GHz", "GHz", 4000.0),
        ("m", "nm", 4e12),
        ("keV", "THz", (4000 * u.keV).to_value(u.THz, equivalencies=u.spectral())),
    ],
)
def test_spectra_in_every_unit(hermes, unit, said, value):
    message = made(content(spectra=(spectrum(wavelength_unit=unit),)))
    row = message["data"]["spectroscopy"][0]
    assert row["wavelength_units"] == said
    assert row["wavelength"][0] == pytest.approx(value, rel=1e-12)
    assert (row["flux_units"], row["flux_type"]) == (FLAMBDA, "F\u03bb")
    assert hermes.validate(message) == {}
    assert made(content(spectra=(spectrum(flux_unit="Jy"),)))["data"]["spectroscopy"][0]["flux_type"] == "F\u03bd"


ASTEROID = {
    "scheme": "MPC_MINOR_PLANET", "epoch_of_elements": 57660.0, "inclination": 9.9, "lng_asc_node": 36.2,
    "arg_of_perihelion": -42.8, "eccentricity": 0.1, "semimajor_axis": 1.1, "mean_anomaly": 0.0, "abs_mag": 17.0,
}  # fmt: skip
COMET = {**ASTEROID, "scheme": "MPC_COMET", "perihdist": 1.0, "epoch_of_perihelion": 57000.0, "semimajor_axis": 2.0}


@pytest.mark.parametrize("elements", [ASTEROID, COMET])
def test_moving_targets(hermes, elements):
    moving = body(ra=None, dec=None, sidereal=False, elements=elements)
    message = made(content(targets=(moving,), photometry=(point(),)))
    orbit = message["data"]["targets"][0]["orbital_elements"]
    assert orbit["argument_of_the_perihelion"] == pytest.approx(317.2)
    assert orbit["mean_anomaly"] == 360.0  # HERMES takes 0 for none; it is the same place
    assert message["data"]["targets_extra"][0]["abs_mag"] == 17.0
    assert hermes.validate(message) == {}
    assert hermes.submit(message)["data"]["targets"][0]["orbital_elements"] == orbit


NUMBERS = some.floats(-1e30, 1e30, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-30)
WORDS = some.text(string.ascii_letters + "éλ 星-+'\"<&", min_size=1, max_size=12).map(str.strip).filter(bool)
TIMES = some.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1), timezones=some.just(timezone.utc))
UNITS = some.sampled_from(["AB mag", "Vega mag", "mJy", "uJy", "erg / (Angstrom s cm2)", "mag", "", "ct"])
POINTS = some.builds(
    point,
    time=TIMES, brightness=some.none() | NUMBERS | some.just(math.inf), error=some.none() | NUMBERS, limit=some.none() | NUMBERS,
    unit=UNITS, bandpass=some.just("") | WORDS, telescope=some.just("") | WORDS, instrument=some.just("") | WORDS,
    exposure=some.none() | NUMBERS, source=some.just("") | WORDS,
    extra=some.dictionaries(WORDS, some.none() | NUMBERS | WORDS | some.floats(), max_size=2),
)  # fmt: skip
BODIES = some.builds(
    body,
    ra=some.none() | some.floats(0, 360, exclude_max=True), dec=some.none() | some.floats(-90, 90),
    epoch=some.none() | some.just(2000.0), pm_ra=some.none() | NUMBERS, distance=some.none() | NUMBERS,
    aliases=some.lists(WORDS, max_size=2).map(tuple),
    extras=some.dictionaries(some.sampled_from(["redshift", "host_name", "comments", "x"]), NUMBERS | WORDS, max_size=3),
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(some.lists(POINTS, max_size=3).map(tuple), BODIES)
def test_whatever_is_chosen_is_refused_or_published_whole(hermes, rows, target):
    try:
        message = made(content(targets=(target,), photometry=rows))
    except Unsaid as error:
        told = error.fields
        assert told
        return
    assert schema.faults(message, dev=True) == {}
    assert hermes.validate(message) == {}
    published = hermes.submit(message)["data"]
    for row, there in zip(message["data"].get("photometry", []), published.get("photometry", []), strict=True):
        assert {key: there[key] for key in row} == row
    assert {key: published["targets"][0][key] for key in message["data"]["targets"][0]} == message["data"]["targets"][0]
    said = reading.read({**message, "data": published})
    assert len(said.data) == len(rows)


MUTANTS = [
    None,
    "",
    "x",
    "nan",
    0,
    -1,
    1e400,
    True,
    [],
    {},
    "+05:00:00",
    "erg / s / cm\u00b2 / \u00c5",
    1700000000,
    "Monday",
    [1, "x"],
]


def _places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, (*path, index))


WHOLE = made(content(photometry=(point(), limit()), spectra=(spectrum(),), astrometry=(position(),)))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.sampled_from([path for path in _places(WHOLE) if path]), some.sampled_from(MUTANTS))
def test_what_hermes_refuses_of_a_spoilt_message_is_known_before(fake_text, path, mutant):
    spoilt = json.loads(json.dumps(WHOLE))
    place = spoilt
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = mutant
    found = schema.faults(spoilt, dev=True)
    answer = fake_text(spoilt)
    if answer.status_code != 200:
        assert found, (path, mutant)  # it crashes the server
    elif answer.json():
        told = schema.flat(answer.json())
        assert set(told) <= set(found), (path, mutant, told, found)
    elif found:  # HERMES takes it, and garbles it
        assert set(unwise(spoilt)) == set(found)


@pytest.fixture(scope="module")
def fake_text():
    import requests

    with Fake() as fake, requests.Session() as session:
        address = f"{fake.url}/api/v0/submit_message/validate/"
        yield lambda document: session.post(address, data=json.dumps(document).replace("Infinity", "1e400"), headers={"Content-Type": "application/json"})  # fmt: skip  # noqa: E501


def test_what_is_too_large_becomes_numbered_messages_that_refer_to_each_other():
    rows = tuple(point(pk=n, time=NIGHT + timedelta(minutes=n), extra={"n": n}) for n in range(10_000))
    other = body("Lonely", pk=2)
    message = made(content(targets=(body(), other), photometry=rows))
    pieces = parts.parts(message)
    assert len(pieces) > 1
    assert [piece["data"][parts.MARK]["part"] for piece in pieces] == list(range(1, len(pieces) + 1))
    assert {piece["data"][parts.MARK]["set"] for piece in pieces} == {pieces[0]["data"][parts.MARK]["set"]}
    assert {piece["data"]["event_id"] for piece in pieces} == {"S260101ab"}
    assert [row for piece in pieces for row in piece["data"]["photometry"]] == message["data"]["photometry"]
    assert [piece["data"]["photometry_extra"][-1]["n"] for piece in pieces][-1] == 9999
    assert sum(target["name"] == "Lonely" for piece in pieces for target in piece["data"]["targets"]) == 1
    for piece in pieces:
        assert schema.faults(piece, dev=True) == {}
        published = schema.taken(piece, dev=True)
        published["data"][parts.MARK] = {**piece["data"][parts.MARK], "origin": "o" * 200, "key": "k" * 64}
        assert len(json.dumps(published)) <= parts.MOST


def test_each_of_the_numbered_messages_is_within_what_a_message_may_have():
    rows = tuple(point(pk=n, time=NIGHT + timedelta(minutes=n)) for n in range(9_000))
    pieces = parts.parts(made(content(photometry=rows)))
    assert len(pieces) > 1
    assert max(map(parts.size, pieces)) <= parts.MOST


def test_a_name_that_looks_like_no_number_is_a_name():
    message = made(content(photometry=(point(instrument="INFINITY", telescope="Nan"),)))
    assert schema.faults(message, dev=True) == {}
    row = message["data"]["photometry"][0]
    assert set(schema.faults({**message, "data": {**message["data"], "photometry": [{**row, "brightness": "nan"}]}}, dev=True)) == {"photometry.0.brightness"}  # fmt: skip  # noqa: E501


def test_one_row_that_is_too_large_is_refused_at_its_place():
    wave = tuple(float(n) for n in range(40_000))
    huge = spectrum(wavelength=wave, flux=tuple(value / 3 for value in wave), error=())
    with pytest.raises(Unsaid) as error:
        parts.parts(made(content(spectra=(spectrum(), huge))))
    assert set(error.value.fields) == {"spectroscopy.1"}


def test_an_event_s_names_and_circulars():
    chosen = content(event=event(aliases=("GW260101",)), photometry=(point(),))
    message = made(
        chosen, references=[{"source": "GCN", "citation": "GCN Circ. 1", "url": "https://gcn.nasa.gov/circulars/1"}] * 2
    )
    assert message["data"]["event_id"] == "S260101ab"
    assert message["data"]["event_aliases"] == ["GW260101"]
    assert len(message["data"]["references"]) == 1


@pytest.mark.parametrize(
    ("chosen", "title", "words"),
    [
        (  # the event's own transient is no other object in its field, and GCN takes the title
            content(event=event(name="EP260101a", kind="XRT"), targets=(body("EP260101A"),), photometry=(point(),)),
            "EP260101a: 1m0a observations of the transient",
            "We observed the field of EP260101a (GCN Circ. 12345) with 1m0a, at 2026-01-02 03:04 UTC, 5.0 h after the event.",
        ),
        (
            content(photometry=(limit(time=NIGHT - timedelta(hours=5.5)),)),
            "LIGO/Virgo/KAGRA S260101ab: 1m0a upper limits of AT2026abc",
            "30 min before the event.\n\nAT2026abc: RA, Dec (J2000) = 10:00:24.00, +02:12:00.0 (150.10000, +2.20000 deg)\n\n"
            "We detect no source at that position:",
        ),
        (
            content(event=None, targets=(body(ra=359.99999999, dec=-0.0083333),), photometry=(point(),)),
            "AT2026abc: 1m0a observations of the transient",
            "= 00:00:00.00, -00:00:30.0 (",
        ),
    ],
)
def test_a_circular_s_draft_says_what_was_seen_and_when(chosen, title, words):
    assert circular.title(chosen) == title
    assert schema.onward.title(title) == []
    assert words in circular.text(chosen)
