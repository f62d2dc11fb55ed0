"""The galaxies of an event, ranked, for the Treasure Map: treasuremap-galaxies, a list a delivery.

send_galaxies(event, user, most)     -> the Delivery of the best so many of those that were ranked here
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tom_scimma import acts, outbox
from tom_scimma.destinations import Receipt
from tom_scimma.errors import Rejected, Unsaid
from tom_scimma.models import Delivery, Event
from tom_treasuremap import accounts
from tom_treasuremap.cancelling import destination_of
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.destination import AtTreasureMap, event_of, graceid_of, packed
from tom_treasuremap.receipts import receipt


class TreasureMapGalaxies(AtTreasureMap):
    """A ranked list of galaxies."""

    name = "treasuremap-galaxies"
    label = "Treasure Map: galaxies"
    warning = "The Treasure Map shows the list to everybody who has an account there."

    def text_of(self, said: Mapping[str, Any]) -> str:
        names = ", ".join(row["name"] for row in said["galaxies"][:3])
        return f"{said['event']}: {len(said['galaxies'])} galaxies, ranked; first {names}"

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        said = json.loads(payload)
        there = self.there(credential)
        graceid = graceid_of(there, event_of(said))
        stamp = _stamp(there, graceid)
        known = _known(there, graceid, said["galaxies"])
        number = known if known is not None else there.post_galaxies(graceid, stamp, said["galaxies"])
        return receipt(number, graceid)

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        said = json.loads(payload)
        there = self.asking_again(key)
        graceid = graceid_of(there, event_of(said))
        known = _known(there, graceid, said["galaxies"])
        return None if known is None else receipt(known, graceid)


def _stamp(there: TreasureMap, graceid: str) -> str:
    """When the newest notice that the server has of it was sent: lists belong to a notice."""
    for row in there.alerts(graceid=graceid):
        if row.get("timesent"):
            return row["timesent"]
    raise Rejected(f"The Treasure Map does not say when the notices of {graceid} were sent; a list needs that.")


def _known(there: TreasureMap, graceid: str, wanted: Sequence[Mapping[str, Any]]) -> int | None:
    """The number of one's own list at the server that ranks the same galaxies the same way."""
    lists: dict[int, set[tuple[str, int]]] = {}
    for row in there.galaxies(graceid, groupname=accounts.account(there).username):
        lists.setdefault(row["listid"], set()).add((row.get("name"), row.get("rank")))
    same = {(row["name"], row["rank"]) for row in wanted}
    return next((number for number, rows in lists.items() if rows == same), None)


def send_galaxies(event: Event, rows: Sequence[Mapping[str, Any]], by: Any) -> Delivery:
    """Queues a ranked list; each row has name, ra, dec (degrees) and score. Raises Unsaid for an empty one."""
    if not rows:
        raise Unsaid(f"No galaxies are ranked for {event.name}.")
    galaxies = [
        {"name": row["name"], "ra": row["ra"], "dec": row["dec"], "score": row["score"], "rank": n}
        for n, row in enumerate(rows, 1)
    ]
    there, payload = destination_of(TreasureMapGalaxies, event), packed({"event": event.name, "galaxies": galaxies})
    delivery = outbox.queue(there, payload, key=outbox.key_of(there, event, payload), by=by, subject=event, event=event)
    return acts.afresh(delivery, by, left=True)
