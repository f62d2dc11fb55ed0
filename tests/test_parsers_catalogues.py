"""What others know of an event: the TNS, Blast, GraceDB; and Rubin's packets without a schema. All data are ours.

Authority: wis-tns.org/content/tns-getting-started, scimma/blast's exports, gracedb.ligo.org/documentation/models.html, Confluent's
wire format and Apache Avro 1.11 (fastavro writes what we read).
"""

from __future__ import annotations

import io
import json
import struct

import fastavro
import pytest

from tests.notices import load, one, opened, read
from tests.test_parsers_igwn import skymap
from tom_scimma import parsers, reading
from tom_scimma.decode import confluent, decode
from tom_scimma.errors import Undecodable, Unparsable
from tom_scimma.parsers import gracedb
from tom_scimma.record import Record

CATALOGUE = b""""2026-03-05 00:00:00 - 23:59:59"
"objid","name_prefix","name","ra","declination","redshift","typeid","type","discoverydate","discoverymag","internal_names","lastmodified"
"170001","AT","2026abc","10.5000000","-5.2500000","","","","2026-03-05 01:02:03.450","18.5","OURS26a, OTHER, 26","2026-03-05 02:00:00"
"170002","SN","2026abd","359.9","89.5","0.02","3","SN Ia","2026-03-04 00:00:00","19","","2026-03-05 03:00:00"
"""


def test_rows_of_the_public_objects():
    (first, second) = parsers.parse("tns", opened(CATALOGUE)).notices
    assert (first.event, first.kind, first.alert_type, first.source, first.id) == (
        "AT 2026abc",
        "OT",
        "report",
        "TNS",
        "170001",
    )
    assert first.aliases == ("OURS26a", "OTHER", "26")
    assert (first.sky.ra_deg, first.sky.dec_deg, first.sky.type) == (10.5, -5.25, "point")
    assert first.time.isoformat() == "2026-03-05T01:02:03.450000+00:00"
    assert first.sent.isoformat() == "2026-03-05T02:00:00+00:00"
    assert first.properties == {"discoverymag": 18.5}
    assert first.links == {"TNS": "https://www.wis-tns.org/object/2026abc"}
    assert (second.event, second.aliases, second.properties["type"]) == ("SN 2026abd", ("AT 2026abd",), "SN Ia")
    assert opened(CATALOGUE).format == "csv"
    assert parsers.parse("file", opened(CATALOGUE)).parser == "tns"


def test_text_with_commas_is_no_table():
    assert opened(b"one, two, three\n1, 2, 3\n").format == "blob"


def test_an_object_of_the_api_has_degrees_beside_hours():
    notice = one(load("tns-object"))
    assert (notice.event, notice.aliases) == ("SN 2026abc", ("AT 2026abc", "OURS26a", "OTHER26b"))
    assert (notice.sky.ra_deg, notice.sky.dec_deg) == (10.5, -5.25)
    assert notice.properties == {"redshift": 0.02, "discoverymag": 18.5, "type": "SN Ia"}
    row = load("tns-object")["data"]["reply"]
    hours = one({**row, "radeg": None, "decdeg": None})
    assert (hours.sky.ra_deg, hours.sky.dec_deg) == (10.5, -5.25)
    assert read({"id_code": 200, "data": {"reply": []}}) == ()
    assert [n.event for n in read({"id_code": 200, "data": [{"objname": "2026abc", "prefix": "AT", "objid": 1}]})] == [
        "AT 2026abc"
    ]


def test_an_at_report_is_known_by_what_its_finder_calls_it():
    report = {"ra": {"value": "00:42:00"}, "dec": {"value": "-5.25"}, "at_type": "1", "internal_name": "OURS26a",
              "discovery_datetime": "2026-03-05 01:02:03", "transient_redshift": 0.02, "remarks": "Look."}  # fmt: skip
    notice = one({"0": report})
    assert (notice.event, notice.sky.ra_deg, notice.time.second, notice.text) == ("OURS26a", 10.5, 3, "Look.")
    with pytest.raises(Unparsable, match="internal_name"):
        read({"0": {**report, "internal_name": ""}})
    burst = one({"frb_report": {"0": {**report, "at_type": "5", "dm": "308.1"}}})
    assert (burst.event, burst.kind, burst.properties["dm"], burst.sky.ra_deg) == ("OURS26a", "FRB", 308.1, 10.5)
    assert one({"at_report": {"0": report}, "frb_report": "none"}).kind == "OT"


def test_blast_says_what_it_knows_of_the_host():
    notice = one(load("blast-export"))
    assert (notice.event, notice.aliases, notice.alert_type, notice.source) == (
        "SN 2026abc",
        ("AT 2026abc",),
        "report",
        "Blast",
    )
    assert (notice.sky.ra_deg, notice.sky.dec_deg) == (10.5, -5.25)
    assert notice.properties == {"redshift": 0.02, "spectroscopic_class": "SN Ia"}
    assert notice.sent.isoformat() == "2026-03-06T00:00:00.500000+00:00"
    assert notice.extra["host"]["name"] == "A galaxy"
    assert notice.extra["transient"]["public_timestamp"] == "2026-03-05T02:00:00Z"
    assert (notice.id, notice.time, notice.extra["apertures"]) == (None, None, 1)


def test_a_superevent_of_gracedb():
    notice = one(load("gracedb-superevent"))
    assert (notice.event, notice.aliases, notice.alert_type, notice.role) == (
        "S260305ab",
        ("GW260305",),
        "initial",
        "observation",
    )
    assert notice.time.isoformat() == "2026-03-05T01:02:03.250000+00:00"  # GPS is 18 s ahead of UTC
    assert (notice.instruments, notice.far_hz, notice.properties["pipeline"]) == (("H1", "L1"), 1e-9, "gstlal")
    assert notice.links["gracedb"] == "https://gracedb.example.org/superevents/S260305ab/view/"
    assert one({**load("gracedb-superevent"), "labels": ["ADVNO", "ADVOK"]}).alert_type == "retraction"
    assert one({**load("gracedb-superevent"), "category": "MDC"}).role == "test"
    assert parsers.parse("file", opened(json.dumps(load("gracedb-superevent")).encode())).parser == "gracedb"


def test_the_files_of_a_superevent_are_part_of_it():
    fits = skymap()
    files = {"p_astro.json,1": b'{"BNS": 0.75, "Terrestrial": 0.25}', "em_bright.json": b'{"HasNS": 1.0}', "x.multiorder.fits,2": fits,
             "bayestar.fits.gz": b"not this one", "broken.json": b"{"}  # fmt: skip
    notice = gracedb.notice(load("gracedb-superevent"), files, map_url="https://example.org/bayestar.multiorder.fits,2")
    assert notice.classification == {"BNS": 0.75, "Terrestrial": 0.25}
    assert notice.properties["HasNS"] == 1.0
    assert notice.skymaps["skymap"] == fits
    assert (notice.sky.type, notice.sky.skymap_url) == ("healpix", "https://example.org/bayestar.multiorder.fits,2")


#: what a Rubin packet of each bundled schema says
PACKET = {
    "alertId": 5, "diaSourceId": 7, "observation_reason": None, "target_name": None,
    "diaSource": {"diaSourceId": 7, "diaObjectId": 9, "ra": 10.5, "dec": -5.25, "midpointMjdTai": 61104.0, "band": "r", "psfFlux": 1.0},
}  # fmt: skip


def framed(number, said=PACKET):
    schema = confluent.unfolded((confluent._BUNDLED / f"{number}.txt").read_text())
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema), _whole(schema, said))
    return b"\0" + struct.pack(">I", number) + buffer.getvalue()


def _whole(schema, said):
    """The record with something in every field that may not be null."""
    empty = {"long": 0, "int": 0, "double": 0.0, "float": 0.0, "boolean": False, "string": "", "bytes": b""}
    found = {}
    for field in schema["fields"]:
        kind, value = field["type"], said.get(field["name"])
        if isinstance(kind, dict) and kind["type"] == "record":
            found[field["name"]] = _whole(kind, value or {})
        elif isinstance(kind, list) or value is not None:
            found[field["name"]] = value
        else:
            found[field["name"]] = [] if isinstance(kind, dict) else empty[kind]
    return found


@pytest.mark.parametrize("number", [700, 701, 702, 703, 704, 800, 900, 1000, 1001, 1100, 1101])
def test_rubins_packets_as_confluent_frames_them(number):
    document = decode(Record(topic="file", payload=framed(number)))
    assert document.format == "avro"
    (notice,) = parsers.parse("file", document).notices
    assert (notice.event, notice.id, notice.properties["band"]) == ("Rubin 9", "7", "r")
    assert parsers.home_topic(parsers.parse("file", document)) == "lsst"
    assert notice.time.isoformat() == "2026-03-04T23:59:23+00:00"  # TAI
    assert (notice.sky.ra_deg, notice.sky.dec_deg) == (10.5, -5.25)


def test_a_schema_that_is_not_here_is_asked_for_and_then_read_from_its_folder(tmp_path):
    schema = {"type": "record", "name": "alert", "fields": [{"name": "diaSourceId", "type": "long"}]}
    payload = b"\0" + struct.pack(">I", 4321) + b"\x0e"
    item = reading.read(Record(topic="lsst.alerts", payload=payload))
    assert item.state == "quarantined"
    assert "schema 4321" in item.error
    assert "4321.avsc" in item.error
    assert "704, 800, 900, 1000" in item.error
    (tmp_path / "4321.avsc").write_text(json.dumps(schema))
    assert decode(Record(topic="lsst.alerts", payload=payload), schemas=str(tmp_path)).content == [{"diaSourceId": 7}]


@pytest.mark.parametrize("cut", [6, 40, -1])
def test_a_packet_cut_short_is_an_error_where_one_was_meant(cut):
    with pytest.raises(Undecodable):
        decode(Record(topic="lsst.alerts", payload=framed(1000)[:cut]))


def test_a_zero_byte_alone_makes_no_packet():
    classic = struct.pack(">40i", 61, 1, *([0] * 38))
    assert decode(Record(topic="gcn.classic.binary.ANY", payload=classic)).format == "blob"
    assert decode(Record(topic="file", payload=b"\0\0\0\x03\xe8 by chance")).format == "blob"
