"""The first drafts of GCN's JSON notices, whose core keys are in groups, as the flat notice that the schemas now say. Pure.

Schemas: gcn/notices/glowbug/alert.schema.json and gcn/notices/swift/bat/guano/alert.schema.json of
https://github.com/nasa-gcn/gcn-schema, April 2023. Groups and keys that are not of the core stay as they are.
"""

from __future__ import annotations

from typing import Any

_GROUPS = (
    *("reporter", "alert_info", "event_info", "trigger_time", "trigger_stats", "equatorial"),
    *("alert_reporter", "datetime", "localization", "statistics", "identifiers"),
)
#: keys that have another name by now
_NAMES = {"datetime_of_notice": "alert_datetime", "event_id": "id"}


def recognises(said: dict[str, Any]) -> bool:
    """True for a record that says who reports and of which alert in groups."""
    reporter = said.get("reporter") or said.get("alert_reporter")
    return isinstance(reporter, dict) and isinstance(said.get("alert_info"), dict)


def flat(said: dict[str, Any]) -> dict[str, Any]:
    """The record with its groups' keys at the top; what the top says itself is not overwritten."""
    found = {key: value for key, value in said.items() if key not in _GROUPS or not isinstance(value, dict)}
    groups: list[dict[str, Any]] = [said[group] for group in _GROUPS if isinstance(said.get(group), dict)]
    for group in groups:
        for key, value in group.items():
            found.setdefault(_NAMES.get(key, key), value)
    major, minor = found.pop("semi_major", None), found.pop("semi_minor", None)
    if major is not None:
        found.setdefault("ra_dec_error", major if minor is None else [major, minor])
    return found
