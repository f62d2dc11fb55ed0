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
from tom_scimma.models import Delivery


def mark(arrivals: Sequence[Arrived]) -> None:
    """Notes the arrivals that this TOM sent."""
    uuids = {arrival.uuid: arrival for arrival in arrivals if arrival.uuid is not None}
    for uuid in SharedMessage.objects.filter(uuid__in=uuids).values_list("uuid", flat=True):
        uuids[uuid].own = True
    keys = {key: arrival for arrival in arrivals if (key := _key(arrival.said.others.get(MARK)))}
    if keys:
        for key in Delivery.objects.filter(key__in=keys).values_list("key", flat=True):
            keys[key].own = True


def _key(said: Any) -> str:
    key = said.get("key") if isinstance(said, dict) else None
    return key if isinstance(key, str) and len(key) == 64 else ""
