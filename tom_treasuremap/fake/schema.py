"""Reading JSON and query values the way the server's schemas do, with the same words for what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from tom_treasuremap.fake.answers import Answer

Kind = Callable[[Any, str, "Faults"], Any]
OBJECT = "Input should be a valid dictionary or object to extract fields from"
DATE = "Input should be a valid datetime or date, {}"
EPOCH = datetime(1970, 1, 1)
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
        return float(value)
    except ValueError:
        faults.add("Input should be a valid number, unable to parse string as a number", where, "float_parsing")
        return None


def integer(value: Any, where: str, faults: Faults) -> int | None:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if math.isfinite(value) and value == int(value):
            return int(value)
        if not math.isfinite(value):
            faults.add("Input should be a finite number", where, "finite_number")
        else:
            faults.add("Input should be a valid integer, got a number with a fractional part", where, "int_from_float")
        return None
    if isinstance(value, str):
        if re.fullmatch(r"\s*[+-]?\d+(\.0+)?\s*", value):
            return int(float(value))
        faults.add("Input should be a valid integer, unable to parse string as an integer", where, "int_parsing")
    else:
        faults.add("Input should be a valid integer", where, "int_type")
    return None


def boolean(value: Any, where: str, faults: Faults) -> bool | None:
    found = value if isinstance(value, bool) else TRUTHS.get(str(value).lower())
    if found is None:
        kind = "bool_parsing" if isinstance(value, (str, int, float)) else "bool_type"
        more = ", unable to interpret input" if kind == "bool_parsing" else ""
        faults.add(f"Input should be a valid boolean{more}", where, kind)
    return found


def text(value: Any, where: str, faults: Faults) -> str | None:
    if isinstance(value, str):
        return value
    faults.add("Input should be a valid string", where, "string_type")
    return None


def anything(value: Any, where: str, faults: Faults) -> Any:
    return value


def one_of(choices: Iterable[Any], said: str, convert: Callable[[Any], Any] = lambda value: value) -> Kind:
    """One of some values; `said` names them as the server does."""
    known = tuple(choices)

    def read(value: Any, where: str, faults: Faults) -> Any:
        found = convert(value)
        if isinstance(found, (str, int)) and found in known:
            return found
        faults.add(f"Input should be {said}", where, "enum")
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


def moment(value: Any, where: str, faults: Faults) -> datetime | None:
    """A time in UTC without a zone: ISO with T or a space and any offset, a date, or seconds (or milliseconds) since 1970."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _iso(value.strip(), where, faults)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        faults.add("Input should be a valid datetime", where, "datetime_type")
        return None
    seconds = value / 1000 if abs(value) > 2e10 else value
    return EPOCH + timedelta(seconds=seconds)


def _iso(value: str, where: str, faults: Faults) -> datetime | None:
    parts = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s*(Z|z|[+-]\d\d:?\d\d)?)?", value
    )
    try:
        if parts is None:
            raise ValueError
        clock, zone = parts[2] or "00:00", (parts[3] or "").upper().replace("Z", "+00:00")
        if "." in clock:
            clock = f"{clock.split('.')[0]}.{clock.split('.')[1]:0<6.6}"
        if zone and ":" not in zone:
            zone = f"{zone[:3]}:{zone[3:]}"
        found = datetime.fromisoformat(f"{parts[1]}T{clock}{zone}")
    except ValueError:
        faults.add(DATE.format(_complaint(value)), where, "datetime_from_date_parsing")
        return None
    return found.astimezone(timezone.utc).replace(tzinfo=None) if found.tzinfo else found


def _complaint(value: str) -> str:
    if len(value) < 10:
        return "input is too short"
    if not value[:4].isdigit():
        return "invalid character in year"
    if value[4] != "-":
        return "invalid date separator, expected `-`"
    if not value[5:7].isdigit():
        return "invalid character in month"
    if not 1 <= int(value[5:7]) <= 12:
        return "month value is outside expected range of 1-12"
    if value[7] != "-":
        return "invalid date separator, expected `-`"
    if not value[8:10].isdigit():
        return "invalid character in day"
    return "day value is outside expected range"


def read(
    value: Any, where: str, faults: Faults, kinds: dict[str, Kind], needed: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The fields of an object, None where one was not given; unknown keys are ignored. What is wrong goes into `faults`."""
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
        elif value[name] is None and name not in needed:
            found[name] = None
        else:
            found[name] = kind(value[name], place, faults)
    return found


def body(value: Any, kinds: dict[str, Kind], needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a request's body. Raises Answer 400."""
    faults = Faults()
    found = read(value, "body", faults, kinds, needed)
    faults.stop()
    return found


def query(value: dict[str, str], kinds: dict[str, Kind], needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """The parameters of a request's query. Raises Answer 400."""
    faults = Faults()
    found = read(value, "query", faults, kinds, needed)
    faults.stop()
    return found
