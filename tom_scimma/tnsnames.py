"""The Transient Name Server's names as people write them: AT 2026abc, AT2026abc, SN2026abc and 2026abc are one object. Pure.

bare("SN 2023ixf")            -> "2023ixf"; "" for what is no such name
key("AT 2026abc"), key("M31") -> "2026abc", "M31": equal for names of one object
spelled(["AT2026abc", "M31"]) -> both, and every other way to write the first: what a table of names is asked for
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

#: AT2026abc, SN 2023ixf, 2026abc; no minor planet, whose year stands apart
_NAME = re.compile(r"(?:(?:AT|SN|TDE)[ _-]?)?((?:19|20)\d\d)([A-Za-z]{1,7})", re.ASCII | re.IGNORECASE)
#: what stands before a name: not classified, classified, and what stood there for a while
_BEFORE = ("AT", "AT ", "SN", "SN ", "", "TDE", "TDE ")


def bare(name: str) -> str:
    """The name as TNS itself keeps it, without what stands before it; "" for what is none of its names."""
    match = _NAME.fullmatch(name.strip())
    if match is None:
        return ""
    year, letters = match.groups()
    return year + (letters.upper() if len(letters) == 1 else letters.lower())  # the IAU's rule: 2002A, 2002ap


def key(name: str) -> str:
    """The same for all names of one object: TNS's bare name; any other name is only itself."""
    return bare(name) or name


def spellings(name: str) -> tuple[str, ...]:
    """The name, and the other ways in which it is written where it is one of TNS's."""
    known = bare(name)
    return tuple(dict.fromkeys((name, *(before + known for before in _BEFORE)))) if known else (name,)


def spelled(names: Iterable[str]) -> set[str]:
    """All of these names in all their spellings."""
    return {spelling for name in names for spelling in spellings(name)}


def keyed(rows: Iterable[tuple[str, int]], asked: Collection[str]) -> dict[str, int]:
    """Rows (name, whose) by key; where several spell one name, that which was asked for."""
    return {key(name): whose for name, whose in sorted(rows, key=lambda row: row[0] in asked)}
