"""What is wrong with a telescope's figures, gathered by field, so that a person sees all of it at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tom_treasuremap.vocabulary import BANDS


class WrongTelescope(ValueError):
    """A telescope that cannot be used. `fields` says what is wrong: {"limits.min_altitude": "is 95; ..."}."""

    def __init__(self, fields: Mapping[str, str]):
        self.fields = dict(fields)
        super().__init__("; ".join(f"{name} {why}" for name, why in self.fields.items()))


class Checks:
    """Reads values one by one; what is wrong is kept, and a harmless value goes on in its place until `done`."""

    def __init__(self):
        self.found: dict[str, str] = {}

    def wrong(self, name: str, why: str) -> None:
        self.found.setdefault(name, why)

    def done(self) -> None:
        """Raises WrongTelescope where anything was wrong."""
        if self.found:
            raise WrongTelescope(self.found)

    def run(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives; None, and kept what it said, where it raises ValueError, TypeError or OverflowError."""
        try:
            return make()
        except (ValueError, TypeError, OverflowError) as why:
            self.wrong(name, str(why))
            return None

    def known(self, said: Mapping[str, Any], names: set[str], before: str) -> None:
        for key in said:
            if key not in names:
                self.wrong(f"{before}{key}", f"is not known; known are {', '.join(sorted(names))}")

    def is_mapping(self, said: Any, name: str) -> bool:
        if not isinstance(said, Mapping):
            self.wrong(name, f"is {_shown(said)}; an object {{...}} is wanted")
            return False
        return True

    def mapping(self, said: Any, name: str) -> dict[str, Any]:
        return dict(said) if self.is_mapping(said, name) else {}

    def texts(self, said: Any, name: str) -> dict[str, str]:
        found = self.mapping(said, name)
        for key, value in found.items():
            if not isinstance(value, str):
                self.wrong(f"{name}.{key}", f"is {_shown(value)}; text is wanted")
        return found

    def number(self, said: Any, name: str, low: float, high: float) -> float:
        if isinstance(said, bool) or not isinstance(said, (int, float)) or said != said:
            self.wrong(name, "is missing" if said is None else f"is {_shown(said)}; a number is wanted")
            return low
        if not low <= said <= high:
            self.wrong(name, f"is {_shown(said)}; it must be from {low:g} to {high:g}")
            return low
        return float(said)

    def maybe(self, said: Any, name: str, low: float, high: float) -> float | None:
        return None if said is None else self.number(said, name, low, high)

    def whole(self, said: Any, name: str) -> int | None:
        if said is None:
            return None
        if isinstance(said, bool) or not isinstance(said, int) or said < 1:
            self.wrong(name, f"is {_shown(said)}; the Treasure Map's number of it is wanted")
            return None
        return said

    def flag(self, said: Any, name: str) -> bool:
        if not isinstance(said, bool):
            self.wrong(name, f"is {_shown(said)}; true or false is wanted")
        return said is True

    def text(self, said: Any, name: str, needed: bool = False) -> str:
        if said in (None, "") and not needed:
            return ""
        if not isinstance(said, str) or not said.strip():
            self.wrong(name, "is missing" if said in (None, "") else f"is {_shown(said)}; text is wanted")
            return ""
        return said.strip()

    def among(self, said: Any, name: str, known: tuple[str, ...]) -> str:
        if said not in known:
            self.wrong(name, f"is {_shown(said)}; known are {', '.join(filter(None, known))}")
            return ""
        return said

    def slug(self, said: Any, name: str) -> str:
        if not isinstance(said, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,48}", said):
            self.wrong(name, f"is {_shown(said)}; small letters, digits and hyphens are wanted, as lco-1m0-coj")
            return ""
        return said

    def band(self, said: Any, name: str) -> str | None:
        if said is not None and not (isinstance(said, str) and said in BANDS):
            self.wrong(name, f"{_shown(said)} is no band of the Treasure Map: {', '.join(BANDS)}, or null")
            return None
        return said

    def timezone(self, said: Any, name: str) -> str:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(said)
        except (KeyError, ValueError, TypeError, OSError):
            self.wrong(name, f"{_shown(said)} is no time zone, as Australia/Sydney")
            return "UTC"
        return said


def _shown(said: Any) -> str:
    text = repr(said)
    return text if len(text) < 60 else f"{text[:57]}..."
