"""Frames of what an OCS observed, from the science archive that belongs to its portal.

Authority: TOM Toolkit's `tom_observations/facilities/ocs.py` (`_archive_frames`): `frames/?REQNUM=` and `frames/<id>/`, with
the portal's token.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from tom_scimma import guard, times
from tom_scimma.errors import Refused, Unavailable
from tom_treasuremap.conf import conf
from tom_treasuremap.ocs_client import Archive, Ocs, Row

#: a portal whose archive is known
LCO = ("observe.lco.global", "https://archive-api.lco.global")
LARGEST = 512 * 2**20
SECONDS = 60.0


def archive(token: str) -> Archive | None:
    """The archive of the portal that settings name, asked with a token; None where that has none."""
    address = conf.OCS_ARCHIVE_URL or (LCO[1] if Ocs(conf.OCS_URL).origin == LCO[0] else "")
    if not address:
        return None
    return Archive(address, token, connect=conf.CONNECT_SECONDS, read=conf.READ_SECONDS)


def products(rows: Iterable[Row], name: str) -> list[dict[str, Any]]:
    """Frames as a State has its products; `name` is the request's id, by which their own begin."""
    found = []
    for row in rows:
        said = row.get("filename") or row.get("basename") or row["id"]
        address = str(row.get("url") or "")
        found.append(
            {
                "id": f"{name}-{int(row['id'])}",
                "filename": str(said).rpartition("/")[2][:200],
                "created": times.parse(row.get("DATE_OBS") or row.get("observation_date")).time,
                "url": address if address.startswith(("https://", "http://")) else "",
            }
        )
    return found


def content(there: Archive, number: int) -> bytes:
    """The bytes of a frame, from wherever the archive says that it lies now. Raises LookupError where it cannot be had."""
    address = str(there.frame(number).get("url") or "")
    hosts = [urlsplit(there.base).netloc, "*"]  # "*": anywhere that is public
    try:
        return guard.fetch(address, allowed_hosts=hosts, max_bytes=LARGEST, seconds=SECONDS)
    except (Refused, Unavailable) as error:
        raise LookupError(f"{there.origin} has frame {number} where it cannot be had: {error}") from error
