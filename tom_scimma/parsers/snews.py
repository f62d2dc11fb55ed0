"""SNEWS: alerts of the coincidence server, detectors' tiers, retractions. Heartbeats say no event. Pure.

Formats: https://github.com/SNEWS2/SNEWS_Publishing_Tools (old; of 2021 with times of its own and `p_value`, `false_id`) and
snews-data-formats 1.1 (by `tier`).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from ..errors import Unparsable
from ..notice import Cite, Notice
from . import fields

_TIERS = {"heartbeat", "retraction", "timingtier", "significancetier", "coincidencetier"}
#: `21/11/05 01:02:03:123456`, of 2021: year, month, day, and what comes behind the second after another colon
_OLD_TIME = re.compile(r"(\d\d)/(\d\d)/(\d\d)[ _-](\d\d:\d\d:\d\d)(?::(\d{1,6}))?", re.ASCII)
_TIMES = ("neutrino_time_utc", "neutrino_time", "start_time_utc")
_RETRACTED = ("retract_message_uuid", "false_id")
_RETRACTED_LATEST = ("retract_latest_n", "retract_latest", "N_retract_latest")
#: what the ids of 2022 and 2023 begin with, whose messages say no tier: `19_Retraction_2023-06-02T10:12:01.001552`
_ID = re.compile(r"\d+_([A-Za-z]+)_")
#: how the server says a rate since 2023, in the place of a probability
_EVERY = re.compile(r"\bevery ([0-9.e+-]+) years?\b", re.IGNORECASE | re.ASCII)
_YEAR = 365.25 * 86400
_CHANCES = ("p_val", "p_value")
_SENT = ("sent_time_utc", "sent_time", "machine_time_utc", "machine_time")
_FALSE_ALARM = ("False Alarm Prob", "false_alarm_probability")
_TAKEN = {"_id", "id", "uuid", "detector_names", "p_values average", "is_test", "is_firedrill", *_FALSE_ALARM}


class Beat(NamedTuple):
    """One heartbeat: a detector is alive, and takes data or does not."""

    detector: str
    status: str  #: ON, OFF, or what else it says in capitals; "" when it does not say
    sent: datetime | None
    test: bool


def recognises(said: Any) -> bool:
    """True for a message of a detector, and for one of the coincidence server."""
    if not isinstance(said, dict):
        return False
    server = "detector_names" in said and "neutrino_times" in said
    return server or (
        "detector_name" in said
        and (_word(said) in _TIERS or bool({"machine_time", "machine_time_utc", *_RETRACTED, *_TIMES} & said.keys()))
    )


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one notice of a message; none of a heartbeat.

    Raises Unparsable for a retraction that does not say of what: of it no event would be known but one that it makes itself.
    """
    if isinstance(said.get("detector_names"), list):
        return (_alert(said),)
    return () if is_beat(said) else (_tier(said, _word(said)),)


def is_beat(said: dict[str, Any]) -> bool:
    """True for a heartbeat by its tier, and for an old one, which has a status and nothing that was seen."""
    word = _word(said)
    timed = any(said.get(key) for key in (*_TIMES, *_RETRACTED, *_RETRACTED_LATEST, *_CHANCES))
    return word == "heartbeat" or (not timed and "detector_status" in said)


def _word(said: dict[str, Any]) -> str:
    """The tier as it is called, or as an old id names it, in lower case; "" where neither does."""
    named = fields.clean(said.get("tier")).lower()
    old = _ID.match(fields.clean(said.get("_id")))
    return named or (old[1].lower() if old and old[1].lower() in _TIERS else "")


def beats(content: Any) -> list[Beat]:
    """The heartbeats in what a message of SNEWS holds; those that name no detector are none."""
    items = content if isinstance(content, list) else [content]
    found = [item for item in items if recognises(item) and "detector_names" not in item and is_beat(item)]
    return [_beat(item) for item in found if fields.clean(item.get("detector_name"))]


def _beat(said: dict[str, Any]) -> Beat:
    return Beat(
        detector=fields.clean(said.get("detector_name"))[:100],
        status=fields.clean(said.get("detector_status")).upper()[:20],
        sent=_first(said, _SENT, {}),
        test=_role(said, False) == "test",
    )


def _alert(said: dict[str, Any]) -> Notice:
    """What the coincidence server says: which detectors, when first, how likely by chance."""
    extra: dict[str, Any] = {key: fields.jsonable(value) for key, value in said.items() if key not in _TAKEN}
    times = [seen for raw in said.get("neutrino_times") or () if (seen := _time({"t": raw}, "t", {}))]
    first = min(times, default=None)
    identity = fields.clean(said.get("_id") or said.get("id") or said.get("uuid"))
    kind = fields.clean(said.get("alert_type")).upper()
    alert_type = "retraction" if "RETRACT" in kind or "RETRACT" in identity.upper() else "initial"
    if alert_type == "initial" and ("UPDATE" in kind or "UPDATE" in identity.upper()):
        alert_type = "update"
    number = said.get("sub list number")
    name = f"SNEWS {first:%Y-%m-%dT%H:%M:%SZ}" if first else identity
    found: dict[str, Any] = _drill(said)
    key = next((key for key in _FALSE_ALARM if fields.clean(said.get(key))), "")
    chance = fields.clean(said.get(key))
    every = _EVERY.search(chance)
    years = fields.number(every[1]) if every else None
    if chance.endswith("%") and (percent := fields.number(chance[:-1])) is not None:
        found["false_alarm_probability"] = percent / 100
    elif chance:
        extra[key] = fields.jsonable(said[key])
    if (average := fields.number(said.get("p_values average"))) is not None:
        found["p_value_average"] = average
    if fields.number(number) is not None:
        found["sub_list_number"] = int(fields.number(number) or 0)
    return Notice(
        event=fields.event(name),
        kind="SN",
        alert_type=alert_type,
        role=_role(said, kind.startswith("TEST") or identity.upper().startswith("TEST")),
        source="SNEWS",
        id=identity or None,
        time=first,
        sent=_first(said, _SENT, extra),
        instruments=tuple(fields.names(said["detector_names"])),
        far_hz=1 / (years * _YEAR) if years and years > 0 else None,
        properties=found,
        extra=extra,
    )


def _tier(said: dict[str, Any], word: str) -> Notice:
    """What one detector says: a coincidence, a significance or a timing tier, or that it takes one back."""
    extra: dict[str, Any] = {key: fields.jsonable(value) for key, value in said.items() if key not in _TAKEN}
    time, sent = _first(said, _TIMES, extra), _first(said, _SENT, extra)
    detector = fields.clean(said.get("detector_name"))
    retracted = next((fields.clean(said[key]) for key in _RETRACTED if said.get(key)), "")
    retraction = bool(word == "retraction" or retracted or any(said.get(key) for key in _RETRACTED_LATEST))
    if retraction and not retracted and time is None:
        raise Unparsable(_unnamed(said, detector))
    moment = time or sent
    name = f"SNEWS {detector} {moment:%Y-%m-%dT%H:%M:%SZ}" if moment else f"SNEWS {detector}"
    chance = next((number for key in _CHANCES if (number := fields.number(said.get(key))) is not None), None)
    return Notice(
        event=fields.event(name),
        kind="SN",
        alert_type="retraction" if retraction else "initial",
        role=_role(said, False),
        source=f"SNEWS {detector}".strip(),
        id=fields.clean(said.get("uuid") or said.get("id") or said.get("_id")) or None,
        time=time,
        sent=sent,
        instruments=(detector,) if detector else (),
        properties={
            **({"p_value": chance} if chance is not None else {}),
            **({"tier": word} if word else {}),
            **_drill(said),
        },
        cites=(Cite(retracted, "retraction"),) if retracted else (),
        text=fields.texts([said.get("retraction_reason")]),
        extra=extra,
    )


def _unnamed(said: dict[str, Any], detector: str) -> str:
    """What a person has to know of a retraction that names no message."""
    latest = next((fields.clean(said[key]) for key in _RETRACTED_LATEST if said.get(key)), "")
    which = f"the latest it sent ({latest})" if latest else "something"
    return (
        f"{detector or 'a detector'} takes back {which} and names no message: nothing is retracted here. "
        "Look which of its events that is."
    )


def _drill(said: dict[str, Any]) -> dict[str, Any]:
    """That it is a fire drill, or about a star before its collapse, where it says so."""
    words = {"is_firedrill": "fire_drill", "is_pre_sn": "pre_supernova"}
    return {ours: True for key, ours in words.items() if str(said.get(key)).strip().lower() == "true"}


def _role(said: dict[str, Any], test: bool) -> str:
    flags = [said.get(key) for key in ("is_test", "is_firedrill")]
    return "test" if test or any(str(flag).strip().lower() == "true" for flag in flags) else "observation"


def _time(said: dict[str, Any], key: str, extra: dict[str, Any]) -> datetime | None:
    """The time under `key`, in the form of today or of 2021."""
    old = _OLD_TIME.fullmatch(fields.clean(said.get(key)))
    if old is None:
        return fields.time(said, key, extra)
    year, month, day, clock, fraction = old.groups()
    return fields.time({key: f"20{year}-{month}-{day}T{clock}.{fraction or 0}"}, key, extra)


def _first(said: dict[str, Any], keys: tuple[str, ...], extra: dict[str, Any]) -> Any:
    """The first of these times that is one; what says more than microseconds stays in `extra`, and no other does."""
    for key in keys:
        left: dict[str, Any] = {}
        found = _time(said, key, left)
        if found is not None:
            extra.pop(key, None)
            extra.update(left)
            return found
    return None
