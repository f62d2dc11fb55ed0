"""What keeps a selection from being said, by field; told all at once."""

from __future__ import annotations

from tom_scimma.errors import Unsaid

#: so many of one kind are told; the rest are counted
SHOWN = 5


class Problems:
    """Gathers them while a message is made."""

    def __init__(self) -> None:
        self.fields: dict[str, list[str]] = {}

    def add(self, field: str, text: str) -> None:
        self.fields.setdefault(field, []).append(text)

    def end(self) -> None:
        """Raises Unsaid where there are any."""
        if not self.fields:
            return
        texts = [f"{name}: {text}" for name, said in self.fields.items() for text in said]
        more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
        raise Unsaid("; ".join(texts[:SHOWN]) + more, self.fields)
