"""Notices in normal form, as translate/ writes them as JSON and as text. Pure. Form: tom_scimma/notice.py."""

from __future__ import annotations

import json
from typing import Any

from ..notice import Notice
from . import fields, saying

_KEYS = {"event", "kind", "alert_type", "source", "classification", "cites", "extra"}
#: header lines of the text that say one value, and the key of the normal form
LINES = {
    "event": "event", "kind": "kind", "type": "alert_type", "role": "role", "from": "source", "id": "id", "time": "time", "sent": "sent",
    "far_hz": "far_hz", "distance_mpc": "distance_mpc",
}  # fmt: skip
#: header lines that stand once for each entry: `CLASS: BNS = 0.9`
ENTRIES = {"class": "classification", "property": "properties", "sky": "sky", "link": "links", "extra": "extra"}
ITEMS = {"also": "aliases", "instrument": "instruments"}
_NUMBERS = {"far_hz", "distance_mpc"}


def recognises(said: Any) -> bool:
    """True for the JSON object of a notice with our mark, and for the text of one as decode gives it."""
    if not isinstance(said, dict):
        return False
    if said.get("format") == saying.MARK:
        return said.keys() >= _KEYS
    return isinstance(said.get("header"), dict) and said["header"].get("notice") == saying.MARK and "body" in said


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one notice, as it was. Raises Unparsable where somebody garbled it."""
    if "header" in said:
        return (saying.notice(_of_text(said["header"], said["body"])),)
    document = {key: value for key, value in said.items() if key != "format"}
    return (saying.notice({**document, "extra": fields.jsonable(document["extra"])}),)


def _of_text(header: dict[str, str], body: str) -> dict[str, Any]:
    found: dict[str, Any] = {"text": body.strip() or None}
    for line, key in LINES.items():
        if line in header:
            found[key] = (saying.value if key in _NUMBERS else saying.text)(header[line])
    for line, key in ITEMS.items():
        found[key] = [saying.text(item) for item in header.get(line, "").split("\n") if item]
    for line, key in ENTRIES.items():
        found[key] = dict(map(_entry, filter(None, header.get(line, "").split("\n"))))
    found["cites"] = [
        {"relation": item.partition(" ")[0], "id": saying.text(item.partition(" ")[2])}
        for item in header.get("cites", "").split("\n")
        if item
    ]
    for name in ("type", "skymap_sha256", "skymap_url"):
        if name in found["sky"]:
            found["sky"][name] = str(found["sky"][name])
    return found


def _entry(line: str) -> tuple[str, Any]:
    """`name = value`; a name that has an equals sign in it is quoted."""
    if line[:1] == '"':
        try:
            name, end = json.JSONDecoder().raw_decode(line)
            return str(name), saying.value(line[end:].partition("=")[2].strip())
        except ValueError:
            pass
    name, _, said = line.partition(" = ")
    return name.strip(), saying.value(said.strip())
