"""What a query says, as a tree. Pure values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Span:
    """Where in the text something stands."""

    at: int
    end: int


@dataclass(frozen=True)
class Value:
    """A literal: a number (float), text, True, False, None, or a tuple of Values after `in`."""

    value: Any
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Test:
    """One comparison: `far < 1e-7`."""

    name: tuple[str, ...]  #: ("classification", "BNS")
    operator: str  #: =, !=, <, <=, >, >=, ~, !~, in, not in, startswith, not startswith, endswith, not endswith
    value: Value
    span: Span = field(compare=False)  #: of the name
    operator_span: Span = field(compare=False)


@dataclass(frozen=True)
class And:
    """All of these."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Or:
    """Any of these."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Not:
    """Whatever this does not hold for."""

    part: Tree


Tree = Test | And | Or | Not


def tests(tree: Tree) -> Iterator[Any]:
    """Every comparison in a tree, from left to right."""
    if isinstance(tree, (And, Or)):
        for part in tree.parts:
            yield from tests(part)
    elif isinstance(tree, Not):
        yield from tests(tree.part)
    else:
        yield tree
