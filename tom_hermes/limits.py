"""Which limit TNS is told of. HERMES takes the earliest of a target for its last non-detection, and TNS gets no other. Pure.

So a report has one limit of each target from before its first detection, the last; the earlier ones stand beside, whole, in
`data.earlier_limits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any


def last(rows: Iterable[tuple[str, datetime, bool]]) -> dict[str, datetime]:
    """By target the time of the last limit from before its first detection; rows are (target, time, whether it is seen)."""
    rows = list(rows)
    seen: dict[str, datetime] = {}
    for target, time, is_seen in rows:
        if is_seen:
            seen[target] = min(time, seen.get(target, time))
    found: dict[str, datetime] = {}
    for target, time, is_seen in rows:
        if not is_seen and target in seen and time < seen[target]:
            found[target] = max(time, found.get(target, time))
    return found


def words(limit: datetime | None) -> str:
    """What TNS is told of a target's last non-detection, for who may name an archive instead."""
    if limit is None:
        return "an archive, where no row of this report is a limit from before"
    return (
        f"TNS is told of one limit, that of {limit:%Y-%m-%d %H:%M}, the last before the first detection, or of the archive that "
        "is chosen here; other limits go on the topic alone"
    )


def apart(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a report with the earlier limits beside its photometry."""
    rows = data["photometry"]
    times = [datetime.fromisoformat(row["date_obs"]) for row in rows]
    ends = last((row["target_name"], time, _is_seen(row)) for row, time in zip(rows, times, strict=True))
    extras = {extra["row"]: extra for extra in data.get("photometry_extra", [])}
    kept, earlier, beside = [], [], []
    for number, (row, time) in enumerate(zip(rows, times, strict=True)):
        extra = extras.get(number, {})
        name = row["target_name"]
        if not _is_seen(row) and name in ends and time < ends[name]:
            earlier.append({**{key: value for key, value in extra.items() if key != "row"}, **row})
            continue
        if extra:
            beside.append({**extra, "row": len(kept)})
        kept.append(row)
    if not earlier:
        return dict(data)
    rest = {key: value for key, value in data.items() if key != "photometry_extra"}
    more = {"photometry_extra": beside} if beside else {}
    return {**rest, "photometry": kept, **more, "earlier_limits": earlier}


def _is_seen(row: Mapping[str, Any]) -> bool:
    return bool(row.get("brightness"))
