"""Who gets which message, and what all parsers share."""

from __future__ import annotations

import json
import re
import types
from pathlib import Path

import pytest

from tests.notices import load, opened, read
from tom_scimma import parsers
from tom_scimma.decode import Document
from tom_scimma.errors import Unparsable
from tom_scimma.parsers import fields

ADDING = Path(parsers.__file__).with_name("ADDING.md").read_text()


@pytest.mark.parametrize(
    ("topic", "home"),
    [
        ("igwn.gwalert", "igwn"),
        ("gcn.notices.svom.voevent.eclairs", "gcn_json"),
        ("gcn.heartbeat", "heartbeat"),
        ("sys.heartbeat", "heartbeat"),
        ("gcn.circulars", "circular"),
        ("gcn.circulars.gw", "circular"),
        ("igwn.gwalertx", None),
    ],
)
def test_the_table_of_topics(topic, home):
    assert parsers.at_home(topic) == home


def test_every_parser_of_the_table_exists_and_has_a_home():
    assert set(parsers.TOPICS.values()) == set(parsers.PARSERS) == set(parsers.HOME)


@pytest.mark.parametrize(
    ("sample", "parser"),
    [
        ("igwn-retraction", "igwn"),
        ("heartbeat", "heartbeat"),
        ("svom-eclairs", "gcn_json"),
        ("core-pointing", "gcn_json"),
    ],
)
def test_content_is_recognised_without_a_topic(sample, parser):
    assert parsers.parse("file", opened(json.dumps(load(sample)).encode())).parser == parser


def test_content_wins_over_a_topic_that_carries_something_else():
    document = opened(json.dumps(load("igwn-retraction")).encode())
    assert parsers.parse("gcn.notices.svom.trigger", document).parser == "igwn"


def test_a_heartbeat_is_whatever_comes_on_its_topic():
    for payload in (b'{"timestamp": 1, "count": 2}', b"alive", b"\xff\x00", b"<a/>"):
        assert parsers.parse("sys.heartbeat", opened(payload)) == parsers.Parsed("heartbeat")


def test_what_nobody_knows():
    for payload in (b'{"title": "a HERMES message", "data": {}}', b"prose", b"\xff\x00", b"[1, 2]"):
        assert parsers.parse("hermes.test", opened(payload)) == parsers.Parsed(None)


def test_known_topics_quarantine_what_is_not_theirs():
    for payload in (b"prose", b"\xff\x00", b"[1, 2]", b'{"a": 1}'):
        with pytest.raises(Unparsable, match=r"igwn\.gwalert carries igwn records"):
            parsers.parse("igwn.gwalert", opened(payload))


def test_many_records_give_many_notices():
    parsed = parsers.parse("file", opened(b"\n".join(json.dumps(load(x)).encode() for x in ("km3net", "igwn-burst"))))
    assert [notice.event for notice in parsed.notices] == ["KM3NeT 17", "S260315q"]


def test_too_many_records_are_refused():
    with pytest.raises(Unparsable, match="records"):
        parsers.parse("file", Document("avro", [{}] * 1001))


def test_the_home_of_a_message_without_a_topic():
    for sample, topic in (("igwn-burst", "igwn.gwalert"), ("fermi-gbm-flight", "gcn.notices.fermi.gbm.trigger")):
        parsed = parsers.parse("file", opened(json.dumps(load(sample)).encode()))
        assert parsers.home_topic(parsed) == topic
    assert parsers.home_topic(parsers.Parsed(None)) == ""


def test_parsing_changes_nothing_in_the_document():
    document = opened(json.dumps(load("igwn-coincidence")).encode())
    before = json.dumps(document.content)
    parsers.parse("file", document)
    assert json.dumps(document.content) == before


def test_names_are_one_clean_line():
    assert fields.clean("  GRB\t260220A\x00 \u202e") == "GRB 260220A"
    assert fields.clean("Ame\u0301lie") == "Am\u00e9lie"
    assert fields.clean(12) == "12"
    assert fields.clean(12.0) == "12"
    assert fields.clean(True) == fields.clean(None) == fields.clean([]) == ""
    assert fields.clean("\ud800x") == "x"


def test_everything_in_extra_fits_a_json_column():
    said = {**load("km3net"), "note": "a\x00b", "deep": {"x": [1, {"y": None}]}}
    (notice,) = read(said)
    assert notice.extra["note"] == "ab"
    json.dumps(notice.to_json(), allow_nan=False).encode()
    assert fields.jsonable({1: b"abc", "x": float("nan")})["x"] is None
    assert fields.jsonable(b"abc")["bytes"] == 3


def test_the_example_of_adding_md_works_as_printed():
    ours = types.ModuleType("tom_scimma.parsers.ours")
    ours.__package__ = "tom_scimma.parsers"
    exec(re.search(r'```python\n(""".*?)```', ADDING, re.DOTALL)[1], ours.__dict__)
    said = {"telescope": "Our Own", "name": "7", "when": "soon", "ra": 1, "dec": 2, "ra_dec_error": 0.1, "mood": "good"}
    assert ours.recognises(said)
    (notice,) = ours.parse("ours.alerts", said)
    assert notice.event == "OOT 7"
    assert notice.sky.type == "circle"
    assert notice.extra == {"telescope": "Our Own", "mood": "good", "when": "soon"}
