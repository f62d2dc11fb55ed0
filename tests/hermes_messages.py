"""HERMES messages of our own making, in the shape of its schema, as documents and as Records."""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.messages import NOW, record
from tom_scimma.record import Record

PLACE = {"ra": 150.1, "dec": 2.2}


def message(targets: list[Any] | None = None, *, title: str = "Photometry", **data: Any) -> dict[str, Any]:
    """A message with these targets and sections of data."""
    said = {**({} if targets is None else {"targets": targets}), **data}
    who = {"submitter": "tom-demo", "authors": "A. Observer", "message_text": "One point."}
    return {"title": title, "topic": "hermes.photometry", **who, "data": said}


def star(name: str = "AT2026abc", **changes: Any) -> dict[str, Any]:
    """A target with a position."""
    return {"name": name, **PLACE, "ra_error_units": "degrees", "epoch": "2000.0", "new_discovery": False, **changes}


def point(target: str = "AT2026abc", **changes: Any) -> dict[str, Any]:
    """A row of photometry; a change to None leaves the key as null."""
    row = {"target_name": target, "date_obs": "2026-01-02T03:04:05+00:00", "telescope": "1m0a", "instrument": "sinistro",
           "bandpass": "r", "brightness": 19.5, "brightness_error": 0.05, "brightness_unit": "AB mag"}  # fmt: skip
    return {**row, **changes}


def sent(document: Any, topic: str = "hermes.photometry", *, ident: str = "", **values: Any) -> Record:
    """A message as a listener polls it: HERMES' headers, the uuid only among them."""
    given = (
        uuid.UUID(ident)
        if ident
        else uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(document, sort_keys=True, default=repr))
    )
    headers = (("topic", topic.encode()), ("_id", given.bytes), ("_format", b"json"), ("_sender", b"tom-demo-0badcafe"))
    return record(document, topic, headers=headers, now=values.pop("now", NOW), **values)
