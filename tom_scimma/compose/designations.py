"""Names of minor planets and comets, as the Minor Planet Center's ADES format wants them. Pure.

designation("(433) Eros") -> ("permID", "433")      designation("2015 BP1") -> ("provID", "2015 BP1")
"""

from __future__ import annotations

import re

_NUMBERED = re.compile(r"\(?([1-9]\d{0,6})\)?(?: [A-Z][\w' -]*)?", re.ASCII)
_PERIODIC = re.compile(r"([1-9]\d{0,3}[PDI](?:-[A-Z]{1,2})?)(?:/.*)?", re.ASCII)
#: of minor planets: the half-month and a letter; A for the first figure where it was before 1925
_PROVISIONAL = re.compile(r"((?:1[89]|20)\d\d [A-HJ-Y][A-HJ-Z]\d{0,3}|A[89]\d\d [A-HJ-Y][A-HJ-Z])", re.ASCII)
_COMET = re.compile(r"([CPDXA]/(?:1[89]|20)\d\d [A-Z]{1,2}\d{0,3}(?:-[A-Z])?)(?: \(.*\))?", re.ASCII)
_SATELLITE = re.compile(r"((?:Mars|Jupiter|Saturn|Uranus|Neptune|\([1-9]\d*\)) [1-9]\d{0,2})", re.ASCII)
_NEW_SATELLITE = re.compile(r"(S/\d{4} (?:[MJSUN]|\((?:\d+|\d{4} [A-HJ-Y][A-HJ-Z]?\d+)\)) \d+)", re.ASCII)
_SURVEY = re.compile(r"(\d{4} (?:P-L|T-[123]))", re.ASCII)
_TRACKLET = re.compile(r"[A-Za-z0-9_-]{1,8}")


def designation(name: str) -> tuple[str, str] | None:
    """(column, text) for a name: a number, a provisional designation, or a tracklet's own; None where it is none of them.

    Source: MPC, ADES "IAU Astrometry Data Exchange Standard", version 2022, elements permID, provID and trkSub.
    """
    text = " ".join(name.split())
    for pattern, column in (
        (_PERIODIC, "permID"),
        (_PROVISIONAL, "provID"),
        (_COMET, "provID"),
        (_SURVEY, "provID"),
        (_SATELLITE, "permID"),
        (_NEW_SATELLITE, "provID"),
        (_NUMBERED, "permID"),
    ):
        if match := pattern.fullmatch(text):
            return column, match[1]
    return ("trkSub", text) if _TRACKLET.fullmatch(text) else None


def best(names: tuple[str, ...]) -> tuple[str, str] | None:
    """The best designation among names: a number before a provisional one before a tracklet's."""
    found = [one for one in map(designation, names) if one is not None]
    return min(found, key=lambda one: ("permID", "provID", "trkSub").index(one[0]), default=None)
