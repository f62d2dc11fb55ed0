"""The shipped destinations, killed by TROUBLE between the service's taking a message and our writing that down."""

from __future__ import annotations

from tests.outside.trouble import trouble
from tom_hermes.destination import Hermes
from tom_hermes.onward import Gcn, Tns
from tom_scimma.destinations import Destination, Receipt
from tom_scimma.destinations.hopskotch import Hopskotch
from tom_treasuremap.destination import TreasureMapPointings


class _Mortal(Destination):
    def send(self, payload, key, credential) -> Receipt:
        receipt = super().send(payload, key, credential)
        trouble(f"after-{self.name}")
        return receipt


class MortalHermes(_Mortal, Hermes):
    pass


class MortalTns(_Mortal, Tns):
    pass


class MortalGcn(_Mortal, Gcn):
    pass


class MortalHopskotch(_Mortal, Hopskotch):
    pass


class MortalPointings(_Mortal, TreasureMapPointings):
    pass


ALL = [f"{__name__}.{one.__name__}" for one in (MortalHermes, MortalTns, MortalGcn, MortalHopskotch, MortalPointings)]
