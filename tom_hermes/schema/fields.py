"""The kinds of field that HERMES' schema is made of: what each takes, what it makes of it, and what it says to the rest. Pure.

HERMES checks with Django REST framework, whose rules and words these are (https://www.django-rest-framework.org/api-guide/fields/):
`take` returns what the server would publish, ABSENT where it leaves the key out, and raises Bad with the server's own
words, or Crash where it answers 500.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "ABSENT", "__bool__": lambda self: False})()
REQUIRED, NULL, BLANK = "This field is required.", "This field may not be null.", "This field may not be blank."
NOT_A_LIST = 'Expected a list of items but got type "{}".'
NOT_A_DICT = "Invalid data. Expected a dictionary, but got {}."
TRUE, FALSE, NOTHING = {"t", "y", "yes", "true", "on", "1"}, {"f", "n", "no", "false", "off", "0", "0.0"}, {"null", ""}
#: a host name, an IPv4 or IPv6 address, or localhost, as Django's URLValidator takes them
_URL = re.compile(
    r"^(?:http|ftp)s?://(?:[^\s:@/]+(?::[^\s:@/]*)?@)?"
    r"(?:(?:0|25[0-5]|2[0-4]\d|1\d?\d?|[1-9]\d?)(?:\.(?:0|25[0-5]|2[0-4]\d|1\d?\d?|[1-9]\d?)){3}|\[[0-9a-f:.]+\]|"
    r"(?:[a-z¡-\uffff0-9](?:[a-z¡-\uffff0-9-]{0,61}[a-z¡-\uffff0-9])?(?:\.(?!-)[a-z¡-\uffff0-9-]{1,63}(?<!-))*"
    r"\.(?!-)(?:[a-z¡-\uffff-]{2,63}|xn--[a-z0-9]{1,59})(?<!-)\.?|localhost))"
    r"(?::[0-9]{1,5})?(?:[/?#][^\s]*)?\Z",
    re.IGNORECASE,
)


class Bad(ValueError):
    """What is wrong with a value: a list of texts, or what is wrong with its parts by name or index."""

    def __init__(self, detail: Any):
        self.detail = [detail] if isinstance(detail, str) else detail
        super().__init__(str(self.detail))


class Crash(Exception):
    """The server raises here, and answers with an HTML page and status 500."""


@dataclass(frozen=True)
class Field:
    """One key. `then` is a check that HERMES adds, called with what was taken, null too."""

    required: bool = False
    null: bool = False
    default: Any = ABSENT
    then: Callable[[Any], Any] | None = None

    def take(self, value: Any) -> Any:
        if value is ABSENT:
            if self.required:
                raise Bad(REQUIRED)
            taken = self.default
        elif value is None:
            if not self.null:
                raise Bad(NULL)
            taken = None
        else:
            taken = self.read(value)
        return taken if self.then is None or taken is ABSENT else self.then(taken)

    def read(self, value: Any) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Text(Field):
    blank: bool = False
    invalid: str = "Not a valid string."

    def read(self, value: Any) -> str:
        if isinstance(value, str) and not value.strip():
            if not self.blank:
                raise Bad(BLANK)
            return ""
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise Bad(self.invalid)
        text = str(value).strip()
        wrong = self.wrong(text)
        if wrong:
            raise Bad(wrong)
        return text

    def wrong(self, text: str) -> list[str]:
        """Everything that is wrong with a text that is one."""
        said = ["Null characters are not allowed."] if "\x00" in text else []
        odd = None if text.isascii() else next((char for char in text if 0xD800 <= ord(char) <= 0xDFFF), None)
        return said if odd is None else [*said, f"Surrogate characters are not allowed: U+{ord(odd):X}."]


@dataclass(frozen=True)
class Url(Text):
    invalid: str = "Enter a valid URL."

    def wrong(self, text: str) -> list[str]:
        good = len(text) <= 2048 and _URL.match(text)
        return super().wrong(text) + ([] if good else [self.invalid])


@dataclass(frozen=True)
class Number(Field):
    least: float | None = None
    most: float | None = None

    def read(self, value: Any) -> float:
        if isinstance(value, str) and len(value) > 1000:
            raise Bad("String value too large.")
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise Bad("A valid number is required.") from None
        except OverflowError:
            raise Bad("Integer value too large to convert to float") from None
        wrong = []
        if self.most is not None and number > self.most:
            wrong.append(f"Ensure this value is less than or equal to {self.most}.")
        if self.least is not None and number < self.least:
            wrong.append(f"Ensure this value is greater than or equal to {self.least}.")
        if wrong:
            raise Bad(wrong)
        return number


@dataclass(frozen=True)
class Whole(Field):
    def read(self, value: Any) -> int:
        try:
            return int(re.sub(r"\.0*\s*$", "", str(value)))
        except ValueError:
            raise Bad("A valid integer is required.") from None


@dataclass(frozen=True)
class Choice(Field):
    of: tuple[str, ...] = ()

    def read(self, value: Any) -> str:
        if str(value) not in self.of:
            raise Bad(f'"{value}" is not a valid choice.')
        return str(value)


@dataclass(frozen=True)
class Flag(Field):
    def read(self, value: Any) -> bool | None:
        said = str(value).lower() if isinstance(value, (str, int, float)) else "?"
        if said in TRUE | FALSE:
            return said in TRUE
        if self.null and said in NOTHING:
            return None
        raise Bad("Must be a valid boolean.")


@dataclass(frozen=True)
class Items(Field):
    """A list of plain values; what is wrong is told by index, as a text."""

    each: Field = field(default_factory=Text)
    least: int = 0

    def read(self, value: Any) -> list:
        if not isinstance(value, list):
            raise Bad(NOT_A_LIST.format(type(value).__name__))
        taken, wrong = [], {}
        for index, item in enumerate(value):
            try:
                taken.append(self.each.take(item))
            except Bad as bad:
                wrong[str(index)] = bad.detail
        if wrong:
            raise Bad(wrong)
        if len(taken) < self.least:
            raise Bad(f"Ensure this field has at least {self.least} elements.")
        return taken


@dataclass(frozen=True)
class Shape(Field):
    """An object with these keys; others are left out. `check` sees it once every key is well, and returns what is wrong."""

    keys: Mapping[str, Field] = field(default_factory=dict)
    check: Callable[[dict], Any] | None = None
    strip: bool = True  #: what is empty or null is left out

    def read(self, value: Any) -> dict:
        if not isinstance(value, dict):
            raise Bad({"non_field_errors": [NOT_A_DICT.format(type(value).__name__)]})
        taken, wrong = {}, {}
        for name, kind in self.keys.items():
            try:
                found = kind.take(value.get(name, ABSENT))
            except Bad as bad:
                wrong[name] = bad.detail
                continue
            if found is not ABSENT and not (self.strip and _is_empty(found)):
                taken[name] = found
        if wrong:
            raise Bad(wrong)
        wrong = self.check(taken) if self.check is not None else {}
        if wrong:
            raise Bad(wrong)
        return taken


@dataclass(frozen=True)
class Rows(Field):
    """A list of objects; what is wrong is told as a list as long as they are, {} for what is well."""

    of: Shape = field(default_factory=Shape)

    def read(self, value: Any) -> list:
        if not isinstance(value, list):
            raise Bad({"non_field_errors": [NOT_A_LIST.format(type(value).__name__)]})
        taken, wrong = [], []
        for row in value:
            try:
                taken.append(self.of.take(row))
                wrong.append({})
            except Bad as bad:
                wrong.append(bad.detail)
        if any(wrong):
            raise Bad(wrong)
        return taken


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, list, dict)) and not value)
