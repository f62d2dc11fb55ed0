"""A DOI for what we completed: treasuremap-doi. Only by a person who confirmed it, since it stays for good.

request(reports, user, group=..., creators=...)     -> the Delivery
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from tom_scimma import acts, outbox
from tom_scimma.destinations import Receipt
from tom_scimma.errors import ReplyLost, Unsaid
from tom_scimma.models import Delivery
from tom_treasuremap.cancelling import destination_of
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.destination import AtTreasureMap, packed
from tom_treasuremap.models import Report
from tom_treasuremap.receipts import receipt
from tom_treasuremap.service import origin


class TreasureMapDoi(AtTreasureMap):
    """A DOI for completed pointings of ours, of one event."""

    name = "treasuremap-doi"
    label = "DOI by the Treasure Map"
    warning = "A DOI stays for good, with the authors that are given here."

    def text_of(self, said: Mapping[str, Any]) -> str:
        names = ", ".join(f"{row['name']} ({row['affiliation']})" for row in said.get("creators") or ())
        by = names or (
            f"the authors' group {said['doi_group_id']}" if said.get("doi_group_id") else "the account's name"
        )
        return f"{said['event']}: a DOI for {len(said['ids'])} completed pointing(s), by {by}"

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        said = json.loads(payload)
        there = self.there(credential)
        known = _addresses(there, said["ids"])
        if known.keys() >= set(said["ids"]):
            return _receipt(said, known)
        asked = {name: said[name] for name in ("creators", "doi_group_id") if said.get(name)}
        address, warnings = there.request_doi(ids=said["ids"], **asked)
        if not address:
            raise ReplyLost("the Treasure Map gave no DOI, and no reason")
        return _receipt(said, {**_addresses(there, said["ids"]), said["ids"][0]: address}, warnings)

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        said = json.loads(payload)
        known = _addresses(self.asking_again(key), said["ids"])
        return _receipt(said, known) if known else None

    def delivered(self, delivery: Delivery, receipt: Receipt) -> None:
        for number, address in (receipt.data.get("dois") or {}).items():
            Report.objects.filter(origin=origin(), number=int(number)).update(doi=address[:200])


def _addresses(there: TreasureMap, ids: Sequence[int]) -> dict[int, str]:
    """The DOIs that pointings have."""
    rows = there.pointings(ids=ids)
    return {row["id"]: row["doi_url"] for row in rows if row.get("doi_url") and row["id"] in ids}


def _receipt(said: Mapping[str, Any], known: Mapping[int, str], warnings: Sequence[str] = ()) -> Receipt:
    dois = {str(number): address for number, address in known.items()}
    made = receipt(next(iter(dois.values())), said["graceid"], "completed", dois=dois, warnings=list(warnings) or None)
    return Receipt(made.id, made.id, made.data)


@transaction.atomic
def request(
    reports: Iterable[Report], by: Any, *, group: int | None = None, creators: Sequence[Mapping[str, str]] = ()
) -> Delivery:
    """Queues the request. Raises Unsaid where it cannot be: nothing completed, several events, authors without affiliation."""
    rows = [row for row in reports if row.status == "completed" and row.number is not None and not row.doi]
    if not rows:
        raise Unsaid("None of these is completed at the Treasure Map and without a DOI.")
    if len({row.event_id for row in rows}) > 1:
        raise Unsaid("A DOI is for pointings of one event.")
    for author in creators:
        if not author.get("name") or not author.get("affiliation"):
            raise Unsaid(
                "Each author needs a name and an affiliation.", {"creators": ["Write: Name; Affiliation, a line each."]}
            )
    event, ids = rows[0].event, sorted(row.number for row in rows)
    said: dict[str, Any] = {"event": event.name, "graceid": rows[0].graceid, "ids": ids}
    if creators:
        said["creators"] = [dict(author) for author in creators]
    elif group is not None:
        said["doi_group_id"] = str(group)  # this call takes it as text alone
    there, payload = destination_of(TreasureMapDoi, event), packed(said)
    delivery = outbox.queue(there, payload, key=outbox.key_of(there, event, payload), by=by, subject=event, event=event)
    delivery = acts.afresh(delivery, by, left=True)
    Report.objects.filter(pk__in=[row.pk for row in rows]).update(doi_asked=delivery)
    return delivery
