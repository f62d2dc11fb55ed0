"""What fields are worth together: pieces of the sky count once, whoever looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tom_treasuremap.planning.problem import Problem


@dataclass(frozen=True, eq=False)
class Worth:
    """Pieces of all fields as one sparse table; a looker is a telescope and a field: number `telescope * fields + field`."""

    size: int  #: lookers
    looker: np.ndarray  #: int64[k], ascending
    piece: np.ndarray  #: int64[k]
    mass: np.ndarray  #: float64[pieces]

    @cached_property
    def first(self) -> np.ndarray:
        """Where each looker's pieces begin, int64[size + 1]."""
        return np.searchsorted(self.looker, np.arange(self.size + 1))

    @cached_property
    def turned(self) -> tuple[np.ndarray, np.ndarray]:
        """(where each piece's lookers begin, the lookers): the table by pieces."""
        sort = np.argsort(self.piece, kind="stable")
        return np.searchsorted(self.piece[sort], np.arange(len(self.mass) + 1)), self.looker[sort]

    def pieces(self, looker: int) -> np.ndarray:
        """Numbers of a looker's pieces."""
        return self.piece[self.first[looker] : self.first[looker + 1]]

    def alone(self) -> np.ndarray:
        """What each looker is worth by itself, float64[size]."""
        return np.bincount(self.looker, self.mass[self.piece], self.size)

    def value(self, lookers: np.ndarray) -> float:
        """What some lookers are worth together."""
        seen = np.zeros(len(self.mass), bool)
        for one in lookers:
            seen[self.pieces(int(one))] = True
        return float(self.mass[seen].sum())


def of(problem: Problem) -> Worth:
    """The Worth of a problem's fields."""
    piece: dict[Any, int] = {}
    mass: list[float] = []
    rows: list[tuple[np.ndarray, np.ndarray]] = []
    for at, one in enumerate(problem.fields):
        here: list[Any] = list(one.pieces.items()) or [((one.telescope, one.name), one.weight)]
        numbers = np.empty(len(here), np.int64)
        for place, (key, weight) in enumerate(here):
            number = piece.setdefault(key, len(mass))
            if number == len(mass):
                mass.append(max(float(weight), 0.0))
            numbers[place] = number
        rows.append((np.full(len(numbers), at), numbers))
    if not rows:
        return Worth(0, np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    whose, which = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    some = np.array(mass)
    count, lookers, pieces = len(problem.fields), [], []
    for turn, reach in enumerate(problem.reaches):
        mine = reach.open.any(axis=1)[whose]
        lookers.append(turn * count + whose[mine])
        pieces.append(which[mine] + (0 if problem.shared else turn * len(mass)))
    if not problem.shared:
        some = np.tile(some, max(len(problem.reaches), 1))
    empty = np.zeros(0, np.int64)
    return Worth(
        count * len(problem.reaches), np.concatenate([empty, *lookers]), np.concatenate([empty, *pieces]), some
    )


class Left:
    """What each looker would still add, as lookers are taken in and given back."""

    def __init__(self, worth: Worth) -> None:
        self.worth = worth
        self.times = np.zeros(len(worth.mass), np.int64)
        self.adds = worth.alone()
        self.value = 0.0

    def copy(self) -> Left:
        """The same, apart."""
        other = object.__new__(Left)
        other.worth, other.times, other.adds, other.value = self.worth, self.times.copy(), self.adds.copy(), self.value
        return other

    def take(self, looker: int) -> None:
        """A looker is in the plan."""
        pieces = self.worth.pieces(looker)
        new = pieces[self.times[pieces] == 0]
        self.times[pieces] += 1
        self._change(new, -1.0)

    def drop(self, looker: int) -> None:
        """A looker is in it no more."""
        pieces = self.worth.pieces(looker)
        self.times[pieces] -= 1
        self._change(pieces[self.times[pieces] == 0], 1.0)

    def loss(self, looker: int) -> float:
        """What the plan would lose without a looker that is in it."""
        pieces = self.worth.pieces(looker)
        return float(self.worth.mass[pieces[self.times[pieces] == 1]].sum())

    def _change(self, pieces: np.ndarray, sign: float) -> None:
        begin, lookers = self.worth.turned
        self.value -= sign * float(self.worth.mass[pieces].sum())
        count = begin[pieces + 1] - begin[pieces]
        total = int(count.sum())
        if total:
            at = np.arange(total) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin[pieces], count)
            np.add.at(self.adds, lookers[at], sign * np.repeat(self.worth.mass[pieces], count))
