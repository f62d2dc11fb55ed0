"""Which messages are our own, come back by the stream or the archive: nothing is taken in of them, and nothing echoed.

Known by our mark under `data`, which names a delivery of this TOM: it may come back before HERMES' reply does, or without
one. Else by the uuid of the reply. The name of the TOM in the mark is not enough, since nothing keeps two TOMs from having
the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tom_hermes.arrived import Arrived
from tom_hermes.models import SharedMessage
from tom_hermes.parts import MARK
from tom_scimma import bulk
from tom_scimma.models import Delivery


def mark(arrivals: Sequence[Arrived]) -> None:
    """Notes the arrivals that this TOM sent."""
    keys = [_key(arrival.said.others.get(MARK)) for arrival in arrivals]
    uuids = {arrival.uuid for arrival in arrivals} - {None}
    ours = set(bulk.having(SharedMessage.objects.values_list("uuid", flat=True), uuid=uuids))
    sent = {key for (key,) in bulk.find(Delivery, ["key"], key=set(keys) - {""})}
    for arrival, key in zip(arrivals, keys, strict=True):
        arrival.own = arrival.own or arrival.uuid in ours or key in sent


def _key(said: Any) -> str:
    key = said.get("key") if isinstance(said, dict) else None
    return key if isinstance(key, str) and len(key) == 64 else ""
