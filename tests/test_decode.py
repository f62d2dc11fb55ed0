"""Bytes to documents. Authorities: json, fastavro, zlib, zstandard, hop-client's models and its BSON."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import struct
import time
import tracemalloc
import zlib

import fastavro
import hop.models
import pytest
import zstandard
from hop import bson as hop_bson

from tests.notices import opened, raw
from tom_scimma.decode import avro, decode, unpack
from tom_scimma.errors import Undecodable

VOEVENT = b"""<?xml version="1.0" encoding="UTF-8"?>
<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" ivorn="ivo://our.own/x#1" role="test" version="2.0">
<What><Param name="TrigID" value="1"/></What></voe:VOEvent>"""
CIRCULAR = "TITLE:   GCN CIRCULAR\nNUMBER:  1\nSUBJECT: GRB 260220A: seen\n\nWe saw it.\nTwice: yes."
NOTICE = "TITLE:  GCN/FERMI NOTICE\nNOTICE_DATE: Fri 20 Feb 26\nCOMMENTS: one\nCOMMENTS: two\n          three"


def container(records: list, schema: dict | str, codec: str = "null") -> bytes:
    buffer = io.BytesIO()
    fastavro.writer(buffer, schema, records, codec=codec)
    return buffer.getvalue()


def forged(schema, body: bytes, count: int = 1) -> bytes:
    """A container file whose schema and block say whatever we like."""

    def long(value: int) -> bytes:
        value, out = (value << 1) ^ (value >> 63), bytearray()
        while value > 0x7F:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*out, value])

    text = schema if isinstance(schema, bytes) else json.dumps(schema).encode()
    meta = long(1) + long(11) + b"avro.schema" + long(len(text)) + text + long(0)
    return b"Obj\x01" + meta + b"s" * 16 + long(count) + long(len(body)) + body + b"s" * 16


def record_of(**types) -> dict:
    return {"type": "record", "name": "R", "fields": [{"name": name, "type": kind} for name, kind in types.items()]}


# --- which format -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "label", "form", "content"),
    [
        (b'{"a": 1}', "", "json", {"a": 1}),
        (b'{"a": 1}', "json", "json", {"a": 1}),
        (b'{"a": 1}', "voevent", "voevent", {"a": 1}),
        (b'{"a": 1}', "circular", "circular", {"a": 1}),
        (b'{"a": 1}', "avro", "json", {"a": 1}),
        (b'{"a": 1}', "blob", "json", {"a": 1}),
        (b'{"a": 1}', "a-plugin", "json", {"a": 1}),
        (b'\xef\xbb\xbf \n{"a": 1}', "", "json", {"a": 1}),
        ('{"a": 1}'.encode("utf-16"), "", "json", {"a": 1}),
        (b"17", "json", "json", 17),
        (b"[1]", "", "json", [1]),
        (b'{"a": 1}\n{"b": 2}\n', "", "ndjson", [{"a": 1}, {"b": 2}]),
        (b'{"a":\n 1}  {"b": 2}', "json", "ndjson", [{"a": 1}, {"b": 2}]),
        (b'{"format": "blob", "content": {"a": 1}}', "", "json", {"a": 1}),
        (b'{"format": "voevent", "content": {"ivorn": "x"}}', "", "voevent", {"ivorn": "x"}),
        (b'{"format": "circular", "content": {"header": {}, "body": ""}}', "", "circular", {"header": {}, "body": ""}),
        (b'{"format": 1, "content": 2}', "", "json", {"format": 1, "content": 2}),
        (b'{"url": "https://a/msg/1"}', "external", "external", {"url": "https://a/msg/1"}),
        (b"[GCN] is what it is", "blob", "blob", "[GCN] is what it is"),
        (b"plain text", "", "blob", "plain text"),
        (b"plain text", "BLOB", "blob", "plain text"),
        (b"\x00\x01\xff", "", "blob", b"\x00\x01\xff"),
        (b"a < b", "", "blob", "a < b"),
    ],
)
def test_formats(payload, label, form, content):
    document = opened(payload, label)
    assert (document.format, document.content) == (form, content)


@pytest.mark.parametrize("label", ["", "voevent", "json-in-name-only"])
def test_a_voevent(label):
    document = opened(VOEVENT, label)
    assert document.format == "voevent"
    assert document.content.get("ivorn") == "ivo://our.own/x#1"


def test_a_voevent_after_prose():
    document = opened(b"A sample detection\r\n\r\n" + VOEVENT)
    assert document.format == "voevent"
    assert "skipped" in document.notes[0]


def test_json_called_xml_is_json():
    assert opened(b'{"superevent_id": "MS1"}', "voevent").content == {"superevent_id": "MS1"}


def test_other_xml_is_text():
    document = opened(b"<html><p>502</p></html>")
    assert (document.format, document.notes) == ("blob", ("XML with the root html, not a VOEvent",))


@pytest.mark.parametrize("label", ["", "circular"])
def test_a_circular_as_hop_reads_it(label):
    model = hop.models.GCNCircular.load(CIRCULAR)
    document = opened(CIRCULAR.encode(), label)
    assert document.format == "circular"
    assert document.content == {"header": model.header, "body": model.body}


@pytest.mark.parametrize("label", ["", "gcntextnotice"])
def test_a_classic_notice_as_hop_reads_it(label):
    document = opened(NOTICE.encode(), label)
    assert document.format == "gcntext"
    assert document.content == hop.models.GCNTextNotice.deserialize(NOTICE.encode()).fields


@pytest.mark.parametrize(
    "model",
    [
        hop.models.JSONBlob({"a": [1, None, "x"]}),
        hop.models.AvroBlob([{"a": 1, "b": []}, {"a": 2, "b": ["x"]}], single_record=False),
        hop.models.Blob(b"\x01\x02\xff"),
        hop.models.GCNCircular({"title": "x", "subject": "y"}, "body"),
        hop.models.VOEvent.load(VOEVENT),
    ],
    ids=lambda model: type(model).__name__,
)
def test_what_hop_sends_is_read(model):
    sent = model.serialize()
    document = opened(sent["content"], sent["format"])
    assert document.format == {"VOEvent": "voevent"}.get(type(model).__name__, sent["format"])
    if hasattr(model, "content"):
        assert document.content == model.content


def test_a_stub_in_bson():
    stub = {"url": "https://archive/msg/1", "size": 12, "more": {"a": True, "b": None, "c": b"xy", "d": 1.5}}
    assert opened(hop_bson.dumps(stub), "external").content == stub


@pytest.mark.parametrize(
    "payload", [b"", b"\x05\x00", b"\xff\xff\xff\xff\x00", b"\x0c\x00\x00\x00\x02ab", b"x" * 70_000]
)
def test_a_broken_stub(payload):
    with pytest.raises(Undecodable):
        opened(payload, "external")


# --- what labels promise ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "label", "words"),
    [
        (b"", "", "empty"),
        (b"prose", "json", "JSON"),
        (b'{"a": ', "", "JSON"),
        (b'{"a": 1} and more', "", "JSON"),
        (b"prose", "avro", "avro"),
        (b"prose", "voevent", "XML"),
        (b"<VOEvent><What></VOEvent>", "", "XML"),
        (b'<?xml version="1.0" encoding="klingon"?><VOEvent/>', "", "XML"),
        (b"Obj\x01", "", "Avro"),
        (b"   ", "json", "white space"),
    ],
)
def test_broken_bytes_say_what_is_wrong(payload, label, words):
    with pytest.raises(Undecodable, match=words):
        opened(payload, label)


# --- JSON -------------------------------------------------------------------------------------------------------


def test_json_that_people_send_all_the_same():
    document = opened(b'{"a": NaN, "b": [Infinity, -Infinity], "c": 1e999, "d": "x\ny"}')
    assert document.content == {"a": None, "b": [None, None], "c": None, "d": "x\ny"}
    assert any("NaN" in note for note in document.notes)
    document = opened(b'{"a": "caf\xe9"}')
    assert document.content == {"a": "caf\ufffd"}
    assert any("UTF-8" in note for note in document.notes)


def test_no_nul_and_no_half_characters():
    assert opened(b'{"a\\u0000": "b\\u0000c"}').content == {"a": "bc"}
    assert opened(b'["\\ud800x"]').content == ["\ufffdx"]
    assert opened(b'["\\ud83d\\ude00"]').content == ["\U0001f600"]


@pytest.mark.parametrize("payload", [b"[" * 65 + b"]" * 65, b'{"a":' * 100 + b"1" + b"}" * 100, b"[" * 5000])
def test_deep_json(payload):
    with pytest.raises(Undecodable):
        opened(payload)


def test_sixty_four_deep_is_deep_enough():
    assert opened(b"[" * 64 + b"]" * 64).format == "json"


def test_numbers_beyond_reason():
    for text in (b"1" * 5000, b"-" + b"9" * 100_000, b"0." + b"1" * 100_000, b"1e-99999", b"18446744073709551616"):
        (value,) = opened(b"[" + text + b"]").content
        assert value is None or isinstance(value, (int, float))
        json.dumps(value)


def test_a_million_values_are_enough():
    with pytest.raises(Undecodable, match="values"):
        opened(b"[" + b"{}," * 1_100_000 + b"{}]")


def test_a_thousand_documents_are_enough():
    with pytest.raises(Undecodable, match="documents"):
        opened(b"{}\n" * 1001)


# --- size and compression ---------------------------------------------------------------------------------------


def test_oversize():
    with pytest.raises(Undecodable, match="MAX_MESSAGE_BYTES"):
        decode(raw(b"x" * 1001), max_bytes=1000)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_compressed_messages(pack):
    document = opened(pack(b'{"a": 1}'))
    assert document.content == {"a": 1}
    assert document.notes[0].startswith("unpacked")


def peak(call) -> tuple[float, float]:
    """Seconds and peak MB of what must end in Undecodable."""
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(Undecodable):
        call()
    seconds = time.process_time() - start
    size = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return seconds, size


def zeros(gigabytes: int, bits: int) -> bytes:
    """That many GB of zeros, compressed: 16 MB packed once, up to a full flush, and repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b"\0" * (1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * (64 * gigabytes)


def test_a_gzip_bomb_of_2_gb_is_refused_within_bounds():
    bomb = zeros(2, 31)
    assert len(bomb) < 3 << 20
    seconds, size = peak(lambda: opened(bomb))
    assert seconds < 2
    assert size < 80


def test_a_zstd_bomb_is_refused_within_bounds():
    stream = zstandard.ZstdCompressor().compressobj(size=2 << 30)
    bomb = b"".join(stream.compress(b"\0" * (1 << 24)) for _ in range(128)) + stream.flush()
    _, size = peak(lambda: opened(bomb))
    assert size < 80


def test_members_of_gzip_are_counted():
    with pytest.raises(Undecodable, match="members"):
        opened(gzip.compress(b"") * 1000)
    assert opened(gzip.compress(b'{"a":') + gzip.compress(b"1}")).content == {"a": 1}


@pytest.mark.parametrize("codec", ["gzip", "deflate", "bzip2", "xz", "zstd"])
def test_damaged_compression(codec):
    for data in (b"\x1f\x8b\x08 no", b"", b"\x28\xb5\x2f\xfd\xff\xff\xff", b"\x00" * 40):
        with contextlib.suppress(Undecodable):
            assert len(unpack.inflate(codec, data, max_bytes=1000)) <= 1000


@pytest.mark.parametrize("cut", [10, 20, -1])
def test_truncated_gzip(cut):
    with pytest.raises(Undecodable, match=r"cut short|damaged"):
        opened(gzip.compress(b'{"a": "' + bytes(range(65, 91)) * 10 + b'"}')[:cut])


# --- XML --------------------------------------------------------------------------------------------------------

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><VOEvent>&d;</VOEvent>"""
OUTSIDE = b'<!DOCTYPE v [<!ENTITY x SYSTEM "file:///etc/passwd">]><VOEvent>&x;</VOEvent>'
OUTSIDE_DTD = b'<!DOCTYPE v SYSTEM "http://127.0.0.1:9/v.dtd"><VOEvent/>'


@pytest.mark.parametrize("payload", [LAUGHS, OUTSIDE, OUTSIDE_DTD])
def test_entities_and_dtds_are_refused(payload):
    with pytest.raises(Undecodable, match="refused"):
        opened(payload)


@pytest.mark.parametrize("innermost", [b"<b/>", b"<b></b>", b"<b>text</b>"])
def test_xml_may_be_sixty_four_deep_and_no_deeper(innermost):
    deep = {
        depth: b"<VOEvent>" + b"<a>" * (depth - 2) + innermost + b"</a>" * (depth - 2) + b"</VOEvent>"
        for depth in (64, 65)
    }
    assert opened(deep[64]).format == "voevent"
    with pytest.raises(Undecodable, match="more than 64 deep"):
        opened(deep[65])


def test_deep_and_wide_xml():
    with pytest.raises(Undecodable, match="deep"):
        opened(b"<VOEvent>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</VOEvent>")
    with pytest.raises(Undecodable, match="elements"):
        opened(b"<VOEvent>" + b"<a/>" * 200_001 + b"</VOEvent>")
    attributes = b" ".join(b'a%d=""' % n for n in range(1_100_000))
    with pytest.raises(Undecodable, match="attributes"):
        opened(b"<VOEvent " + attributes + b"/>")


# --- Avro -------------------------------------------------------------------------------------------------------

EVERYTHING = {
    "type": "record", "name": "our.Everything", "fields": [
        {"name": "n", "type": "null"}, {"name": "b", "type": "boolean"}, {"name": "i", "type": "int"},
        {"name": "l", "type": "long"}, {"name": "f", "type": "float"}, {"name": "d", "type": "double"},
        {"name": "s", "type": "string"}, {"name": "y", "type": "bytes"},
        {"name": "e", "type": {"type": "enum", "name": "Colour", "symbols": ["RED", "BLUE"]}},
        {"name": "x", "type": {"type": "fixed", "name": "Four", "size": 4}},
        {"name": "a", "type": {"type": "array", "items": ["null", "long", "our.Four"]}},
        {"name": "m", "type": {"type": "map", "values": "Colour"}},
        {"name": "r", "type": ["null", {"type": "record", "name": "Inner", "namespace": "other",
                                        "fields": [{"name": "c", "type": "our.Colour"}]}]},
        {"name": "t", "type": {"type": "long", "logicalType": "no-such-type"}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz", "zstandard"])
def test_avro_as_fastavro_reads_it(codec):
    records = [
        {"n": None, "b": True, "i": -1, "l": 2**62, "f": 0.5, "d": -1e300, "s": "é" * n, "y": b"\0" * n, "e": "BLUE",
         "x": b"abcd", "a": [None, -n, b"wxyz"], "m": {"k": "RED"}, "r": {"c": "RED"} if n else None, "t": n}
        for n in range(30)
    ]  # fmt: skip
    try:
        data = container(records, EVERYTHING, codec)
    except ValueError as error:
        pytest.skip(f"fastavro here writes no {codec}: {error}")
    assert opened(data, "avro").content == list(fastavro.reader(io.BytesIO(data))) == records


def test_floats_that_are_not_finite_are_null_with_a_note():
    document = opened(container([{"d": float("nan")}, {"d": float("inf")}, {"d": 1.0}], record_of(d="double")))
    assert document.content == [{"d": None}, {"d": None}, {"d": 1.0}]
    assert "finite" in document.notes[0]


@pytest.mark.parametrize("cut", range(5, 400, 7))
def test_truncated_avro(cut):
    data = container([{"s": "x" * 100, "d": 1.0}] * 3, record_of(s="string", d="double"))
    with pytest.raises(Undecodable, match=r"Avro|JSON"):
        opened(data[: min(cut, len(data) - 1)])


HUGE = b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"  # 2**63 - 1 as a zig-zag long
BOMBS = {
    "an array of 2^63 nulls": forged(record_of(a={"type": "array", "items": "null"}), HUGE),
    "a map of 2^63 nulls": forged(record_of(a={"type": "map", "values": "null"}), HUGE),
    "2^60 empty records in a block": forged({"type": "record", "name": "E", "fields": []}, b"", 2**60),
    "a string of 2^63 bytes": forged(record_of(a="string"), HUGE),
    "a fixed of 2^40 bytes": forged(record_of(a={"type": "fixed", "name": "F", "size": 2**40}), b"x"),
    "a fixed of a negative size": forged(record_of(a={"type": "fixed", "name": "F", "size": -1}), b"x"),
    "a record that contains itself": forged(
        {"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]}, b""
    ),
    "a record that may contain itself": forged(
        {"type": "record", "name": "R", "fields": [{"name": "r", "type": ["null", "R"]}]}, b"\x02" * 100_000 + b"\0"
    ),
    "a million records of one byte": forged(record_of(a={"type": "array", "items": record_of(b="boolean")}), b"x"),
    "a type not defined": forged(record_of(a="nowhere.Known"), b"x"),
    "a branch that is not there": forged(record_of(a=["null"]), b"\x7e"),
    "a symbol that is not there": forged(record_of(a={"type": "enum", "name": "E", "symbols": []}), b"\x00"),
    "an endless integer": forged(record_of(a="long"), b"\xff" * 100),
    "a schema that is no schema": forged(b"17", b"x"),
    "a schema that is no JSON": forged(b"{", b"x"),
    "no schema": forged(b"", b"x"),
    "a deep schema": forged(b'{"type":"array","items":' * 200 + b'"null"' + b"}" * 200, b"\0"),
    "a record without fields": forged({"type": "record", "name": "R"}, b"x"),
    "a nameless record": forged({"type": "record", "fields": []}, b"x"),
    "a wide schema": forged(["null"] * 6000, b"\0"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_avro_bombs(bomb):
    seconds, size = peak(lambda: opened(BOMBS[bomb], "avro"))
    assert seconds < 2
    assert size < 100


def test_types_within_types_grow_without_bytes():
    """Twenty types, each of ten of the one before: 10^20 nulls from no bytes at all."""
    schema: object = "null"
    for depth in range(20):
        name = f"T{depth}"
        first = {"name": "f0", "type": schema}
        inner = schema["name"] if isinstance(schema, dict) else schema
        rest = [{"name": f"f{n}", "type": inner} for n in range(1, 10)]
        schema = {"type": "record", "name": name, "fields": [first, *rest]}
    seconds, size = peak(lambda: opened(forged(schema, b"")))
    assert seconds < 5
    assert size < 200


def test_types_chained_by_name_deeper_than_their_text():
    union, last = [], "null"
    for depth in range(2000):
        union.append({"type": "record", "name": f"T{depth}", "fields": [{"name": "f", "type": last}]})
        last = f"T{depth}"
    index = 1999 << 1
    body = bytes([index & 0x7F | 0x80, index >> 7])
    with pytest.raises(Undecodable, match="deep"):
        opened(forged(union, body))


def test_an_avro_bomb_of_deflate():
    head = container([{"s": ""}], record_of(s="string"), "deflate")
    body = zeros(1, -15)
    sync = head[-16:]
    size = len(body) << 1
    long = bytearray()
    while size > 0x7F:
        long.append(size & 0x7F | 0x80)
        size >>= 7
    bomb = head[: head.index(sync) + 16] + b"\x02" + bytes([*long, size]) + body + sync
    assert peak(lambda: opened(bomb))[1] < 100


def test_the_sync_marker_is_checked():
    data = bytearray(container([{"a": 1}], record_of(a="long")))
    data[-1] ^= 1
    with pytest.raises(Undecodable, match="sync"):
        avro.records(bytes(data), max_bytes=1000)


# --- speed ------------------------------------------------------------------------------------------------------


def test_struct_sizes_of_bson_are_little_endian():
    assert opened(struct.pack("<i", 12) + b"\x10a\0" + struct.pack("<i", 7) + b"\0", "external").content == {"a": 7}
