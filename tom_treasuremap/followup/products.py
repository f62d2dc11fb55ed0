"""Data products of what was observed, kept as the host's rows.

Nothing is fetched but what its telescope's transport keeps, and what lies at a host that the telescope's options name
(`product_hosts`): an address in somebody's message is no reason to go there.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.files.base import ContentFile
from tom_observations.models import ObservationRecord

from tom_scimma import guard
from tom_scimma.errors import DeliveryError, Refused, Unavailable
from tom_treasuremap import telescopes
from tom_treasuremap.models import Asked
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports import transport

LARGEST = 512 * 2**20
SECONDS = 60.0


def keep(record: ObservationRecord, identity: str | None = None) -> list[Any]:
    """The DataProducts of an observation, or one of them, fetched where they are not here yet; those are missing that cannot be had."""
    from tom_dataproducts.models import DataProduct

    row = Asked.objects.filter(request_id=record.observation_id).first()
    known = telescopes.telescopes().get(row.telescope) if row is not None else None
    found = []
    for one in row.products if row is not None else ():
        if identity is not None and str(one.get("id")) != str(identity):
            continue
        values = {"product_id": str(one["id"]), "target": record.target, "observation_record": record}
        made = DataProduct.objects.filter(**values).first()
        data = None if made is not None else _fetched(known, one)
        if data is not None:
            made = DataProduct(**values)
            made.data.save(one.get("filename") or str(one["id"]), ContentFile(data), save=True)
        if made is not None:
            found.append(made)
    return found


def _fetched(telescope: Telescope | None, said: dict[str, Any]) -> bytes | None:
    """The bytes of one; None where they cannot be had."""
    if telescope is None:
        return None
    try:
        return transport(telescope).product(telescope, str(said["id"]))
    except LookupError:
        pass  # it lies elsewhere
    except DeliveryError:
        return None
    hosts = telescope.options.get("product_hosts") or ()
    address = str(said.get("url") or "")
    if not urlsplit(address).netloc:
        return None
    try:
        return guard.fetch(address, allowed_hosts=list(hosts), max_bytes=LARGEST, seconds=SECONDS)
    except (Refused, Unavailable):
        return None
