"""The gravitational-wave half of the night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from night import gcn, igwn
from night.arcs import Arc, together
from night.names import BURST, GALAXY, GW, Names
from night.parts import Draft, after

#: the merger's maps, from early warning to update
MERGER = (
    Arc(GALAXY, width=6, length=50, distance=(52.0, 21.0)),
    Arc(GALAXY, width=3, length=24, distance=(47.0, 15.0)),
    Arc(GALAXY, width=2, length=11, distance=(44.0, 11.0), rounds=7),
    Arc(GALAXY, width=0.9, length=2.8, distance=(40.0, 6.0), rounds=7),
)
RETRACTED = Arc((301.0, -12.0), width=14, length=90, radius=75, distance=(1210.0, 420.0), rounds=3)
JOINT = Arc((60.0, 20.0), width=4, length=40, radius=70, towards=120, distance=(312.0, 64.0), rounds=3)
MOCK = Arc((20.0, 0.0), width=5, length=30, distance=(153.0, 41.0), rounds=2)


def drafts(start: datetime, known: Names) -> Iterator[Draft]:
    """Every message about gravitational waves."""
    yield from _merger(start, known)
    yield from _retracted(start, known)
    yield from _burst(start, known)
    yield from _joint(start, known)
    yield _mock(start, known)
    yield _cut_short(start, known)


def _alert(start: datetime, at: float, name: str, kind: str, event: dict | None = None, **more: Any) -> Draft:
    payload = igwn.as_avro(igwn.alert(name, kind, after(start, at), event, **more))
    return Draft(at, GW, payload, f"{name} {kind.lower()}", "avro")


def _merger(start: datetime, known: Names) -> Iterator[Draft]:
    """Two neutron stars: warned of before they merge, then better and better known, from 72 to 99 % BNS."""
    name, time = known.merger, after(start, 4)
    two, three = ["H1", "L1"], ["H1", "L1", "V1"]
    said: list[tuple[float, str, float, tuple[float, ...], float, dict[str, Any]]] = [
        (1.0, "EARLYWARNING", 3.1e-8, (0.72, 0.02, 0.0, 0.26), 0.6, {"instruments": two, "search": "EarlyWarning"}),
        (6.0, "PRELIMINARY", 9.1e-12, (0.86, 0.12, 0.0, 0.02), 0.78, {"instruments": two}),
        (15.0, "INITIAL", 9.1e-14, (0.93, 0.06, 0.0, 0.01), 0.85, {"instruments": three}),
        (29.0, "UPDATE", 9.1e-14, (0.99, 0.01, 0.0, 0.0), 0.97, {"instruments": three, "pipeline": "Bilby"}),
    ]
    for arc, (at, kind, far, classes, remnant, more) in zip(MERGER, said, strict=True):
        skymap = arc.fits(name, CREATOR="BAYESTAR", INSTRUME="H1,L1,V1")
        properties = {"HasNS": 1.0, "HasRemnant": remnant, "HasMassGap": 0.01, "HasSSM": 0.0}
        yield _alert(start, at, name, kind, igwn.merger(time, skymap, far, classes, properties, **more))


def _retracted(start: datetime, known: Names) -> Iterator[Draft]:
    """A candidate in one detector that turns out to be noise."""
    name = known.retracted
    classes, properties = (0.0, 0.03, 0.41, 0.56), {"HasNS": 0.03, "HasRemnant": 0.0, "HasMassGap": 0.2, "HasSSM": 0.0}
    event = igwn.merger(
        after(start, -21), RETRACTED.fits(name), 4.4e-8, classes, properties, instruments=["L1"], pipeline="pycbc"
    )
    yield _alert(start, 3.0, name, "PRELIMINARY", event)
    yield _alert(start, 17.0, name, "RETRACTION")


def _burst(start: datetime, known: Names) -> Iterator[Draft]:
    """Something short and unmodelled: no classes, no distance."""
    name, time = known.burst, after(start, -14)
    for at, kind, width in ((8.0, "PRELIMINARY", 7.0), (20.0, "INITIAL", 5.0)):
        skymap = Arc((251.0, 47.0), width, length=6 * width, radius=50, rounds=3).fits(name, CREATOR="cWB")
        yield _alert(start, at, name, kind, igwn.burst(time, skymap, 2.6e-10, duration=0.021, frequency=812.0))


def _joint(start: datetime, known: Names) -> Iterator[Draft]:
    """A black hole and a neutron star, 1.7 s before the gamma-ray burst: the update carries a combined map."""
    name, time = known.joint, known.gamma - timedelta(seconds=1.7)
    classes, properties = (0.04, 0.93, 0.02, 0.01), {"HasNS": 0.97, "HasRemnant": 0.4, "HasMassGap": 0.1, "HasSSM": 0.0}
    skymap = JOINT.fits(name, CREATOR="BAYESTAR")
    three = ["H1", "L1", "V1"]
    event = igwn.merger(time, skymap, 5.2e-10, classes, properties, instruments=three, pipeline="MBTA")
    yield _alert(start, 13.0, name, "PRELIMINARY", event)
    coincidence = {
        "gcn_notice_id": int(known.gamma_number),
        "ivorn": f"ivo://nasa.gsfc.gcn/Fermi#GBM_Fin_Pos{gcn.naive(known.gamma)}_{known.gamma_number}_0-389",
        "observatory": "Fermi",
        "search": "GRB",
        "time_difference": 1.7,
        "time_coincidence_far": 3.3e-11,
        "time_sky_position_coincidence_far": 1.4e-12,
        "combined_skymap": together(JOINT, Arc(BURST, width=3.2, length=3.2), name),
    }
    yield _alert(start, 26.0, name, "UPDATE", event, coincidence=coincidence)


def _mock(start: datetime, known: Names) -> Draft:
    """The hourly mock event, here as JSON."""
    name = known.mock
    classes, properties = (0.95, 0.01, 0.03, 0.01), {"HasNS": 0.95, "HasRemnant": 0.91, "HasMassGap": 0.01}
    event = igwn.merger(after(start, -30), MOCK.fits(name), 9.1e-14, classes, properties, search="MDC")
    payload = igwn.as_json(igwn.alert(name, "PRELIMINARY", after(start, 2), event))
    return Draft(2.0, GW, payload, f"{name} preliminary (a mock event)")


def _cut_short(start: datetime, known: Names) -> Draft:
    """The poison: an alert of which only the first 1,500 bytes came."""
    event = igwn.burst(after(start, 4), bytes(4000), 1e-9, duration=0.1, frequency=100.0)
    whole = igwn.as_avro(igwn.alert(known.merger, "UPDATE", after(start, 24), event))
    return Draft(24.0, GW, whole[:1500], "a message cut short (the poison)", "avro")
