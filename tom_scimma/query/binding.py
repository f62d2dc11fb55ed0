"""Tree -> the same tree with each comparison bound to a name of ours and to a value of its type. Pure.

`understand(text, thing)` is the whole way from text to a bound tree, remembered for the texts last asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tom_scimma.query import names
from tom_scimma.query.errors import QueryError, nearest
from tom_scimma.query.grammar import parse
from tom_scimma.query.moments import FORMS, moment
from tom_scimma.query.names import Name
from tom_scimma.query.tree import And, Not, Or, Span, Test, Tree, Value, tests

#: a day is the finest that such large numbers of days differ in
MOST_DAYS = 1e5


@dataclass(frozen=True)
class Bound:
    """One comparison that makes sense: float, str, bool, None, Moment, or a tuple of floats or of texts."""

    name: Name
    keys: tuple[str, ...]
    operator: str
    value: Any


@lru_cache(maxsize=20_000)
def understand(text: str, thing: str = names.EVENTS) -> Any:
    """The bound tree of a query on events, alerts or candidates. Raises QueryError."""
    return _bind(parse(text), text, thing)


def named(tree: Any) -> frozenset[str]:
    """The names that a bound tree asks for: {"kind", "candidates.count"}."""
    return frozenset(test.name.name for test in tests(tree))


def _bind(tree: Tree, text: str, thing: str) -> Any:
    if isinstance(tree, (And, Or)):
        return type(tree)(tuple(_bind(part, text, thing) for part in tree.parts))
    if isinstance(tree, Not):
        return Not(_bind(tree.part, text, thing))
    name, keys = _name(tree, text, thing)
    _operator(tree, name, text)
    return Bound(name, keys, tree.operator, _value(tree, name, text))


def _name(test: Test, text: str, thing: str) -> tuple[Name, tuple[str, ...]]:
    """The name a comparison asks for, and its keys."""
    known, span = names.NAMES_OF[thing], test.span
    whole = ".".join(test.name)
    if whole in known and not known[whole].parts:
        return known[whole], ()
    name = known.get(test.name[0])
    if name is None or not name.parts:
        raise _unknown(test, text, thing)
    keys = test.name[1:]
    if len(keys) != name.parts:
        example = {"classification": "classification.BNS", "properties": "properties.HasNS"}.get(name.name)
        raise QueryError(
            f"{name.name} needs {'a key' if name.parts == 1 else f'{name.parts} keys'} behind it",
            text, span.at, span.end, f"Write for example {example or 'annotations.areas.area_90'}",
        )  # fmt: skip
    return name, keys


def _unknown(test: Test, text: str, thing: str) -> QueryError:
    whole, known = ".".join(test.name), names.NAMES_OF[thing]
    elsewhere = [other for other in names.THINGS if whole in names.NAMES_OF[other]]
    if elsewhere:
        hint = f"It is known of {' and '.join(elsewhere)}"
    elif test.name[0] in known:
        hint = f"{test.name[0]} has no parts"
    else:
        hint = nearest(whole, known) or f"Known are {', '.join(known)}"
    return QueryError(f"{thing} have no {whole[:60]}", text, test.span.at, test.span.end, hint)


def _operator(test: Test, name: Name, text: str) -> None:
    allowed = names.OPERATORS[name.type]
    if test.operator not in allowed:
        span = test.operator_span
        shown = ", ".join(allowed)
        raise QueryError(
            f"{name.name} cannot be compared with {test.operator}", text, span.at, span.end, f"It knows {shown}"
        )


def _value(test: Test, name: Name, text: str) -> Any:
    """The literal as the name's type wants it."""
    value = test.value
    if value.value is None:
        if test.operator not in ("=", "!=") or name.type in (names.CHOICE, names.COUNT, names.FLAG, names.NAMES):
            raise _bad(value, text, f"{name.name} cannot be compared with None here")
        return None
    if isinstance(value.value, tuple):
        return _list(test, name, text)
    return _one(name, test.operator, value, text)


def _list(test: Test, name: Name, text: str) -> tuple[Any, ...]:
    found = tuple(_one(name, "=", item, text) for item in test.value.value)
    kinds = {type(item) for item in found}
    if len(kinds) > 1 or not kinds <= {float, str}:
        raise _bad(test.value, text, "a list holds either numbers or texts")
    return found


def _one(name: Name, operator: str, value: Value, text: str) -> Any:
    return _CHECKS[name.type](name, operator, value, text)


def _bad(value: Value, text: str, message: str, hint: str = "") -> QueryError:
    span: Span = value.span
    return QueryError(message, text, span.at, span.end, hint)


def _number(name: Name, operator: str, value: Value, text: str) -> float:
    if not isinstance(value.value, float):
        raise _bad(value, text, f"{name.name} is a number" + (f" ({name.unit})" if name.unit else ""))
    if name.type == names.AGE and abs(value.value) > MOST_DAYS:
        raise _bad(value, text, f"so many days are out of reach; {MOST_DAYS:,.0f} is the most")
    return value.value


def _words(name: Name, operator: str, value: Value, text: str) -> str:
    if not isinstance(value.value, str):
        raise _bad(value, text, f"{name.name} is text", "Put it in quotes")
    return value.value


def _choice(name: Name, operator: str, value: Value, text: str) -> str:
    word = value.value
    if word not in name.choices:
        known = f"Known are {', '.join(name.choices)}"
        raise _bad(
            value,
            text,
            f"there is no such {name.name}",
            (nearest(word, name.choices) if isinstance(word, str) else "") or known,
        )
    return word


def _time(name: Name, operator: str, value: Value, text: str) -> Any:
    if not isinstance(value.value, str):
        raise _bad(value, text, f"{name.name} is a time", FORMS)
    try:
        found = moment(value.value)
    except ValueError as error:
        raise _bad(value, text, str(error), FORMS) from None
    if found.relative and operator not in ("<", "<=", ">", ">="):
        raise _bad(value, text, "a time from now can only be compared by <, <=, > and >=")
    return found


def _flag(name: Name, operator: str, value: Value, text: str) -> bool:
    if not isinstance(value.value, bool):
        raise _bad(value, text, f"{name.name} is True or False")
    return value.value


def _key(name: Name, operator: str, value: Value, text: str) -> Any:
    """Whatever it is compared with decides what a key is looked at as."""
    said = value.value
    if (
        operator in names.OPERATORS[names.TEXT]
        and operator not in names.OPERATORS[names.NUMBER]
        and not isinstance(said, str)
    ):
        raise _bad(value, text, f"{operator} compares texts", "Put it in quotes")
    if operator in ("<", "<=", ">", ">=") and (isinstance(said, (str, bool))):
        raise _bad(value, text, f"{operator} compares numbers")
    return said


_CHECKS = {
    names.NUMBER: _number, names.COUNT: _number, names.AGE: _number, names.TEXT: _words, names.NAMES: _words,
    names.CHOICE: _choice, names.TIME: _time, names.FLAG: _flag, names.KEYS: _key,
}  # fmt: skip
