"""XML bytes -> element tree, without entities, DTDs or outside references. Pure."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from ..errors import Undecodable

MAX_ELEMENTS = 100_000
MAX_DEPTH = 64
#: prefixes that authors use and forget to declare
_FORGOTTEN = {
    b"xsi": b"http://www.w3.org/2001/XMLSchema-instance",
    b"voe": b"http://www.ivoa.net/xml/VOEvent/v2.0",
    b"xlink": b"http://www.w3.org/1999/xlink",
}
_ROOT = re.compile(rb"<(?:\w+:)?VOEvent\b")


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
        root = defusedxml.ElementTree.fromstring(_declared(payload), forbid_dtd=True)
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


def _declared(payload: bytes) -> bytes:
    """The XML with the usual prefixes declared on its root, where they are used and are not."""
    root = _ROOT.search(payload)
    if root is None:
        return payload
    missing = [name for name in _FORGOTTEN if name + b":" in payload and b"xmlns:" + name not in payload]
    added = b"".join(b" xmlns:" + name + b'="' + _FORGOTTEN[name] + b'"' for name in missing)
    return payload[: root.end()] + added + payload[root.end() :]
