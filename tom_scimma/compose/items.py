"""The objects in a Content, each with a hash of its values, so that what changes later can be told. Pure.

items(content) -> [Item("photometry", 7, 3, "5f..."), ...]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from tom_scimma.compose.content import Content
from tom_scimma.compose.selection import (
    ASTROMETRY,
    CANDIDATE,
    OBSERVATION,
    PHOTOMETRY,
    PRODUCT,
    SPECTRUM,
    TARGET,
)

#: names that tell which object it is, and nothing of its values; a target that is renamed has changed, not its data; and a
#: candidate's level follows the maps, whatever was said of it
IDENTITY = {"pk", "target", "level"}


#: letters of a sha256
HEX = 64


class Item(NamedTuple):
    """One object: kind, key, key of its target, sha256 of its values."""

    kind: str
    number: int
    target: int | None
    digest: str


@dataclass(frozen=True)
class Cargo:
    """The same by kind, as columns: of 10,000 objects three lists and not 10,000, which a click has no time to make."""

    columns: Mapping[str, tuple[list[int], list[int | None], str]]  #: numbers, targets, digests one after another

    @classmethod
    def of(cls, found: Iterable[Item]) -> Cargo:
        """The columns of these objects."""
        rows: dict[str, list[Item]] = {}
        for item in found:
            rows.setdefault(item.kind, []).append(item)
        return cls(
            {
                kind: ([one.number for one in some], [one.target for one in some], "".join(one.digest for one in some))
                for kind, some in rows.items()
            }
        )

    def keys(self) -> dict[str, list[int]]:
        """Keys by kind, in the order chosen."""
        return {kind: numbers for kind, (numbers, _, _) in self.columns.items()}

    def rows(self, delivery: int) -> list[tuple[int, str, int, int | None, str, None]]:
        """The values of a SharedItem each."""
        return [
            (delivery, kind, number, target, digests[place * HEX : (place + 1) * HEX], None)
            for kind, (numbers, targets, digests) in self.columns.items()
            for place, (number, target) in enumerate(zip(numbers, targets, strict=True))
        ]

    def __len__(self) -> int:
        return sum(len(numbers) for numbers, _, _ in self.columns.values())


def items(content: Content) -> list[Item]:
    """Every object that a content carries, targets first."""
    targets = {body.name: body.pk for body in content.targets}
    found = [Item(TARGET, body.pk, body.pk, digest(body)) for body in content.targets]
    for kind, rows in _data(content):
        found += [Item(kind, row.pk, targets.get(row.target), digest(row)) for row in rows]
    return found + [
        Item(PRODUCT, file.pk, targets.get(file.target), file.sha256 or digest(file)) for file in content.files
    ]


def _data(content: Content) -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield PHOTOMETRY, content.photometry
    yield SPECTRUM, content.spectra
    yield ASTROMETRY, content.astrometry
    yield OBSERVATION, content.observations
    yield CANDIDATE, content.candidates


def digest(row: Any) -> str:
    """sha256 of the values of one of content.py's shapes."""
    values = (value.isoformat() if isinstance(value, datetime) else value for value in _values(type(row))(row))
    return hashlib.sha256(repr(tuple(values)).encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _values(shape: type) -> attrgetter:
    return attrgetter(*(item.name for item in fields(shape) if item.name not in IDENTITY))
