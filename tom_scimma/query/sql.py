"""A bound tree -> what the database is asked. Every comparison is true or false, never unknown once `not` stands before it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from django.db.models import Case, F, IntegerField, Q, Value, When, lookups
from django.db.models.functions import Length, Right, StrIndex

from tom_scimma.models.seen import known_aliases
from tom_scimma.query import names
from tom_scimma.query.binding import Bound
from tom_scimma.query.columns import TO_EVENT, Columns
from tom_scimma.query.jsonkeys import NUMBER, TEXT, TYPE, Folded, folded
from tom_scimma.query.tree import And, Not, Or

#: a number beyond is no number of ours: infinities, and PostgreSQL's NaN, which it takes for larger than all
FINITE = 1.7e308
_ORDER: dict[str, Any] = {
    "<": lookups.LessThan, "<=": lookups.LessThanOrEqual, ">": lookups.GreaterThan, ">=": lookups.GreaterThanOrEqual,
}  # fmt: skip


def where(tree: Any, thing: str, user, now: datetime) -> Q:
    """The condition on rows of a thing, for somebody who asks now."""
    return _where(tree, Columns(thing, user), now)


def _where(tree: Any, columns: Columns, now: datetime) -> Q:
    if isinstance(tree, And):
        return reduce(operator.and_, (_where(part, columns, now) for part in tree.parts))
    if isinstance(tree, Or):
        return reduce(operator.or_, (_where(part, columns, now) for part in tree.parts))
    if isinstance(tree, Not):
        held = Case(When(_where(tree.part, columns, now), then=Value(1)), default=Value(0), output_field=IntegerField())
        return Q(lookups.Exact(held, 0))
    return _TESTS[tree.name.type](tree, columns, now)


def _number(test: Bound, columns: Columns, now: datetime) -> Q:
    return _numeric(columns.of(test.name), test.operator, test.value)


def _numeric(expression: Any, op: str, value: Any) -> Q:
    if value is None:
        return Q(lookups.IsNull(expression, op == "="))
    if op == "in":
        return reduce(operator.or_, (Q(lookups.Exact(expression, one)) for one in value))
    if op == "=":
        return Q(lookups.Exact(expression, value))
    finite = Q(lookups.LessThan(expression, FINITE)) & Q(lookups.GreaterThan(expression, -FINITE))
    if op in _ORDER:
        return Q(_ORDER[op](expression, value)) & finite
    unlike = value if op == "not in" else (value,)
    return reduce(operator.and_, (~Q(lookups.Exact(expression, one)) for one in unlike)) & finite


def _text(test: Bound, columns: Columns, now: datetime) -> Q:
    return _textual(columns.of(test.name), test.operator, test.value)


def _textual(expression: Any, op: str, value: Any) -> Q:
    if value is None:
        return Q(lookups.IsNull(expression, op == "="))
    positive = op.removeprefix("not ") if op != "!=" and op != "!~" else op[1:]
    found = _positive(expression, positive, value)
    return found if positive == op else ~found


def _positive(expression: Any, op: str, value: Any) -> Q:
    if op == "in":
        return reduce(operator.or_, (Q(lookups.Exact(expression, one)) for one in value))
    if op == "=":
        return Q(lookups.Exact(expression, value))
    if not value:
        return Q(lookups.GreaterThanOrEqual(Length(expression), 0))  # unknown where it is missing, also when negated
    if op == "endswith":
        return Q(lookups.Exact(Right(Folded(expression), len(value)), folded(value)))
    place = StrIndex(Folded(expression), Value(folded(value)))
    return Q(lookups.Exact(place, 1)) if op == "startswith" else Q(lookups.GreaterThan(place, 0))


def _names(test: Bound, columns: Columns, now: datetime) -> Q:
    """The event's own name, or another that the user may know; what is unlike must be unlike all of them."""
    positive = test.operator.removeprefix("not ") if test.operator not in ("!=", "!~") else test.operator[1:]
    own = F("name") if columns.thing == names.EVENTS else F("event__name")
    others = known_aliases(columns.user).filter(_positive(F("name"), positive, test.value)).values("event_id")
    found = Q(_positive(own, positive, test.value)) | Q(**{f"{TO_EVENT[columns.thing]}__in": others})
    return found if positive == test.operator else ~found


def _time(test: Bound, columns: Columns, now: datetime) -> Q:
    expression, op, moment = columns.of(test.name), test.operator, test.value
    if moment is None:
        return Q(lookups.IsNull(expression, op == "="))
    if op in _ORDER:
        return Q(_ORDER[op](expression, moment.at(now)))
    within = Q(lookups.GreaterThanOrEqual(expression, moment.start)) & Q(lookups.LessThan(expression, moment.stop))
    return within if op in ("=", "~") else ~within


def _age(test: Bound, columns: Columns, now: datetime) -> Q:
    """Less than a day ago is later than a day ago."""
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[test.operator]
    return Q(_ORDER[turned](columns.of(test.name), now - timedelta(days=test.value)))


def _flag(test: Bound, columns: Columns, now: datetime) -> Q:
    return Q(lookups.Exact(columns.of(test.name), test.value == (test.operator == "=")))


def _key(test: Bound, columns: Columns, now: datetime) -> Q:
    """A key is looked at as what it is compared with; one that is missing, or of another kind, never matches."""

    def seen(view: str) -> Any:
        return columns.key(test.name, test.keys, view)

    value = test.value
    if value is None:
        return Q(lookups.IsNull(seen(TYPE), test.operator == "="))
    if isinstance(value, str) or (isinstance(value, tuple) and isinstance(value[0], str)):
        return _textual(seen(TEXT), test.operator, value)
    return _numeric(seen(NUMBER), test.operator, float(value) if isinstance(value, bool) else value)


_TESTS: dict[str, Callable[[Bound, Columns, datetime], Q]] = {
    names.NUMBER: _number, names.COUNT: _number, names.TEXT: _text, names.CHOICE: _text, names.NAMES: _names,
    names.TIME: _time, names.AGE: _age, names.FLAG: _flag, names.KEYS: _key,
}  # fmt: skip
