"""One measured figure: ours, the peer's, the limit's, the ratio and its bar."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

_HOLDS = {">=": operator.ge, "<=": operator.le}


class Differs(AssertionError):
    """Two sides did not compute the same answer, so their times say nothing."""


@dataclass(frozen=True)
class Figure:
    """A line of the report. `ours`, `peer` and `limit` are medians in `unit`; `ratio` is what the bar is held against."""

    name: str
    unit: str  #: s, or /s
    ours: float
    bar: str  #: such as ">= 80"
    ratio: float
    peer: float | None = None
    limit: float | None = None
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether the bar is reached."""
        sign, value = self.bar.split()
        return _HOLDS[sign](self.ratio, float(value))

    def line(self) -> str:
        """`name ours peer limit ratio bar ok|short`."""
        shown = [quantity(value, self.unit) for value in (self.ours, self.peer, self.limit)]
        words = [self.name, *shown, number(self.ratio), self.bar.replace(" ", ""), "ok" if self.ok else "short"]
        return "{:<34} {:>10} {:>10} {:>10} {:>8} {:>8}  {}".format(*words)

    def document(self) -> dict[str, Any]:
        """As it stands in results.json."""
        return {**asdict(self), "ok": self.ok}


@dataclass(frozen=True)
class Skipped:
    """A figure that could not be measured here, and why. It fails nothing."""

    name: str
    reason: str

    def line(self) -> str:
        """The reason, for people."""
        return f"{self.name:<34} skipped: {self.reason}"

    def document(self) -> dict[str, Any]:
        """As it stands in results.json."""
        return {"name": self.name, "skipped": self.reason}


def quantity(value: float | None, unit: str) -> str:
    """A value with its unit, three digits."""
    if value is None:
        return "-"
    if unit == "s":
        return f"{number(value)} s" if value >= 1 else f"{number(value * 1000)} ms"
    return f"{number(value)}{unit}"


def number(value: float) -> str:
    """Three digits, no exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(median(values))


def same(what: str, ours: Any, theirs: Any, *, within: float = 0.0) -> None:
    """Nothing, or Differs: equal, or for numbers equal within a fraction."""
    close = abs(ours - theirs) <= within * abs(theirs) if within else ours == theirs
    if not close:
        raise Differs(f"{what}: ours {ours!r}, theirs {theirs!r}")
