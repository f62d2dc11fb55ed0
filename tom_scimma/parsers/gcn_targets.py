"""GCN JSON notices that list `data.targets` (BOOM): optical transients by name, with photometry. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ..errors import Unparsable
from ..notice import Cite, Notice
from . import fields, gcn_sky, missions

_MOST = 200
_TAKEN = {"data", "alert_datetime", "trigger_time"}
_TARGET_TAKEN = {"name", "event_name", "ra", "dec", "ra_dec_error", "containment_probability"}


def recognises(said: dict[str, Any]) -> bool:
    """True where there is a list of targets."""
    return isinstance(said.get("data"), dict) and isinstance(said["data"].get("targets"), list)


def parse(words: list[str], said: dict[str, Any]) -> tuple[Notice, ...]:
    """One notice a target. Raises Unparsable for a target without a name, and for too many."""
    data = said["data"]
    targets = [target for target in data["targets"] if isinstance(target, dict)]
    if len(targets) > _MOST:
        raise Unparsable(f"{len(targets):,} targets in one notice; at most {_MOST} are read")
    named = [(target, _names(target, "name")) for target in targets]
    rows = _rows(data.get("photometry"), [names[0] if names else "" for _, names in named])
    left = {str(key): fields.jsonable(value) for key, value in data.items() if key not in ("targets", "photometry")}
    return tuple(_notice(words, said, target, names, rows[names[0] if names else ""], left) for target, names in named)


def _names(row: Any, key: str) -> list[str]:
    """A target's names: `event_name` one or a list; in the first schemas a key of its own."""
    return fields.names(row.get(key) or row.get("event_name")) if isinstance(row, dict) else []


def _rows(photometry: Any, names: list[str]) -> dict[str, list[Any]]:
    """Rows by their target; those that name none of the targets go to the first, so that nothing is lost."""
    found: dict[str, list[Any]] = defaultdict(list)
    known = set(names)
    for row in photometry if isinstance(photometry, list) and names else ():
        name = next(iter(_names(row, "target_name")), "")
        found[name if name in known else names[0]].append(fields.jsonable(row))
    return found


def _notice(
    words: list[str],
    said: dict[str, Any],
    target: dict[str, Any],
    names: list[str],
    photometry: list[Any],
    left: dict[str, Any],
) -> Notice:
    who = missions.mission(words, fields.clean(said.get("mission")), fields.clean(said.get("messenger")))
    extra = {key: fields.jsonable(value) for key, value in said.items() if key not in _TAKEN}
    extra["target"] = {str(key): fields.jsonable(value) for key, value in target.items() if key not in _TARGET_TAKEN}
    extra.update({key: value for key, value in (("photometry", photometry), ("data", left)) if value})
    test = "test" in {word.lower() for word in (*words, fields.clean(said.get("alert_tense")))}
    return Notice(
        event=fields.event(names[0] if names else ""),
        aliases=tuple(names[1:]),
        kind=who.kind if who.kind != "UNK" else "OT",
        alert_type="initial",
        role="test" if test else "observation",
        source=who.name or "GCN",
        time=fields.time(said, "trigger_time", extra),
        sent=fields.time(said, "alert_datetime", extra),
        classification=_classes(target),
        sky=gcn_sky.sky(target, extra, {}),
        cites=tuple(Cite(name, "coincidence") for name in _matches(target.get("gcn_crossmatch"))),
        extra=extra,
    )


def _classes(target: dict[str, Any]) -> dict[str, float]:
    """{class: probability} from `classification_scores`, or from [{"classification", "probability"}, ...]."""
    scores, rows = target.get("classification_scores"), target.get("classifications")
    if isinstance(scores, dict):
        return fields.probabilities(scores)
    pairs = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return fields.probabilities({str(row.get("classification")): row.get("probability") for row in pairs})


def _matches(rows: Any) -> list[str]:
    """The events that a crossmatch found."""
    return fields.names(
        [row.get("ref_ID") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None
    )
