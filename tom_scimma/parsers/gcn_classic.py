"""GCN's classic notices as its JSON archive has them: core names, but the units of each mission's mails. Pure.

Examples: https://github.com/nasa-gcn/gcn-schema, folder gcn/notices/classic; compared with the same notices as VOEvents. Schemas
that are not under `classic` have degrees.
"""

from __future__ import annotations

from typing import Any

from . import fields

YEAR = 365.25 * 86400
#: folder under gcn/notices/classic -> degrees that an error of 1 is; None: as its notice_type says
_UNITS: dict[str, float] = {"amon": 1 / 60, "integral": 1 / 60, "counterpart": 1 / 3600}
#: AMON's notices that have degrees: their errors are larger than what arcminutes were made for
_DEGREES = {"cascade"}
#: radius that the mission documents, where the notice does not say
_CONTAINMENT = {"ehe": 0.5}


def in_degrees(said: dict[str, Any]) -> dict[str, Any]:
    """The same notice with its error in degrees and the source's place under `ra` and `dec`; any other as it is."""
    schema = said.get("$schema")
    folder = (
        schema[-300:].rpartition("/classic/")[2].partition("/")[0]
        if isinstance(schema, str) and "/classic/" in schema
        else ""
    )
    if not folder:
        return said
    changed = {**said}
    kind = fields.clean(said.get("notice_type")).lower()
    unit = 1.0 if kind in _DEGREES else _UNITS.get(folder, 1.0)
    for key in ("ra_dec_error", "ra_dec_error_50"):
        size = fields.number(said.get(key))
        if size is not None and unit != 1.0:
            changed[key] = size * unit
            changed[f"{key}_sent"] = said[key]
    if folder == "hete":  # its ra and dec are the spacecraft's
        changed.update(
            ra_pointing=said.get("ra"), dec_pointing=said.get("dec"), ra=said.get("wxm_ra"), dec=said.get("wxm_dec")
        )
        changed["ra_dec_error"] = said.get("wxm_ra_dec_error")
    rate = fields.rate(said.get("annual_rate"))
    if folder == "milagro" and rate is not None:
        changed.setdefault("far", rate / YEAR)
    if kind in _CONTAINMENT:
        changed.setdefault("containment_probability", _CONTAINMENT[kind])
    return {key: value for key, value in changed.items() if value is not None}
