"""Whatever a stranger sends: decode and parse answer with a document, a notice, Undecodable or Unparsable, and soon.

FUZZ=long runs a hundred times as many examples.
"""

from __future__ import annotations

import contextlib
import copy
import gzip
import io
import json
import os
import time
import tracemalloc

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.notices import FOLDER, load, raw
from tests.test_decode import BOMBS, CIRCULAR, EVERYTHING, LAUGHS, NOTICE, VOEVENT, container
from tests.test_parsers_streams import CIRCULAR as JSON_CIRCULAR
from tests.test_parsers_streams import TEXT as CLASSIC_TEXT
from tests.test_parsers_streams import binary
from tests.test_parsers_voevent import WHO as VOEVENTS
from tests.test_parsers_voevent import packet
from tom_scimma import parsers
from tom_scimma.decode import Document, decode
from tom_scimma.errors import Undecodable, Unparsable
from tom_scimma.notice import Notice, from_json

LABELS = ("", "json", "avro", "voevent", "circular", "gcntextnotice", "blob", "external", "no-such-format", "JSON")
TOPICS = (
    "igwn.gwalert",
    "gcn.notices.fermi.gbm.trigger",
    "gcn.notices.boom",
    "gcn.heartbeat",
    "gcn.classic.voevent.ANY",
    "gcn.circulars",
    "snews.alert",
    "ztf.any",
    "hermes.test",
    "file",
    "",
)
SAMPLES = sorted(path.stem for path in FOLDER.glob("*.json"))
SEEDS = [
    *(json.dumps(load(name)).encode() for name in SAMPLES),
    *BOMBS.values(),
    container([{"a": 1, "s": "x", "d": 0.5}] * 3, {"type": "map", "values": ["long", "string", "double"]}, "deflate"),
    *(packet(**sent) for sent, _ in VOEVENTS), CLASSIC_TEXT, binary(_0=61, _4=1300001, _5=21104, _7=105000, _11=500),
    json.dumps(JSON_CIRCULAR).encode(), LAUGHS, VOEVENT, CIRCULAR.encode(), NOTICE.encode(), gzip.compress(VOEVENT),
    b'{"format": "voevent", "content": "<a/>"}', b'{"a": 1}\n{"b": 2}',
    b"\x16\x00\x00\x00\x02url\x00\x08\x00\x00\x00https:/\x00\x00",
]  # fmt: skip
TIMES = 100 if os.environ.get("FUZZ") == "long" else 1


def examples(count: int):
    return settings(
        max_examples=count * TIMES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def survive(payload: bytes, label: str = "", topic: str = "file") -> tuple[Notice, ...]:
    """Through decode and parse; anything but the two errors is a bug, and so is a notice no database would take."""
    try:
        return checked(decode(raw(payload, label, topic), max_bytes=1 << 20), topic)
    except (Undecodable, Unparsable) as error:
        said = str(error)
    assert 0 < len(said) < 2000
    return ()


def checked(document: Document, topic: str) -> tuple[Notice, ...]:
    before = repr(document.content) if not hasattr(document.content, "tag") else ""
    notices = parsers.parse(topic, document).notices
    assert not before or before == repr(document.content)
    for notice in notices:
        said = notice.to_json()
        text = json.dumps(said, allow_nan=False, ensure_ascii=False)
        assert "\\u0000" not in text
        assert "\0" not in text
        text.encode()
        assert from_json(json.loads(text)).to_json() == said
        assert 0 < len(notice.event) <= 200
        for name in (notice.event, *notice.aliases, notice.source):
            assert name == name.strip()
            assert name.isprintable() or not any(ord(letter) < 32 for letter in name)
        assert len(notice.key) == 64
        if notice.sky and notice.sky.ra_deg is not None:
            assert 0 <= notice.sky.ra_deg < 360
            assert -90 <= notice.sky.dec_deg <= 90
    return notices


# --- bytes ------------------------------------------------------------------------------------------------------


@examples(300)
@given(some.binary(max_size=400), some.sampled_from(LABELS), some.sampled_from(TOPICS))
def test_any_bytes(payload, label, topic):
    survive(payload, label, topic)


@pytest.mark.parametrize(
    "start", [b"{", b"[", b"<", b"Obj\x01", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xff\xfe{", b'{"$schema":"']
)
@examples(40)
@given(some.binary(max_size=200), some.sampled_from(LABELS))
def test_any_bytes_after_a_known_start(start, payload, label):
    survive(start + payload, label)


@examples(400)
@given(some.data())
def test_mutated_messages(data):
    """Real shapes with bytes changed, cut out, doubled or put in."""
    payload = bytearray(data.draw(some.sampled_from(SEEDS)))
    for _ in range(data.draw(some.integers(1, 6))):
        if not payload:
            break
        place = data.draw(some.integers(0, len(payload) - 1))
        size = data.draw(some.integers(0, 12))
        new = data.draw(some.one_of(some.binary(max_size=8), some.just(bytes(payload[place : place + size]) * 2)))
        payload[place : place + size] = new
    survive(bytes(payload), data.draw(some.sampled_from(LABELS)), data.draw(some.sampled_from(TOPICS)))


@examples(60)
@given(some.sampled_from(SEEDS), some.integers(0, 4000), some.sampled_from(LABELS))
def test_truncated_messages(payload, cut, label):
    survive(payload[:cut], label)


# --- documents --------------------------------------------------------------------------------------------------

LEAVES = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(), some.text(max_size=30), some.binary(max_size=10),
    some.sampled_from(["", "\x00", "\ud800", "-1", "NaN", "S" * 10_000, "0000-00-00T00:00:00Z", "2026-01-01T00:00:00",
                       "<script>alert(1)</script>", "javascript:alert(1)", "https://a/b c", "\u202egnp", 10**400,
                       -(2**63), 1e308, "AAAA", "H4sIAAAA", "U0lNUExFICA9"]),
)  # fmt: skip
VALUES = some.recursive(
    LEAVES,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KEYS = sorted(
    {key for name in SAMPLES for key in (*load(name), *(load(name).get("event") or {}))} | {"is_test", "data"}
)


@examples(600)
@given(some.data())
def test_samples_with_any_values(data):
    """Our samples with some fields replaced by anything at all, also what JSON cannot carry but Avro can."""
    said = copy.deepcopy(load(data.draw(some.sampled_from(SAMPLES))))
    for _ in range(data.draw(some.integers(1, 4))):
        inner = [value for value in said.values() if isinstance(value, dict)]
        home = data.draw(some.sampled_from([said, *inner]))
        keys = sorted(home) or ["x"]
        home[data.draw(some.sampled_from(keys))] = data.draw(VALUES)
    with contextlib.suppress(Unparsable):
        checked(scrubbed(said), data.draw(some.sampled_from(TOPICS)))


@examples(300)
@given(some.dictionaries(some.sampled_from(KEYS), VALUES, max_size=12), some.sampled_from(TOPICS))
def test_documents_of_known_keys_and_any_values(said, topic):
    with contextlib.suppress(Unparsable):
        checked(scrubbed(said), topic)


def scrubbed(said: object) -> Document:
    """A document as decode would give it: what it promises (finite, no NUL, no half characters) holds."""

    def scrub(value):
        if isinstance(value, str):
            return value.replace("\0", "").encode("utf-8", "replace").decode()
        if isinstance(value, float) and value - value != 0:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
            return float(value) if abs(value) < 2**1000 else None
        if isinstance(value, dict):
            return {scrub(key): scrub(item) for key, item in value.items()}
        return [scrub(item) for item in value] if isinstance(value, list) else value

    return Document("avro", [scrub(said)])


@examples(150)
@given(VALUES, some.sampled_from(LABELS))
def test_any_json(value, label):
    def text(item):
        return item.hex()

    survive(json.dumps(value, default=text).encode("utf-8", "surrogatepass"), label)


@examples(100)
@given(some.data())
def test_avro_from_any_schema_of_ours(data):
    """A valid file with its schema's words exchanged: lengths stay, meanings do not."""
    record = {"n": None, "b": True, "i": 3, "l": 2**40, "f": 0.5, "d": 2.5, "s": "text", "y": b"bytes", "e": "RED",
              "x": b"abcd", "a": [1, None], "m": {"k": "BLUE"}, "r": {"c": "RED"}, "t": 5}  # fmt: skip
    payload = container([record], EVERYTHING)
    for _ in range(data.draw(some.integers(1, 4))):
        old, new = data.draw(some.permutations([b'"long"', b'"null"', b'"int"', b'"bytes"', b'"double"', b'"string"']))[
            :2
        ]
        payload = payload.replace(old, new.ljust(len(old)) if len(new) <= len(old) else old, 1)
    survive(payload, "avro")


ROWS = some.fixed_dictionaries({"a": some.floats(), "b": some.text(max_size=20), "c": some.binary(max_size=20)})


@examples(60)
@given(some.lists(ROWS, max_size=5))
def test_avro_agrees_with_fastavro(records):
    """Except for what no JSON column takes: numbers that are not finite, and NUL characters."""
    fields = [{"name": name, "type": kind} for name, kind in (("a", "double"), ("b", "string"), ("c", "bytes"))]
    with contextlib.suppress(UnicodeEncodeError):
        payload = container(records, {"type": "record", "name": "R", "fields": fields})
        theirs = [
            {**row, "a": row["a"] if row["a"] - row["a"] == 0 else None, "b": row["b"].replace("\0", "")}
            for row in fastavro.reader(io.BytesIO(payload))
        ]
        assert decode(raw(payload)).content == theirs


# --- bounds -----------------------------------------------------------------------------------------------------

TARGETS = {"targets": [{"name": str(n)} for n in range(200)], "photometry": [{}] * 100_000}
EMPTY_ALERT = {"superevent_id": "S1", "alert_type": "X", "event": None}


def text(said: dict) -> bytes:
    """A document's bytes."""
    return json.dumps(said).encode()


HEAVY = {
    "brackets": b"[" * 30_000_000,
    "closed brackets": b"[]" * 15_000_000,
    "empty lists": b"[" + b"[]," * 900_000 + b"[]]",
    "objects": b"[" + b'{"a":1},' * 450_000 + b"{}]",
    "one text": b'{"a": "' + b"x" * 30_000_000 + b'"}',
    "digits": b"[" + b"7" * 8_000_000 + b"]",
    "decimals": b"[NaN, 0." + b"7" * 8_000_000 + b"]",
    "white space": b'{"a": NaN}' + b" " * 8_000_000,
    "escapes": b'["' + b"\\u0000" * 4_000_000 + b'"]',
    "half characters": b'["' + b"\\ud800" * 1_000_000 + b'"]',
    "bad UTF-8": b'["' + b"\xff" * 8_000_000 + b'"]',
    "line feeds": b"\n" * 30_000_000,
    "a notice of line feeds": b"TITLE: x\nNOTICE_DATE: y" + b"\n" * 30_000_000,
    "commas in XML": b"<a>" + b"," * 30_000_000 + b"</a>",
    "angles": b"<" * 30_000_000,
    "one attribute": b'<VOEvent a="' + b"x" * 30_000_000 + b'"/>',
    "ids": text({"$schema": "/gcn/notices/x/y.schema.json", "id": ["x" * 150] * 90, "event_name": "y" * 10**6}),
    "targets": text({"$schema": "/gcn/notices/boom/alert.schema.json", "data": TARGETS}),
    "a schema address": text({"$schema": "/gcn/notices/" + "a/" * 1_000_000 + ".json", "id": 1}),
    "time": text({**EMPTY_ALERT, "time_created": "2" * 10**6}),
    "a map of the wrong alphabet": text({**EMPTY_ALERT, "event": {"skymap": "*" * 10**7}}),
}  # fmt: skip


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_messages_take_bounded_time_and_memory(name):
    """At most 8 s of processor time under tracemalloc (it slows everything), and 16 times the largest message."""
    payload = HEAVY[name]
    tracemalloc.start()
    start = time.process_time()
    with contextlib.suppress(Undecodable, Unparsable):
        parsers.parse("file", decode(raw(payload)))
    seconds = time.process_time() - start
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 8
    assert size < 16 * (32 << 20)
