"""Who speaks in a GCN JSON notice and what its event is called, by the naming rule. Pure.

In order: a superevent id; the sender's trigger id with the instrument; the event it follows up; a public name; the
source and the time to the second.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from ..errors import Unparsable
from . import fields, missions

_SCHEMA = re.compile(r"/gcn/notices/(?:classic/)?([\w./-]+?)(?:\.schema)?\.json$", re.ASCII)
_NO_ID = re.compile(r"-\d+|0+", re.ASCII)
_RUN_EVENT = re.compile(r"(\d{5,7}_\d+)(?:_\d+)?", re.ASCII)
_MOST = 100
#: what SNEWS's coincidence server begins the ids of its alerts with
_ALERT = "SNEWS_Coincidence_ALERT"


class Names(NamedTuple):
    """What a message's words, ids and names come to."""

    words: tuple[str, ...]  #: `fermi gbm trigger`
    mission: missions.Mission
    instrument: str
    source: str
    event: str
    aliases: tuple[str, ...]
    id: str | None
    given: tuple[str, ...]  #: `event_name`, as a list


def words(topic: str, said: dict[str, Any]) -> list[str]:
    """The parts of `.../gcn/notices/fermi/gbm/trigger.schema.json`, else of `gcn.notices.fermi.gbm.trigger`."""
    schema = said.get("$schema")
    match = _SCHEMA.search(schema[-300:]) if isinstance(schema, str) else None
    if match:
        return re.split(r"[/.]", match[1])
    return topic.split(".")[2:] if topic.startswith("gcn.notices.") else []


def read(words: list[str], said: dict[str, Any], time: datetime | None) -> Names | None:
    """The names; None when the message speaks of nothing that could be named. Raises Unparsable for unusable ones."""
    ids = [name for name in _list(said.get("id")) if not _NO_ID.fullmatch(name)]  # 0 and -1 mean that there is none
    given = _list(said.get("event_name"))
    who = missions.mission(words, fields.clean(said.get("mission")), fields.clean(said.get("messenger")))
    if who.name == "AMON":
        who, ids = _amon(who, ids, said)
    instrument = missions.instrument(words, next(iter(fields.names(said.get("instrument"))), ""))
    source = _variant(missions.source(who, instrument) or "GCN", said)
    trigger, others = _trigger(who, ids)
    event = next((known for name in (*ids, *given) if (known := fields.superevent(name))), None)
    if event is None and trigger and who.name == "SNEWS" and trigger.startswith(_ALERT):
        event = _first_seen(said, time)  # as in its own stream: that id is the alert's, and the next has another
    if event is None and trigger:
        prefix = source if who.prefix is None else who.prefix
        event = fields.event(f"{prefix} {_without_revision(trigger) if who.name == 'IceCube' else trigger}")
    event = event or _else(source, given, said, time)
    if event is None:
        return None
    if who.name == "SNEWS" and event != (seen := _first_seen(said, time)):
        others = [*others, *([seen] if seen else [])]
    aliases = tuple(name for name in dict.fromkeys(given + others) if name not in (event, trigger))
    return Names(tuple(words), who, instrument, source, event, aliases, trigger, tuple(given))


def _amon(who: missions.Mission, ids: list[str], said: dict[str, Any]) -> tuple[missions.Mission, list[str]]:
    """Whose event AMON passes on: HAWC's bursts, IceCube's tracks and cascades; its coincidences are its own, of run 0."""
    if fields.clean(said.get("notice_type")).lower() == "burst":
        return missions.MISSIONS["hawc"], ids
    if ids and _RUN_EVENT.fullmatch(ids[0]):
        return missions.MISSIONS["icecube"], ids
    return who, [name.removeprefix("0_") for name in ids]


def _variant(source: str, said: dict[str, Any]) -> str:
    """One of several satellites or detectors of a mission that count their triggers apart."""
    satellite = fields.clean(said.get("mission_type"))
    if source == "GECAM" and len(satellite) == 1 and satellite.isalpha():
        return f"GECAM-{satellite.upper()}"
    if source == "INTEGRAL" and fields.clean(said.get("notice_type")).upper() == "SPI-ACS":
        return "INTEGRAL SPI-ACS"
    return source


def _else(source: str, given: list[str], said: dict[str, Any], time: datetime | None) -> str | None:
    """The name of an event that has no id of its own."""
    followed = next(iter(_list(said.get("ref_ID"))), None)
    if followed:  # a search about somebody else's event
        return fields.superevent(followed) or followed
    return given[0] if given else _by_time(source, said, time)


def _trigger(who: missions.Mission, ids: list[str]) -> tuple[str | None, list[str]]:
    """The sender's trigger id, and the other ids."""
    if who.name == "IceCube" and len(ids) == 2 and ids[0].isdigit() and ids[1].isdigit():
        return f"{ids[0]}_{ids[1]}", []  # run and event, sent as two
    # Fermi sends [mission elapsed time, bn name]: the number is the trigger
    trigger = next((item for item in ids if item.isdigit()), ids[0] if ids else None)
    return trigger, [item for item in ids if item != trigger]


def _without_revision(name: str) -> str:
    """`run_event` from `run_event_revision`: the revision is no part of the event."""
    match = _RUN_EVENT.fullmatch(name)
    return match[1] if match else name


def _by_time(source: str, said: dict[str, Any], time: datetime | None) -> str | None:
    """`<source> <time to the second>`, where there are both; the time nearest to the event that was said."""
    keys = ("observation_start", "alert_datetime", "end_datetime")
    moment = time or next((found for key in keys if (found := fields.time(said, key, {}))), None)
    return f"{source} {moment:%Y-%m-%dT%H:%M:%SZ}" if moment and source != "GCN" else None


def _first_seen(said: dict[str, Any], time: datetime | None) -> str | None:
    """What SNEWS's own stream calls it: by the second of its first neutrino."""
    seen = said.get("event_times_utc")
    times = [fields.time({"t": raw}, "t", {}) for raw in (seen[:_MOST] if isinstance(seen, list) else ())]
    first = min((moment for moment in (*times, time) if moment is not None), default=None)
    return f"SNEWS {first:%Y-%m-%dT%H:%M:%SZ}" if first else None


def _list(value: Any) -> list[str]:
    """The names in what may be one, a list or nothing. Raises Unparsable for too many or overlong ones."""
    items = value if isinstance(value, list) else [value]
    if len(items) > _MOST:
        raise Unparsable(f"{len(items):,} ids or names for one event; at most {_MOST} make sense")
    return list(dict.fromkeys(fields.event(item) for item in items if fields.clean(item)))
