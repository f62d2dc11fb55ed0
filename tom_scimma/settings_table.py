"""The tables of docs/settings.md, made from conf.py: `python -m tom_scimma.settings_table docs/settings.md`.

A mark may also name what another app has, by its dotted path: a dict of Options, or a dataclass with commented fields.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from tom_scimma.conf import KNOWN_TOPICS, OPTIONS, Option, TargetPolicy, TopicPolicy

BEGIN, END = "<!-- made by tom_scimma.settings_table: {} -->", "<!-- end -->"


def tables() -> dict[str, str]:
    """The tables as Markdown, by name."""
    return {
        "keys": _table_of(OPTIONS),
        "topics": _table_of(TopicPolicy),
        "targets": _table_of(TargetPolicy),
        "known": _table(
            ("topic", "policy"), [(f"`{name}`", _code(entry)) for name, entry in KNOWN_TOPICS.items() if entry]
        ),
    }


def fill(page: str) -> str:
    """The page with what stands between its marks made anew. Raises ValueError when a mark is missing."""
    for name, table in {**tables(), **_others(page)}.items():
        begin = BEGIN.format(name)
        if begin not in page:
            raise ValueError(f"the page has no mark {begin!r}; put it, and {END!r} after it, where the table belongs")
        head, rest = page.split(begin, 1)
        page = f"{head}{begin}\n{table}{END}{rest.split(END, 1)[1]}"
    return page


def _others(page: str) -> dict[str, str]:
    """The tables that the page's marks name by dotted path."""
    found = {}
    for path in re.findall(re.escape(BEGIN).replace(r"\{\}", r"(\w+(?:\.\w+)+)"), page):
        module, name = path.rsplit(".", 1)
        found[path] = _table_of(getattr(import_module(module), name))
    return found


def _table_of(thing: Mapping[str, Option] | type) -> str:
    if isinstance(thing, type):
        return _table(("key", "default", "meaning"), _fields(thing))
    rows = [_option(name, option) for name, option in thing.items()]
    return _table(("key", "type", "default", "meaning"), rows)


def _option(name: str, option: Option) -> tuple[str, ...]:
    return (f"`{name}`", " or ".join(kind.__name__ for kind in option.types), _code(option.default), option.help)


def _fields(policy: type) -> list[tuple[str, ...]]:
    words = _comments(policy)
    return [(f"`{item.name}`", _code(_default(item)), words.get(item.name, "")) for item in fields(policy)]


def _default(item) -> Any:
    if item.default_factory is not MISSING:
        made = item.default_factory()
        return {} if isinstance(made, TargetPolicy) else made
    return item.default


def _comments(policy: type) -> dict[str, str]:
    """The `#:` comment of each field, on its line or the one before."""
    words, waiting = {}, ""
    for line in inspect.getsource(policy).splitlines():
        comment = line.partition("#:")[2].strip()
        name = re.match(r"\s+(\w+):", line)
        if name:
            words[name[1]] = comment or waiting
        waiting = comment if not name else ""
    return words


def _code(value: Any) -> str:
    if isinstance(value, timedelta):
        hours = value.total_seconds() / 3600
        return f"`timedelta(hours={hours:g})`" if hours >= 1 else f"`timedelta(minutes={60 * hours:g})`"
    return f"`{value!r}`"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        path = Path(sys.argv[1])
        path.write_text(fill(path.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print("\n".join(f"## {name}\n\n{table}" for name, table in tables().items()))
