"""What may be wrong with the shape of an app's settings, whichever app: no dict, an unknown key, a value of the wrong type."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from tom_scimma.conf import Option


def shape(setting: str, options: Mapping[str, Option], app: str) -> list[CheckMessage]:
    """The problems of a dict of settings with these keys: errors E001, E002 and E003 of the app."""
    given = getattr(settings, setting, {})
    if isinstance(given, dict):
        return [*_keys(setting, given, options, app), *_types(setting, given, options, app)]
    example = f'Make it a dict: {setting} = {{"{next(iter(options))}": ...}}.'
    return [Error(f"{setting} is a {type(given).__name__}.", hint=example, id=f"{app}.E001")]


def _keys(setting: str, given: dict, options: Mapping[str, Option], app: str) -> Iterator[CheckMessage]:
    for key in given:
        if key not in options:
            yield Error(f"{setting} has an unknown key {key!r}.", hint=near(key, options), id=f"{app}.E002")


def _types(setting: str, given: dict, options: Mapping[str, Option], app: str) -> Iterator[CheckMessage]:
    for key, value in given.items():
        if key in options and not fits(value, options[key].types):
            names = " or ".join(kind.__name__ for kind in options[key].types)
            yield Error(
                f"{setting}[{key!r}] is a {type(value).__name__}, not a {names}.",
                hint=f"{options[key].help} Default: {options[key].default!r}.",
                id=f"{app}.E003",
            )


def fits(value: Any, types: tuple[type, ...]) -> bool:
    """Whether a value is of one of these types; an int will do for a float."""
    if isinstance(value, bool):  # True is an int in Python, and never what was meant
        return bool in types
    return isinstance(value, types) or (float in types and isinstance(value, int))


def near(name: str, known: Iterable[str]) -> str:
    """A hint that names the closest known name, or all of them."""
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."
