"""`gcn.notices.boom` and whoever else lists `data.targets`: optical transients by name, with photometry. Pure."""

from __future__ import annotations

from typing import Any

from ..errors import Unparsable
from ..notice import Cite, Notice, Sky
from . import fields, missions

_MOST = 200


def parse(words: list[str], said: dict[str, Any]) -> tuple[Notice, ...]:
    """One notice a target. Raises Unparsable for a target without a name."""
    data = said["data"]
    targets = data["targets"]
    if len(targets) > _MOST:
        raise Unparsable(f"{len(targets):,} targets in one notice; at most {_MOST} are read")
    who = missions.mission(words, fields.clean(said.get("mission")), fields.clean(said.get("messenger")))
    return tuple(_notice(who, words, said, data, target) for target in targets if isinstance(target, dict))


def _notice(who: missions.Mission, words: list[str], said: dict, data: dict, target: dict) -> Notice:
    name = fields.event(target.get("name"))
    extra = {key: fields.jsonable(value) for key, value in said.items() if key not in ("data", "alert_datetime", "trigger_time")}
    extra["target"] = {key: fields.jsonable(value) for key, value in target.items() if key not in ("name", "ra", "dec")}
    photometry = data.get("photometry")
    if isinstance(photometry, list):
        mine = [row for row in photometry if isinstance(row, dict) and row.get("target_name") in (None, target.get("name"))]
        extra["photometry"] = fields.jsonable(mine)
    classes = target.get("classifications")
    matches = target.get("gcn_crossmatch")
    cited = fields.names([row.get("ref_ID") for row in matches if isinstance(row, dict)] if isinstance(matches, list) else None)
    ra, dec = fields.number(target.get("ra")), fields.number(target.get("dec"))
    placed = ra is not None and dec is not None and 0 <= ra <= 360 and -90 <= dec <= 90
    return Notice(
        event=name,
        kind=who.kind if who.kind != "UNK" else "OT",
        alert_type="initial",
        role="test" if "test" in {word.lower() for word in words} or said.get("alert_tense") == "test" else "observation",
        source=who.name or "GCN",
        time=fields.time(said, "trigger_time", extra),
        sent=fields.time(said, "alert_datetime", extra),
        classification=_classes(classes),
        sky=Sky(type="point", ra_deg=ra % 360.0, dec_deg=dec) if placed else None,
        cites=tuple(Cite(other, "coincidence") for other in cited),
        extra=extra,
    )


def _classes(rows: Any) -> dict[str, float]:
    """{class: probability} from [{"classification", "probability"}, ...]."""
    if not isinstance(rows, list):
        return {}
    pairs = {str(row.get("classification")): row.get("probability") for row in rows if isinstance(row, dict)}
    return fields.probabilities(pairs)
