"""A night as one segment of an address."""

from __future__ import annotations

from datetime import date


class Date:
    """Path converter `<date:night>`: a date as in 2026-11-27."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        found = date.fromisoformat(value)
        if not 1900 <= found.year <= 2100:
            raise ValueError("no night of any telescope")
        return found

    def to_url(self, value: date) -> str:
        return value if isinstance(value, str) else value.isoformat()
