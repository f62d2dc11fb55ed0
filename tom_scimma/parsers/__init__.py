"""Document -> Notices. The table says which parser is at home on which topic; ADDING.md says how to add one.

The topic is asked first. Where its parser does not know the shape of what came, or nobody is at home, the content is
shown to the parsers that can tell their own by looking. Pure: no Django, no clock, no I/O.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..decode import Document
from ..errors import Unparsable
from ..notice import Notice
from . import (
    blast,
    circular,
    classic_binary,
    classic_json,
    classic_text,
    gcn_json,
    gcn_names,
    gracedb,
    gracedb_alert,
    heartbeat,
    hermes,
    igwn,
    normal,
    snews,
    surveys,
    tns,
    voevent,
)

#: topic pattern -> name of the parser at home there
TOPICS: dict[str, str] = {
    "igwn.gwalert": "igwn",
    "igwn.gwalert.*": "igwn",
    "gcn.notices.*": "gcn_json",
    "gcn.classic.voevent.*": "voevent",
    "gcn.classic.text.*": "classic_text",
    "gcn.classic.json.*": "classic_json",
    "gcn.classic.binary.*": "classic_binary",
    "gcn.circulars": "circular",
    "gcn.circulars.*": "circular",
    "hermes.*": "hermes",
    "snews.*": "snews",
    "ztf.*": "surveys",
    "lsst.*": "surveys",
    "rubin.*": "surveys",
    "tns": "tns",
    "tns.*": "tns",
    "blast.*": "blast",
    "gracedb": "gracedb",
    "gracedb.*": "gracedb",
    "gracedb.alerts": "gracedb_alert",
    "notices": "normal",
    "gcn.heartbeat": "heartbeat",
    "sys.heartbeat": "heartbeat",
}
#: name -> module with `recognises(said) -> bool` and `parse(topic, said) -> tuple[Notice, ...]`; asked in this order
PARSERS: dict[str, Any] = {
    "heartbeat": heartbeat,
    "normal": normal,
    "igwn": igwn,
    "gracedb": gracedb,
    "gracedb_alert": gracedb_alert,
    "voevent": voevent,
    "gcn_json": gcn_json,
    "circular": circular,
    "hermes": hermes,
    "snews": snews,
    "surveys": surveys,
    "tns": tns,
    "blast": blast,
    "classic_text": classic_text,
    "classic_binary": classic_binary,
    "classic_json": classic_json,
}
#: parser -> its usual topic, for messages that came without one
HOME: dict[str, str] = {
    "igwn": "igwn.gwalert",
    "gcn_json": "gcn.notices",
    "voevent": "gcn.classic.voevent",
    "classic_text": "gcn.classic.text",
    "classic_binary": "gcn.classic.binary",
    "classic_json": "gcn.classic.json",
    "circular": "gcn.circulars",
    "hermes": "hermes",
    "snews": "snews",
    "surveys": "ztf",
    "tns": "tns",
    "blast": "blast",
    "gracedb": "gracedb",
    "gracedb_alert": "gracedb.alerts",
    "normal": "notices",
    "heartbeat": "gcn.heartbeat",
}
#: parsers whose topics carry nothing else: what they do not know is quarantined there, not left aside
STRICT = frozenset({"igwn", "gcn_json", "classic_text"})
#: parsers whose records nothing but their topic tells from others
BY_TOPIC = frozenset({"classic_json"})
#: documents in one message
MOST = 1_000

Parse = Callable[[str, Any], tuple[Notice, ...]]


@dataclass(frozen=True)
class Parsed:
    """Who understood a message, and what it says."""

    parser: str | None  #: None: nobody knows it
    notices: tuple[Notice, ...] = ()


def parse(topic: str, document: Document) -> Parsed:
    """What a message says.

    Raises Unparsable, and nothing else, when its kind is known but it does not say what it must.
    """
    content = document.content
    home = at_home(topic)
    if home == "heartbeat":
        return Parsed(home)
    if document.format == "voevent":
        return Parsed("voevent", voevent.parse(topic, content))
    if classic_binary.recognises(content):
        return Parsed("classic_binary", classic_binary.parse(topic, content))
    if not isinstance(content, (dict, list)):
        if home in STRICT and document.format in ("blob", "json", "external"):
            raise Unparsable(f"{topic} carries {home} records, but this is {_described(document)}")
        return Parsed(None)
    if isinstance(content, dict):
        return _parse(topic, home, content)
    if len(content) > MOST:
        raise Unparsable(
            f"{len(content):,} records in one message; at most {MOST:,} are read. Send them in several messages; "
            "`manage.py ingest FILE` does so with a CSV of the TNS that is unpacked"
        )
    parts = [_parse(topic, home, item) for item in content]
    parser = next((part.parser for part in parts if part.parser), None)
    return Parsed(parser, tuple(notice for part in parts for notice in part.notices))


@lru_cache(maxsize=1024)
def at_home(topic: str) -> str | None:
    """The parser of a topic, by exact name first, then by the longest pattern; None when nobody is at home."""
    if topic in TOPICS:
        return TOPICS[topic]
    fitting = [pattern for pattern in TOPICS if fnmatch.fnmatchcase(topic, pattern)]
    return TOPICS[max(fitting, key=len)] if fitting else None


def home_topic(parsed: Parsed) -> str:
    """The topic a message without one would have come on: `HOME`, for a GCN notice as its `$schema` says; else ""."""
    topic = HOME.get(parsed.parser or "", "")
    if parsed.parser == "gcn_json" and parsed.notices:
        words = gcn_names.words("", dict(parsed.notices[0].extra))
        return ".".join([topic, *words])
    if parsed.parser == "surveys" and parsed.notices and parsed.notices[0].source == "Rubin":
        return "lsst"
    return topic


def _parse(topic: str, home: str | None, said: Any) -> Parsed:
    if home and (PARSERS[home].recognises(said) or (home in BY_TOPIC and isinstance(said, dict))):
        return Parsed(home, PARSERS[home].parse(topic, said))
    for name, parser in PARSERS.items():
        if parser.recognises(said):
            return Parsed(name, parser.parse(topic, said))
    if home == "gcn_json" and isinstance(said, dict):
        return Parsed(home, gcn_json.parse(topic, said))
    if home in STRICT:
        keys = f" with the keys {', '.join(map(str, list(said)[:8]))[:200]}" if isinstance(said, dict) else ""
        raise Unparsable(f"{topic} carries {home} records, but this is {type(said).__name__}{keys}")
    return Parsed(None)


def _described(document: Document) -> str:
    return (
        f"{document.format} of {len(document.content):,}"
        if isinstance(document.content, (str, bytes))
        else document.format
    )
