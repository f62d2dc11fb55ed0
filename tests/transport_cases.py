"""What is said to telescopes in tests of destinations, at the stand-in of each way, and whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.contract import Case
from tests.observatory import know, request, telescope
from tom_scimma.destinations import Destination
from tom_treasuremap.fake_ocs import FakeOcs
from tom_treasuremap.followup.request import Exposure, Request
from tom_treasuremap.models import SimulatedRequest
from tom_treasuremap.telescopes.telescope import Filter, Telescope
from tom_treasuremap.transports import ocs as at_portal
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


def portal(settings, fake: FakeOcs, **more) -> Telescope:
    """Lets settings name a stand-in's portal; a telescope of it."""
    there = telescope(
        transport="ocs",
        options={"instrument_type": "1M0-SCICAM-SINISTRO", "telescope_class": "1m0", "site": "coj"},
        filters={name: Filter(name, band) for name, band in (("gp", "g"), ("rp", "r"))},
    )
    settings.TOM_TREASUREMAP = {
        "OCS_URL": fake.url, "OCS_TOKEN": fake.token, "OCS_PROPOSAL": "TOM2026A-001", "READ_SECONDS": 5.0, **more,
    }  # fmt: skip
    know(settings, there)
    return there


def soon(number: int = 1, **changes) -> Request:
    """A request that such a portal takes."""
    now = datetime.now(timezone.utc)
    values = {
        "start": now,
        "end": now + timedelta(hours=6),
        "exposures": (Exposure("gp", 60.0, 3), Exposure("rp", 120.0)),
    }
    return request(number, **{**values, **changes})


@contextmanager
def ocs(cls: type[Destination], folder: Path, monkeypatch, settings) -> Iterator[Case]:
    """A portal's stand-in."""
    with FakeOcs() as fake:
        there = portal(settings, fake)
        way, cancels = at_portal.OcsTransport(), cls.name.endswith("cancel")
        payload = way.write([soon()], there)
        # what we know to be wrong is never asked: this, the portal alone knows
        refused = way.write([soon(2, extra={"proposal": "NOBODY-001"})], there)
        if cancels:
            at_portal.Submit("tester").send(payload, "0" * 64, fake.token)
            payload, refused = (way.withdraw([each], there, "it was retracted") for each in ("tom-0001", "tom-0099"))

        def arrived() -> int:
            return sum(not cancels or group["state"] == "CANCELED" for group in fake.groups)

        @contextmanager
        def losing():
            fake.faults.append({"path": "/api/requestgroups/", "method": "POST", "do": "drop_after"})
            yield case

        @contextmanager
        def down():
            before = settings.TOM_TREASUREMAP
            settings.TOM_TREASUREMAP = {**before, "OCS_URL": "http://127.0.0.1:9"}
            yield
            settings.TOM_TREASUREMAP = before

        # the mark is of the request, so that a resend finds it, too
        case = Case(
            cls("tester"),
            payload,
            arrived,
            lambda: refused,
            None if cancels else losing,
            down,
            fake.token,
            marked=False,
        )
        yield case


#: name of a destination -> its case
CASES = {"ocs": ocs, "ocs-cancel": ocs, "simulated": simulated, "simulated-cancel": simulated}
