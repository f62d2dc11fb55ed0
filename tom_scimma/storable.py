"""What strangers said -> what any database keeps: PostgreSQL takes no NUL, and neither a half surrogate pair nor NaN in JSON. Pure."""

from __future__ import annotations

from typing import Any

from tom_scimma.parsers.fields import jsonable


def text(value: str) -> str:
    """The same without NUL characters; half surrogate pairs become question marks."""
    return value if value.isprintable() else value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def values(value: Any) -> Any:
    """The same for a JSON column, all the way down: numbers finite, else None; texts and keys as `text` has them."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {text(str(key)): values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [values(item) for item in value]
    found = jsonable(value)
    return found if value is found or not isinstance(found, (str, dict)) else values(found)
