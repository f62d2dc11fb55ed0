"""An alert as backfill fetched it from GraceDB: the superevent, the VOEvent that LVK sent, and the files it names. Pure.

    {"superevent": {...}, "voevent": "<xml>" | null, "files": {"bayestar.multiorder.fits,1": "base64"}, "map_url": "https://..."}

Without a VOEvent the superevent speaks for itself.
"""

from __future__ import annotations

import binascii
from dataclasses import replace
from typing import Any

from ..decode import voevent_xml
from ..errors import Unparsable
from ..notice import Notice, Sky
from . import fields, gracedb, voevent


def recognises(said: Any) -> bool:
    """True for what backfill/gracedb.py packs."""
    return isinstance(said, dict) and said.keys() == {"superevent", "voevent", "files", "map_url"}


def pack(superevent: dict[str, Any], xml: bytes | None, files: dict[str, bytes], map_url: str = "") -> dict[str, Any]:
    """The document that `parse` reads. Raises Unparsable where the VOEvent is no UTF-8."""
    try:
        text = None if xml is None else xml.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unparsable(f"a VOEvent of GraceDB that is no UTF-8: {error}") from error
    coded = {name: binascii.b2a_base64(data, newline=False).decode("ascii") for name, data in files.items()}
    return {"superevent": superevent, "voevent": text, "files": coded, "map_url": map_url}


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one notice. Raises Unparsable or Undecodable for what GraceDB would not say."""
    superevent, files = said["superevent"], said["files"]
    if not isinstance(superevent, dict) or not isinstance(files, dict):
        raise Unparsable("an alert from GraceDB without its superevent and files")
    data = {str(name): _bytes(coded) for name, coded in files.items()}
    if said["voevent"] is None:
        return (gracedb.notice(superevent, data, map_url=str(said["map_url"])),)
    (found,) = voevent.parse(topic, voevent_xml.tree(str(said["voevent"]).encode())) or (None,)
    if found is None:
        raise Unparsable("a VOEvent of GraceDB that says nothing of an event")
    fits = next((value for name, value in data.items() if ".fits" in name), None)
    if fits is None:
        return (found,)
    sky = Sky("healpix", skymap_sha256=fields.sha256(fits), skymap_url=fields.link(said["map_url"]))
    distance = found.distance_mpc or fields.map_distance(fits)
    return (replace(found, sky=sky, skymaps={"skymap": fits}, distance_mpc=distance),)


def _bytes(coded: Any) -> bytes:
    found, error = fields.fits(coded)
    if found is None:
        try:
            return binascii.a2b_base64(coded)
        except (binascii.Error, ValueError, TypeError):
            raise Unparsable(f"a file of GraceDB: {error}") from None
    return found
