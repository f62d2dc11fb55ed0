"""The Treasure Map's instruments into rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from tom_treasuremap.client import TreasureMap
from tom_treasuremap.footprints import rings
from tom_treasuremap.models import Instrument
from tom_treasuremap.vocabulary import INSTRUMENT_TYPES

KEPT_FOR = timedelta(days=1)
NO_FOOTPRINT = "the Treasure Map has no footprint of it"


def renew(service: TreasureMap, now: datetime, needed: Iterable[int] = (), *, force: bool = False) -> int:
    """Reads all instruments and footprints, two questions, when a day has passed or one that is needed is not known.

    Returns how many instruments are known. Raises Rejected and Unavailable; what was known stays.
    """
    mine = Instrument.objects.filter(origin=service.origin)
    known = dict(mine.values_list("number", "fetched"))
    young = known and now - max(known.values()) < KEPT_FOR
    strange = set(needed) - set(known)
    if young and not force and (not strange or now - max(known.values()) < timedelta(minutes=10)):
        return len(known)
    found = service.instruments()
    parts: dict[int, list[str]] = defaultdict(list)
    for row in service.footprints():
        parts[row.get("instrumentid")].append(row.get("footprint") or "")
    with transaction.atomic():
        for row in found:
            _write(service.origin, row, parts.get(row.get("id"), []), now)
    return mine.count()


def _write(origin: str, row: dict[str, Any], wkt: list[str], now: datetime) -> None:
    if not isinstance(row.get("id"), int):
        return
    kinds = {number: name for name, number in INSTRUMENT_TYPES.items()}
    parts, problem = rings(wkt)
    values = {
        "name": str(row.get("instrument_name") or "")[:200],
        "nickname": str(row.get("nickname") or "")[:200],
        "kind": kinds.get(row.get("instrument_type"), str(row.get("instrument_type") or ""))[:20],
        "submitter_id": row.get("submitterid"),
        "rings": parts,
        "problem": problem or ("" if wkt else NO_FOOTPRINT),
        "fetched": now,
    }
    Instrument.objects.update_or_create(origin=origin, number=row["id"], defaults=values)
