"""Public names of events in what people write: `LIGO/Virgo/KAGRA S230518h`, `Fermi trigger No 712143685`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import fields

#: what a name looks like, its usual spelling, and the kind of event
_NAMES: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str], str]] = [
    (re.compile(r"\b[MT]?S\d{6}[a-z]+\b"), lambda m: fields.superevent(m[0]) or m[0], "GW"),
    (re.compile(r"\bGRB[ -]?(\d{6}[A-Z]?(?:\.\d+)?)\b", re.IGNORECASE), lambda m: f"GRB {m[1].upper()}", "GRB"),
    (re.compile(r"\b(?:GRB ?|bn)(\d{9})\b", re.IGNORECASE), lambda m: f"bn{m[1]}", "GRB"),
    (re.compile(r"\b(IceCube(?:Cascade|-Cascade)?)-(\d{6}[A-Za-z]?)\b"), lambda m: f"{m[1]}-{m[2]}", "NU"),
    (re.compile(r"\bIceCube\b.{0,60}?\b(\d{6})_0*(\d{4,9})\b"), lambda m: f"IceCube {m[1]}_{m[2]}", "NU"),
    (re.compile(r"\b(NuEm-\d{6}[A-Z])\b"), lambda m: m[1], "NU"),
    (re.compile(r"\bsb\d{8}\b"), lambda m: m[0], "GRB"),
    (re.compile(r"\bEP[ -]?(\d{6}[a-z]+)\b"), lambda m: f"EP{m[1]}", "XRT"),
    (re.compile(r"\bFRB[ -]?(\d{6,8}[A-Z]*)\b"), lambda m: f"FRB {m[1]}", "FRB"),
    (re.compile(r"\b(AT|SN)[ ]?(\d{4}[A-Za-z]{1,6})\b"), lambda m: f"{m[1]} {m[2]}", "OT"),
    (re.compile(r"\b(KM3-\d{6}[A-Z])\b"), lambda m: m[1], "NU"),
    (re.compile(r"\b(SGR|AXP) ?([J]?\d{4}(?:\.\d)?[+-]\d{2,5})\b"), lambda m: f"{m[1]} {m[2]}", "UNK"),
    (re.compile(r"\b(Swift|MAXI|XTE|IGR|EXO|GRO|4U|AT) J?(\d{4}(?:\.\d)?[+-]\d{2,5})\b"), lambda m: f"{m[1]} J{m[2]}", "XRT"),
    (re.compile(r"\bFermi (?:GBM )?trigger (?:No\.? ?|#)?(\d{8,10})\b", re.IGNORECASE), lambda m: f"Fermi GBM {m[1]}", "GRB"),
    (re.compile(r"\bTrigger (\d{9})/\d{9}\b", re.IGNORECASE), lambda m: f"Fermi GBM {m[1]}", "GRB"),
    (re.compile(r"\bSwift (?:BAT )?trigger (?:No\.? ?|#|=)?(\d{5,8})\b", re.IGNORECASE), lambda m: f"Swift {m[1]}", "GRB"),
]  # fmt: skip


def find(text: str) -> tuple[str, str] | None:
    """(name, kind) of the event that a short text names, the most telling kind of name first; None without one."""
    for pattern, spelled, kind in _NAMES:
        match = pattern.search(text[:1000])
        if match:
            return spelled(match), kind
    return None


def all_in(text: str) -> list[str]:
    """Every event's name in a text, in its usual spelling, without repeats."""
    return list(dict.fromkeys(spelled(match) for pattern, spelled, _ in _NAMES for match in pattern.finditer(text)))


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
