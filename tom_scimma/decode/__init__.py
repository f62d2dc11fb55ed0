"""Record -> Document: what syntax the bytes are in, and their content. Pure.

The `_format` header is a hint, the bytes decide: topics carry several formats, and labels are wrong in practice. A
label that the bytes cannot live up to is an error, so that a broken message is quarantined and not taken for free
text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..errors import Undecodable
from ..record import Record
from . import avro, bson, confluent, json_text, mail, rows, unpack, voevent_xml

MAX_BYTES = 32 << 20
#: labels of hop's models, and what we call what they hold
_TEXTS = {"circular": "circular", "gcntextnotice": "gcntext"}
_LINE = re.compile(r"([^:\n]*): *(.*)")
_START = 4096
#: the header of a mail that went through many hands, with their signatures
_HEADER = 1 << 15
_LONGEST_TEXT = 1 << 20


@dataclass(frozen=True)
class Document:
    """A decoded message."""

    #: json | ndjson | avro | csv | voevent | circular | gcntext | blob | external
    format: str
    #: dict or scalar (json), list of records (ndjson, avro, csv), XML element or hop's dict (voevent), dict (circular,
    #: gcntext, external), str or bytes (blob)
    content: Any
    #: what had to be repaired or was not as labelled
    notes: tuple[str, ...] = ()


def decode(record: Record, *, max_bytes: int = MAX_BYTES, schemas: str = "") -> Document:
    """What a record holds. `max_bytes` bounds the payload and anything that is unpacked from it; `schemas` is the folder of
    writers' schemas for Avro without one (confluent.py).

    Raises Undecodable, and nothing else, for bytes that are broken, not what their label says, or unsafe.
    """
    payload, label = record.payload, record.format
    notes: tuple[str, ...] = ()
    if len(payload) > max_bytes:
        raise Undecodable(
            f"{len(payload):,} bytes, more than the {max_bytes:,} that MAX_MESSAGE_BYTES allows; not read"
        )
    missing = record.header("_offload_error") if label == "external" else None
    if missing is not None:
        raise Undecodable(
            f"the message is stored elsewhere and could not be fetched: {missing.decode('utf-8', 'replace')}"
        )
    unread = record.header("_headers_error")  # they may say that it is a test, or whose it is
    if unread is not None:
        raise Undecodable(f"its headers cannot be read: {unread.decode('utf-8', 'replace')}")
    codec = unpack.compression(payload)
    if codec:
        payload = unpack.inflate(codec, payload, max_bytes=max_bytes)
        notes = (f"unpacked from {codec}",)
    if not payload:
        raise Undecodable("the message is empty")
    document = _framed(payload, record, schemas) or _decode(payload, label, max_bytes)
    return Document(document.format, document.content, notes + document.notes) if notes else document


def _framed(payload: bytes, record: Record, schemas: str) -> Document | None:
    """A record that Confluent framed; None for anything else, which includes a schema's number by chance."""
    number = confluent.schema_number(payload)
    if number is None:
        return None
    meant = record.format == "avro" or record.topic.partition(".")[0].partition("-")[0] in ("lsst", "rubin")
    if not (meant or confluent.is_known(number, schemas)):
        return None
    try:
        found, not_finite = confluent.record(payload, number, schemas)
    except Undecodable:
        if meant:
            raise
        return None
    return Document("avro", [found], ("Avro: numbers that are not finite read as null",) if not_finite else ())


def _decode(payload: bytes, label: str, max_bytes: int) -> Document:
    start = payload[:_START].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
    if payload[:4] == avro.MAGIC:
        found, not_finite = avro.records(payload, max_bytes=max_bytes)
        return Document("avro", found, ("Avro: numbers that are not finite read as null",) if not_finite else ())
    if start[:1] in (b"{", b"[") or label == "json":
        return _json(payload, label)
    if label == "external":
        return Document("external", bson.loads(payload))
    if label == "avro":
        raise Undecodable("labelled avro, but does not begin with 'Obj' and 1; not an object container file")
    root = start.find(b"<")
    if label == "voevent" or start[:1] == b"<" or b"<?xml" in start:
        return _xml(payload, label, prose=start[:1] != b"<" and root > 0)
    return _text(payload, label)


def _json(payload: bytes, label: str) -> Document:
    """JSON in all its uses: one value, several, a stub, hop's old envelope, hop's VOEvents and circulars as dicts."""
    try:
        values, notes = json_text.stream(payload)
    except Undecodable:
        if label in _TEXTS or label == "blob":  # text may begin with a bracket
            return _text(payload, label)
        raise
    if len(values) > 1:
        return Document("ndjson", values, notes)
    value = values[0]
    if isinstance(value, dict) and value.keys() == {"format", "content"} and isinstance(value["format"], str):
        return _envelope(value, notes)
    if label == "external":
        return Document("external", value if isinstance(value, dict) else {}, notes)
    if isinstance(value, dict) and (label == "voevent" or label in _TEXTS):
        return Document(_TEXTS.get(label, label), value, notes)
    if label == "avro":
        notes += ("labelled avro, is JSON",)
    return Document("json", value, notes)


def _envelope(value: dict, notes: tuple[str, ...]) -> Document:
    """What hop sent before there were headers: {"format", "content"}, where "blob" meant JSON."""
    label, content = value["format"].lower(), value["content"]
    if isinstance(content, str) and label in ("voevent", *_TEXTS):
        document = _decode(content.encode(), label, MAX_BYTES)
        return Document(document.format, document.content, notes + document.notes)
    if isinstance(content, dict) and (label == "voevent" or label in _TEXTS):
        return Document(_TEXTS.get(label, label), content, notes)
    return Document("json", content, notes)


def _xml(payload: bytes, label: str, prose: bool) -> Document:
    """XML as an element tree; a VOEvent in fact, anything else with a note."""
    notes: tuple[str, ...] = ()
    if prose:
        payload = payload[payload.find(b"<?xml") if b"<?xml" in payload else payload.find(b"<") :]
        notes = ("text before the XML was skipped",)
    try:
        root = voevent_xml.tree(payload)
    except Undecodable:
        if label in _TEXTS or label == "blob":
            return _text(payload, label)
        raise
    if root.tag.rpartition("}")[2] != "VOEvent":
        notes += (f"XML with the root {root.tag[:80]}, not a VOEvent",)
        return Document("blob", payload.decode("utf-8", "replace").replace("\0", ""), notes)
    return Document("voevent", root, notes)


def _text(payload: bytes, label: str) -> Document:
    """A circular or a classic notice as a dict, any other text as str, and bytes that are no text as bytes."""
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        if label not in _TEXTS and (label or not _is_mail(payload[:_HEADER].decode("latin-1"))):
            return Document("blob", payload)
        text = payload.decode("utf-8", "replace")
    text = text.replace("\0", "")
    if not label and rows.is_table(text):
        try:
            return Document("csv", rows.rows(text))
        except ValueError as error:
            raise Undecodable(str(error)) from error
    kind = _TEXTS.get(label) or ("" if label == "blob" else _sniffed(text))
    if len(text) > _LONGEST_TEXT:  # no circular or notice; not worth taking apart
        return Document("blob", text, (f"text of {len(text):,} characters was not read as a {kind}",) if kind else ())
    if kind == "gcntext":
        return Document("gcntext", _fields(text))
    if kind == "circular":
        return _circular(text, payload)
    return Document("blob", text)


def _circular(text: str, payload: bytes) -> Document:
    """Header and text of a circular. A mail is decoded, and where it has a circular or a notice in it, that is what counts."""
    header, _, body = text.replace("\r\n", "\n").lstrip("\n").partition("\n\n")
    said = _fields(header)
    written = mail.body(payload.lstrip()) if mail.is_mail(set(said)) else None
    body = body if written is None else written
    inner = _sniffed(body) if said.keys() >= mail.FIELDS and "number" not in said else ""
    if inner == "gcntext":
        return Document("gcntext", _fields(body), ("a mail around it was taken off",))
    if inner == "circular" and body.lstrip().startswith("TITLE:"):
        header, _, body = body.lstrip().partition("\n\n")
        return Document("circular", {"header": _fields(header), "body": body}, ("a mail around it was taken off",))
    return Document("circular", {"header": said, "body": body})


def _sniffed(text: str) -> str:
    """`circular` or `gcntext` where unlabelled text has the header of one, else empty."""
    start = text[:_START].lstrip()
    header = start.replace("\r\n", "\n").partition("\n\n")[0]
    if start.startswith("TITLE:"):
        if "\nNUMBER:" in header and "\nSUBJECT:" in header:  # which may quote a notice
            return "circular"
        if "\nNOTICE_DATE:" in start:
            return "gcntext"
    return "circular" if _is_mail(text) else ""


def _is_mail(text: str) -> bool:
    """Whether it is a mail about or to GCN."""
    start = text[:_HEADER].lstrip()
    header = start.replace("\r\n", "\n").partition("\n\n")[0]
    names = {line.partition(":")[0].lower() for line in header.splitlines()}
    return names >= mail.FIELDS and ("gcn" in header.lower() or "gcn" in start[:_START].lower())


def _fields(text: str) -> dict[str, str]:
    """`KEY: value` lines by lower-case key; repeated keys and continuation lines extend the value, as hop does."""
    found: dict[str, list[str]] = {}
    last = None
    for line in text.strip().splitlines():
        match = _LINE.match(line)
        if match:
            last = found.setdefault(match[1].strip().lower(), [])
            last.append(match[2].strip())
        elif last is not None:
            last.append(line.lstrip())
    return {key: "\n".join(lines) for key, lines in found.items()}
