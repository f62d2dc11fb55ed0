"""What TNS calls an object that is classified: it knows objects by its own names alone, and is told the name that a row has. Pure.

designation(("tom26a", "AT2026abc"))      -> "2026abc", which is what TNS takes and gives: AT or SN is no part of its names
called(message, content, form)            -> the message with TNS's names of its targets; ours are among their aliases
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tom_scimma import tnsnames
from tom_scimma.compose.content import Body, Content
from tom_scimma.destinations import Need

FIELD = "tns_name"


def designation(names: Iterable[str]) -> str:
    """The first of these names that TNS may have given, as TNS has it; "" for none."""
    return next(filter(None, map(tnsnames.bare, names)), "")


def of(body: Body) -> str:
    return designation((body.name, *body.aliases))


def needs(content: Content) -> list[Need]:
    """TNS's name of each target, filled in where the target has one."""
    help = "TNS classifies an object that was reported, by the name that it has there: 2026abc"
    return [Need(_field(body.pk), f"TNS's name of {body.name}", of(body), True, help=help) for body in content.targets]


def _field(pk: int) -> str:
    return f"targets.{pk}.{FIELD}"


def called(message: Mapping[str, Any], content: Content, form: Mapping[str, Any]) -> dict[str, Any]:
    """The same message, its targets and rows under TNS's names; a target of which none is typed keeps its own."""
    typed = {body.name: _typed(form, body) for body in content.targets}
    data = dict(message["data"])
    data["targets"] = [_target(row, typed[row["name"]]) for row in data.get("targets", [])]
    for section in ("targets_extra", "spectroscopy", "astrometry", "candidates", "observations"):
        key = "name" if section == "targets_extra" else "target_name"
        if section in data:
            data[section] = [{**row, key: typed.get(row.get(key), row.get(key))} for row in data[section]]
    return {**message, "data": data}


def _typed(form: Mapping[str, Any], body: Body) -> str:
    return tnsnames.key(str(form.get(_field(body.pk)) or "").strip()) or body.name


def _target(row: dict[str, Any], name: str) -> dict[str, Any]:
    if name == row["name"]:
        return row
    others = [other for other in (row["name"], *row.get("aliases", ())) if other != name]
    return {**row, "name": name, "aliases": others}
