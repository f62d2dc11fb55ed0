"""Taking back what HERMES published, as far as it goes: hermes-retract:TOPIC. Never in the composer.

retract(shared, user)      -> the Delivery that hides it; show(shared, user) -> the one that shows it again
"""

from __future__ import annotations

import json
from typing import Any

from tom_hermes import accounts, receipts
from tom_hermes.destination import AtHermes
from tom_hermes.models import SharedMessage
from tom_scimma import outbox
from tom_scimma.destinations import Receipt
from tom_scimma.models import Delivery


class Retraction(AtHermes):
    """Hides a published message in the archive, or shows it again."""

    name = "hermes-retract"
    label = "Retraction at HERMES"
    repeat_is_harmless = True
    warning = (
        "This hides the message in the archive. It withdraws nothing from TNS or GCN, nor from those who have read it."
    )

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        said = json.loads(payload)
        with accounts.client(credential) as hermes:
            hermes.retract(said["uuid"], said["retracted"])
        return Receipt(id=said["uuid"], data={"retracted": said["retracted"]})

    def delivered(self, delivery: Any, receipt: Receipt) -> None:
        receipts.retracted(json.loads(bytes(delivery.payload)))

    def show(self, payload: bytes) -> str:
        said = json.loads(payload)
        return f"{'Hide' if said['retracted'] else 'Show again'} {said['uuid']}: {said.get('title', '')}"


def retract(shared: SharedMessage, user: Any, *, retracted: bool = True) -> Delivery:
    """Queues the retraction of a message, or its undoing. The same click again is the same delivery."""
    first = shared.delivery
    there = f"{Retraction.name}:{shared.topic}"
    said = {"uuid": str(shared.uuid), "retracted": retracted, "title": shared.title}
    payload = json.dumps(said, sort_keys=True).encode()
    # a retraction that was undone may be wanted again: each turn is a thing said of its own
    turns = sum(
        row.state in Delivery.FINAL and json.loads(bytes(row.payload))["uuid"] == said["uuid"]
        for row in Delivery.objects.filter(destination=there, subject=first.subject)
    )
    key = outbox.key_of(there, first.subject, payload, turns + 1)
    return outbox.queue(there, payload, key=key, by=user, subject=first.subject, event=first.event)
