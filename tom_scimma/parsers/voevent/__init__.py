"""VOEvents 1.1 and 2.0 of any author: the XML's element tree, or the dict that hop makes of it. Pure.

packet.py reads the parts; translated.py, lvc.py, gcn.py and others.py say what they mean.
"""

from __future__ import annotations

from typing import Any

from ...notice import Notice
from . import gcn, lvc, others, packet, translated

recognises = packet.recognises


def parse(topic: str, said: Any) -> tuple[Notice, ...]:
    """The one notice of a VOEvent; none of a sign of life. Raises Unparsable for one that names nothing."""
    found = packet.read(said)
    if translated.recognises(found):
        return translated.parse(found)
    if lvc.recognises(found):
        return lvc.parse(found)
    if gcn.recognises(found):
        return gcn.parse(found)
    return others.parse(found)
