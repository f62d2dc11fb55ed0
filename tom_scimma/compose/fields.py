"""What the chosen sinks need, asked once: each field with who wants it, what is known, and what is wrong with that. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tom_scimma.compose.content import Content
from tom_scimma.destinations import Destination, Need

#: asked first, in this order; the rest as the sinks name them
FIRST = ("title", "text", "message_text", "authors", "submitter")


@dataclass(frozen=True)
class Field:
    """One field of the form."""

    name: str
    label: str
    kind: str
    value: Any
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""
    wanted: tuple[str, ...] = ()  #: labels of the sinks that use it
    required: tuple[str, ...] = ()  #: and of those that cannot do without
    errors: tuple[str, ...] = field(default=())
    known: Any = None  #: what the sinks would fill in

    @property
    def is_empty(self) -> bool:
        return self.value in (None, "")

    @property
    def slug(self) -> str:
        """For an id in a page; names that look alike in it ("u'" and "u*") are told apart."""
        plain = "".join(c if c.isalnum() else "-" for c in self.name)
        return plain if plain == self.name.replace(".", "-").replace("_", "-") else f"{plain}-{mark(self.name)}"

    @property
    def mark(self) -> str:
        """Stands for what was filled in: what comes back the same was not typed, and follows what is chosen."""
        return mark(self.known)

    def saying(self, errors: Iterable[str]) -> Field:
        """The same with more that is wrong."""
        return replace(self, errors=tuple(dict.fromkeys((*self.errors, *errors))))


def merged(wants: Sequence[tuple[str, Sequence[Need]]], typed: Mapping[str, Any]) -> dict[str, Field]:
    """The fields that sinks (label, needs) want between them, by name; what was typed stands before what is known."""
    found: dict[str, Field] = {}
    for label, needs in wants:
        for need in needs:
            found[need.field] = _joined(found.get(need.field), need, label)
    found = {name: replace(one, known=one.value) for name, one in found.items()}
    for name, one in found.items():
        if name in typed:  # what the sink says of the value that it knows says nothing of another
            errors = one.errors if typed[name] == one.value else ()
            found[name] = replace(one, value=typed[name], errors=errors)
    ranks = {name: place for place, name in enumerate(FIRST)}
    return dict(sorted(found.items(), key=lambda pair: (ranks.get(pair[0], len(ranks)), "." in pair[0])))


def _joined(known: Field | None, need: Need, label: str) -> Field:
    required = (label,) if need.required else ()
    errors = (need.error,) if need.error else ()
    if known is None:
        choices = tuple(tuple(pair) for pair in need.choices)
        plain = (need.field, need.label, need.kind, need.value)
        return Field(*plain, choices, need.help, (label,), required, errors)
    common = tuple(pair for pair in known.choices if pair in need.choices) if need.choices and known.choices else ()
    return replace(
        known,
        value=need.value if known.is_empty else known.value,
        choices=common or known.choices or need.choices,
        kind="choice" if need.kind == "choice" else known.kind,
        help=known.help or need.help,
        wanted=(*known.wanted, label),
        required=(*known.required, *required),
        errors=(*known.errors, *errors),
    )


def values_for(
    there: Destination, needs: Sequence[Need], fields: Mapping[str, Field], content: Content
) -> dict[str, Any]:
    """The form that a sink is given: a value for each of its needs, and the content."""
    given = {need.field: typed(fields[need.field]) for need in needs}
    return {**given, "content": content}


def typed(one: Field) -> Any:
    """The value as its kind has it: a number where it is one, True or False of a check, text otherwise."""
    if one.kind == "check":
        return one.value in (True, "on", "1", "true")
    if one.kind == "number" and isinstance(one.value, str):
        try:
            return float(one.value) if one.value.strip() else None
        except ValueError:
            return one.value  # the sink says what is wrong with it
    return "" if one.value is None else one.value


def mark(value: Any) -> str:
    """A short hash of a value as a form posts it."""
    text = "1" if value is True else "" if value in (None, False) else str(value)
    return hashlib.sha256("\n".join(text.splitlines()).encode("utf-8", "replace")).hexdigest()[:16]


def missing(fields: Mapping[str, Field]) -> dict[str, list[str]]:
    """What is needed and empty, by field."""
    return {
        name: [f"{' and '.join(one.required)} need{'s' if len(one.required) == 1 else ''} this."]
        for name, one in fields.items()
        if one.required and one.is_empty
    }


def grouped(fields: Mapping[str, Field], content: Content) -> list[tuple[str, list[Field]]]:
    """The fields under a heading each: first those of the whole, then of each target ("targets.<key>.<name>")."""
    names = {str(body.pk): body.name for body in content.targets}
    groups: dict[str, list[Field]] = {"": []}
    for name, one in fields.items():
        first, _, rest = name.partition(".")
        heading = names.get(rest.partition(".")[0], "") if first == "targets" else ""
        groups.setdefault(heading, []).append(one)
    return [(heading, found) for heading, found in groups.items() if found]
