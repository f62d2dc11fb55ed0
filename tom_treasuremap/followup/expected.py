"""How deep an observation that is still to come is taken to go, by the table of its telescope's filter."""

from __future__ import annotations

from tom_observations.models import ObservationRecord

from tom_treasuremap import exposure, telescopes
from tom_treasuremap.followup import written
from tom_treasuremap.models import Asked


def depth(record: ObservationRecord) -> float | None:
    """AB magnitude of the longest exposure with the first filter; None where nobody knows, and for other facilities."""
    row = Asked.objects.filter(record=record).first()
    telescope = telescopes.telescopes().get(row.telescope) if row is not None else None
    exposures = written.from_json(row.request).exposures if row is not None else ()
    if telescope is None or not exposures:
        return None
    first = exposures[0].filter
    return exposure.expected(telescope.filters.get(first), max(one.seconds for one in exposures if one.filter == first))
