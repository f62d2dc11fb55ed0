"""The objects in a Content, each with a hash of its values, so that what changes later can be told. Pure.

items(content) -> [Item("photometry", 7, 3, "5f..."), ...]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields
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


class Item(NamedTuple):
    """One object: kind, key, key of its target, sha256 of its values."""

    kind: str
    number: int
    target: int | None
    digest: str


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
