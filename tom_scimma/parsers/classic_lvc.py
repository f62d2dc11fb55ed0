"""LVC's classic binary packets (types 150 to 154, 163, 164): one int32 holds many things. Pure.

Definition: https://gcn.gsfc.nasa.gov/sock_pkt_def_doc.html, by the numbers of words there.
"""

from __future__ import annotations

import re
import struct
from datetime import datetime
from typing import Any

from ..errors import Unparsable
from ..notice import Notice, Sky
from . import fields

Words = tuple[int, ...]
TYPES = {
    150: "preliminary",
    151: "initial",
    152: "update",
    153: "update",
    154: "other",
    163: "early_warning",
    164: "retraction",
}
#: by number, from 1
_PREFIXES = ("G", "T", "M", "Y", "H", "E", "K", "S", "GW", "TS", "TGW", "MS", "MGW")
_PIPELINES = (
    "", "MBTAOnline", "CWB", "CWB2G", "gstlal", "spiir", "HardwareInjection", "X", "Q", "Omega", "Ringdown", "LIB",
    "Fermi", "Swift", "SNEWS", "pycbc",
)  # fmt: skip
_SEARCHES = ("", "AllSky", "LowMass", "HighMass", "GRB", "Supernova", "MDC", "AllSkyLong", "BBH")
_GROUPS = ("", "CBC", "Burst", "Test")
_DETECTORS = ("H1", "L1", "V1", "G1", "K1", "I1")
_CLASSES = ("BNS", "NSBH", "BBH", "Terrestrial")
_TEST, _INJECTION, _RETRACTED = 1 << 1, 1 << 2, 1 << 5
#: the end of a map's address; longer ones are cut off
_WHOLE = re.compile(r"/files/.+\.fits(\.gz)?(,\d+)?")


def text(words: Words) -> str:
    """The characters that words hold, the lowest byte first, up to the first NUL."""
    raw = b"".join(struct.pack("<i", word) for word in words).partition(b"\0")[0]
    return fields.clean(raw.decode("ascii", "replace")) if raw.isascii() else ""


def notice(words: Words, time: datetime | None) -> Notice:
    """The notice of a packet. Raises Unparsable where it names no superevent."""
    alert_type = "retraction" if words[18] & _RETRACTED else TYPES[words[0]]
    told = alert_type != "retraction"
    name = _name(words)
    return Notice(
        event=name,
        kind="GW",
        alert_type=alert_type,
        role="test" if words[18] & (_TEST | _INJECTION) or fields.is_test_superevent(name) else "observation",
        source="LVK",
        time=time,
        instruments=tuple(who for at, who in enumerate(_DETECTORS) if words[19] & (1 << at)) if told else (),
        far_hz=10 ** (words[11] * 1e-4) if told and -400_000 < words[11] < 100_000 and words[11] else None,
        classification=_classes(words) if told else {},
        properties=_properties(words) if told else {},
        sky=_sky(words) if told else None,
        links={"gracedb": f"https://gracedb.ligo.org/superevents/{name}/view/"} if name[:1] in "SMT" else {},
        extra={"packet": list(words)},
    )


def _sky(words: Words) -> Sky | None:
    """The address of the map, where ten words hold all of it."""
    page = text(words[29:39])
    whole = _WHOLE.search(page)
    return (
        Sky("healpix", skymap_url=f"https://gracedb.ligo.org/superevents/{page}")
        if whole and whole.end() == len(page)
        else None
    )


def _name(words: Words) -> str:
    """`MS240511i`: what it begins with is a number, its date word 4, its letters are in words 19 and 21."""
    prefix = (words[19] >> 20) & 0xF
    letters = "".join(chr(code) for code in ((words[19] >> 10) & 0xFF, words[21] & 0xFF) if 97 <= code <= 122)
    if not 0 < prefix <= len(_PREFIXES) or words[4] <= 0:
        raise Unparsable(
            f"an LVC packet of type {words[0]} that names no superevent: words 4 and 19 are {words[4]}, {words[19]}"
        )
    first = _PREFIXES[prefix - 1]
    return f"{first}{words[4]:06d}{letters}" if letters else f"{first}{words[4]}"


def _classes(words: Words) -> dict[str, float]:
    """Percent, a byte each; a byte with its bit set in word 23 is not valid."""
    percent = struct.pack(">i", words[22])
    bits = dict(zip(_CLASSES, (2, 3, 4, 6), strict=True))
    return (
        {name: value / 100 for name, value in zip(_CLASSES, percent, strict=True) if not words[23] & (1 << bits[name])}
        if any(percent)
        else {}
    )


def _properties(words: Words) -> dict[str, Any]:
    pipeline, search, group = (words[12] >> shift & 0xFF for shift in (0, 8, 16))
    said: dict[str, Any] = {}
    for key, number, table in (
        ("group", group, _GROUPS),
        ("pipeline", pipeline, _PIPELINES),
        ("search", search, _SEARCHES),
    ):
        if 0 < number < len(table):
            said[key] = table[number]
    if said.get("group") == "Burst":
        said.update({"duration_s": words[14] * 1e-2, "central_frequency_hz": words[10] * 1e-2})
    return said | (_source_properties(words) if said.get("group") == "CBC" else {})


def _source_properties(words: Words) -> dict[str, float]:
    """Percent: HasNS and HasRemnant in the halves of word 20, which preliminary packets leave empty, the mass gap in the top
    byte of word 21; each has a bit in word 23 that says it is not valid.
    """
    star, remnant = struct.unpack(">2H", struct.pack(">i", words[20]))
    gap = struct.pack(">i", words[21])[0]
    said = {"HasMassGap": (gap, 5)} | (
        {"HasNS": (star, 0), "HasRemnant": (remnant, 1)} if words[0] in (151, 152) else {}
    )
    return {name: value / 100 for name, (value, bit) in said.items() if not words[23] & (1 << bit)}
