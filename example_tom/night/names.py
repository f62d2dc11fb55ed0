"""Names and places of the night: topics, events, the TOM's own targets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from night import gcn

GW = "igwn.gwalert"
GBM = "gcn.notices.fermi.gbm.trigger"
GUANO = "gcn.notices.swift.bat.guano"
SVOM = "gcn.notices.svom.trigger"
ICECUBE = "gcn.notices.icecube.gold_bronze_track_alerts"
WXT = "gcn.notices.einstein_probe.wxt.alert"
CIRCULARS = "gcn.circulars"
HEARTBEAT = "gcn.heartbeat"
#: where the demo itself says something
SAID = "tom.demo.test"
#: topics to make before the night; the last is offered and not listened to, for the Streams page
TOPICS = (GW, GBM, GUANO, SVOM, ICECUBE, WXT, CIRCULARS, HEARTBEAT, "sys.heartbeat", "demo.weather")

#: right ascension and declination, degrees
GALAXY = (197.45, -23.38)  #: where the neutron stars merge: NGC 4993
BURST = (66.2, 24.1)
NEUTRINO = (77.36, 5.69)
TRANSIENT = (114.98, 60.49)


class Known(NamedTuple):
    """A target that the TOM has before the night."""

    name: str
    ra: float  #: degrees
    dec: float
    redshift: float | None = None
    young: bool = False  #: found just now: it may be a counterpart; the others are old acquaintances


#: a few TOM targets; some of them lie in the maps
TARGETS = (
    Known("NGC 4993", 197.4488, -23.3840, 0.00978),
    Known("NGC 4970", 196.8906, -24.0086, 0.01083),
    Known("Demo galaxy outside", 204.1, -31.5),
    Known("TXS 0506+056", 77.3582, 5.6931, 0.3365),
    Known("Demo host of the burst", 66.31, 24.02),
    Known("M 31", 10.6847, 41.2690),
    Known("Demo kilonova", 197.4501, -23.3815, 0.00978, young=True),
    Known("Demo supernova behind", 198.4, -23.88, 0.07, young=True),  # in the last map, and far behind it
    Known("Demo nova", 196.62, -24.68, young=True),
    Known("Demo flare star", 205.24, -27.18, young=True),  # inside at first, outside the last map
    Known("Demo afterglow", 66.305, 24.021, young=True),
)


@dataclass(frozen=True)
class Names:
    """What the events of one night are called."""

    merger: str
    retracted: str
    burst: str
    joint: str  #: the merger with a gamma-ray burst
    mock: str
    gamma: datetime  #: trigger time of the gamma-ray burst
    gamma_number: str  #: Fermi's number of it, made from that time
    neutrino: str  #: IceCube's run and event
    transient: str  #: Einstein Probe's number
    transient_test: str
    svom: str


def names(start: datetime) -> Names:
    """The names of the night that starts then; a start ten seconds later gives others."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = int((start - midnight).total_seconds()) // 10 * 5
    day = start.strftime("%y%m%d")
    merger, retracted, burst, joint = (f"S{day}{letters(first + number)}" for number in range(4))
    gamma = start + timedelta(seconds=10.7)
    return Names(
        merger=merger,
        retracted=retracted,
        burst=burst,
        joint=joint,
        mock=f"MS{day}{letters(first + 4)}",
        gamma=gamma,
        gamma_number=str(gcn.mission_seconds(gamma)),
        neutrino=f"{141000 + start.timetuple().tm_yday}_{57000000 + first}",
        transient=f"102{start:%m%d%H%M%S}",
        transient_test=f"902{start:%m%d%H%M%S}",
        svom=f"sb{day}{first:05d}",
    )


def letters(number: int) -> str:
    """0, 1 .. 25, 26 .. as a, b .. z, aa ..: how the superevents of a day are counted."""
    text, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(97 + rest) + text
    return text
