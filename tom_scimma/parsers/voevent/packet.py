"""A VOEvent as an element tree, or as the dict that hop makes of one -> Packet: its parts under fixed names. Pure.

Standard: https://www.ivoa.net/documents/VOEvent/ (1.1 and 2.0). Names are compared without their namespace, since
authors bind it in every way. In hop's dict attributes and children stand side by side, and one child is no list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from xml.etree.ElementTree import Element

from ...errors import Unparsable
from .. import fields

_DEEPEST = 40
_TRUE = ("true", "1")
#: what a web address begins with in a Param's value; few others do, and are looked at
_ADDRESS = frozenset({"h", "H", " ", "\n", "\t"})


@dataclass(frozen=True)
class Group:
    """A named set of Params."""

    name: str
    type: str
    params: dict[str, str]


@dataclass(frozen=True)
class Packet:
    """The parts of a VOEvent, as text."""

    ivorn: str
    role: str
    date: str | None  #: when the author made it
    author: str  #: short name, else title, contact's name, the author's IVORN
    signed: str  #: short name, else title: who speaks, where it is no person
    params: dict[str, str]  #: those of `What` outside of groups
    units: dict[str, str]  #: of `params`
    groups: tuple[Group, ...]
    place: dict[str, Any]  #: C1, C2, Error2Radius, ISOTime, system, as far as they are said of the source
    cites: tuple[tuple[str, str], ...]  #: (relation, ivorn)
    why: dict[str, Any]  #: importance, probability, concepts, names, description
    texts: tuple[str, ...]  #: what is meant for people
    links: dict[str, str]  #: of References

    @property
    def stream(self) -> str:
        """What stands before the `#` of the ivorn, without `ivo://`."""
        return self.ivorn.partition("#")[0].removeprefix("ivo://")

    @property
    def local(self) -> str:
        """What stands behind the `#`."""
        return self.ivorn.partition("#")[2]

    def group(self, name: str) -> dict[str, str]:
        """The Params of the groups of that name or type, in any case of its letters."""
        wanted, found = name.lower(), {}
        for group in self.groups:
            if wanted in (group.name.lower(), group.type.lower()):
                found.update(group.params)
        return found

    @cached_property
    def sets(self) -> tuple[dict[str, str], ...]:
        """The Params outside of groups, then those of each group."""
        return (self.params, *(group.params for group in self.groups))

    @cached_property
    def said(self) -> dict[str, str]:
        """The Params that are not empty: outside of groups, then inside."""
        found: dict[str, str] = {}
        for params in self.sets:
            for name, raw in params.items():
                if name not in found and (text := raw.strip()):
                    found[name] = text
        return found

    @cached_property
    def addressing(self) -> list[tuple[str, str]]:
        """Name and value of the Params that may be web addresses, by how they begin."""
        return [(name, raw) for params in self.sets for name, raw in params.items() if raw[:1] in _ADDRESS]

    def get(self, *names: str) -> str | None:
        """The first of these Params that is there and not empty: outside of groups, then inside."""
        for name in names:
            if name in self.said:
                return self.said[name]
        return None

    def flag(self, *names: str) -> bool:
        """True when one of these Params says `true` or `1`, in a group or outside."""
        return any(params[name].strip().lower() in _TRUE for params in self.sets for name in params.keys() & names)


def recognises(said: Any) -> bool:
    """True for the tree of a VOEvent, and for hop's dict of one."""
    if isinstance(said, Element):
        return _local(said.tag) == "VOEvent"
    return (
        isinstance(said, dict)
        and isinstance(said.get("ivorn"), str)
        and bool({"Who", "What", "WhereWhen"} & said.keys())
    )


def read(said: Any) -> Packet:
    """The Packet of a tree or of hop's dict. Raises Unparsable without an ivorn."""
    root = _bare(said) if isinstance(said, Element) else _element("VOEvent", said)
    ivorn = fields.clean(root.get("ivorn") or root.get("id") or "")
    if not ivorn:
        raise Unparsable("a VOEvent without an ivorn names nothing")
    parts: dict[str, Element] = {}
    for part in root:
        parts.setdefault(part.tag, part)
    who, what = parts.get("Who"), parts.get("What")
    params, units = _params(what)
    author = _first(who, "Author")
    names = [
        _text(author, "shortName"),
        _text(author, "title"),
        _text(author, "contactName"),
        _text(who, "AuthorIVORN"),
    ]
    return Packet(
        ivorn=ivorn,
        role=(root.get("role") or "observation").strip().lower(),
        date=_text(who, "Date"),
        author=next((name for name in names if name), ""),
        signed=names[0] or names[1] or "",
        params=params,
        units=units,
        groups=tuple(_groups(what)),
        place=_place(parts.get("WhereWhen")),
        cites=tuple(_cites(parts.get("Citations"))),
        why=_why(parts.get("Why")),
        texts=tuple(_texts(root, *(parts.get(name) for name in ("What", "WhereWhen", "How", "Citations")))),
        links=dict(_links(root)),
    )


def _element(tag: str, said: Any, depth: int = 0) -> Element:
    """The tree of hop's dict: scalars become attributes, which `_text` reads as well as children."""
    element = Element(tag)
    if depth > _DEEPEST:
        raise Unparsable(f"a VOEvent nested more than {_DEEPEST} deep")
    if not isinstance(said, dict):
        element.text = None if said is None else str(said)
        return element
    for key, value in said.items():
        if key == "#text":
            element.text = None if value is None else str(value)
        elif isinstance(value, dict):
            element.append(_element(str(key), value, depth + 1))
        elif isinstance(value, list):
            element.extend([_element(str(key), item, depth + 1) for item in value])
        elif value is not None:
            element.set(str(key), str(value))
    return element


def _local(tag: Any) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _bare(root: Element) -> Element:
    """The same tree, its names without their namespaces."""
    for element in root.iter():
        if "{" in element.tag:
            element.tag = _local(element.tag)
    return root


def _all(element: Element | None, name: str) -> list[Element]:
    """Children of that name."""
    return [] if element is None else element.findall(name)


def _first(element: Element | None, *path: str) -> Element | None:
    for name in path:
        element = None if element is None else element.find(name)
    return element


def _text(element: Element | None, name: str) -> str | None:
    """The text of the first child of that name that has some, else of the attribute of that name."""
    if element is None:
        return None
    for child in _all(element, name):
        if child.text and child.text.strip():
            return child.text.strip()
    raw = element.get(name)
    return raw.strip() or None if raw else None


def _params(element: Element | None) -> tuple[dict[str, str], dict[str, str]]:
    """Params and their units by name; one without a name is called after its ucd or number. The first of a name counts."""
    values: dict[str, str] = {}
    units: dict[str, str] = {}
    for number, param in enumerate(_all(element, "Param"), 1):
        said = param.attrib
        name = fields.clean(said.get("name")) or fields.clean(said.get("ucd")) or f"Param {number}"
        value = said.get("value")
        if value is None:
            value = _text(param, "Value") or (param.text or "").strip()
        values.setdefault(name, value)
        if unit := said.get("unit"):
            units.setdefault(name, unit.strip())
    return values, units


def _groups(what: Element | None) -> Iterator[Group]:
    for group in _all(what, "Group"):
        yield Group(fields.clean(group.get("name")), fields.clean(group.get("type")), _params(group)[0])
        yield from _groups(group)


def _place(where: Element | None) -> dict[str, Any]:
    """What ObservationLocation says; the observatory's own coordinates stand elsewhere and are nobody's source."""
    location = _first(where, "ObsDataLocation", "ObservationLocation")
    coords = _first(location, "AstroCoords")
    if coords is None:
        coords = _first(where, "ObservationLocation", "AstroCoords")  # 1.1 allows less
    system = (_first(location, "AstroCoordSystem"), coords)
    position = _first(coords, "Position2D")
    if position is None:
        position = _first(coords, "Position3D")
    value = next((found for name in ("Value2", "Value3") if (found := _first(position, name)) is not None), None)
    said = {
        "C1": _text(value, "C1"),
        "C2": _text(value, "C2"),
        "Error2Radius": _text(position, "Error2Radius") or _text(value, "Error2Radius"),
        "ISOTime": _text(_first(coords, "Time", "TimeInstant"), "ISOTime"),
        "system": (system[0] is not None and system[0].get("id"))
        or (coords is not None and coords.get("coord_system_id"))
        or None,
        "unit": position.get("unit") if position is not None else None,
    }
    return {key: found for key, found in said.items() if found}


def _cites(citations: Element | None) -> Iterator[tuple[str, str]]:
    for cite in _all(citations, "EventIVORN"):
        text = fields.clean((cite.text or "").strip())
        if text:
            yield (cite.get("cite") or "followup").strip().lower(), text


def _why(why: Element | None) -> dict[str, Any]:
    if why is None:
        return {}
    texts = _said(why, "Concept", "Name", "Description")
    said = {
        "importance": why.get("importance"),
        "expires": why.get("expires"),
        "probability": next(
            (item.get("probability") for item in _all(why, "Inference") if item.get("probability")), None
        ),
        "concepts": texts["Concept"],
        "names": [name for name in texts["Name"] if name != "(null)"],
        "description": "\n".join(texts["Description"]),
    }
    return {key: value for key, value in said.items() if value}


def _said(element: Element, *names: str) -> dict[str, list[str]]:
    """The texts of each name in an element, at any depth; behind them those of hop's attributes."""
    texts: dict[str, list[str | None]] = {name: [] for name in names}
    attributes: dict[str, list[str | None]] = {name: [] for name in names}
    for child in element.iter():
        if child.tag in texts:
            texts[child.tag].append(child.text)
        for name in attributes.keys() & child.keys():
            attributes[name].append(child.get(name))
    said = {name: [(raw or "").strip() for raw in (*texts[name], *attributes[name])] for name in names}
    return {name: list(dict.fromkeys(filter(None, found))) for name, found in said.items()}


def _texts(*elements: Element | None) -> Iterator[str]:
    for element in elements:
        if element is not None:
            yield from (text for child in _all(element, "Description") if (text := (child.text or "").strip()))
            if element.get("Description"):
                yield element.get("Description", "")


def _links(root: Element) -> Iterator[tuple[str, str]]:
    for number, reference in enumerate(root.iter("Reference"), 1):
        address = fields.link((reference.get("uri") or "").strip())
        if address:
            yield fields.clean(reference.get("name")) or f"reference {number}", address
