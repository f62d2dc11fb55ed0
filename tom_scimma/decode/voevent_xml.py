"""XML bytes -> element tree, without entities, DTDs or outside references. Pure."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from ..errors import Undecodable

MAX_ELEMENTS = 100_000
MAX_DEPTH = 64


def tree(payload: bytes) -> Element:
    """The root element.

    Raises Undecodable for XML that is broken, refers to anything outside, or is nested too deep.
    """
    quotes = payload.count(b'"') + payload.count(b"'")
    if payload.count(b"<") > 2 * MAX_ELEMENTS or quotes > 20 * MAX_ELEMENTS:
        raise Undecodable(
            f"XML: more than {MAX_ELEMENTS:,} elements, or attributes beyond reason, in one message; refused"
        )
    try:
        root = defusedxml.ElementTree.fromstring(payload, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Undecodable(f"XML: a DTD or an entity is declared; refused ({type(error).__name__})") from error
    except (ParseError, ValueError, LookupError) as error:
        raise Undecodable(f"XML: {error}") from error
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return root
    raise Undecodable(f"XML: nested more than {MAX_DEPTH} deep; refused")
