"""What a report lacks for TNS that HERMES does not see: it looks at all targets together, TNS at each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tom_hermes import dates


def lacks(message: Mapping[str, Any]) -> dict[str, list[str]]:
    """By field: targets of which no detection is chosen, or no limit from before and no archive; or not one class."""
    data = message["data"]
    if data.get("spectroscopy"):
        return _classes(data)
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


def _classes(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """Targets without a spectrum, which HERMES leaves out, and spectra of another class than their target's first, which it tells."""
    first: dict[str, str] = {}
    found = {}
    for index, row in enumerate(data["spectroscopy"]):
        name, said = row["target_name"], row.get("classification", "")
        if first.setdefault(name, said) != said:
            words = f"TNS is told one class of {name}, that of its first spectrum: {first[name] or 'none'}."
            found[f"spectroscopy.{index}.classification"] = [words]
    for index, target in enumerate(data.get("targets", [])):
        if target["name"] not in first:
            found[f"targets.{index}"] = [f"No spectrum of {target['name']} is chosen."]
    return found
