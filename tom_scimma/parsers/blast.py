"""Blast's export of a transient: the object and its host galaxy, as Django serialises rows. Pure.

Format: https://github.com/scimma/blast. Numbers of rows are that server's own and name nothing.
"""

from __future__ import annotations

from typing import Any

from ..notice import Notice
from . import fields, gcn_sky

SOURCE = "Blast"
_TAKEN = {"name", "tns_prefix", "ra_deg", "dec_deg", "redshift", "spectroscopic_class", "photometric_class", "aliases"}
_WORDS = ("redshift", "spectroscopic_class", "photometric_class")
#: by far the largest part: photometry, fits and filters, which stay in the message
_LEFT = ("apertures", "cutouts", "filters", "surveys", "users", "host_spectra", "workflow", "status")


def recognises(said: Any) -> bool:
    """True for an export: a row of Blast's table of transients."""
    return isinstance(said, dict) and "ra_deg" in _fields(said, "transient")


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one report of an export. Raises Unparsable where the transient has no name."""
    seen, host, made = _fields(said, "transient"), _fields(said, "host"), said.get("metadata")
    bare, prefix = fields.clean(seen.get("name")), fields.clean(seen.get("tns_prefix"))
    name = fields.event(f"{prefix} {bare}".strip() if bare else "")
    extra: dict[str, Any] = {"metadata": fields.jsonable(made)} if isinstance(made, dict) else {}
    left = {
        str(key): fields.jsonable(value) for key, value in seen.items() if key not in _TAKEN and value not in (None, "")
    }
    extra["transient"] = left
    if host:
        extra["host"] = {str(key): fields.jsonable(value) for key, value in host.items() if value is not None}
    extra.update({key: len(said[key]) for key in _LEFT if isinstance(said.get(key), list)})
    given = fields.names(seen.get("aliases"))
    return (
        Notice(
            event=name,
            aliases=tuple(alias for alias in ([f"AT {bare}"] if prefix == "SN" else []) + given if alias != name),
            kind="OT",
            alert_type="report",
            source=SOURCE,
            sent=fields.time(made, "export_time", extra) if isinstance(made, dict) else None,
            properties={key: seen[key] for key in _WORDS if fields.is_scalar(seen.get(key))},
            sky=gcn_sky.sky({"ra": seen.get("ra_deg"), "dec": seen.get("dec_deg")}, extra, {}),
            extra=extra,
        ),
    )


def _fields(said: dict[str, Any], key: str) -> dict[str, Any]:
    row = said.get(key)
    inner = row.get("fields") if isinstance(row, dict) else None
    return inner if isinstance(inner, dict) else {}
