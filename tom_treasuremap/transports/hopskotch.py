"""Hopskotch topic: requests are published on a topic that the telescope reads, and it tells on a topic what became of them.

From `telescope.options`: `topic` (requests and cancellations), `answers` (states; by default the same topic), `senders` (the
credentials whose word counts; what others say there changes nothing). The topic of answers must be one that this TOM
listens to (TOM_SCIMMA["TOPICS"]). Messages: docs/transports.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from tom_scimma.destinations.hopskotch import Hopskotch, packed, unpacked
from tom_scimma.models import Delivery
from tom_treasuremap import telescopes
from tom_treasuremap.followup.request import Request, State
from tom_treasuremap.models import ToldState
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports import rules, told
from tom_treasuremap.transports.destination import may_leave
from tom_treasuremap.transports.transport import Transport

SCHEMA = "tom-multimessenger/telescope/1"
OURS = "tom_treasuremap.transports.hopskotch"
PRIVATE = ("by",)  #: who asked is nobody's business there


class Topic(Transport):
    """One telescope, one topic or two."""

    name = "hopskotch"
    label = "Hopskotch topic"
    submit = f"{OURS}.Ask"
    cancel = f"{OURS}.Cancel"
    confirms = False
    follows = True

    def submits(self, telescope: Telescope) -> str:
        return f"{Ask.name}:{telescope.options.get('topic', '')}"

    def cancels(self, telescope: Telescope) -> str:
        return f"{Cancel.name}:{telescope.options.get('topic', '')}"

    def write(self, requests: Sequence[Request], telescope: Telescope) -> bytes:
        rows = [
            {name: value for name, value in rules.sayable(request).items() if name not in PRIVATE}
            for request in requests
        ]
        return _packed(telescope, {"requests": rows}, ", ".join(request.name for request in requests)[:100])

    def withdraw(self, ids: Sequence[str], telescope: Telescope, why: str) -> bytes:
        return _packed(telescope, {"cancel": list(ids), "why": why}, "cancellation")

    def faults(self, request: Request, telescope: Telescope) -> dict[str, list[str]]:
        found, why = super().faults(request, telescope), self.unready(telescope)
        return {**found, "telescope": [*found.get("telescope", ()), why]} if why else found

    def unready(self, telescope: Telescope) -> str:
        missing = [name for name in ("topic", "senders") if not telescope.options.get(name)]
        return f"{telescope.label} does not say its {' and '.join(missing)} (`options`)." if missing else ""

    def states(self, telescope: Telescope, ids: Collection[str], now: datetime | None = None) -> dict[str, State]:
        rows = ToldState.objects.filter(telescope=telescope.name, request_id__in=list(ids))
        return {row.request_id: told.of_json(row.state) for row in rows}


class Ask(Hopskotch):
    """The topic of a telescope, for requests: no composer writes there, and what leaves is looked at again as it leaves."""

    name = "hopskotch-ask"
    label = "Asking by a topic"
    addressed = False
    continuous = False

    @classmethod
    def composes(cls) -> bool:
        return False

    def may_send(self, delivery: Delivery, user: Any) -> str:
        said, _ = unpacked(bytes(delivery.payload))
        name = str(said.get("telescope", ""))
        known = telescopes.telescopes().get(name)
        topic = known.options.get("topic") if known is not None and known.transport == Topic.name else self.address
        if known is not None and topic != self.address:
            return f"{known.label} is not asked by the topic {self.address} any more."
        return may_leave(name, Topic.name, said, delivery, user)


class Cancel(Ask):
    """The same topic, for what takes requests back: a retraction drops what is still to be said there, but never this."""

    name = "hopskotch-cancel"
    label = "Cancelling by a topic"
    takes_back = True


def _packed(telescope: Telescope, said: dict[str, Any], title: str) -> bytes:
    return packed({"schema": SCHEMA, "telescope": telescope.name, **said}, {"title": f"{telescope.label}: {title}"})


def heard() -> dict[str, list[Telescope]]:
    """The topics on which telescopes answer, and whose they are."""
    found: dict[str, list[Telescope]] = {}
    for telescope in telescopes.telescopes().values():
        if telescope.transport == Topic.name and (
            topic := telescope.options.get("answers", telescope.options.get("topic"))
        ):
            found.setdefault(str(topic), []).append(telescope)
    return found


def received(message: Any, document: Any) -> None:
    """Keeps what a telescope tells in a stored message; inside ingest's transaction.

    Only the word of the telescope's own senders counts; what was said before what is known already changes nothing. Raises
    Unparsable for their message that cannot be understood, which is then kept in quarantine.
    """
    said = document.content if document is not None else None
    for telescope in heard().get(message.topic, ()):
        senders = telescope.options.get("senders") or ()
        if message.sender not in ([senders] if isinstance(senders, str) else senders):
            continue
        if isinstance(said, dict) and said.get("telescope", telescope.name) != telescope.name:
            continue
        for name, state in told.states(said).items():
            _keep(telescope, name, state, message)


def _keep(telescope: Telescope, name: str, state: State, message: Any) -> None:
    when = message.published or message.received
    values = {"state": told.as_json(state), "said": when, "message": message}
    row, new = ToldState.objects.select_for_update().get_or_create(
        telescope=telescope.name, request_id=name[:60], defaults=values
    )
    if not new and row.said <= when:
        row.state, row.said, row.message = values["state"], when, message
        row.save()
