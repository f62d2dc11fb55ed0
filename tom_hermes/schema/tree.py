"""HERMES' tree of errors -> errors by field. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

_TAG = re.compile(r"<[^>]{1,300}>")
#: keys of HERMES' tree that stand for a whole section
_SECTIONS = {
    "target_non_field_errors": "targets",
    "photometry_non_field_errors": "photometry",
    "spectroscopy_non_field_errors": "spectroscopy",
}


def flat(tree: Any) -> dict[str, list[str]]:
    """{"photometry.3.bandpass": [...]}: by the path in the message, without `data`; "message" for the whole of it.

    GCN's rules of titles come from HERMES as errors of the whole message; they are the title's.
    """
    found: dict[str, list[str]] = {}
    for path, text in _leaves(tree, ()):
        whole = "title" if text.startswith("Title ") else "message"
        found.setdefault(".".join(path) or whole, []).append(text)
    return found


def _leaves(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            whole = key == "non_field_errors" or (key == "data" and not path)
            yield from _leaves(value, path if whole else (*path, _SECTIONS.get(key, str(key))))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            # a list of texts is what is wrong here; a list of objects has one for each row
            yield from _leaves(value, (*path, str(index)) if isinstance(value, (dict, list)) else path)
    elif tree not in (None, ""):
        yield path, html.unescape(_TAG.sub("", str(tree)))
