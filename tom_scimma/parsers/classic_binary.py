"""GCN's classic binary packets: 160 bytes, 40 big-endian int32. Pure.

Definition: https://gcn.gsfc.nasa.gov/sock_pkt_def_doc.html. The words that all types share are read; the rest stays in
`extra` as sent.
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta, timezone
from typing import Any

from ..errors import Unparsable
from ..notice import Notice, Sky
from .voevent.packets import PACKETS, Kind

SIZE = 160
_TJD_ZERO = datetime(1968, 5, 24, tzinfo=timezone.utc)
#: types whose words 7 and 8 are no source's place
_NO_PLACE = {31, 45, 46, 47, 51, 52, 59, 83, 103, 110, 129, 145, 150, 151, 152, 160, 163, 164}
_LVC = {150: "preliminary", 151: "initial", 152: "update", 163: "early_warning", 164: "retraction"}
#: types whose word 11 is the radius of the error, in ten-thousandths of a degree
_RADIUS = {53, 54, 55, 56, 61, 67, 81, 97, 111, 112, 115, 120, 121, 128, 131, 134, 135, 173, 174, 176}
#: types whose word 18 says in bit 5 that it is definitely no burst
_NOT_A_GRB = {61, 67, 81, 111, 112, 115}
_ICECUBE = {158, 166, 167, 169, 173, 174, 176}


def recognises(said: Any) -> bool:
    """True for 160 bytes whose first word is a packet's type."""
    return isinstance(said, bytes) and len(said) == SIZE and 0 < struct.unpack(">i", said[:4])[0] < 400


def parse(topic: str, said: bytes) -> tuple[Notice, ...]:
    """The one notice of a packet; none of a sign of life. Raises Unparsable for a type that nobody knows."""
    words = struct.unpack(">40i", said)
    number = words[0]
    if number in (3, 4):  # imalive, kill
        return ()
    kind = PACKETS.get(number) or (Kind("LVK", "GW", _LVC[number]) if number in _LVC else None)
    if kind is None:
        kind = Kind("GCN", "UNK", "other")
    time = _time(words)
    retraction = number in _NOT_A_GRB and bool(words[18] & (1 << 5))
    return (
        Notice(
            event=_name(words, kind, time),
            kind=kind.kind,
            alert_type="retraction" if retraction else kind.alert_type,
            role="test" if kind.test or (bool(words[18] & (1 << 1)) and number == 149) else "observation",
            source=kind.source,
            time=time,
            sky=_sky(words),
            extra={"packet": list(words)},
        ),
    )


def _time(words: tuple[int, ...]) -> datetime | None:
    """Word 5 is the truncated Julian day, 6 the hundredths of its second."""
    day, second = words[5], words[6] / 100
    return _TJD_ZERO + timedelta(days=day, seconds=second) if 0 < day < 40_000 and 0 <= second < 86_401 else None


def _name(words: tuple[int, ...], kind: Kind, time: datetime | None) -> str:
    number, trigger = words[0], words[4]
    if number in _LVC:
        superevent = _superevent(words)
        if superevent:
            return superevent
    elif number in _ICECUBE and words[23] > 0:  # event and run number
        return f"IceCube {words[23]}_{trigger}"
    elif trigger > 0:
        return f"{kind.prefix or kind.source} {trigger}"
    if time is None:
        raise Unparsable(f"a packet of type {number} with neither a trigger id nor a time to be named by")
    return f"{kind.source} {time:%Y-%m-%dT%H:%M:%SZ}"


def _superevent(words: tuple[int, ...]) -> str | None:
    """Date and letters of an LVC packet: word 4 is yymmdd; word 21 holds up to three letters, a byte each."""
    letters = bytes(byte for byte in struct.pack(">i", words[21]) if 97 <= byte <= 122).decode()
    return f"S{words[4]:06d}{letters}" if letters and 0 < words[4] < 1_000_000 else None


def _sky(words: tuple[int, ...]) -> Sky | None:
    """Words 7 and 8 are ten-thousandths of a degree."""
    ra, dec = words[7] / 1e4, words[8] / 1e4
    if words[0] in _NO_PLACE or (ra == dec == 0) or not (0 <= ra <= 360 and -90 <= dec <= 90):
        return None
    radius = words[11] / 1e4
    if words[0] not in _RADIUS or not 0 < radius < 90:
        return Sky("point", ra % 360.0, dec)
    return Sky("circle", ra % 360.0, dec, radius_deg=radius, containment=PACKETS[words[0]].containment)
