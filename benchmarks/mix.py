"""Small notices as a night brings them, in the shape of GCN's JSON notices: the same again for the same seed.

    mix = Mix(seed=1)
    for message in mix.take(1000): message.topic, message.payload, message.headers, message.what

70 % refine an event that is known, 25 % are of a new event without a position good enough for a target, 5 % are of a new
event with one. A refinement is of any known event: one in six of those has a target, and one in three of these refinements
gives a sharper position, which moves the target. Each is about 2 kB.

Shapes: https://github.com/nasa-gcn/gcn-schema, folder gcn/notices, and its examples of fermi/gbm, swift/bat, svom/eclairs
and icecube. The values are invented.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

REFINEMENT, PLAIN, PLACED = "refinement", "new event without target", "new target"
SHARES = {REFINEMENT: 0.70, PLAIN: 0.25, PLACED: 0.05}
SIZE = 2000  #: bytes
SCHEMA = "https://gcn.nasa.gov/schema/v4.1.0/gcn/notices/"
#: the night starts here unless told otherwise
START = datetime(2026, 11, 21, 3, 0, tzinfo=timezone.utc)
_ENERGIES = (
    "8-50 keV",
    "50-300 keV",
    "300-1000 keV",
    "15-25 keV",
    "25-50 keV",
    "50-100 keV",
    "100-150 keV",
    "150-350 keV",
)
_WORDS = (
    "this notice was made on board by a machine and no person has looked at it yet the position may change when more of the data "
    "come down later notices of same trigger replace rates are counts above background in detector units before any correction for "
    "earth occultation or pointing a known source within error region cannot be excluded follow up is encouraged"
).split()


@dataclass(frozen=True)
class Message:
    """One message to be produced, and what must become of it."""

    topic: str
    payload: bytes
    headers: tuple[tuple[str, bytes], ...]
    what: str  #: REFINEMENT, PLAIN or PLACED
    event: str  #: the event's name by the naming rule


@dataclass
class Trigger:
    """An event that has been reported."""

    mission: Callable[[Trigger, random.Random], dict[str, Any]]
    topic: str
    id: str
    event: str
    time: datetime
    ra: float
    dec: float
    radius: float | None  #: of the error circle, degrees; None without a position
    placed: bool
    notices: int = field(default=0)


class Mix:
    """An endless night. `start` is when it begins; each notice is sent a moment after the one before."""

    def __init__(self, seed: int = 1, start: datetime = START, shares: dict[str, float] | None = None):
        self._chance = random.Random(seed)
        self._shares = shares or SHARES
        self._seed, self._start, self._count = seed, start, 0
        self._known: list[Trigger] = []

    def take(self, count: int) -> list[Message]:
        """The next so many messages."""
        return [message for message, _ in zip(self, range(count), strict=False)]

    def __iter__(self) -> Iterator[Message]:
        while True:
            what = self._chance.choices(list(self._shares), list(self._shares.values()))[0]
            if what == REFINEMENT and self._known:
                yield self._refined()
            else:
                yield self._new(what == PLACED)

    def _new(self, placed: bool) -> Message:
        chance, number = self._chance, self._count
        make = _swift if placed else chance.choice((_fermi, _icecube, _svom))
        ra, dec = chance.uniform(0, 360), 90 - 180 * abs(chance.triangular(0, 1, 0.5))
        serial = f"{self._seed % 1000:03d}{number:07d}"
        radius = (
            0.05 if placed else {_fermi: chance.uniform(2, 12), _icecube: chance.uniform(0.4, 1.5), _svom: None}[make]
        )
        topic, identity, event = _NAMES[make](serial)
        trigger = Trigger(make, topic, identity, event, self._clock(), ra, dec, radius, placed)
        self._known.append(trigger)
        return self._message(trigger, PLACED if placed else PLAIN)

    def _refined(self) -> Message:
        trigger = self._chance.choice(self._known)
        if not trigger.placed or self._chance.random() < 1 / 3:
            least = 0.001 if trigger.placed else 0.4  # what had no good position never gets one
            trigger.radius = trigger.radius and max(trigger.radius * 0.8, least)
            trigger.ra = (trigger.ra + self._chance.gauss(0, 0.005)) % 360
        return self._message(trigger, REFINEMENT)

    def _clock(self) -> datetime:
        return self._start + timedelta(milliseconds=self._count)

    def _message(self, trigger: Trigger, what: str) -> Message:
        trigger.notices += 1
        said = {**trigger.mission(trigger, self._chance), "alert_datetime": _zulu(self._clock())}
        said["record_number"] = trigger.notices
        said["alert_type"] = "initial" if trigger.notices == 1 else "update"
        if trigger.radius is not None:
            said.update(ra=round(trigger.ra, 5), dec=round(trigger.dec, 5), ra_dec_error=round(trigger.radius, 5))
        said["additional_info"] = ""
        text = " ".join(self._chance.choices(_WORDS, k=SIZE // 4))
        said["additional_info"] = text[: max(0, SIZE - len(_json(said)))].rstrip()
        self._count += 1
        identity = uuid.UUID(int=self._chance.getrandbits(128)).bytes
        headers = (("_id", identity), ("_sender", b"gcn-relay"), ("_format", b"json"))
        return Message(trigger.topic, _json(said), headers, what, trigger.event)


def _json(said: dict[str, Any]) -> bytes:
    return json.dumps(said, indent=2).encode()


def _zulu(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _core(trigger: Trigger, schema: str, mission: str, instrument: str, messenger: str, **more: Any) -> dict[str, Any]:
    return {
        "$schema": f"{SCHEMA}{schema}.schema.json",
        "mission": mission,
        "instrument": instrument,
        "messenger": messenger,
        "alert_tense": "current",
        "id": [trigger.id],
        "trigger_time": _zulu(trigger.time),
        "containment_probability": 0.9,
        "systematic_included": False,
        **more,
    }


def _fermi(trigger: Trigger, chance: random.Random) -> dict[str, Any]:
    detectors = [f"n{number:x}" for number in range(12)] + ["b0", "b1"]
    return _core(
        trigger,
        *("fermi/gbm/trigger", "Fermi", "GBM", "EM"),
        trigger_type="rate",
        rate_snr=round(chance.uniform(4.5, 40), 1),
        rate_duration=round(chance.choice((0.016, 0.064, 0.256, 1.024, 4.096)), 3),
        rate_energy_range=[50, 300],
        far=round(10 ** chance.uniform(-9, -5), 12),
        hardness_ratio=round(chance.uniform(0.2, 2), 2),
        duration_class=chance.choice(("long", "short")),
        detector_status={name: chance.choice(("triggered", "on", "on", "off")) for name in detectors},
        classification={"GRB": round(chance.uniform(0.5, 1), 2), "SGR": 0.01, "SFLARE": 0.02, "TGF": 0.0},
        spectral_peak_rates={name: round(chance.uniform(20, 2000), 1) for name in _ENERGIES[:3]},
        lightcurve_url=f"https://heasarc.example.org/fermi/triggers/bn{trigger.id}/glg_lc_medres34_bn{trigger.id}.gif",
        healpix_url=f"https://heasarc.example.org/fermi/triggers/bn{trigger.id}/glg_healpix_all_bn{trigger.id}.fit",
    )


def _swift(trigger: Trigger, chance: random.Random) -> dict[str, Any]:
    return _core(
        trigger,
        *("swift/bat/alert", "Swift", "BAT", "EM"),
        trigger_type="image",
        image_snr=round(chance.uniform(6.5, 30), 2),
        image_duration=64.0,
        image_energy_range=[15, 50],
        far=round(10 ** chance.uniform(-10, -7), 13),
        slew_status=chance.choice(("slewing", "not slewing")),
        spacecraft_location={
            "longitude": round(chance.uniform(-180, 180), 2),
            "latitude": round(chance.uniform(-21, 21), 2),
        },
        peak_counts={name: chance.randint(50, 5000) for name in _ENERGIES[3:]},
        background_counts={name: chance.randint(5000, 90000) for name in _ENERGIES[3:]},
        star_tracker_locked=True,
        p_astro=round(chance.uniform(0.9, 1), 3),
        lightcurve_url=f"https://swift.example.org/results/transients/{trigger.id}/lightcurve.png",
    )


def _svom(trigger: Trigger, chance: random.Random) -> dict[str, Any]:
    return _core(
        trigger,
        *("svom/eclairs/trigger", "SVOM", "ECLAIRs", "EM"),
        trigger_type="rate",
        rate_snr=round(chance.uniform(6.5, 20), 2),
        rate_duration=round(chance.uniform(0.01, 20.48), 2),
        rate_energy_range=[8, 50],
        far=round(10 ** chance.uniform(-8, -5), 11),
        slew_status="not slewing",
        timescale_counts=[chance.randint(10, 4000) for _ in range(12)],
        zone_rates={name: round(chance.uniform(1, 90), 2) for name in _ENERGIES},
        earth_occultation=round(chance.random(), 3),
    )


def _icecube(trigger: Trigger, chance: random.Random) -> dict[str, Any]:
    return _core(
        trigger,
        *("icecube/gold_bronze_track_alerts", "IceCube", "IC86", "Neutrino"),
        pipeline=chance.choice(("Gold Track Alert", "Bronze Track Alert")),
        event_name=[],
        far=round(10 ** chance.uniform(-8, -7), 11),
        nu_energy=round(10 ** chance.uniform(2, 4), 2),
        p_astro=round(chance.uniform(0.3, 0.99), 4),
        alert_topology="Track",
        number_of_events=1,
        dom_charges=[round(chance.uniform(0.2, 90), 2) for _ in range(16)],
        healpix_url=f"https://icecube.example.org/alerts/{trigger.id}/scan.multiorder.fits",
    )


#: serial -> topic, the sender's id, the event's name by the naming rule (see Notice.event)
_NAMES: dict[Callable, Callable[[str], tuple[str, str, str]]] = {
    _fermi: lambda serial: ("gcn.notices.fermi.gbm.trigger", serial, f"Fermi GBM {serial}"),
    _swift: lambda serial: ("gcn.notices.swift.bat.alert", serial, f"Swift {serial}"),
    _svom: lambda serial: ("gcn.notices.svom.eclairs.trigger", f"sb{serial}", f"sb{serial}"),
    _icecube: lambda serial: ("gcn.notices.icecube.gold_bronze_track_alerts", f"1{serial}_77", f"IceCube 1{serial}_77"),
}
