"""A row of the Treasure Map as a pointing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tom_treasuremap.pointings import STATUSES, Pointing
from tom_treasuremap.sources import Found, moment, number, place


def found(row: dict[str, Any], event: str) -> Found:
    """The pointing that a row of `GET /pointings` tells of. Raises ValueError that says why it cannot be one.

    The server's RA is from -180 to 180, its times are UTC without saying so, and its `ra` and `dec` are always null.
    """
    identity = row.get("id")
    if not isinstance(identity, int):
        raise ValueError(f"a row has no id: {str(row)[:100]}")
    status = row.get("status")
    if status not in STATUSES:
        raise ValueError(f"pointing {identity} has the status {status!r}, which is not known")
    try:
        ra, dec = where(row)
        numbers = {
            key: number(row.get(key), key) for key in ("pos_angle", "central_wave", "bandwidth", "depth", "depth_err")
        }
        time = moment(row.get("time"))
    except ValueError as error:
        raise ValueError(f"pointing {identity}: {error}") from None
    pointing = Pointing(
        key=f"treasuremap:{identity}",
        event=event,
        team=row.get("username") or "",
        telescope=row.get("instrument_name") or "",
        instrument_id=row.get("instrumentid"),
        ra=ra,
        dec=dec,
        time=time,
        status=status,
        band=row.get("band"),
        depth_unit=row.get("depth_unit") if numbers["depth"] is not None else None,
        source="treasuremap",
        source_id=str(identity),
        doi=row.get("doi_url"),
        submitter=row.get("username"),
        **numbers,
    )
    return Found(pointing, row)


def where(row: Mapping[str, Any]) -> tuple[float, float]:
    """The place of a row, of a pointing or a candidate, in degrees, RA from 0 to 360. Raises ValueError."""
    said = re.fullmatch(r"\s*POINT\s*\(\s*(\S+)\s+(\S+)\s*\)\s*", str(row.get("position")), re.IGNORECASE)
    if said is None:
        raise ValueError(f"it has no position: {row.get('position')!r}")
    return place(said[1], said[2])
