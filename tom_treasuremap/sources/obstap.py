"""Observing plans of Rubin and others, published by ObsLocTAP (IVOA Observation Locator TAP 1.0).

The only file that asks a TAP service. `plans` asks; `found` makes a pointing of a row, and is pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import requests

from tom_scimma.errors import Unavailable
from tom_treasuremap.pointings import Pointing
from tom_treasuremap.sources import Found, number, place

MOST = 100_000  #: rows that are asked for
MJD = datetime(1858, 11, 17, tzinfo=timezone.utc)
#: the standard's execution_status; what was not said is planned where its time is to come
STATUSES = {
    "planned": "planned",
    "scheduled": "planned",
    "unscheduled": "cancelled",
    "performed": "completed",
    "aborted": "cancelled",
}
COLUMNS = (
    "obs_id target_name obs_collection s_ra s_dec s_fov s_region t_min t_max t_exptime em_min em_max facility_name "
    "instrument_name execution_status priority category"
).split()


class Line(requests.Session):
    """A session whose every request has a time-out and goes nowhere else."""

    def __init__(self, connect: float, read: float):
        super().__init__()
        self.trust_env, self._waits = False, (connect, read)

    def request(self, method: str, url: str, **more: Any) -> requests.Response:  # type: ignore[override]
        return super().request(method, url, **{"timeout": self._waits, **more, "allow_redirects": False})


def plans(
    url: str, begin: datetime, end: datetime, *, table: str = "ivoa.obsplan", connect: float = 5, read: float = 60
) -> Iterator[dict[str, Any]]:
    """What a service plans, or did, between two times, a dict a row, None for what it does not say. Raises Unavailable."""
    import pyvo

    if not re.fullmatch(r"[A-Za-z_][\w.]*", table):
        raise ValueError(f"{table!r} is no name of a table")
    asked = f"SELECT TOP {MOST} * FROM {table} WHERE t_max >= {_mjd(begin):.6f} AND t_min <= {_mjd(end):.6f}"
    with Line(connect, read) as line:
        try:
            answer = pyvo.dal.TAPService(url, session=line).run_sync(asked, maxrec=MOST)
        except (pyvo.dal.DALAccessError, requests.RequestException, OSError, ValueError) as error:
            raise Unavailable(f"{url} did not answer with plans: {' '.join(str(error).split())[:300]}") from error
    names = [name for name in COLUMNS if name in answer.fieldnames]
    lacking = {"s_ra", "s_dec", "t_min"} - set(names)
    if lacking:
        raise Unavailable(f"{url} gives no {', '.join(sorted(lacking))}: {table} is no ObsLocTAP table")
    for row in answer:
        yield {name: _plain(row[name]) for name in names}


def _plain(value: Any) -> Any:
    """A cell as Python has it; None where it is masked or not a number."""
    import numpy as np

    if value is None or value is np.ma.masked or (isinstance(value, np.ma.MaskedArray) and value.mask.all()):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return None if isinstance(value, float) and value != value else value


def _mjd(moment: datetime) -> float:
    return (moment - MJD) / timedelta(days=1)


def found(row: Mapping[str, Any], event: str, name: str, telescope: str, now: datetime) -> Found:
    """The pointing of a row. Raises ValueError that says why it cannot be one."""
    if row.get("s_ra") is None or row.get("s_dec") is None:
        raise ValueError(f"plan {row.get('obs_id')!r} has no place")
    ra, dec = place(row["s_ra"], row["s_dec"])
    days = number(row.get("t_min"), "t_min")
    time = None if days is None else MJD + timedelta(days=days)
    status = STATUSES.get(str(row.get("execution_status") or "").strip().lower())
    if status is None:
        raise ValueError(f"plan {row.get('obs_id')!r} has the execution_status {row.get('execution_status')!r}")
    low, high = number(row.get("em_min"), "em_min"), number(row.get("em_max"), "em_max")
    wave, width = (
        ((low + high) / 2 * 1e10, (high - low) * 1e10) if low is not None and high is not None else (None, None)
    )
    identity = str(row.get("obs_id") or f"{days}/{ra:.5f}/{dec:.5f}")
    return Found(
        Pointing(
            key=f"obstap:{name}/{identity}",
            event=event,
            team=name,
            telescope=telescope or str(row.get("instrument_name") or row.get("facility_name") or ""),
            instrument_id=None,
            ra=ra,
            dec=dec,
            pos_angle=None,
            time=time,
            status=status,
            band=None,
            central_wave=wave,
            bandwidth=width,
            depth=None,
            depth_unit=None,
            source="obstap",
            source_id=identity[:200],
            footprint=region(row.get("s_region")) or circle(ra, dec, row.get("s_fov")),
        ),
        {key: value for key, value in row.items() if value is not None},
    )


def region(said: Any) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The rings of an STC-S or DALI polygon or circle; none where it is neither."""
    words = str(said or "").replace("(", " ").replace(")", " ").replace(",", " ").split()
    numbers = []
    for word in words:
        try:
            numbers.append(float(word))
        except ValueError:
            continue
    kind = words[0].upper() if words else ""
    if kind == "CIRCLE" and len(numbers) == 3:
        return circle(numbers[0], numbers[1], 2 * numbers[2])
    if kind in ("POLYGON", "") and len(numbers) >= 6 and len(numbers) % 2 == 0:
        return (tuple((ra % 360.0, dec) for ra, dec in zip(numbers[::2], numbers[1::2], strict=True)),)
    return ()


def circle(ra: float, dec: float, across: Any) -> tuple[tuple[tuple[float, float], ...], ...]:
    """A field of view that is known by its diameter alone, as a ring of 32 corners."""
    import math

    if not across or not 0 < float(across) < 40:
        return ()
    radius, ring = math.radians(float(across) / 2), []
    lat = math.radians(dec)
    for step in range(32):
        turn = 2 * math.pi * step / 32
        up = math.asin(math.sin(lat) * math.cos(radius) + math.cos(lat) * math.sin(radius) * math.cos(turn))
        over = math.atan2(
            math.sin(turn) * math.sin(radius) * math.cos(lat), math.cos(radius) - math.sin(lat) * math.sin(up)
        )
        ring.append(((ra + math.degrees(over)) % 360.0, math.degrees(up)))
    return (tuple(ring),)
