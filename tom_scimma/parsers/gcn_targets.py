"""GCN JSON notices that list `data.targets` (BOOM): optical transients by name, with photometry. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ..errors import Unparsable
from ..notice import Cite, Notice
from . import fields, gcn_sky, missions

_MOST = 200
_TAKEN = {"data", "alert_datetime", "trigger_time"}
_TARGET_TAKEN = {"name", "ra", "dec", "ra_dec_error", "containment_probability"}


def recognises(said: dict[str, Any]) -> bool:
    """True where there is a list of targets."""
    return isinstance(said.get("data"), dict) and isinstance(said["data"].get("targets"), list)


def parse(words: list[str], said: dict[str, Any]) -> tuple[Notice, ...]:
    """One notice a target. Raises Unparsable for a target without a name, and for too many."""
    data = said["data"]
    targets = [target for target in data["targets"] if isinstance(target, dict)]
    if len(targets) > _MOST:
        raise Unparsable(f"{len(targets):,} targets in one notice; at most {_MOST} are read")
    photometry = defaultdict(list)
    rows = data.get("photometry")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            photometry[fields.clean(row.get("target_name"))].append(fields.jsonable(row))
    return tuple(_notice(words, said, target, photometry[fields.clean(target.get("name"))]) for target in targets)


def _notice(words: list[str], said: dict[str, Any], target: dict[str, Any], photometry: list[Any]) -> Notice:
    who = missions.mission(words, fields.clean(said.get("mission")), fields.clean(said.get("messenger")))
    extra = {key: fields.jsonable(value) for key, value in said.items() if key not in _TAKEN}
    extra["target"] = {str(key): fields.jsonable(value) for key, value in target.items() if key not in _TARGET_TAKEN}
    if photometry:
        extra["photometry"] = photometry
    test = "test" in {word.lower() for word in (*words, fields.clean(said.get("alert_tense")))}
    return Notice(
        event=fields.event(target.get("name")),
        kind=who.kind if who.kind != "UNK" else "OT",
        alert_type="initial",
        role="test" if test else "observation",
        source=who.name or "GCN",
        time=fields.time(said, "trigger_time", extra),
        sent=fields.time(said, "alert_datetime", extra),
        classification=_classes(target.get("classifications")),
        sky=gcn_sky.sky(target, extra, {}),
        cites=tuple(Cite(name, "coincidence") for name in _matches(target.get("gcn_crossmatch"))),
        extra=extra,
    )


def _classes(rows: Any) -> dict[str, float]:
    """{class: probability} from [{"classification", "probability"}, ...]."""
    pairs = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return fields.probabilities({str(row.get("classification")): row.get("probability") for row in pairs})


def _matches(rows: Any) -> list[str]:
    """The events that a crossmatch found."""
    return fields.names(
        [row.get("ref_ID") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None
    )
