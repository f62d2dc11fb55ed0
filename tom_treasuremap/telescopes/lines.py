"""Where in a JSON text a field stands, so that an error can name its line. Pure."""

from __future__ import annotations


def line_of(text: str, field: str) -> int | None:
    """The line, from 1, of a field such as "filters.2.band"; None where the text does not have it.

    Keys are looked for one after the other, a number skips so many of the key that follows it: right for files laid out
    as the shipped ones are.
    """
    at, skip, found = 0, 0, -1
    for part in field.split("."):
        if part.isdigit():
            skip = int(part)
            continue
        for _ in range(skip + 1):
            found = text.find(f'"{part}"', at)
            if found < 0:
                return None
            at = found + 1
        skip = 0
    return text.count("\n", 0, found) + 1 if found >= 0 else None
