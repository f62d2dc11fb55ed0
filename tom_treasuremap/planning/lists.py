"""Lists of fields put together: of several events and of ordinary targets, by priority; the same place once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tom_treasuremap.visits import Field

#: pieces of another event begin so far on
APART = 1 << 40


def events(lists: Iterable[tuple[float, Sequence[Field]]]) -> list[Field]:
    """Fields of several events, or of ordinary targets, as one list: (priority, fields) each.

    Each event's worth is multiplied with its priority; what two events share on the sky counts for both.
    """
    found: list[Field] = []
    for number, (priority, some) in enumerate(lists):
        for one in some:
            mine = {number * APART + piece: mass * priority for piece, mass in one.pieces.items()}
            found.append(replace(one, weight=one.weight * priority, pieces=mine))
    return found


def merged(some: Iterable[Field]) -> list[Field]:
    """The same fields, each once: one place of several lists is worth what it is worth in each; another of the same name gets a number."""
    found: dict[tuple[str, str], Field] = {}
    for one in some:
        key, number = (one.telescope, one.name), 1
        while key in found and not _same(found[key], one):
            number += 1
            key = (one.telescope, f"{one.name} ({number})")
        before = found.get(key)
        found[key] = replace(one, name=key[1]) if before is None else _both(before, one)
    return list(found.values())


def _same(one: Field, other: Field) -> bool:
    return (one.ra, one.dec, one.pos_angle, one.seconds) == (other.ra, other.dec, other.pos_angle, other.seconds)


def _both(one: Field, other: Field) -> Field:
    """One look at what two lists want; it is told as that of the list to which it is worth more."""
    most = one if one.weight >= other.weight else other
    target = one.target if one.target is not None else other.target
    pieces = {**one.pieces, **other.pieces}
    return replace(one, weight=one.weight + other.weight, pieces=pieces, event=most.event, target=target)
