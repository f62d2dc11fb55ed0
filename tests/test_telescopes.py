"""Telescopes as data. Authority: the shipped files' own sources (Minor Planet Center's constants, published fields of view)."""

from __future__ import annotations

import copy
from contextlib import suppress

import pytest

from tom_scimma.skymap import footprint
from tom_treasuremap.telescopes import figures, shipped, telescope, telescopes
from tom_treasuremap.telescopes.checks import WrongTelescope
from tom_treasuremap.telescopes.known import shipped_files
from tom_treasuremap.telescopes.reading import parse, read

NAMES = {"lco-0m4-coj", "lco-1m0-coj", "lco-2m0-coj", "ztf", "decam", "goto", "atlas", "css", "swift-uvot"}


def said(name: str = "lco-1m0-coj") -> dict:
    return copy.deepcopy(dict(shipped_files()[name]))


def test_these_are_shipped():
    assert set(shipped()) == NAMES


#: latitude, longitude, height as published by the observatories; the MPC's constants give some 10 m
PLACES = {
    "ztf": (33.3574, -116.8598, 1707.0),
    "decam": (-30.1690, -70.8063, 2207.0),
    "atlas": (20.7075, -156.2570, 3055.0),
    "css": (32.4427, -110.7885, 2791.0),
    "goto": (28.7603, -17.8796, 2300.0),
}


@pytest.mark.parametrize("name", PLACES)
def test_places_are_where_the_observatories_say(name):
    site = shipped()[name].site
    latitude, longitude, height = PLACES[name]
    assert site.latitude == pytest.approx(latitude, abs=0.01)
    assert site.longitude == pytest.approx(longitude, abs=0.01)
    assert site.height == pytest.approx(height, abs=60.0)


#: deg2: Bellm et al. 2019; Flaugher et al. 2015 (62 CCDs are 2.9); goto-tile; Christensen et al. 2012
AREAS = {
    "ztf": (47.0, 1.5),
    "decam": (2.7, 0.15),
    "goto": (44.0, 0.5),
    "css": (5.0, 0.05),
    "lco-1m0-coj": (0.195, 0.002),
}


@pytest.mark.parametrize("name", AREAS)
def test_fields_of_view_have_the_published_area(name):
    rings = shipped()[name].rings
    camera = footprint.mosaic([tuple(zip(*ring, strict=True)) for ring in rings])
    area, off = AREAS[name]
    assert camera.area == pytest.approx(area, abs=off)


def test_mosaics_have_their_ccds():
    assert len(shipped()["ztf"].rings) == 64
    assert len(shipped()["decam"].rings) == 61  # N30 does not work


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_figure_has_its_source(name):
    one = said(name)
    told = {key.split(".")[0] for key in one["sources"]}
    plain = {"name", "label", "sources", "transport", "options", "reports_only"}
    assert {key for key, value in one.items() if value is not None} - plain <= told


def test_what_nobody_bears_out_says_so():
    """A figure of one program's configuration alone, or of nobody, is shown as such on the telescope's page."""
    for name in NAMES:
        for what, _, source, doubt in figures.lines(shipped()[name]):
            assert not source.startswith(figures.DOUBTS), (name, what)
            assert bool(doubt) == ("alone" in source or "is taken where" in source), (name, what, source)
    doubts = {what: doubt for what, _, _, doubt in figures.lines(shipped()["atlas"]) if doubt}
    assert doubts == {
        "Lowest altitude": "unconfirmed", "Observes": "assumed", "Readout": "unconfirmed", "Filter change": "unconfirmed",
    }  # fmt: skip


def test_what_is_taken_for_a_figure_that_nobody_gave_is_shown_as_assumed():
    """Authority: docs/telescopes.md: where a figure is needed that nobody gave, what is taken is shown as assumed."""
    own = {key: value for key, value in said().items() if key not in ("limits", "twilight", "sources")}
    own["site"] = {"latitude": 37.3, "longitude": -121.6, "height": 1253}

    def assumed(**more) -> set[str]:
        return {what for what, _, _, doubt in figures.lines(read({**own, **more})) if doubt == "assumed"}

    assert assumed() == {"Lowest altitude", "Observes", "Time zone"}
    general = {"limits": "its manual"}  # which says nothing of a limit that is not there
    assert assumed(limits={"max_hour_angle": 5}, sources=general) == {"Lowest altitude", "Observes", "Time zone"}
    assert assumed(limits={"min_altitude": 0}) == {"Observes", "Time zone"}
    assert assumed(limits={"max_airmass": 2}, twilight="civil") == {"Time zone"}
    assert assumed(site={**own["site"], "timezone": "UTC"}) == {"Lowest altitude", "Observes"}


def test_the_catalina_telescope_looks_less_low_in_the_north():
    """Authority: the survey's own table of lowest altitudes of G96."""
    found = dict((what, value) for what, value, _, _ in figures.lines(shipped()["css"]))
    assert found["Horizon"].startswith("45° at azimuth 0°, 30° at azimuth 15°, 20° at azimuth 30°")
    assert found["Declination"] == "from -40° to 60°"


def test_swift_is_only_reported_on():
    swift = shipped()["swift-uvot"]
    assert swift.site is None
    assert swift.reports_only


def test_airmass_limit_is_an_altitude():
    assert read(said()).limits.min_altitude == pytest.approx(38.68, abs=0.01)


def test_a_filter_takes_its_waves_from_its_band():
    assert read(said()).filters["rp"].central_wave == 6415.4


WRONG = [
    ("name", "LCO 1m", "name"),
    ("site", {"latitude": 95, "longitude": 0}, "site.latitude"),
    ("site", {"latitude": "south", "longitude": 0}, "site.latitude"),
    ("site", {"latitude": 5}, "site.longitude"),
    ("site", {"latitude": 5, "longitude": 5, "timezone": "Mars/Olympus"}, "site.timezone"),
    ("site", {"parallax": [1, 2, 3]}, "site.parallax"),
    ("site", None, "site"),
    ("field", {"square": 1}, "field"),
    ("field", {"rectangle": [1]}, "field"),
    ("field", {"rectangle": [200, 1]}, "field"),
    ("field", {"rings": [[[0, 0], [1, 1]]]}, "field"),
    ("filters", [], "filters"),
    ("filters", [{"name": "r", "band": "Rubin"}], "filters.0.band"),
    ("filters", [{"name": "r"}, {"name": "r"}], "filters.1.name"),
    ("filters", [{"name": "r", "depths": [[60, 21], [30, 20]]}], "filters.0.depths"),
    ("limits", {"min_altitude": True}, "limits.min_altitude"),
    ("limits", {"lowest": 3}, "limits.lowest"),
    ("limits", {"horizon": [[90, 20], [10, 20]]}, "limits.horizon"),
    ("moon", {"separation": -1}, "moon.separation"),
    ("twilight", "dusk", "twilight"),
    ("readout", float("nan"), "readout"),
    ("slew", {"axes": [{"speed": 1}]}, "slew.axes"),
    ("slew", {"axes": [{"speed": 0}, {"speed": 1}]}, "slew.axes.0.speed"),
    ("instrument_id", "ZTF", "instrument_id"),
    ("reports_only", "yes", "reports_only"),
    ("colour", "blue", "colour"),
    ("sources", {"site": 3}, "sources.site"),
    ("grid", "rubin", "grid"),
    ("filters", [{"name": "r", "depths": [[float("nan"), 21]]}], "filters.0.depths"),
]


@pytest.mark.parametrize(("key", "value", "field"), WRONG)
def test_what_is_wrong_is_said_at_its_field(key, value, field):
    with pytest.raises(WrongTelescope) as told:
        read({**said(), key: value})
    assert set(told.value.fields) == {field}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ("FLOYDS", "options"),
        ({"spectrographs": 5}, "options.spectrographs"),
        ({"spectrographs": {"FLOYDS": "slit_2.0as"}}, "options.spectrographs.FLOYDS"),
        ({"spectrographs": {"FLOYDS": {"wide": "slit_2.0as"}}}, "options.spectrographs.FLOYDS.wide"),
        ({"spectrographs": {"FLOYDS": {"nan": "slit_2.0as"}}}, "options.spectrographs.FLOYDS.nan"),
        ({"spectrographs": {"FLOYDS": {"inf": "slit_2.0as"}}}, "options.spectrographs.FLOYDS.inf"),
        ({"spectrographs": {"FLOYDS": {"1e999": "slit_2.0as"}}}, "options.spectrographs.FLOYDS.1e999"),
        ({"spectrographs": {"FLOYDS": {"0": "slit_2.0as"}}}, "options.spectrographs.FLOYDS.0"),
        ({"spectrographs": {"FLOYDS": {"2": "a", "2.0": "b"}}}, "options.spectrographs.FLOYDS.2.0"),
        ({"calibrations": {"ARC": {"nan": 60}}}, "options.calibrations.ARC.nan"),
        ({"calibrations": {"ARC": {"2.0": 60, "2": 70}}}, "options.calibrations.ARC.2"),
        ({"calibrations": {"ARC": "60 s"}}, "options.calibrations.ARC"),
        ({"calibrations": {"LAMP_FLAT": {"2.0": -1}}}, "options.calibrations.LAMP_FLAT.2.0"),
        ({"min_exposure": "one"}, "options.min_exposure"),
        ({"speed": 0}, "options.speed"),
        ({"senders": 5}, "options.senders"),
        ({"guiding": "ON"}, "options.guiding"),
        ({"proposal": 7}, "options.proposal"),
    ],
)
def test_an_option_that_cannot_be_read_is_said(options, field):
    """Every form of requests reads those of all telescopes: one that cannot be read would stop all asking."""
    with pytest.raises(WrongTelescope) as told:
        read({**said(), "options": options})
    assert list(told.value.fields) == [field]


def test_what_was_seen_in_place_of_a_slits_width_is_said():
    with pytest.raises(WrongTelescope) as told:
        read({**said(), "options": {"spectrographs": {"FLOYDS": {"inf": "wide"}}}})
    words = "is 'inf'; the width of a slit in arcsec is wanted, as 1.6"
    assert told.value.fields == {"options.spectrographs.FLOYDS.inf": words}


def test_options_that_nobody_here_knows_stay():
    assert read({**said(), "options": {"pigeons": [1, {}], "proposal": None}}).options == {"pigeons": [1, {}]}


UNREADABLE = (
    None, -1, 0, 0.5, 1e308, 10**400, -(10**400), float("nan"), float("inf"), "x", "", [], {}, [[]], [None], [{}], {"a": 1}, True,
    [[0, 1], [0, 1]],
)  # fmt: skip


def parts(said, path=()):
    """Where something stands in a document."""
    yield path
    inside = said.items() if isinstance(said, dict) else enumerate(said[:2]) if isinstance(said, list) else ()
    for key, value in inside:
        yield from parts(value, (*path, key))


def put(said, path, value):
    made = copy.deepcopy(said)
    there = made
    for key in path[:-1]:
        there = there[key]
    there[path[-1]] = value
    return made


@pytest.mark.parametrize("name", sorted(shipped_files()))
def test_whatever_stands_in_a_file_is_read_or_said_to_be_wrong(name):
    whole = said(name)
    whole["limits"] = {
        "max_airmass": 2,
        "max_hour_angle": 5,
        "horizon": [[0, 25], [180, 18]],
        **whole.get("limits", {}),
    }
    for path in list(parts(whole))[1:]:
        for value in UNREADABLE:
            with suppress(WrongTelescope):
                read(put(whole, path, value))


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(WrongTelescope) as told:
        read({**said(), "twilight": "dusk", "readout": -3})
    assert set(told.value.fields) == {"twilight", "readout"}


def test_a_text_that_is_no_json_names_its_line():
    with pytest.raises(WrongTelescope) as told:
        parse('{\n  "name": "x",\n  oops\n}')
    assert "line 3" in told.value.fields


def test_a_fields_line_is_found_in_the_text():
    import json

    from tom_treasuremap.telescopes.lines import line_of

    text = json.dumps(said(), indent=1)
    lines = text.splitlines()
    bands = [i for i, line in enumerate(lines, 1) if '"band"' in line]
    assert [line_of(text, f"filters.{i}.band") for i in range(len(bands))] == bands
    assert '"latitude"' in lines[line_of(text, "site.latitude") - 1]
    assert line_of(text, "site.colour") is None


@pytest.mark.django_db
def test_settings_add_and_replace(settings, tmp_path):
    import json

    (tmp_path / "mine.json").write_text(json.dumps({**said(), "name": "mine"}))
    settings.TOM_TREASUREMAP = {"TELESCOPES": [str(tmp_path / "mine.json"), {**said("ztf"), "label": "Our ZTF"}]}
    assert set(telescopes()) == NAMES | {"mine"}
    assert telescope("ztf").label == "Our ZTF"


@pytest.mark.django_db
def test_an_unknown_name_says_which_are_known():
    with pytest.raises(KeyError, match="lco-1m0-coj"):
        telescope("hale")
