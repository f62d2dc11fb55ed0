"""The annotator `up`: what each telescope can reach of an event in the night after an alert came, or in which it came.

    annotations.up.ztf > 0.5                   over half of the map's probability
    annotations.up.lco_1m0_coj_hours >= 1      the most probable place is up for an hour: visible tonight from Siding Spring

It is a fact about the sky, of the night that the alert's own time gives: weather and whether a telescope is open are none.
Hyphens of a telescope's name are underscores here, so that queries need no quotes.
"""

from __future__ import annotations

from typing import Any

from tom_scimma import wording
from tom_treasuremap.reachable import places, reachable
from tom_treasuremap.telescopes import telescopes
from tom_treasuremap.tonight import tonight


def key(name: str) -> str:
    """A telescope's name as queries have it."""
    return name.replace("-", "_")


def annotate(event, map, alert) -> dict[str, Any]:
    """Of each telescope the probability that it reaches, and the hours for which the most probable place is up."""
    if map is None:
        return {}
    ra, dec = (float(value) for value in map.mode)
    where = places(map)
    found: dict[str, Any] = {}
    for name, telescope in telescopes().items():
        if telescope.reports_only:
            continue
        found[key(name)] = reachable(telescope, where, alert.order)
        found[f"{key(name)}_hours"] = tonight(telescope, ra, dec, alert.order).hours
    return found


def words(value: dict[str, Any]) -> list[tuple[str, str]]:
    """The findings as lines of an event's page."""
    lines = []
    for name, telescope in telescopes().items():
        reach, hours = value.get(key(name)), value.get(f"{key(name)}_hours")
        if reach is not None and hours is not None:
            best = f"best place up {hours:.1f} h" if hours else "best place not up"
            lines.append((telescope.label, f"reaches {wording.percent(reach)}, {best}"))
    return lines


annotate.label, annotate.words = "the night of the alert, by telescope", words  # type: ignore[attr-defined]
annotate.takes_alert = True  # type: ignore[attr-defined]
