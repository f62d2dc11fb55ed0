"""Public names of events in what people write: `LIGO/Virgo/KAGRA S230518h`, `Fermi trigger No 712143685`. Pure.

How names are spelled and misspelled: GCN's own tests of circulars' subjects,
https://github.com/nasa-gcn/gcn.nasa.gov, __tests__/circulars.lib.ts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

from . import fields

_GAP = r"[ ._-]?"
#: what may stand between a mission and its trigger's number: `GBM GRB Trigger #`, `trigger No. `, `TRIGGER_NUM `
_GBM = r"(?: Gamma-ray Burst Monitor|[ /-]GBM)?(?: GRB)?"
_TRIGGER = r"[ _]triggers?(?:_num)?[ :]?(?:No\.? ?|number:? ?|#|=)?"
_LVK = r"(?:\bGW |(?:LIGO|Virgo|KAGRA)[ _-]?)"
_IBAS = r"\b(?:IBAS|INTEGRAL)(?: GRB)?(?: (?:Weak )?(?:Alert|Trigger)| Weak)"
#: seconds from 2001 to the launch of Fermi
_LAUNCH = 234_800_000
_BAKSAN = "Baksan Neutrino Observatory Alert"


def _tns(year: str, letters: str) -> str:
    """One letter is a capital, more are small: SN 2002A, SN 2002ap (the IAU's rule)."""
    return year + (letters.upper() if len(letters) == 1 else letters.lower())


def _gbm(first: str, second: str = "") -> str:
    """A trigger of the GBM by its seconds since 2001; where it has its day too, `231107654`, in either order, by that which fits.

    Alone, what was before the launch is a day.
    """
    for seconds, day in ((first, second), (second, first)):
        if second and f"{datetime(2001, 1, 1) + timedelta(seconds=int(seconds)):%y%m%d}" == day[:6]:
            return f"Fermi GBM {seconds}"
    return f"Fermi GBM {first}" if second or int(first) > _LAUNCH else f"bn{first}"


#: what a name looks like, its usual spelling, and the kind of event
_NAMES: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str], str]] = [
    (re.compile(r"(?:\b|_)([MT]?S\d{6}(?:[a-z]+|[A-Z]+))\b"), lambda m: fields.superevent(m[1]) or m[1], "GW"),
    (re.compile(rf"{_LVK}([MT]?S\d{{6}}[a-z]+)\b", re.IGNORECASE), lambda m: fields.superevent(m[1]) or m[1], "GW"),
    (re.compile(r"(?:LIGO|Virgo|LVC)[ :_-]{0,2}(G\d{5,6})\b", re.IGNORECASE), lambda m: m[1].upper(), "GW"),
    (re.compile(rf"\b[sl]?GRB{_GAP}(\d{{6}}[A-Z]?(?:\.\d+)?)\b", re.IGNORECASE), lambda m: f"GRB {m[1].upper()}", "GRB"),
    (re.compile(rf"\bGW{_GAP}(\d{{6}}(?:_\d{{6}})?[A-Z]?)\b", re.IGNORECASE), lambda m: f"GW{m[1].upper()}", "GW"),
    (re.compile(r"\b(?:GRB ?|bn)(\d{9})\b", re.IGNORECASE), lambda m: f"bn{m[1]}", "GRB"),
    (re.compile(rf"\bXRF{_GAP}(\d{{6}}[A-Z]?)\b", re.IGNORECASE), lambda m: f"XRF {m[1].upper()}", "GRB"),
    (re.compile(rf"\bIceCube{_GAP}Cascade{_GAP}(\d{{6}}[A-Z]?)\b", re.IGNORECASE), lambda m: f"IceCubeCascade-{m[1].lower()}", "NU"),
    (re.compile(rf"\bIceCube(?:{_GAP}(\d{{6}}[A-Z])|-(\d{{6}}))\b", re.IGNORECASE), lambda m: f"IceCube-{(m[1] or m[2]).upper()}", "NU"),
    (re.compile(r"\bIceCube\b.{0,60}?\b(\d{6})_0*(\d{4,9})\b"), lambda m: f"IceCube {m[1]}_{m[2]}", "NU"),
    (re.compile(r"\bIceCube\b.{0,60}?\b0*(\d{7,9})_(\d{6})\b"), lambda m: f"IceCube {m[2]}_{m[1]}", "NU"),
    (re.compile(rf"\bIceCube{_GAP}20(\d{{6}}[A-Z])\b", re.IGNORECASE), lambda m: f"IceCube-{m[1].upper()}", "NU"),
    (re.compile(r"\bNuEm-(\d{6}[A-Z])\b", re.IGNORECASE), lambda m: f"NuEm-{m[1].upper()}", "NU"),
    (re.compile(rf"\bANTARES{_GAP}(\d{{6}}[A-Z])\b", re.IGNORECASE), lambda m: f"ANTARES {m[1].upper()}", "NU"),
    (re.compile(rf"\b{_BAKSAN}{_GAP}(\d{{6}}\.\d{{1,2}})\b", re.IGNORECASE), lambda m: f"{_BAKSAN} {m[1]}", "NU"),
    (re.compile(rf"\bHAWC{_GAP}(\d{{6}}[A-Z])\b", re.IGNORECASE), lambda m: f"HAWC-{m[1].upper()}", "GRB"),
    (re.compile(r"\bsb[ _-]?(\d{8})\b"), lambda m: f"sb{m[1]}", "GRB"),
    (re.compile(rf"\b(EPW?){_GAP}(\d{{6,8}}[a-z]{{1,3}})\b", re.IGNORECASE), lambda m: m[1].upper() + m[2].lower(), "XRT"),
    (re.compile(rf"\bFRB{_GAP}(\d{{6,8}}[A-Z]*)\b", re.IGNORECASE), lambda m: f"FRB {m[1].upper()}", "FRB"),
    (re.compile(rf"\bZTF{_GAP}(\d{{2}}[a-z]{{6,9}})\b", re.IGNORECASE), lambda m: f"ZTF{m[1].lower()}", "OT"),
    (re.compile(rf"\b(AT|SN|sn){_GAP}((?:19|20)\d{{2}})([A-Za-z]{{1,6}})\b"), lambda m: f"{m[1].upper()} {_tns(m[2], m[3])}", "OT"),
    (re.compile(r"\b(KM3-\d{6}[A-Z])\b"), lambda m: m[1], "NU"),
    (re.compile(rf"\bIceCube Alert{_GAP}(\d{{6}}\.\d{{1,2}})\b", re.IGNORECASE), lambda m: f"IceCube Alert {m[1]}", "NU"),
    (re.compile(rf"\b(SGR|AXP){_GAP}(J?\d{{4}}(?:\.\d)?[+-]\d{{2,5}})\b"), lambda m: f"{m[1]} {m[2]}", "UNK"),
    (re.compile(r"\b(?:Fermi|GBM|Monitor)\b.{0,20}?\btriggers? (\d{9}) ?[/(] ?(\d{9})\b", re.I), lambda m: _gbm(m[1], m[2]), "GRB"),
    (re.compile(rf"\bFermi{_GBM}{_TRIGGER} ?(\d{{9,10}})\b", re.IGNORECASE), lambda m: _gbm(m[1]), "GRB"),
    (re.compile(r"\bFermi ?(\d{9}):", re.IGNORECASE), lambda m: _gbm(m[1]), "GRB"),
    (re.compile(r"\bTrigger (\d{9})/(\d{9})\b", re.IGNORECASE), lambda m: _gbm(m[1], m[2]), "GRB"),
    (re.compile(rf"\bSwift(?:[ /_-]BAT)?{_TRIGGER} ?(\d{{5,8}})\b", re.IGNORECASE), lambda m: f"Swift {m[1]}", "GRB"),
    (re.compile(r"^Trigger[ _]#?(\d{5,8}):.{0,40}\bSwift\b", re.IGNORECASE), lambda m: f"Swift {m[1]}", "GRB"),
    (re.compile(r"\bEP(?:-WXT)? triggers? (?:ID )?(\d{11})\b", re.IGNORECASE), lambda m: f"Einstein Probe WXT {m[1]}", "XRT"),
    (re.compile(rf"{_IBAS} ?(?:n(?:o\.?|\.) ?|#)?(\d{{4,5}})\b", re.IGNORECASE), lambda m: f"INTEGRAL {m[1]}", "GRB"),
    (re.compile(r"\bHETE(?: Trigger| Alert| #) ?#?(\d{4,5})\b", re.IGNORECASE), lambda m: f"HETE {m[1]}", "GRB"),
    (re.compile(r"\b(MAXI|XTE|IGR) ?J(\d{4,6}(?:\.\d)?[+-]\d{2,6})\b"), lambda m: f"{m[1]} J{m[2]}", "XRT"),
    (re.compile(r"\bS(?:wift|WIFT) ?J(\d{4,6}(?:\.\d)?[+-]\d{2,6})\b"), lambda m: f"Swift J{m[1]}", "XRT"),
    (re.compile(r"\b(Swift|MAXI|XTE|IGR) (\d{4,5}(?:\.\d)?[+-]\d{2,5})\b"), lambda m: f"{m[1]} J{m[2]}", "XRT"),
    (re.compile(r"\b1E ?(\d{4}(?:\.\d)?[+-]\d{2,5})\b"), lambda m: f"1E {m[1]}", "UNK"),
    (re.compile(r"\b(EP|EXO|GRO|4U|AT) (J?\d{4,6}(?:\.\d)?[+-]\d{2,6})\b"), lambda m: f"{m[1]} {m[2]}", "XRT"),
]  # fmt: skip


def find(text: str) -> tuple[str, str] | None:
    """(name, kind) of the event that a short text names, the most telling kind of name first; None without one."""
    return _first(text[:1000]) if text else None


@lru_cache(maxsize=4096)
def _first(text: str) -> tuple[str, str] | None:
    """The same; remembered, since the names and titles of what is observed night after night come again."""
    for pattern, spelled, kind in _NAMES:
        match = pattern.search(text)
        if match:
            return spelled(match), kind
    return None


@lru_cache(maxsize=4096)
def all_in(text: str) -> tuple[str, ...]:
    """Every event's name in a short text, in its usual spelling, without repeats."""
    return tuple(dict.fromkeys(spelled(match) for pattern, spelled, _ in _NAMES for match in pattern.finditer(text)))


def spelled(name: str) -> str:
    """A name in its usual spelling (`GRB230812B`: GRB 230812B); one that nobody spells otherwise as it is."""
    known = fields.superevent(name)
    if known:
        return known
    for pattern, spelling, _ in _NAMES:
        match = pattern.fullmatch(name[:200])
        if match:
            return spelling(match)
    return name
