"""What is wrong with a query, and at which character."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from tom_scimma.errors import ScimmaError

#: of the line in question, so much is shown on either side of the fault
AROUND = 60


class QueryError(ScimmaError, ValueError):
    """A query that cannot be understood, or took too long. `at` and `end` are offsets in the text; None: all of it."""

    def __init__(self, message: str, text: str = "", at: int | None = None, end: int | None = None, hint: str = ""):
        super().__init__(message)
        self.message, self.text, self.at, self.hint = message, text, at, hint
        self.end = end if end is not None else None if at is None else min(at + 1, len(text))

    @property
    def line(self) -> int | None:
        """The line of the fault, from 1."""
        return None if self.at is None else self.text.count("\n", 0, self.at) + 1

    @property
    def column(self) -> int | None:
        """The character in that line, from 1."""
        return None if self.at is None else self.at - (self.text.rfind("\n", 0, self.at) + 1) + 1

    @property
    def pointer(self) -> str:
        """The faulty line, and under it a caret at each faulty character; empty where no place is known."""
        if self.at is None:
            return ""
        start = self.text.rfind("\n", 0, self.at) + 1
        stop = self.text.find("\n", self.at)
        stop = len(self.text) if stop < 0 else stop
        left = max(start, self.at - AROUND)
        shown = "".join(c if c.isprintable() else " " for c in self.text[left : min(stop, self.at + AROUND)])
        carets = max(1, min(self.end or 0, left + len(shown)) - self.at)
        return f"{shown}\n{' ' * (self.at - left)}{'^' * carets}"

    def __str__(self) -> str:
        place = "" if self.at is None else f" (line {self.line}, column {self.column})"
        return f"{self.message}{place}" + (f". {self.hint}" if self.hint else "")

    def to_json(self) -> dict[str, Any]:
        """The same for REST and scripts."""
        return {
            "message": self.message,
            "hint": self.hint,
            "line": self.line,
            "column": self.column,
            "at": self.at,
            "end": self.end,
            "pointer": self.pointer,
        }


def nearest(word: str, known: Iterable[str]) -> str:
    """ "Did you mean ...?" for a word that is nearly one of those known; empty when none is near."""
    known = list(known)
    lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word[:60].lower(), lower, 1, 0.6)
    return f"Did you mean {lower[found[0]]}?" if found else ""
