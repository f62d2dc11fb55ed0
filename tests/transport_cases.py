"""What is said to telescopes in tests of destinations, at the stand-in of each way, and whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.contract import Case
from tests.observatory import know, request, telescope
from tom_scimma.destinations import Destination
from tom_treasuremap.followup.request import Exposure
from tom_treasuremap.models import SimulatedRequest
from tom_treasuremap.transports.simulated import Simulated, Submit


@contextmanager
def simulated(cls: type[Destination], folder: Path, monkeypatch, settings) -> Iterator[Case]:
    """A simulated telescope; its answers are lost, and it is away, where settings say so."""
    there, way = telescope(transport="simulated"), Simulated()
    know(settings, there)
    now = datetime.now(timezone.utc)
    one = request(1, start=now + timedelta(hours=1), end=now + timedelta(hours=5))
    bad = request(2, start=one.start, end=one.end, exposures=(Exposure("H-alpha", 30.0),))

    @contextmanager
    def behaving(**how):
        before = getattr(settings, "TOM_TREASUREMAP", {})
        settings.TOM_TREASUREMAP = {**before, "SIMULATED": how}
        yield case
        settings.TOM_TREASUREMAP = before

    def arrived() -> int:
        return SimulatedRequest.objects.exclude(cancelled=None).count() if cancels else SimulatedRequest.objects.count()

    cancels = cls.name.endswith("cancel")
    payload, refused = way.write([one], there), way.write([bad], there)
    if cancels:
        Submit("tester").send(payload, "0" * 64, None)
        payload, refused = (way.withdraw([each], there, "it was retracted") for each in ("tom-0001", "tom-0099"))
    case = Case(
        cls("tester"), payload, arrived, lambda: refused, None if cancels else lambda: behaving(lost=1.0),
        lambda: behaving(off=True, seed=2),
    )  # fmt: skip
    yield case


#: name of a destination -> its case
CASES = {"simulated": simulated, "simulated-cancel": simulated}
