"""LVK alerts. Authority: the public alert schema (igwn.alerts v1.0) and the rules of the normal form."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io

import numpy
import pytest
from astropy.io import fits
from fastavro import writer

from tests.notices import load, one, opened, read, says
from tom_scimma import parsers
from tom_scimma.errors import Unparsable
from tom_scimma.notice import Cite


def skymap(distance: bool = True) -> bytes:
    """A multi-order map of twelve pixels, written by astropy as BAYESTAR would head it."""
    columns = [
        fits.Column("UNIQ", "K", array=numpy.arange(4, 16)),
        fits.Column("PROBDENSITY", "D", unit="sr-1", array=numpy.full(12, 1 / (4 * numpy.pi))),
    ]
    table = fits.BinTableHDU.from_columns(columns)
    table.header["ORDERING"] = "NUNIQ"
    if distance:
        table.header["DISTMEAN"] = (141.5, "Posterior mean distance (Mpc)")
        table.header["DISTSTD"] = (38.25, "Posterior standard deviation of distance (Mpc)")
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(buffer)
    return buffer.getvalue()


def with_map(data: bytes | None, name: str = "igwn-preliminary") -> dict:
    said = load(name)
    said["event"]["skymap"] = data if data is None else base64.b64encode(data).decode()
    return said


def test_a_preliminary_alert_field_by_field():
    data = skymap()
    notice = one(with_map(data))
    assert says(notice) == {
        "event": "S260314ab",
        "kind": "GW",
        "alert_type": "preliminary",
        "role": "observation",
        "source": "LVK",
        "time": "2026-03-14T02:11:08.427000Z",
        "sent": "2026-03-14T02:11:40.000000Z",
        "instruments": ["H1", "L1", "V1"],
        "far_hz": 3.1e-10,
        "classification": {"BNS": 0.81, "NSBH": 0.17, "BBH": 0.0, "Terrestrial": 0.02},
        "properties": {
            "HasNS": 0.98, "HasRemnant": 0.71, "HasMassGap": 0.03, "HasSSM": 0.0, "significant": True,
            "group": "CBC", "pipeline": "pycbc", "search": "AllSky",
        },
        "sky": {"type": "healpix", "skymap_sha256": hashlib.sha256(data).hexdigest()},
        "distance_mpc": [141.5, 38.25],
        "links": {"gracedb": "https://gracedb.ligo.org/superevents/S260314ab/view/"},
    }  # fmt: skip
    assert notice.skymaps == {"skymap": data}


@pytest.mark.parametrize(
    ("sent", "ours"),
    [
        ("EARLYWARNING", "early_warning"),
        ("EARLY_WARNING", "early_warning"),
        ("PRELIMINARY", "preliminary"),
        ("INITIAL", "initial"),
        ("UPDATE", "update"),
        ("RETRACTION", "retraction"),
        ("SOMETHING_NEW", "other"),
    ],
)
def test_every_alert_type(sent, ours):
    assert one({**load("igwn-preliminary"), "alert_type": sent}).alert_type == ours


def test_an_unknown_alert_type_is_kept_as_said():
    assert one({**load("igwn-preliminary"), "alert_type": "SOMETHING_NEW"}).extra["alert_type"] == "SOMETHING_NEW"


def test_a_retraction_says_nothing_but_its_name():
    notice = one(load("igwn-retraction"))
    assert (notice.event, notice.alert_type, notice.role) == ("S260314ab", "retraction", "observation")
    assert notice.time is None
    assert notice.far_hz is None
    assert notice.sky is None
    assert notice.instruments == ()
    assert notice.properties == {}


def test_a_retraction_may_leave_out_its_empty_event():
    said = load("igwn-retraction")
    del said["event"], said["external_coinc"]
    assert says(one(said)) == says(one(load("igwn-retraction")))


def test_a_null_event_in_another_alert_is_no_crash():
    assert one({**load("igwn-preliminary"), "event": None}).alert_type == "preliminary"


@pytest.mark.parametrize(
    ("name", "role"),
    [("S260314ab", "observation"), ("MS260314c", "test"), ("TS260314c", "test"), ("MS260314c2", "test")],
)
def test_mock_and_test_ids_are_tests(name, role):
    assert one({**load("igwn-preliminary"), "superevent_id": name}).role == role


def test_mock_data_under_a_real_name_are_a_test():
    said = load("igwn-preliminary")
    said["event"]["search"] = "MDC"
    assert one(said).role == "test"


def test_a_name_in_capitals_is_the_same_event():
    assert one({**load("igwn-preliminary"), "superevent_id": "s260314AB"}).event == "S260314ab"


def test_a_burst():
    notice = one(load("igwn-burst"))
    assert notice.classification == {}
    assert notice.properties["duration_s"] == 0.021
    assert notice.properties["central_frequency_hz"] == 812.5
    assert notice.properties["group"] == "Burst"
    assert notice.distance_mpc is None
    assert notice.sky is None


def test_a_burst_map_has_no_distance():
    assert one(with_map(skymap(distance=False), "igwn-burst")).distance_mpc is None


def test_a_gzipped_map_is_hashed_as_sent_and_gives_its_distance():
    data = gzip.compress(skymap())
    notice = one(with_map(data))
    assert notice.sky.skymap_sha256 == hashlib.sha256(data).hexdigest()
    assert notice.distance_mpc == (141.5, 38.25)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("U0lNUExFICA9ICA...", "not base64"),
        ("aGVsbG8gd29ybGQ=", "not FITS"),
        (17, "neither base64"),
        ("é", "not base64"),
    ],
)
def test_a_bad_map_costs_the_map_and_not_the_notice(sent, words):
    said = load("igwn-preliminary")
    said["event"]["skymap"] = sent
    notice = one(said)
    assert notice.sky is None
    assert notice.skymaps == {}
    assert words in notice.extra["skymap_error"]
    assert notice.far_hz == 3.1e-10


def test_a_missing_map_is_no_error():
    said = load("igwn-preliminary")
    del said["event"]["skymap"]
    assert "skymap_error" not in one(said).extra


def test_an_external_coincidence():
    said = load("igwn-coincidence")
    data = skymap()
    said["external_coinc"]["combined_skymap"] = base64.b64encode(data).decode()
    notice = one(said)
    assert notice.cites == (Cite("ivo://lvk.internal/swift#targeted_subthreshold-2026", "coincidence"),)
    assert notice.skymaps == {"combined": data}
    coincidence = notice.extra["external_coinc"]
    assert coincidence["combined_skymap"] == hashlib.sha256(data).hexdigest()
    assert coincidence["time_difference"] == -1.75
    assert coincidence["time_sky_position_coincidence_far"] is None
    assert notice.extra["schema_version"] == "v1_0"
    assert "not base64" in notice.extra["skymap_error"]


def test_a_coincidence_without_an_ivorn_cites_the_notice_number():
    said = load("igwn-coincidence")
    said["external_coinc"]["ivorn"] = None
    assert one(said).cites == (Cite("761234567", "coincidence"),)


def test_unknown_keys_are_kept_where_they_were_said():
    said = load("igwn-preliminary")
    said["mood"] = "good"
    said["event"]["snr"] = 12.5
    extra = one(said).extra
    assert extra["mood"] == "good"
    assert extra["event"] == {"snr": 12.5}


def test_values_of_an_unexpected_kind_stay_as_said():
    said = load("igwn-burst")
    odd = {"duration": "long", "group": ["CBC"], "classification": "BNS", "properties": {"HasNS": [1]}}
    said["event"].update(odd)
    assert one(said).extra["event"] == odd


def test_a_rate_that_is_none_is_kept_as_said():
    said = load("igwn-preliminary")
    said["event"]["far"] = -1
    notice = one(said)
    assert notice.far_hz is None
    assert notice.extra["far"] == -1


@pytest.mark.parametrize(
    "change",
    [
        {"superevent_id": None, "urls": None},
        {"superevent_id": "\x00\x01"},
        {"superevent_id": "S" * 10_000},
        {"event": "no"},
    ],
)
def test_what_cannot_be_an_alert_is_unparsable_and_says_why(change):
    with pytest.raises(Unparsable, match="event"):
        read({**load("igwn-preliminary"), **change}, "igwn.gwalert")


def test_an_alert_that_names_no_superevent_is_called_after_its_page():
    said = load("igwn-preliminary")
    said["urls"] = {"gracedb": f"https://gracedb.example.org/superevents/{said['superevent_id']}/view/"}
    assert one({**said, "superevent_id": None}).event == said["superevent_id"]


def test_the_topic_demands_its_records():
    with pytest.raises(Unparsable, match=r"igwn\.gwalert carries igwn records"):
        read({"hello": 1}, "igwn.gwalert")


def test_control_characters_never_reach_a_name():
    assert one({**load("igwn-preliminary"), "superevent_id": " S260314ab\x00\x1b\n"}).event == "S260314ab"


def test_html_in_a_name_is_only_text():
    assert one({**load("igwn-preliminary"), "superevent_id": "<b>S1</b>"}).event == "<b>S1</b>"


def test_a_link_is_only_an_address_of_the_web():
    said = load("igwn-preliminary")
    said["urls"] = {"gracedb": "javascript:alert(1)", "other": "https://example.org/x"}
    notice = one(said)
    assert notice.links == {"other": "https://example.org/x"}
    assert notice.extra["urls"] == {"gracedb": "javascript:alert(1)"}


def test_avro_says_the_same_as_json():
    """The authority is fastavro, which writes the file."""
    data = skymap()
    said = load("igwn-preliminary")
    said["event"]["skymap"] = data
    numbers = {"type": "map", "values": "double"}
    event = [
        {"name": "significant", "type": ["null", "boolean"]}, {"name": "time", "type": "string"},
        {"name": "far", "type": "double"}, {"name": "instruments", "type": {"type": "array", "items": "string"}},
        {"name": "group", "type": {"type": "enum", "name": "Group", "symbols": ["CBC", "Burst"]}},
        {"name": "pipeline", "type": "string"}, {"name": "search", "type": "string"},
        {"name": "properties", "type": ["null", numbers]}, {"name": "classification", "type": ["null", numbers]},
        {"name": "duration", "type": ["null", "double"]}, {"name": "central_frequency", "type": ["null", "double"]},
        {"name": "skymap", "type": ["null", "bytes"]},
    ]  # fmt: skip
    schema = {
        "type": "record", "name": "igwn.alerts.v1_0.Alert", "fields": [
            {"name": "alert_type", "type": "string"}, {"name": "time_created", "type": "string"},
            {"name": "superevent_id", "type": "string"}, {"name": "urls", "type": {"type": "map", "values": "string"}},
            {"name": "event", "type": ["null", {"type": "record", "name": "Event", "fields": event}]},
            {"name": "external_coinc", "type": ["null", "string"]},
        ],
    }  # fmt: skip
    buffer = io.BytesIO()
    writer(buffer, schema, [said])
    (notice,) = parsers.parse("igwn.gwalert", opened(buffer.getvalue(), "avro")).notices
    assert notice.to_json() == one(with_map(data)).to_json()
    assert notice.skymaps == {"skymap": data}


def test_the_internal_stream_is_nobodys():
    said = {"uid": "S260314ab", "alert_type": "new", "object": {"superevent_id": "S260314ab", "t_0": 1457400000.1}}
    assert parsers.parse("somewhere", opened(b'{"uid": "S1", "alert_type": "log"}')) == parsers.Parsed(None)
    assert read(said) == ()
