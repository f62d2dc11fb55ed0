"""GCN Circulars: GCN's JSON, hop's dict, and the text as mailed. They are reports: people's words, free text. Pure.

Schema: https://github.com/nasa-gcn/gcn-schema, gcn/circulars.schema.json.
"""

from __future__ import annotations

import binascii
import email.header
import email.utils
import re
from datetime import datetime, timedelta, timezone
from typing import Any

from .. import times
from ..errors import Unparsable
from ..notice import Notice
from . import fields, public_names

SOURCE = "GCN Circulars"
_KINDS = {
    "gw": "GW", "grb": "GRB", "neutrino": "NU", "gamma-ray transient": "GRB", "frb": "FRB", "x-ray transient": "XRT",
    "sn": "OT", "optical transient": "OT", "afterglow": "GRB", "kilonova": "OT", "nova": "OT", "sgr": "UNK",
}  # fmt: skip
#: keys of GCN's schema beside the two that every mail has
_SCHEMA = {"circularId", "createdOn", "eventId", "submitter", "submittedHow", "bibcode"}
_TAKEN = {"subject", "body", "createdOn", "eventId", "circularId", "version"}
#: subjects that take something back, by what GCN tags as a retraction; what is only unlikely stays
_RETRACTS = re.compile(
    r"\bretract(?:ions?|ed)\b|(?<!probably )\bnot (?:an? )?(?:GRB|GW|FRB|SN|SGR|neutrino|real)\b|\bfalse trigger\b|\bdisregard\b",
    re.IGNORECASE,
)
#: an epoch in seconds has ten digits, in milliseconds thirteen
_MILLISECONDS = 10**11


def recognises(said: Any) -> bool:
    """True for GCN's JSON of a circular, and for the header and body of one as mailed; a subject and a text alone are anybody's."""
    if not isinstance(said, dict) or "body" not in said:
        return False
    if isinstance(said.get("header"), dict):
        return not {"subject", "number"}.isdisjoint(fields.clean(key).lower() for key in said["header"])
    named = public_names.find(fields.clean(said.get("subject"))) is not None
    return "subject" in said and (named or bool(_SCHEMA & said.keys()))


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one report of a circular. Raises Unparsable without a subject and a text."""
    said = _flat(said) if isinstance(said.get("header"), dict) else said
    subject, body = _subject(said.get("subject")), said.get("body")
    if not subject and not body:
        raise Unparsable("a circular without a subject and a text")
    subject = subject.removeprefix("Subject:").removeprefix("Title:").strip()
    number, version = fields.number(said.get("circularId")), fields.number(said.get("version")) or 1
    extra = {key: fields.jsonable(value) for key, value in said.items() if key not in _TAKEN and value is not None}
    name, kind = _event(said, subject, number)
    called = _called(number)
    identity = None if not called else called if version <= 1 else f"{called}-{version:.0f}"
    return (
        Notice(
            event=fields.event(name),
            kind=kind,
            alert_type="report",
            role="test" if fields.is_test_superevent(name) or topic.endswith(".test") else "observation",
            source=SOURCE,
            id=identity,
            sent=_moment(said.get("editedOn")) or _moment(said.get("createdOn")),
            properties=_properties(said, subject, number, version),
            links={f"GCN Circular {called}": f"https://gcn.nasa.gov/circulars/{called}"} if called else {},
            text=f"{subject}\n\n{body if isinstance(body, str) else ''}".strip(),
            extra=extra,
        ),
    )


def _event(said: dict[str, Any], subject: str, number: float | None) -> tuple[str, str]:
    """The event it is about, and its kind: as GCN says, else as the subject does; else the circular by itself."""
    given = fields.clean(said.get("eventId"))
    for text in (given, subject):
        found = public_names.find(text)
        if found:
            return found
    kind = next((_KINDS[word.lower()] for word in fields.names(said.get("eventType")) if word.lower() in _KINDS), "UNK")
    if given:
        return given, kind
    return (f"GCN Circular {_called(number)}" if number is not None else subject[: fields.LONGEST_NAME]), kind


def _properties(said: dict[str, Any], subject: str, number: float | None, version: float) -> dict[str, Any]:
    types = [word.lower() for word in fields.names(said.get("eventType"))]
    found: dict[str, Any] = {"subject": subject[: fields.LONGEST_NAME]}
    if number is not None:
        found["circular"] = int(number) if number.is_integer() else number
    if version > 1:
        found["version"] = int(version)
    if "retraction" in types or _RETRACTS.search(subject):
        found["retraction"] = True
    return found


def _called(number: float | None) -> str:
    """A circular's number as it is cited: a few that came between two have a half, `18448.5`; "" without one."""
    return "" if number is None else f"{number:.0f}" if number.is_integer() else str(number)


def _subject(raw: Any) -> str:
    """A subject in letters, also where a mail brought it in encoded words (RFC 2047); as sent where those cannot be read."""
    text = fields.clean(raw)
    if "=?" not in text:
        return text
    try:
        return fields.clean(str(email.header.make_header(email.header.decode_header(text))))
    except (email.errors.HeaderParseError, binascii.Error, LookupError, UnicodeError, ValueError):
        return text


def _flat(said: dict[str, Any]) -> dict[str, Any]:
    """The circular as mailed, under the names that GCN's JSON has."""
    header = {fields.clean(key).lower(): value for key, value in said["header"].items()}
    known = {"number": "circularId", "subject": "subject", "from": "submitter", "date": "createdOn"}
    flat = {known.get(key, key): value for key, value in header.items()}
    return {**flat, "body": said.get("body")}


def _moment(raw: Any) -> datetime | None:
    """Milliseconds or seconds since 1970, `98/04/03 07:10:15 GMT`, a mail's date, or ISO 8601."""
    number = fields.number(raw)
    if number is not None:
        seconds = number / 1000 if abs(number) > _MILLISECONDS else number
        try:
            moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
        except OverflowError:
            return None
        return moment if moment.year in times.YEARS else None
    if not isinstance(raw, str):
        return None
    text = raw.strip().replace("/", "-")
    found = times.parse(text).time
    if found and not text[:4].isdigit() and found.year > 2089:  # circulars began in 1997
        found = found.replace(year=found.year - 100)
    return found or _mailed(raw)


def _mailed(raw: str) -> datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(raw.strip()[:80])
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
