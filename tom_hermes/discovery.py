"""What an AT report lacks for TNS that HERMES does not see: it looks at all targets together, TNS at each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tom_hermes import dates


def lacks(message: Mapping[str, Any]) -> dict[str, list[str]]:
    """By field: targets of which no detection is chosen, or no limit from before and no archive; {} for a classification."""
    data = message["data"]
    if data.get("spectroscopy"):
        return {}
    found = {}
    for index, target in enumerate(data.get("targets", [])):
        name, info = target["name"], target.get("discovery_info", {})
        rows = [row for row in data.get("photometry", []) if row["target_name"] == name]
        seen = [dates.read(row["date_obs"]) for row in rows if row.get("brightness")]
        limits = [dates.read(row["date_obs"]) for row in rows if not row.get("brightness")]
        if not seen:
            found[f"targets.{index}.date"] = [f"No detection of {name} is chosen."]
        elif not info.get("nondetection_source") and not any(time < min(seen) for time in limits):
            words = f"No limit from before the first detection of {name} is chosen; choose one, or name an archive."
            found[f"targets.{index}.nondetection_source"] = [words]
    return found
