"""What every way to a telescope has: where requests go, what is written there, what is wrong with them, what became of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar

from tom_treasuremap.followup.request import Request, State
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports import rules
from tom_treasuremap.transports.document import packed


class Transport:
    """One way. Its Destinations are addressed by the telescope's name: "ocs:lco-1m0-coj"."""

    name: ClassVar[str]
    label: ClassVar[str]  #: for people
    submit: ClassVar[str | None] = None  #: dotted path of the Destination that asks; None: a person carries it there
    cancel: ClassVar[str | None] = None  #: of the one that cancels; None: a person does
    together: ClassVar[int] = 1  #: so many requests may go in one payload
    confirms: ClassVar[bool] = (
        True  #: what `cancel` delivered is cancelled; False: it was only asked, and `states` tells
    )
    products_later: ClassVar[bool] = False  #: data products come after the end: `products` has them
    follows: ClassVar[bool] = False  #: `states` says what became of them; otherwise a person does

    def submits(self, telescope: Telescope) -> str:
        """The full name of the Destination that asks this telescope, for `outbox.queue`."""
        return f"{self.name}:{telescope.name}"

    def cancels(self, telescope: Telescope) -> str:
        """The full name of the Destination that cancels there."""
        return f"{self.name}-cancel:{telescope.name}"

    def write(self, requests: Sequence[Request], telescope: Telescope) -> bytes:
        """The payload that asks for these. Pure."""
        return packed({"telescope": telescope.name, "requests": [rules.sayable(request) for request in requests]})

    def withdraw(self, ids: Sequence[str], telescope: Telescope, why: str) -> bytes:
        """The payload that cancels those with these ids. Pure."""
        return packed({"telescope": telescope.name, "cancel": list(ids), "why": why})

    def faults(self, request: Request, telescope: Telescope) -> dict[str, list[str]]:
        """What is wrong with a request, by field, as far as that is known without asking. Pure."""
        return rules.faults(request, telescope)

    def unready(self, telescope: Telescope) -> str:
        """Why a telescope cannot be asked this way at all, and what to do; "" where it can. No I/O."""
        return ""

    def states(self, telescope: Telescope, ids: Collection[str], now: datetime | None = None) -> dict[str, State]:
        """What became of the requests with these ids; those are missing of which nothing is known. Asks, with time-outs.

        Raises Unavailable where nobody answers, Rejected where who asks may not.
        """
        return {}

    def products(self, telescope: Telescope, identity: str) -> list[dict[str, Any]]:
        """The data products of a request, as a State has them. Asks, with time-outs; raises as `states`, or LookupError."""
        return []

    def product(self, telescope: Telescope, identity: str) -> bytes:
        """The bytes of a data product that a State named. Raises LookupError where there is none of that id."""
        raise LookupError(f"{self.label} keeps no data products")
