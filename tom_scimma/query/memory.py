"""A bound tree on one event in memory, the same answer as `sql.py` gives for its row. Pure."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tom_scimma.query import names
from tom_scimma.query.binding import Bound
from tom_scimma.query.subject import Subject
from tom_scimma.query.tree import And, Not, Or

FINITE = 1.7e308
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_FOLD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def holds(tree: Any, subject: Subject, now: datetime) -> bool:
    """Whether a query is true of an event, for somebody who asks now."""
    if isinstance(tree, And):
        return all(holds(part, subject, now) for part in tree.parts)
    if isinstance(tree, Or):
        return any(holds(part, subject, now) for part in tree.parts)
    if isinstance(tree, Not):
        return not holds(tree.part, subject, now)
    return _TESTS[tree.name.type](tree, subject, now)


def number(value: Any) -> float | None:
    """A JSON value as a number: true and false are 1 and 0; None for what is none, or too large."""
    if not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and abs(found) < FINITE else None


def _number(test: Bound, subject: Subject, now: datetime) -> bool:
    return _numeric(subject.values.get(test.name.name), test.operator, test.value)


def _count(test: Bound, subject: Subject, now: datetime) -> bool:
    return _numeric(subject.candidates, test.operator, test.value)


def _numeric(said: Any, op: str, value: Any) -> bool:
    if value is None:
        return (said is None) == (op == "=")
    found = number(said)
    if found is None:
        return False
    if op in _ORDER:
        return _ORDER[op](found, value)
    return _equal(found, op, value)


def _equal(found: Any, op: str, value: Any) -> bool:
    same = found in value if isinstance(value, tuple) else found == value
    return same == (op in ("=", "in"))


def _text(test: Bound, subject: Subject, now: datetime) -> bool:
    return _textual(subject.values.get(test.name.name), test.operator, test.value)


def _textual(said: Any, op: str, value: Any) -> bool:
    if value is None:
        return (said is None) == (op == "=")
    if not isinstance(said, str):
        return False
    if op in ("=", "!=", "in", "not in"):
        return _equal(said, op, value)
    return _like(said, op.removeprefix("not ").removeprefix("!"), value) == (op in ("~", "startswith", "endswith"))


def _like(said: str, op: str, value: str) -> bool:
    said, value = said.translate(_FOLD), value.translate(_FOLD)
    return value in said if op == "~" else said.startswith(value) if op == "startswith" else said.endswith(value)


def _names(test: Bound, subject: Subject, now: datetime) -> bool:
    positive = test.operator.removeprefix("not ") if test.operator not in ("!=", "!~") else test.operator[1:]
    return any(_textual(name, positive, test.value) for name in subject.names) == (positive == test.operator)


def _time(test: Bound, subject: Subject, now: datetime) -> bool:
    said, op, moment = subject.values.get(test.name.name), test.operator, test.value
    if moment is None:
        return (said is None) == (op == "=")
    if said is None:
        return False
    if op in _ORDER:
        return _ORDER[op](said, moment.at(now))
    return (moment.start <= said < moment.stop) == (op in ("=", "~"))


def _age(test: Bound, subject: Subject, now: datetime) -> bool:
    said = subject.values.get("time")
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[test.operator]
    return said is not None and _ORDER[turned](said, now - timedelta(days=test.value))


def _key(test: Bound, subject: Subject, now: datetime) -> bool:
    said, value = subject.key(test.name.name, test.keys), test.value
    if isinstance(value, str) or (isinstance(value, tuple) and isinstance(value[0], str)):
        return _textual(said, test.operator, value)
    return _numeric(said, test.operator, float(value) if isinstance(value, bool) else value)


_TESTS: dict[str, Callable[[Bound, Subject, datetime], bool]] = {
    names.NUMBER: _number, names.COUNT: _count, names.TEXT: _text, names.CHOICE: _text, names.NAMES: _names,
    names.TIME: _time, names.AGE: _age, names.KEYS: _key,
}  # fmt: skip
