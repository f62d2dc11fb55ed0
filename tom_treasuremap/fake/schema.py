"""Reading JSON and query values the way the server's schemas do, with the same words for what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from tom_treasuremap.fake.answers import Answer

Kind = Callable[[Any, str, "Faults"], Any]
OBJECT = "Input should be a valid dictionary or object to extract fields from"
TRUE, FALSE = ("1", "true", "t", "yes", "y", "on"), ("0", "false", "f", "no", "n", "off")
TRUTHS = {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}


class Faults(list):
    """What is wrong with a request, in the order in which it is found."""

    def add(self, message: str, where: str, kind: str) -> None:
        self.append({"message": message, "code": "validation_error", "params": {"field": where, "type": kind}})

    def rule(self, message: str, where: str) -> None:
        """What a rule of the server's own says."""
        self.add(f"Value error, {message}", where, "value_error")

    def stop(self) -> None:
        """Raises Answer 400 when anything is wrong."""
        if self:
            raise Answer(400, {"message": "Request validation error", "errors": list(self)})


def number(value: Any, where: str, faults: Faults) -> float | None:
    if isinstance(value, (int, float)):
        return float(value)
    if not isinstance(value, str):
        faults.add("Input should be a valid number", where, "float_type")
        return None
    try:
        return float(value.encode("ascii"))
    except ValueError:
        faults.add("Input should be a valid number, unable to parse string as a number", where, "float_parsing")
        return None


def integer(value: Any, where: str, faults: Faults) -> int | None:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _whole(value, where, faults)
    if isinstance(value, str):
        if found := re.fullmatch(r"\s*([+-]?\d+(?:_\d+)*)(?:\.0+)?\s*", value, re.ASCII):
            return int(found[1])
        faults.add("Input should be a valid integer, unable to parse string as an integer", where, "int_parsing")
    else:
        faults.add("Input should be a valid integer", where, "int_type")
    return None


def _whole(value: float, where: str, faults: Faults) -> int | None:
    """A number that was written with a point or an exponent, as an integer."""
    if not math.isfinite(value):
        faults.add("Input should be a finite number", where, "finite_number")
    elif value != int(value):
        faults.add("Input should be a valid integer, got a number with a fractional part", where, "int_from_float")
    elif abs(value) >= 2**63:
        said = "Unable to parse input string as an integer, exceeded maximum size"
        faults.add(said, where, "int_parsing_size")
    else:
        return int(value)
    return None


def boolean(value: Any, where: str, faults: Faults) -> bool | None:
    if isinstance(value, (bool, int, float)) and value in (0, 1):
        return bool(value)
    found = TRUTHS.get(value.lower()) if isinstance(value, str) else None
    if found is None and (
        isinstance(value, (str, int)) or (isinstance(value, float) and _whole(value, "", Faults()) is not None)
    ):
        faults.add("Input should be a valid boolean, unable to interpret input", where, "bool_parsing")
    elif found is None:
        faults.add("Input should be a valid boolean", where, "bool_type")
    return found


def text(value: Any, where: str, faults: Faults) -> str | None:
    if isinstance(value, str):
        return value
    faults.add("Input should be a valid string", where, "string_type")
    return None


def anything(value: Any, where: str, faults: Faults) -> Any:
    return value


def one_of(choices: Iterable[Any], said: str) -> Kind:
    """One of some values; `said` names them as the server does. Numbers may be given as text."""
    known = tuple(choices)

    def read(value: Any, where: str, faults: Faults) -> Any:
        found = integer(value, where, Faults()) if isinstance(known[0], int) else value
        if isinstance(found, (str, int)) and found in known:
            return found
        faults.add(f"Input should be {said}", where, "enum")
        return None

    return read


def named(table: dict[str, int], title: str, *, numbers: bool = True) -> Kind:
    """The name of an enumeration's value, by name or number. Texts and whole numbers that are none of it stay as they are.

    `numbers`: False where the schema has no place for a number that is none of it.
    """
    names = {number: name for name, number in table.items()}
    several = ", ".join(str(number) for number in list(names)[:-1])

    def read(value: Any, where: str, faults: Faults) -> Any:
        if isinstance(value, str):
            return value
        found = integer(value, where, Faults())
        if found in names:
            return names[found]
        if numbers and found is not None:
            return found
        faults.add(f"Input should be {several} or {max(names)}", f"{where}.int-enum[{title}]", "enum")
        faults.add("Input should be a valid string", f"{where}.str", "string_type")
        if numbers:
            integer(value, f"{where}.int", faults)
        return None

    return read


def listing(kind: Kind) -> Kind:
    """A list of that kind."""

    def read(value: Any, where: str, faults: Faults) -> list | None:
        if not isinstance(value, list):
            faults.add("Input should be a valid list", where, "list_type")
            return None
        return [kind(item, f"{where}.{i}", faults) for i, item in enumerate(value)]

    return read


def mapping(kind: Kind) -> Kind:
    """A dictionary whose values are of that kind."""

    def read(value: Any, where: str, faults: Faults) -> dict | None:
        if not isinstance(value, dict):
            faults.add("Input should be a valid dictionary", where, "dict_type")
            return None
        return {key: kind(item, f"{where}.{key}", faults) for key, item in value.items()}

    return read


#: in the place of a body that was not sent
ABSENT = object()


def read(
    value: Any,
    where: str,
    faults: Faults,
    kinds: dict[str, Kind],
    needed: tuple[str, ...] = (),
    firm: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The fields of an object, None where one was not given; unknown keys are ignored. What is wrong goes into `faults`.

    `needed` must be given; they and those of `firm` must not be null.
    """
    if value is ABSENT:
        faults.add("Field required", where, "missing")
        return dict.fromkeys(kinds)
    if not isinstance(value, dict):
        faults.add(OBJECT, where, "model_attributes_type")
        return dict.fromkeys(kinds)
    found = {}
    for name, kind in kinds.items():
        place = f"{where}.{name}"
        if name not in value:
            found[name] = None
            if name in needed:
                faults.add("Field required", place, "missing")
        elif value[name] is None and name not in needed and name not in firm:
            found[name] = None
        else:
            found[name] = kind(value[name], place, faults)
    return found


def body(
    value: Any, kinds: dict[str, Kind], needed: tuple[str, ...] = (), firm: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The fields of a request's body. Raises Answer 400."""
    faults = Faults()
    found = read(value, "body", faults, kinds, needed, firm)
    faults.stop()
    return found


def query(value: dict[str, str], kinds: dict[str, Kind], needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """The parameters of a request's query. Raises Answer 400."""
    faults = Faults()
    found = read(value, "query", faults, kinds, needed)
    faults.stop()
    return found
