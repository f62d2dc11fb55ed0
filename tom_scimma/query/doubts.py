"""Keys of a query that nothing has which its user may see: doubts("annotations.nothing.x > 1", user) -> what is unknown, and what is known.

Words, not errors: senders and annotators choose their keys, and what nobody has said yet may come tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tom_scimma.query import names
from tom_scimma.query.binding import Bound, understand
from tom_scimma.query.completion import annotated, keys
from tom_scimma.query.errors import nearest
from tom_scimma.query.tree import tests

#: so many known names are told
MOST = 12


def doubts(text: str, user: Any, thing: str = names.EVENTS) -> list[str]:
    """What of the query's keys is unknown, a sentence each. Raises QueryError."""
    asked = [test for test in tests(understand(text, thing)) if test.name.parts]
    if not asked:
        return []
    said = annotated(user) if any(test.name.parts == 2 for test in asked) else {}
    found = keys(user) if any(test.name.parts == 1 for test in asked) else {}
    words = (_of_annotator(test, said) if test.name.parts == 2 else _of_event(test, found) for test in asked)
    return list(dict.fromkeys(filter(None, words)))


def _of_annotator(test: Bound, said: Mapping[str, Mapping[str, None]]) -> str:
    from tom_scimma.annotators import annotators

    annotator, key = test.keys
    known = list(dict.fromkeys([*(one.name for one in annotators()), *said]))
    if annotator not in known:
        return f"There is no annotator {annotator!r} here; {_told(annotator, known)}"
    if said.get(annotator) and key not in said[annotator]:
        return f"Of late {annotator} said nothing called {key!r}; {_told(key, said[annotator])}"
    return ""


def _of_event(test: Bound, found: Mapping[str, Iterable[str]]) -> str:
    group, key = test.name.name, test.keys[0]
    known = list(found.get(group, ()))
    return f"No event of late has {group}.{key}; {_told(key, known)}" if known and key not in known else ""


def _told(key: str, known: Iterable[str]) -> str:
    """What is known, and what is nearly the key."""
    names = list(known)
    shown = ", ".join(names[:MOST]) + (" and more" if len(names) > MOST else "")
    return f"known: {shown or 'none'}. {nearest(key, names)}".rstrip()
