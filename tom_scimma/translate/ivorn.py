"""Notice -> the IVORN of its translation: the same notice always has the same. Pure."""

from __future__ import annotations

import re

from ..notice import Notice

_NAME = re.compile(r"[^A-Za-z0-9.~_-]+")
#: authority and resource of an IVORN, https://www.ivoa.net/documents/IVOAIdentifiers/
AUTHORITY = re.compile(r"ivo://[A-Za-z0-9][\w\-.~*'()]{2,}(/[\w\-.~*'()]+)*", re.ASCII)


def ivorn(notice: Notice, authority: str) -> str:
    """`<authority>#<event>-<identity>`, the identity being that of what is said, not of the message that brought it.

    `authority` is such as `ivo://tom.example.org/alerts`. Raises ValueError for one that is no IVORN.
    """
    if not AUTHORITY.fullmatch(authority):
        raise ValueError(f"{authority!r} is not the beginning of an IVORN such as ivo://tom.example.org/alerts")
    name = _NAME.sub("-", notice.event).strip("-")[:80] or "event"
    return f"{authority}#{name}-{notice.key[:20]}"
