"""What is chosen to begin with: the newest night of a target's data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tom_scimma.compose.rights import rows_of
from tom_scimma.compose.selection import ASTROMETRY, PHOTOMETRY, SPECTRUM, TARGET, Selection

#: data so shortly before the newest belong to its night
NIGHT = timedelta(hours=18)
#: at most so many rows of a kind
FEW = 100


def newest(selection: Selection, user: Any) -> Selection:
    """The selection with the newest night of photometry, and of spectra and astrometry where they are of that night too."""
    targets = selection.keys(TARGET)
    latest = {kind: _latest(kind, targets, user) for kind in (PHOTOMETRY, SPECTRUM, ASTROMETRY)}
    times = [time for time in latest.values() if time is not None]
    if not times:
        return selection
    begin = max(times) - NIGHT
    for kind, time in latest.items():
        if time is not None and time >= begin:
            rows = rows_of(kind, user).filter(target__in=targets, timestamp__gte=begin)
            selection = selection.having(kind, rows.order_by("-timestamp", "-pk").values_list("pk", flat=True)[:FEW])
    return selection


def _latest(kind: str, targets: tuple[int, ...], user: Any):
    rows = rows_of(kind, user).filter(target__in=targets).order_by("-timestamp")
    return rows.values_list("timestamp", flat=True).first()
