"""Simulated: a telescope that is none, for the demo, tests and training. No network: it keeps what it took in rows of this app.

A telescope with `"transport": "simulated"` behaves as its `options` say, by the names of `simulation.Manner`; what they do not say is
as in TOM_TREASUREMAP["SIMULATED"]. What it does follows from its rows, its seed and the time alone, see simulation.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from tom_scimma.destinations import Receipt
from tom_scimma.errors import Rejected, ReplyLost, Unavailable
from tom_treasuremap.conf import conf
from tom_treasuremap.followup.request import TERMINAL, State
from tom_treasuremap.models import SimulatedRequest, TelescopeState
from tom_treasuremap.telescopes.states import STATES
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports import frames, simulation
from tom_treasuremap.transports.destination import AtTelescope, asked, refuse, withdrawn
from tom_treasuremap.transports.document import document, request_of
from tom_treasuremap.transports.rules import faults
from tom_treasuremap.transports.simulation import Closed, Manner, Taken
from tom_treasuremap.transports.transport import Transport

OURS = "tom_treasuremap.transports.simulated"
REFUSED = "The (simulated) observers said no: the night is given to others."


def manner(telescope: Telescope) -> Manner:
    """How a telescope behaves: its own options before this TOM's, these before what is usual."""
    said = {**conf.SIMULATED, **telescope.options}
    return Manner(**{name: said[name] for name in simulation.SAID if name in said})


def states(telescope: Telescope, now: datetime) -> dict[str, State]:
    """What a telescope says of all that it took."""
    lives = replace(manner(telescope), closed=_closed(telescope.name))
    return simulation.states(_taken(telescope.name), telescope, lives, now)


def _closed(name: str) -> tuple[Closed, ...]:
    """When people said that it is closed: until they said that it is open, or as long as they said."""
    rows = list(TelescopeState.objects.filter(telescope=name).order_by("since", "pk"))
    found = []
    for row, after in itertools.zip_longest(rows, rows[1:]):
        label, can_observe = STATES[row.state]
        ends = [moment for moment in (row.until, after and after.since) if moment is not None]
        if not can_observe:
            found.append(Closed(row.since, min(ends, default=None), f"{label.capitalize()}."))
    return tuple(found)


def _taken(name: str) -> list[Taken]:
    rows = SimulatedRequest.objects.filter(telescope=name)
    return [Taken(request_of(row.request), row.taken, row.cancelled) for row in rows]


class Simulated(Transport):
    """What it has is in SimulatedRequest."""

    name = "simulated"
    label = "Simulated telescope"
    submit = f"{OURS}.Submit"
    cancel = f"{OURS}.Cancel"
    together = 500  # a plan comes as one, so that its visits keep their order however fast its time runs
    follows = True

    def states(self, telescope: Telescope, ids: Collection[str], now: datetime | None = None) -> dict[str, State]:
        if manner(telescope).off:
            raise Unavailable(f"{telescope.label} is switched off")
        found = states(telescope, now or timezone.now())
        return {name: _with_addresses(found[name]) for name in ids if name in found}

    def product(self, telescope: Telescope, identity: str) -> bytes:
        name, _, number = identity.rpartition("-")
        row = SimulatedRequest.objects.filter(telescope=telescope.name, request_id=name).first()
        state = states(telescope, timezone.now()).get(name) if row is not None else None
        if state is None or identity not in {one["id"] for one in state.products}:
            raise LookupError(f"{telescope.label} has no data product {identity}")
        return frames.fits(request_of(row.request), int(number) - 1, state, telescope, manner(telescope).seed)


def _with_addresses(state: State) -> State:
    products = ({**one, "url": reverse("tom_treasuremap:simulated-frame", args=[one["id"]])} for one in state.products)
    return replace(state, products=tuple(products))


class AtSimulated(AtTelescope):
    """Nothing leaves this machine, and nobody takes it for real."""

    way = "simulated"
    is_test = True

    def origin(self) -> str:
        """Another seed is another sky."""
        try:
            return f"simulated/{self.address}/{manner(self.telescope()).seed}"
        except Rejected:
            return f"simulated/{self.address}"

    def there(self) -> tuple[Telescope, Manner]:
        """Raises Unavailable while it is switched off."""
        telescope = self.telescope()
        said = manner(telescope)
        if said.off:
            raise Unavailable(f"{telescope.label} is switched off (TOM_TREASUREMAP['SIMULATED']['off'])")
        return telescope, said


class Submit(AtSimulated):
    """Asks it."""

    name = "simulated"
    label = "Simulated telescope"

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        telescope, said = self.there()
        requests = asked(payload)
        refuse([(request, faults(request, telescope)) for request in requests])
        if simulation.chance(said.seed, "refusal", telescope.name, key) < said.refusals:
            raise Rejected(REFUSED)
        for request in requests:
            row, new = SimulatedRequest.objects.get_or_create(
                telescope=telescope.name, request_id=request.id, defaults={"key": key, "request": document(request)}
            )
            if not new and row.key != key:
                raise Rejected(f"{telescope.label} has {request.id} already.", {"id": ["It was asked for before."]})
        if simulation.chance(said.seed, "lost", telescope.name, key) < said.lost:
            raise ReplyLost(f"{telescope.label} took it, perhaps: its answer was lost")
        return _receipt(self.address, [request.id for request in requests])

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        ids = list(
            SimulatedRequest.objects.filter(telescope=self.address, key=key).values_list("request_id", flat=True)
        )
        return _receipt(self.address, ids) if ids else None


class Cancel(AtSimulated):
    """Takes back what has not begun. What is cancelled already stays so."""

    name = "simulated-cancel"
    label = "Cancelling at the simulated telescope"
    takes_back = True
    repeat_is_harmless = True

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        telescope, _ = self.there()
        ids, now = withdrawn(payload), timezone.now()
        known = states(telescope, now)
        wrong = [text for name in ids if (text := _kept(name, known.get(name), telescope))]
        if wrong:
            raise Rejected(" ".join(wrong), {"cancel": wrong})
        rows = SimulatedRequest.objects.filter(telescope=telescope.name, request_id__in=ids, cancelled=None)
        rows.update(cancelled=now)
        return _receipt(self.address, ids)


def _kept(name: str, state: State | None, telescope: Telescope) -> str:
    """Why one cannot be cancelled; "" where it can, or is."""
    if state is None:
        return f"{telescope.label} has no {name}."
    if state.state == "IN_PROGRESS":
        return f"{name} is being exposed and runs to its end."
    if state.state in TERMINAL and state.state != "CANCELED":
        return f"{name} is {state.state.lower().replace('_', ' ')} already."
    return ""


def _receipt(address: str, ids: Sequence[str]) -> Receipt:
    return Receipt(id=f"{address}/{ids[0]}" if ids else address, data={"requests": list(ids)})
