"""GCN's JSON notices. Authority: the core schemas of nasa-gcn/gcn-schema and the rules of the normal form."""

from __future__ import annotations

import base64
import gzip
import hashlib

import pytest

from tests.notices import FOLDER, load, one, opened, read, says
from tests.test_parsers_igwn import skymap
from tom_scimma import parsers
from tom_scimma.errors import Unparsable
from tom_scimma.notice import Cite, from_json

SCHEMA = "https://gcn.nasa.gov/schema/main/gcn/notices/"

#: sample -> event, aliases, kind, alert_type, role, source
WHO = {
    "fermi-gbm-flight": ("Fermi GBM 795002345", ("bn260313877",), "GRB", "update", "observation", "Fermi GBM"),
    "fermi-lat-flare": ("3C 454.3", (), "UNK", "initial", "observation", "Fermi LAT"),
    "einstein-probe-wxt": ("Einstein Probe WXT 01709130000", (), "XRT", "initial", "observation", "Einstein Probe WXT"),
    "einstein-probe-no-id": (
        "Einstein Probe WXT 2026-05-06T07:08:09Z", (), "XRT", "initial", "observation", "Einstein Probe WXT"
    ),
    "icecube-track": ("IceCube 141900_12345678", ("IceCube-260227A",), "NU", "update", "observation", "IceCube"),
    "icecube-search": ("MS260314c", (), "NU", "followup", "test", "IceCube"),
    "chime-repeat": ("CHIME 530000001", (), "FRB", "followup", "observation", "CHIME"),
    "dsa110-retraction": ("DSA-110 260318aaab", (), "FRB", "retraction", "observation", "DSA-110"),
    "svom-eclairs": ("sb26022203", (), "GRB", "initial", "observation", "SVOM ECLAIRs"),
    "swift-guano": ("Swift 788910395", (), "GRB", "initial", "observation", "Swift BAT-GUANO"),
    "maxi-unknown": ("MAXI 9995289700", ("GRB 260220A",), "GRB", "update", "observation", "MAXI"),
    "superk-drill": ("Super-K SN.095002.000001", (), "SN", "initial", "test", "Super-K"),
    "snews-coincidence": (
        "SNEWS 123e4567-e89b-12d3-a456-426614174000", ("SNEWS 2026-06-18T16:21:07Z",), "SN", "initial", "observation", "SNEWS"
    ),
    "km3net": ("KM3NeT 17", ("KM3-260901A",), "NU", "initial", "observation", "KM3NeT"),
    "burstcube": ("BurstCube 260601000", (), "GRB", "initial", "test", "BurstCube"),
    "amon-classic": ("HAWC 110081_580", (), "GRB", "initial", "observation", "HAWC"),
    "heasarc-archive": ("HEASARC 2026-02-21T16:12:23Z", (), "UNK", "other", "utility", "HEASARC"),
}  # fmt: skip
#: sample -> its localization
WHERE = {
    "fermi-gbm-flight": {"type": "circle", "ra_deg": 201.25, "dec_deg": -33.5, "radius_deg": 5.6, "containment": 0.68},
    "fermi-lat-flare": {"type": "point", "ra_deg": 343.4906, "dec_deg": 16.1482},
    "einstein-probe-wxt": {"type": "circle", "ra_deg": 17.5, "dec_deg": -71.25, "radius_deg": 0.04, "containment": 0.9},
    "einstein-probe-no-id": {},
    "icecube-track": {
        "type": "circle", "ra_deg": 77.35, "dec_deg": 5.69, "radius_deg": 0.41, "containment": 0.9,
        "skymap_url": "https://roc.icecube.wisc.edu/public/alerts/run141900.fits.gz",
    },
    "icecube-search": {"type": "point", "ra_deg": 17.49, "dec_deg": 16.18},
    "chime-repeat": {
        "type": "ellipse", "ra_deg": 46.5, "dec_deg": 12.625, "radius_deg": 0.25, "containment": 0.9,
        "semi_axes_deg": [0.25, 0.125], "angle_deg": 30.0,
    },
    "dsa110-retraction": {},
    "svom-eclairs": {"type": "circle", "ra_deg": 143.25, "dec_deg": -68.0, "radius_deg": 0.15, "containment": 0.9},
    "swift-guano": {},
    "maxi-unknown": {
        "type": "ellipse", "ra_deg": 346.5, "dec_deg": 18.5, "radius_deg": 0.25, "containment": 0.9,
        "semi_axes_deg": [0.25, 0.2], "angle_deg": 153.0,
    },
    "superk-drill": {"type": "circle", "ra_deg": 270.82, "dec_deg": 31.46, "radius_deg": 0.91, "containment": 0.68},
    "snews-coincidence": {"type": "healpix", "skymap_url": "https://snews2.org/skymaps/one.fits"},
    "km3net": {"type": "circle", "ra_deg": 10.82, "dec_deg": 20.01, "radius_deg": 0.9, "containment": 0.9},
    "burstcube": {"type": "circle", "ra_deg": 232.0, "dec_deg": -53.125, "radius_deg": 10.0, "containment": 0.9},
    "amon-classic": {"type": "circle", "ra_deg": 76.5, "dec_deg": 28.25, "radius_deg": 0.6, "containment": 0.9},
    "heasarc-archive": {},
}  # fmt: skip

#: samples that other tests take apart
OTHERS = ("igwn-", "boom-", "heartbeat", "core-", "tns-", "blast-", "gracedb-")


@pytest.mark.parametrize("name", WHO)
def test_who_says_what_of_which_event(name):
    notice = one(load(name))
    assert (notice.event, notice.aliases, notice.kind, notice.alert_type, notice.role, notice.source) == WHO[name]


@pytest.mark.parametrize("name", WHERE)
def test_where(name):
    notice = one(load(name))
    assert (notice.sky.to_json() if notice.sky else {}) == WHERE[name]


def test_every_sample_is_in_a_test_and_survives_its_json_form():
    names = {path.stem for path in FOLDER.glob("*.json")}
    assert names == set(WHO) | {name for name in names if name.startswith(OTHERS)}
    for name in names:
        for notice in read(load(name)):
            assert from_json(notice.to_json()).to_json() == notice.to_json()


def test_a_gbm_notice_field_by_field():
    assert says(one(load("fermi-gbm-flight"))) == {
        "event": "Fermi GBM 795002345",
        "aliases": ["bn260313877"],
        "kind": "GRB",
        "alert_type": "update",
        "role": "observation",
        "source": "Fermi GBM",
        "id": "795002345",
        "time": "2026-03-13T21:02:20.710000Z",
        "sent": "2026-03-13T21:03:22.000000Z",
        "instruments": ["GBM"],
        "classification": {"GRB": 0.94, "GENERIC_SGR": 0.05},
        "properties": {
            "subtype": "FLIGHT_POSITION", "systematic_included": False, "rate_snr": 9.3, "rate_duration": 1.024
        },
        "sky": WHERE["fermi-gbm-flight"],
        "links": {
            "light_curve": load("fermi-gbm-flight")["light_curve_url"],
            "data_archive": load("fermi-gbm-flight")["data_archive_page"],
        },
        "text": "The light curve comes later.",
        "extra": {
            "$schema": SCHEMA + "fermi/gbm/trigger.schema.json", "messenger": "EM", "record_number": 3,
            "latitude": 10.1, "longitude": -77.0,
        },
    }  # fmt: skip


def test_the_draft_with_its_core_in_groups_says_the_same():
    notice = one(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "reporter": {"mission": "GLOWBUG"},
            "alert_info": {"datetime_of_notice": "2026-04-03T05:06:07Z", "alert_tense": "test", "alert_type": "update"},
            "event_info": {"event_id": ["BUG260403.211", 77], "id_source": "GLOWBUG"},
            "trigger_time": {"trigger_time": "2026-04-03T05:04:00Z"},
            "trigger_stats": {"far": 0.125, "rate_snr": 6.5, "classification": {"GRB": 0.75}},
            "equatorial": {"ra": 120.5, "dec": -8.25, "semi_major": 5.5, "containment_probability": 0.68},
            "glowbug": {"detector_num": 10},
        }
    )
    assert (notice.event, notice.aliases, notice.kind) == ("Glowbug 77", ("BUG260403.211",), "GRB")
    assert (notice.role, notice.alert_type, notice.far_hz) == ("test", "update", 0.125)
    assert (notice.to_json()["time"], notice.to_json()["sent"]) == (
        "2026-04-03T05:04:00.000000Z", "2026-04-03T05:06:07.000000Z",
    )  # fmt: skip
    assert (notice.sky.type, notice.sky.radius_deg, notice.sky.containment) == ("circle", 5.5, 0.68)
    assert (notice.classification, notice.properties) == ({"GRB": 0.75}, {"rate_snr": 6.5})
    assert (notice.extra["glowbug"], notice.extra["id_source"]) == ({"detector_num": 10}, "GLOWBUG")


def test_swifts_draft_in_groups():
    """gcn/notices/swift/bat/guano/alert.schema.json of April 2023."""
    notice = one(
        {
            "$schema": SCHEMA + "swift/bat/guano/alert.schema.json",
            "alert_reporter": {"mission": "Swift", "instrument": "BAT-GUANO"},
            "alert_info": {"alert_datetime": "2026-01-01T03:24:36Z", "alert_type": "update"},
            "event_info": {"event_id": "694215995"},
            "datetime": {"trigger_time": "2025-12-31T21:46:05.13Z"},
            "localization": {"ra": 10.5, "dec": 20.5, "ra_dec_error": 0.5},
            "statistics": {"rate_snr": 7.5},
        }
    )
    assert (notice.event, notice.alert_type, notice.properties) == ("Swift 694215995", "update", {"rate_snr": 7.5})
    assert (notice.to_json()["time"], notice.sky.radius_deg) == ("2025-12-31T21:46:05.130000Z", 0.5)


def test_nothing_that_was_said_is_lost():
    """Each key of each sample is somewhere in the notice: as a value, or in `extra` under its own name."""
    for name in WHO:
        said, notice = load(name), one(load(name))
        everything = repr(notice.to_json())
        for key, value in said.items():
            if key in notice.extra or value is None or isinstance(value, (bool, dict, list)):
                continue
            if key.endswith(("time", "datetime")):
                value = value[:19]
            if key in ("mission", "instrument", "alert_type", "alert_tense", "healpix_file", "dec", "ra"):
                continue
            assert str(value) in everything, (name, key)


def test_the_topic_names_the_mission_where_the_message_does_not():
    said = load("einstein-probe-wxt")
    del said["$schema"], said["instrument"]
    assert one(said, "gcn.notices.einstein_probe.wxt.alert").event == "Einstein Probe WXT 01709130000"


@pytest.mark.parametrize("mission", ["Swift", "SWIFT", "swift"])
def test_a_mission_is_one_however_it_spells_itself(mission):
    said = {"mission": mission, "instrument": "XRT", "id": 1253910, "alert_type": "initial", "ra": 124.5, "dec": 34.0}
    notice = one(said, "gcn.notices.swift.xrt.position")
    assert (notice.event, notice.source) == ("Swift 1253910", "Swift XRT")


def test_an_unknown_mission_speaks_in_its_own_words():
    said = {"mission": "Daksha", "messenger": "Neutrino", "alert_type": "initial", "id": ["d1"], "ra": 1.5, "dec": 2.5}
    notice = one(said, "gcn.notices.daksha.alert")
    assert (notice.event, notice.source, notice.kind) == ("Daksha d1", "Daksha", "NU")


@pytest.mark.parametrize("ids", [["141900_12345678"], "141900_12345678", ["141900_12345678_0"], ["141900", "12345678"]])
def test_icecubes_run_and_event_are_the_event_whatever_the_revision(ids):
    notice = one({**load("icecube-track"), "id": ids})
    assert notice.event == "IceCube 141900_12345678"
    assert notice.aliases == ("IceCube-260227A",)


def test_signalness_is_what_a_neutrino_notice_calls_p_astro():
    properties = one(load("icecube-track")).properties
    assert properties["signalness"] == 0.56
    assert "p_astro" not in properties
    assert one({**load("fermi-gbm-flight"), "p_astro": 0.5}).properties["p_astro"] == 0.5


@pytest.mark.parametrize("ids", [17, [17], ["17"], "17", [None, "17"], 17.0])
def test_ids_of_any_shape(ids):
    assert one({**load("km3net"), "id": ids}).event == "KM3NeT 17"


def test_zero_and_negative_ids_are_none():
    for ids in (0, "-1", ["-1286561245"]):
        notice = one({**load("km3net"), "id": ids})
        assert (notice.event, notice.id, notice.extra["id"]) == ("KM3-260901A", None, ids)


def test_the_number_is_gbms_trigger_in_whatever_order():
    notice = one({**load("fermi-gbm-flight"), "id": ["bn260313877", "795002345"]})
    assert (notice.event, notice.aliases, notice.id) == ("Fermi GBM 795002345", ("bn260313877",), "795002345")


def test_a_topic_for_tests_carries_tests():
    assert one(load("icecube-track"), "gcn.notices.icecube.test.gold_bronze_track_alerts").role == "test"


def test_values_of_an_unexpected_kind_stay_as_said():
    odd = {"classification": {"GRB": "high", "SGR": 0.1}, "p_astro": "often", "t90": [1, 2], "properties": [1],
           "additional_info": {"a": 1}, "ref_ID": ["S1", {}], "rate_snr": [1, 2]}  # fmt: skip
    notice = one({**load("fermi-gbm-flight"), **odd})
    assert notice.classification == {"SGR": 0.1}
    assert odd.items() <= notice.extra.items()


def test_a_superevent_is_named_as_such_whoever_speaks():
    assert one({**load("km3net"), "id": "S260314AB"}).event == "S260314ab"


def test_a_follow_up_cites():
    assert one(load("swift-guano")).cites == (Cite("Fermi 788910370", "followup"),)
    assert one(load("icecube-search")).cites == (Cite("MS260314c", "followup"),)
    assert one(load("chime-repeat")).cites == (Cite("FRB 20260101A", "followup"),)


def test_a_follow_up_of_several_cites_each():
    said = {"$schema": SCHEMA + "fermi/gbm/x.schema.json", "id": "7", "follow_up_event": ["S260301ab", "GRB 260301A"]}
    assert one(said).cites == (Cite("S260301ab", "followup"), Cite("GRB 260301A", "followup"))


def test_subsequent_is_an_update_where_no_known_source_bursts_again():
    said = load("chime-repeat")
    del said["known_source"]
    assert one(said).alert_type == "update"


@pytest.mark.parametrize(
    ("change", "role"),
    [
        ({"alert_tense": "current"}, "observation"),
        ({"alert_tense": "archival"}, "observation"),
        ({"alert_tense": "test"}, "test"),
        ({"alert_tense": "injection"}, "test"),
        ({"alert_tense": "mock"}, "test"),
        ({"alert_tense": "planned"}, "prediction"),
        ({"alert_tense": "commanded"}, "utility"),
        ({"alert_type": "test"}, "test"),
        ({"is_firedrill": True}, "test"),
        ({"$schema": SCHEMA + "icecube/test/gold_bronze_track_alerts.schema.json"}, "test"),
        ({"alert_tense": None}, "observation"),
    ],
)
def test_roles(change, role):
    assert one({**load("icecube-track"), **change}).role == role


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ({"ra": 0, "dec": 0}, None),
        ({"ra": 0, "dec": 0, "ra_dec_error": 0}, None),
        ({"ra": 0, "dec": 0, "ra_dec_error": 0.5}, "circle"),
        ({"ra": 0, "dec": 10}, "point"),
        ({"ra": -1, "dec": -1, "ra_dec_error": -1}, None),
        ({"ra": 10, "dec": 10, "ra_dec_error": 360}, None),
        ({"ra": 10, "dec": 10, "ra_dec_error": -1}, "point"),
        ({"ra": 10, "dec": 10, "ra_dec_error": 0}, "point"),
        ({"ra": 10, "dec": 91}, None),
        ({"ra": None, "dec": 10}, None),
        ({"ra": "10.5", "dec": "-3"}, "point"),
        ({"ra": True, "dec": 3}, None),
        ({"ra": 10, "dec": 10, "ra_dec_error": [0.5]}, "circle"),
        ({"ra": 10, "dec": 10, "ra_dec_error": [0.5, 0.2]}, "ellipse"),
        ({"ra": 10, "dec": 10, "ra_dec_error": ["a", "b"]}, "point"),
        ({"ra": 10, "dec": 10, "ra_dec_error": []}, "point"),
    ],
)
def test_a_sentinel_is_no_position_and_stays_in_extra(place, kind):
    said = {key: value for key, value in load("km3net").items() if key not in ("ra", "dec", "ra_dec_error")}
    notice = one({**said, **place})
    assert (notice.sky.type if notice.sky else None) == kind
    if kind is None:
        assert {key: value for key, value in place.items() if value is not None}.items() <= notice.extra.items()


def test_right_ascension_360_is_0():
    assert one({**load("km3net"), "ra": 360}).sky.ra_deg == 0


def test_an_ellipse_of_two_numbers_points_north():
    """Localization.schema.json: the angle's "default is zero"."""
    sky = one({**load("chime-repeat"), "ra_dec_error": [0.1, 0.3]}).sky
    assert (sky.semi_axes_deg, sky.angle_deg, sky.radius_deg) == ((0.1, 0.3), 0.0, 0.3)


def test_an_attached_map_is_the_localization():
    data = gzip.compress(skymap())
    notice = one({**load("swift-guano"), "healpix_file": base64.b64encode(data).decode()})
    assert notice.sky.to_json() == {"type": "healpix", "skymap_sha256": hashlib.sha256(data).hexdigest()}
    assert notice.skymaps == {"skymap": data}
    assert "healpix_file" not in notice.extra


def test_an_undecodable_map_leaves_the_circle():
    notice = one(load("burstcube"))
    assert "not base64" in notice.extra["skymap_error"]
    assert notice.sky.type == "circle"


def test_distances_are_megaparsec():
    assert one(load("superk-drill")).distance_mpc == (0.0025, pytest.approx(0.0004))
    notice = one({**load("superk-drill"), "luminosity_distance_error": None})
    assert notice.distance_mpc is None
    assert notice.extra["luminosity_distance"] == 0.0025


def test_times_finer_than_microseconds_stay_as_said():
    notice = one(load("einstein-probe-wxt"))
    assert notice.to_json()["time"] == "2026-05-06T07:08:09.123456Z"
    assert notice.extra["trigger_time"] == "2026-05-06T07:08:09.123456789Z"


@pytest.mark.parametrize("time", ["0000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "yesterday", 12, ["x"], "9999-12-31"])
def test_an_impossible_time_is_null_and_stays_as_said(time):
    notice = one({**load("km3net"), "trigger_time": time})
    assert notice.time is None
    assert notice.extra["trigger_time"] == time


def test_detectors_that_triggered_are_the_instruments():
    assert one(load("snews-coincidence")).instruments == ("Super-K", "IceCube")
    assert one(load("fermi-gbm-flight")).instruments == ("GBM",)


def test_boom_gives_a_notice_a_target():
    first, second = read(load("boom-targets"))
    assert (first.event, first.kind, first.source) == ("ZTF26aaaaaab", "OT", "BOOM")
    assert first.classification == {"Type II": 0.9}
    assert first.cites == (Cite("S260314ab", "coincidence"),)
    assert first.sky.to_json() == {"type": "point", "ra_deg": 150.25, "dec_deg": 15.125}
    assert second.event == "ZTF26aaaaaac"
    assert second.extra["photometry"] == [{"target_name": "ZTF26aaaaaac", "date_obs": 61006.5, "brightness": 18.5}]
    assert "photometry" not in first.extra


def test_boom_names_its_targets_as_events_are():
    """gcn/notices/boom/alert.schema.json of release 7: core Event and Localization, scores by class."""
    target = {
        "event_name": ["ZTF26aaaaaab", "AT 2026ab"],
        "ra": 1.5,
        "dec": 2.5,
        "classification_scores": {"Type II": 0.9},
    }
    rows = [{"event_name": "ZTF26aaaaaac", "mag": 18.1}]
    said = {**load("boom-targets"), "data": {"targets": [target, {"event_name": "ZTF26aaaaaac"}], "photometry": rows}}
    first, second = read(said)
    assert (first.event, first.aliases, first.classification) == ("ZTF26aaaaaab", ("AT 2026ab",), {"Type II": 0.9})
    assert (first.sky.ra_deg, first.sky.dec_deg) == (1.5, 2.5)
    assert (second.event, second.extra["photometry"]) == ("ZTF26aaaaaac", rows)


def test_too_many_targets_are_refused():
    with pytest.raises(Unparsable, match="targets"):
        read({**load("boom-targets"), "data": {"targets": [{"name": f"x{n}"} for n in range(201)]}})


def test_a_pointing_is_no_event():
    assert (
        parsers.parse("gcn.notices.x", opened(b'{"$schema": "a/gcn/notices/core/Pointing.schema.json"}')).notices == ()
    )
    assert read(load("core-pointing")) == ()


def test_a_name_too_long_is_refused():
    with pytest.raises(Unparsable, match="longer than 200"):
        read({**load("km3net"), "id": "9" * 10_000})


def test_hundreds_of_ids_are_refused():
    with pytest.raises(Unparsable, match="ids"):
        read({**load("km3net"), "id": [str(n) for n in range(500)]})


def test_classic_notices_as_json_keep_their_names():
    """nasa-gcn/gcn-schema, gcn/notices/classic: dates of one digit, ids as integers, AMON speaking for IceCube."""
    said = {
        "$schema": SCHEMA + "classic/amon/alert.schema.json", "mission": "AMON", "id": ["135196_31863828"],
        "alert_datetime": "2026-4-16T02:03:57Z", "trigger_time": "26-04-16T01:58:00.70Z", "ra": 194.0, "dec": -6.0,
        "ra_dec_error": 19.5, "signalness": 0.8, "event_name": ["IceCubeCascade-260416a"],
    }  # fmt: skip
    notice = one(said)
    assert (notice.event, notice.source, notice.kind) == ("IceCube 135196_31863828", "IceCube", "NU")
    assert notice.to_json()["sent"] == "2026-04-16T02:03:57.000000Z"
    assert notice.to_json()["time"] == "2026-04-16T01:58:00.700000Z"
    assert notice.extra["trigger_time"] == "26-04-16T01:58:00.70Z"
    calet = {
        "$schema": SCHEMA + "classic/calet_gbm/alert.schema.json",
        "mission": "CALET",
        "id": [13],
        "ra": 1,
        "dec": 2,
    }
    assert one(calet).sky is None
    lvc = {"$schema": SCHEMA + "classic/lvc/alert.schema.json", "mission": "LVK", "id": ["S260314ab"]}
    notice = one({**lvc, "notice_type": "Preliminary", "messenger": "GW"})
    assert (notice.event, notice.kind, notice.source, notice.alert_type) == ("S260314ab", "GW", "LVK", "preliminary")


def test_a_search_about_a_superevent_is_a_followup_where_it_is_named_too():
    """IceCube's searches of 2023 had the superevent as `event_name`, and words as `id`."""
    said = {
        "$schema": SCHEMA + "icecube/LVK_nu_track_search.schema.json",
        "event_name": ["S260314ab"],
        "id": ["Initial"],
    }
    notice = one({**said, "trigger_time": "2026-03-14T05:22:26.0Z"})
    assert (notice.event, notice.alert_type, notice.kind) == ("S260314ab", "followup", "NU")


def test_an_instrument_may_be_said_with_its_mission():
    said = {"$schema": SCHEMA + "fermi/lat/Alert.schema.json", "mission": "Fermi", "instrument": "Fermi-LAT"}
    assert one({**said, "id": ["bn260314001"], "alert_type": "initial"}).source == "Fermi LAT"


def test_snews_alerts_are_called_after_their_first_neutrino_as_in_its_own_stream():
    """The server's id is of one alert; its update has another, and both are about one supernova."""
    said = {
        "$schema": SCHEMA + "snews2/coincidence.schema.json",
        "mission": "SNEWS",
        "event_times_utc": ["2026-06-18T16:21:07.312Z"],
    }
    names = ["SNEWS_Coincidence_ALERT 2026-06-18T16:23:21.937Z", "SNEWS_Coincidence_ALERT-UPDATE 2026-06-18T16:24:00Z"]
    assert {one({**said, "id": name}).event for name in names} == {"SNEWS 2026-06-18T16:21:07Z"}
    assert one({**said, "id": names[0]}).id == names[0]


def test_lvks_alert_in_gcns_words():
    """gcn/notices/lvk/alert.schema.json: what a superevent coincides with, and whether it is significant."""
    notice = one(
        {
            "$schema": SCHEMA + "lvk/alert.schema.json", "id": ["MS260301ab"], "significant": True,
            "external_coincidence": {"gcn_notice_id": 524666471, "ivorn": "ivo://nasa.gsfc.gcn/Fermi#x"},
        }
    )  # fmt: skip
    assert (notice.event, notice.role, notice.properties) == ("MS260301ab", "test", {"significant": True})
    assert notice.cites == (Cite("ivo://nasa.gsfc.gcn/Fermi#x", "coincidence"),)


def test_a_search_about_a_mock_event_is_a_test():
    """The normal form: mock messages are `test` whatever the channel calls them."""
    said = {"$schema": SCHEMA + "fermi/gbm/TargetedSearch.schema.json", "alert_tense": "current", "id": "699554499710"}
    assert one({**said, "follow_up_event": "MS260303q"}).role == "test"
    assert one({**said, "follow_up_event": "S260303q"}).role == "observation"


def test_a_burst_of_dsa110_lasts_milliseconds():
    """gcn/notices/dsa110/frb.schema.json: event_duration, "in milliseconds"."""
    notice = one({"$schema": SCHEMA + "dsa110/frb.schema.json", "id": "240918aaaa", "event_duration": 1.5})
    assert (notice.properties["duration_s"], notice.extra["event_duration"]) == (0.0015, 1.5)


def test_maxis_first_error_regions():
    """gcn/notices/maxi/gsc.unknown.schema.json of 2023: a circle and an ellipse under names of their own."""
    said = {
        "$schema": SCHEMA + "maxi/gsc.unknown.schema.json",
        "id": "99",
        "ra": 6.5,
        "dec": 8.5,
        "circle_error_radius": 1.0,
    }
    assert (one(said).sky.type, one(said).sky.radius_deg) == ("circle", 1.0)
    sky = one({**said, "elliptical_error_radii": [0.22, 0.19], "elliptical_error_roll": 153.0}).sky
    assert (sky.type, sky.semi_axes_deg, sky.angle_deg) == ("ellipse", (0.22, 0.19), 153.0)


def test_errors_as_the_first_schemas_spelled_them():
    """gcn/notices/core/Localization.schema.json of 2022: an array an axis."""
    said = {"mission": "Swift", "id": ["1"], "alert_datetime": "2026-01-01T00:00:00Z", "ra": 14.5, "dec": -40.125}
    assert says(one({**said, "alert_type": "update", "ra_uncertainty": [0.25]}))["sky"] == {
        "type": "circle", "ra_deg": 14.5, "dec_deg": -40.125, "radius_deg": 0.25, "containment": 0.9,
    }  # fmt: skip
    round_one = {
        **said,
        "alert_type": "initial",
        "uncertainty_shape": "circle",
        "ra_uncertainty": [10],
        "dec_uncertainty": [10],
    }
    assert says(one(round_one))["sky"]["type"] == "circle"


def trigger(schema, word="initial", **said):
    """A trigger's notice, ours; authority: gcn/notices/swift and svom of nasa-gcn/gcn-schema, kinds of notices by packet."""
    return one(
        {"$schema": f"{SCHEMA}{schema}.schema.json", "alert_type": word, "trigger_time": "2026-03-05T01:02:03Z", **said}
    )


@pytest.mark.parametrize(
    ("schema", "said", "expected"),
    [
        ("swift/bat/position", {"mission": "SWIFT", "instrument": "BAT", "id": "1300001"}, "initial"),
        ("swift/bat/lightcurve", {"mission": "SWIFT", "instrument": "BAT", "id": "1300001"}, "other"),
        ("swift/bat/scaled_map", {"mission": "SWIFT", "instrument": "BAT", "id": "1300001"}, "other"),
        ("swift/xrt/position", {"mission": "SWIFT", "instrument": "XRT", "id": "1300001"}, "followup"),
        ("swift/xrt/lightcurve", {"mission": "SWIFT", "instrument": "XRT", "id": 1300001}, "followup"),
        ("swift/uvot/position", {"mission": "SWIFT", "instrument": "UVOT", "id": "1300001"}, "followup"),
        ("svom/mxt/localization", {"mission": "SVOM", "instrument": "MXT", "id": ["sb26030503"]}, "followup"),
        ("svom/trigger", {"mission": "SVOM", "instrument": "GRM", "id": ["sb26030503"]}, "initial"),
    ],
)
def test_another_telescopes_look_is_no_first_word_of_the_trigger(schema, said, expected):
    assert trigger(schema, **said).alert_type == expected
    assert trigger(schema, "retraction", **said).alert_type == "retraction"
