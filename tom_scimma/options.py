"""An app's settings as a table of options, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Option:
    """One key of an app's settings."""

    default: Any
    types: tuple[type, ...]
    help: str


class Conf:
    """Reads a dict of settings when asked, so that `override_settings` and a running TOM agree. Each app has one."""

    def __init__(self, setting: str, options: Mapping[str, Option]):
        self._setting, self._options = setting, options

    def __getattr__(self, name: str) -> Any:
        try:
            option = self._options[name]
        except KeyError:
            raise AttributeError(f"{self._setting} has no key {name!r}; known: {', '.join(self._options)}") from None
        given = getattr(settings, self._setting, {})
        return given.get(name, option.default) if isinstance(given, dict) else option.default  # E001 says it is no dict
