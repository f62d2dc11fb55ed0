"""GCN's classic binary packets: 160 bytes, 40 big-endian int32. Pure.

Definition: https://gcn.gsfc.nasa.gov/sock_pkt_def_doc.html, by the numbers of words there. What a type means is in
voevent/packets.py; where it says what it says, here; LVC's own words in classic_lvc.py.
"""

from __future__ import annotations

import math
import struct
from datetime import datetime, timedelta, timezone
from typing import Any

from ..errors import Unparsable
from ..notice import Cite, Notice, Sky
from . import classic_lvc
from .voevent import common
from .voevent.gcn import counterpart
from .voevent.packets import CONNECTION, EXPERIMENTS, NO_TRIGGER, PACKETS, Kind

SIZE = 160
Words = tuple[int, ...]
_TJD_ZERO = datetime(1968, 5, 24, tzinfo=timezone.utc)
_YEAR = 365.25 * 86400
_COINCIDENCE, _COUNTERPARTS, _SNEWS, _SUPERK, _CASCADE, _MILAGRO = 145, {45, 155}, 149, 175, 176, 58
_INTEGRAL, _HETE, _GECAM, _MAXI = {51, 52, 53, 54, 55, 56}, {40, 41, 42, 43, 44}, {188, 189}, {134, 135}
_AMON = {157, 158, 159, 166, 167, 169, 170, 171, 172, 173, 174, 176}
#: the upper 8 bits of Swift's trigger number count its observations; those of sub-threshold triggers do not
_SWIFT = {*range(46, 48), *range(60, 74), *range(76, 100), 103}
#: types whose words 7 and 8 are zero, where the telescope looks, or not defined
_NO_PLACE = {
    *(31, 51, 52, 59, 60, 64, 70, 71, 72, 73, 79, 80, 83, 85, 86, 87, 88, 103, 107, 110, 113, 116, 126, 129, 144, 147),
    *(38, 130, 150, 151, 152, 153, 154, 160, 161, 163, 164, 168),
}
#: word that holds the radius of the error, and how many degrees its 1 is; types that are not here say none
_RADIUS: dict[int, tuple[int, float]] = {
    **dict.fromkeys((45, 61, 84, 97, 98, 99, 100, 101, 102, 111, 112, 114, 115, 117, 118, 120, 121, 127, 128, 131), (11, 1e-4)),
    **dict.fromkeys((26, 27, 28, 29, 33, 34, 37, 58, 134, 135, 136, 140, 141, 146, 149, 155, *_AMON), (11, 1e-4)),
    **dict.fromkeys((1, 2, 11, 21, 22, 24, 25, 30), (11, 1e-2)),
    **dict.fromkeys((53, 54, 55, 56), (11, 1 / 3600)),
    **dict.fromkeys((67, 81), (16, 1e-4 / 36)),  # the one in hundredths of an arcsecond; word 11 is coarser
    **dict.fromkeys(_GECAM, (10, 1e-4)),
    _SUPERK: (15, 1e-4),
}  # fmt: skip
#: HETE's words: flags of the trigger, sizes of the boxes of its two cameras in the upper halves, what the ground makes of it
_FLAGS, _BOXES, _VALIDITY = 9, ((1 << 17, 35), (1 << 16, 25)), 37
#: CGRO's and ALEXIS's say places and radii in hundredths of a degree
_COARSE = {1, 2, 11, 21, 22, 24, 25, 30}
_GROUND_CLASSES = ("", "GRB", "SFLARE", "KNOWN_SOURCE", "GENERIC_SOURCE")  #: of GECAM's type 189, word 11


def recognises(said: Any) -> bool:
    """True for 160 bytes whose first word is a packet's type."""
    return isinstance(said, bytes) and len(said) == SIZE and 0 < struct.unpack(">i", said[:4])[0] < 400


def parse(topic: str, said: bytes) -> tuple[Notice, ...]:
    """The one notice of a packet; none of a sign of life. Raises Unparsable for one that names nothing."""
    words = struct.unpack(">40i", said)
    number = words[0]
    if number in CONNECTION:
        return ()
    if number in classic_lvc.TYPES:
        return (classic_lvc.notice(words, _time(words)),)
    kind = _kind(words)
    time, links = _time(words), _links(words)
    return (
        Notice(
            event=_name(words, kind, time),
            aliases=_aliases(words, time),
            kind=kind.kind,
            alert_type="retraction" if _is_retraction(words) else kind.alert_type,
            role="test" if kind.test or _is_test(words) else "utility" if number in (51, 83, 103, 107, 129) else "observation",
            source=kind.source,
            time=time,
            instruments=_instruments(words, kind),
            far_hz=_rate(words),
            classification=_classes(words),
            properties=_properties(words),
            sky=_sky(words, kind),
            distance_mpc=_distance(words),
            cites=_cites(words),
            links=links,
            extra={"packet": list(words)},
        ),
    )  # fmt: skip


def _kind(words: Words) -> Kind:
    kind = PACKETS.get(words[0]) or Kind("GCN", "UNK", "other")
    if words[0] in _GECAM and 0 < words[19] < 27:
        return kind._replace(source=f"GECAM-{chr(words[19] + 64)}")
    return counterpart(kind, classic_lvc.text(words[20:24])) if words[0] in _COUNTERPARTS else kind


def _time(words: Words) -> datetime | None:
    """The truncated Julian day and the hundredths of its second, in words 5 and 6 of most types."""
    at = 6 if words[0] == _COINCIDENCE else 5
    day, second = words[at], words[at + 1] / 100
    if words[0] in _GECAM:
        second /= 100  # whose packets have it in ten-thousandths
    if words[0] == _COINCIDENCE:
        second /= 10
    if words[0] in classic_lvc.TYPES:
        second += words[13] * 1e-6
    if not (0 < day < 40_000 and 0 <= second < 86_401):
        return None
    return _TJD_ZERO + timedelta(days=day, microseconds=round(second * 1e6))


def _name(words: Words, kind: Kind, time: datetime | None) -> str:
    number = words[0]
    if number == _COINCIDENCE and words[5] > 0:
        return _triggered(words[4], words[5])
    if number in _AMON and words[23] > 0:  # event and run number
        return f"{kind.source} {words[23]}_{words[4]}"
    trigger = _trigger(words)
    if trigger > 0 and trigger not in NO_TRIGGER:
        first = str(words[19] & 0xFF) if number in _MAXI else ""  # MAXI's numbers have a digit more than a word holds
        return (
            f"{kind.prefix or kind.source} {first}{trigger:09d}" if first else f"{kind.prefix or kind.source} {trigger}"
        )
    if time is None:
        raise Unparsable(f"a packet of type {number} with neither a trigger id nor a time to be named by")
    return f"{kind.source} {time:%Y-%m-%dT%H:%M:%SZ}"


def _trigger(words: Words) -> int:
    if words[0] in _SWIFT:
        return words[4] & 0xFFFFFF
    return words[4] & 0xFFFF if words[0] in _INTEGRAL | _HETE else words[4]


def _triggered(kind: int, trigger: int) -> str:
    """The name of one of the two triggers of a coincidence, whose type is the low byte of a word."""
    who = PACKETS.get(kind & 0xFF) or Kind("GCN", "UNK", "other")
    return f"{who.prefix or who.source} {trigger}"


def _aliases(words: Words, time: datetime | None) -> tuple[str, ...]:
    """GBM's bn number, and the public name of a cascade, which end the packet."""
    if words[0] == 110 and time is not None and words[31] == int(f"{time:%y%m%d}"):
        return (f"bn{words[31]:06d}{words[32]:03d}",)
    name = classic_lvc.text(words[26:28]) if words[0] == _CASCADE else ""
    return (f"IceCubeCascade-{name}",) if time is not None and name.startswith(f"{time:%y%m%d}") else ()


def _is_retraction(words: Words) -> bool:
    """Bit 5 of the trigger's flags: definitely not what it was taken for. The oldest, INTEGRAL and HETE have flags of their own."""
    if words[0] in _INTEGRAL:
        return bool(words[12] & (1 << 30))
    if words[0] == _MILAGRO:
        return bool(words[18] & (1 << 15))
    if words[0] in _HETE:  # definitely no burst; declared invalid; found to be none on the ground
        return bool(words[_FLAGS] & (1 << 6) or words[_VALIDITY] & (1 << 1 | 1 << 31))
    if words[0] < min(_HETE):  # CGRO's masks and those made after them
        return bool(words[18] & (1 << 15))
    return words[0] not in _GECAM and words[0] not in _COUNTERPARTS and bool(words[18] & (1 << 5))


def _is_test(words: Words) -> bool:
    """INTEGRAL's, GECAM's, the neutrino detectors' and everybody else's bit for it."""
    number, flags = words[0], words[18]
    if number in _INTEGRAL:
        return words[12] < 0  # bit 31
    if number in _GECAM:
        return number == 189 and bool(flags & 1)
    if number in _HETE:  # an artificial trigger, or one inside of its operations
        return bool(words[_FLAGS] & (1 << 3) or words[_VALIDITY] & (1 << 30))
    return bool(flags & (1 << (1 if number in {_SNEWS, _SUPERK, *_AMON} else 30)))


def _instruments(words: Words, kind: Kind) -> tuple[str, ...]:
    if words[0] == _SNEWS:
        return tuple(
            name for at, name in enumerate(EXPERIMENTS.values()) if words[19] & (1 << 4 * at)
        )  # four bits each
    return common.instruments(kind.source)


def _rate(words: Words) -> float | None:
    """A cascade's, the logarithm of those in a year; Milagro's, in hundredths of one in a year."""
    if words[0] == _MILAGRO and words[14] > 0:
        return words[14] * 1e-2 / _YEAR
    return 10 ** (words[12] * 1e-4) / _YEAR if words[0] == _CASCADE and 0 < abs(words[12]) < 400_000 else None


def _classes(words: Words) -> dict[str, float]:
    """What GECAM's ground analysis takes it for, which is sure of itself."""
    at = words[11] if words[0] == 189 else 0
    return {_GROUND_CLASSES[at]: 1.0} if 0 < at < len(_GROUND_CLASSES) else {}


def _properties(words: Words) -> dict[str, Any]:
    if words[0] == _SUPERK:
        return {"n_events": words[9], "duration_s": words[21] * 1e-4}
    if words[0] == _CASCADE and 0 < words[25] <= 1_000_000:
        return {"signalness": words[25] * 1e-6, "energy": words[9] * 1e-2}
    if words[0] in _GECAM:
        return {"rate_snr": words[20] * 1e-2} if words[0] == 188 else {}
    return {}


def _sky(words: Words, kind: Kind) -> Sky | None:
    """Words 7 and 8 are ten-thousandths of a degree, hundredths in the oldest types."""
    scale = 1e2 if words[0] in _COARSE else 1e4
    number, ra, dec = words[0], words[7] / scale, words[8] / scale
    if number in _NO_PLACE or number == _COINCIDENCE or not (0 <= ra <= 360 and -90 <= dec <= 90):
        return None
    if number in _HETE - {44}:
        return _hete(words, ra, dec)
    at, unit = _RADIUS.get(number, (0, 0.0))
    radius = (words[at] * unit or words[11] * 1e-4) if at == 16 else words[at] * unit
    if (ra == dec == 0 and radius <= 0) or radius >= 180:
        return None
    if radius <= 0:
        return Sky("point", ra % 360.0, dec)
    return Sky("circle", ra % 360.0, dec, radius_deg=radius, containment=0.9 if number == _SUPERK else kind.containment)


def _hete(words: Words, ra: float, dec: float) -> Sky | None:
    """HETE's place, said in the equinox of the day, within half of the larger side of the finer camera's box, in arcseconds."""
    side = next((words[at] >> 16 & 0xFFFF for flag, at in _BOXES if words[_FLAGS] & flag), None)
    if side is None or words[_VALIDITY] & (1 << 6):
        return None
    where = _of_2000(ra, dec, words[5])
    return Sky("circle", *where, radius_deg=side / 7200) if side else Sky("point", *where)


def _of_2000(ra: float, dec: float, day: int) -> tuple[float, float]:
    """A place of the mean equinox of a truncated Julian day, in J2000."""
    import erfa

    precession = erfa.pmat06(2_440_000.5, float(day))
    there = erfa.trxp(precession, erfa.s2c(math.radians(ra), math.radians(dec)))
    longitude, latitude = erfa.c2s(there)
    return math.degrees(longitude) % 360.0, math.degrees(latitude)


def _distance(words: Words) -> tuple[float, float] | None:
    """Super-K's range, in hundredths of a kiloparsec, as its middle and half its width in Mpc."""
    low, high = words[13] * 1e-5, words[14] * 1e-5
    return ((low + high) / 2, (high - low) / 2) if words[0] == _SUPERK and 0 <= low < high else None


def _cites(words: Words) -> tuple[Cite, ...]:
    if words[0] == _COINCIDENCE and words[11] > 0:
        return (Cite(_triggered(words[10], words[11]), "coincidence"),)
    return ()


def _links(words: Words) -> dict[str, str]:
    """CALET's page of the trigger."""
    page = classic_lvc.text(words[29:39]) if words[0] in (160, 161) else ""
    return (
        {"light curve": f"http://cgbm.calet.jp/cgbm_trigger/flight/{words[4]}/{page}"} if page and words[4] > 0 else {}
    )
