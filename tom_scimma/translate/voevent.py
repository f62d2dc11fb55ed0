"""Notice -> VOEvent 2.0, valid against https://www.ivoa.net/xml/VOEvent/VOEvent-v2.0.xsd. Pure.

Time and place stand where the standard has them; everything else is in Params and Groups named after the normal form, from
which parsers/voevent/translated.py reads the notice back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ..notice import Notice, iso
from ..parsers import fields
from ..parsers.saying import LISTS, MAPS, MARK, words
from ..parsers.voevent.translated import ODD, PARAMS
from .carried import carried
from .ivorn import ivorn

NAMESPACE = "http://www.ivoa.net/xml/VOEvent/v2.0"
#: as the IVOA's vocabulary has it, where it has it
CONCEPTS = {
    "GW": "process.variation.burst;gravitational.wave", "GRB": "process.variation.burst;em.gamma", "NU": "process.variation.trans;neutrino",
    "SN": "process.variation.burst;neutrino", "XRT": "process.variation.trans;em.X-ray", "FRB": "process.variation.burst;em.radio",
    "OT": "process.variation.trans;em.opt", "UNK": "process.variation",
}  # fmt: skip
_UNITS = {"far_hz": "Hz", "distance_mpc": "Mpc"}
_CITES = {"followup", "supersedes", "retraction"}
_ADDRESS = re.compile(r"https?://[\w.~:/?#@!$&'()*+,;=%-]+", re.ASCII)


def to_voevent(notice: Notice, authority: str) -> bytes:
    """The notice as a VOEvent by `authority` (`ivo://tom.example.org/alerts`), as UTF-8 XML.

    Raises ValueError for an authority that is none.
    """
    identity = ivorn(notice, authority)
    notice = carried(notice)
    ElementTree.register_namespace("voe", NAMESPACE)
    root = Element(f"{{{NAMESPACE}}}VOEvent", {"ivorn": identity, "role": notice.role, "version": "2.0"})
    _who(root, notice, authority)
    _what(SubElement(root, "What"), notice)
    _where_when(root, notice)
    _how(root, notice)
    _why(SubElement(root, "Why"), notice)
    _citations(root, notice)
    if notice.text:
        SubElement(root, "Description").text = notice.text
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _who(root: Element, notice: Notice, authority: str) -> None:
    who = SubElement(root, "Who")
    SubElement(who, "AuthorIVORN").text = authority
    if notice.sent is not None:
        SubElement(who, "Date").text = iso(notice.sent)
    author = SubElement(who, "Author")
    SubElement(author, "shortName").text = notice.source


def _what(what: Element, notice: Notice) -> None:
    said = notice.to_json()
    _param(what, "Notice", MARK)
    for key, name in PARAMS.items():
        if said[key] is not None:
            _param(what, name, said[key], _UNITS.get(key, ""))
    for key in LISTS:
        _group(what, key, {f"{key} {number}": item for number, item in enumerate(said[key], 1)})
    _group(what, "cites", {f"{n} {cite['relation']}": cite["id"] for n, cite in enumerate(said["cites"], 1)})
    _group(what, "sky", said["sky"] or {})
    for key in MAPS:
        _group(what, key, said[key])


def _group(what: Element, name: str, entries: Mapping[str, Any]) -> None:
    """A Group with the entries; those whose names a reader would not give back as they are in one Param, as JSON."""
    odd = {key: value for key, value in entries.items() if not key or fields.clean(key) != key}
    if len(odd) < len(entries):
        group = SubElement(what, "Group", {"name": name})
        for key, value in entries.items():
            if key not in odd:
                _param(group, key, value)
    if odd:
        _param(SubElement(what, "Group", {"name": name, "type": ODD}), ODD, odd)


def _param(parent: Element, name: str, value: Any, unit: str = "") -> None:
    kind = "string"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        kind = "int" if isinstance(value, int) else "float"
    units = {"unit": unit} if unit else {}
    SubElement(parent, "Param", {"name": name, "value": words(value), **units, "dataType": kind})


def _where_when(root: Element, notice: Notice) -> None:
    sky, placed = notice.sky, notice.sky is not None and notice.sky.ra_deg is not None
    if notice.time is None and not placed:
        return
    where = SubElement(SubElement(root, "WhereWhen"), "ObsDataLocation")
    SubElement(where, "ObservatoryLocation", {"id": fields.clean(notice.source)})
    location = SubElement(where, "ObservationLocation")
    SubElement(location, "AstroCoordSystem", {"id": "UTC-ICRS-TOPO"})
    coords = SubElement(location, "AstroCoords", {"coord_system_id": "UTC-ICRS-TOPO"})
    if notice.time is not None:
        instant = SubElement(SubElement(coords, "Time", {"unit": "s"}), "TimeInstant")
        SubElement(instant, "ISOTime").text = str(iso(notice.time)).removesuffix("Z")
    if placed and sky is not None:
        position = SubElement(coords, "Position2D", {"unit": "deg"})
        SubElement(position, "Name1").text, SubElement(position, "Name2").text = "RA", "Dec"
        value = SubElement(position, "Value2")
        SubElement(value, "C1").text, SubElement(value, "C2").text = repr(sky.ra_deg), repr(sky.dec_deg)
        # the schema demands an error; 0 where none was said, and Group `sky` tells
        SubElement(position, "Error2Radius").text = repr(sky.radius_deg or 0.0)


def _how(root: Element, notice: Notice) -> None:
    """Links, and the sky map's address, as References."""
    addresses = [*notice.links.values(), notice.sky.skymap_url if notice.sky else None]
    found = [address for address in dict.fromkeys(addresses) if address and _ADDRESS.fullmatch(address)]
    if found:
        how = SubElement(root, "How")
        for address in found:
            SubElement(how, "Reference", {"uri": address})


def _why(why: Element, notice: Notice) -> None:
    SubElement(why, "Name").text = notice.event
    SubElement(why, "Concept").text = CONCEPTS[notice.kind]
    for name, probability in notice.classification.items():
        if 0 <= probability <= 1:
            SubElement(SubElement(why, "Inference", {"probability": repr(probability)}), "Name").text = name


def _citations(root: Element, notice: Notice) -> None:
    """What it cites by IVORN; a relation that the standard lacks is a follow-up there."""
    cites = [cite for cite in notice.cites if cite.id.startswith("ivo://")]
    if cites:
        citations = SubElement(root, "Citations")
        for cite in cites:
            relation = cite.relation if cite.relation in _CITES else "followup"
            SubElement(citations, "EventIVORN", {"cite": relation}).text = cite.id
