"""Record -> what it says: decoded, parsed, its maps measured. Pure but for the clock of the traceback; no database."""

from __future__ import annotations

import hashlib
import traceback
from dataclasses import dataclass, field, replace
from typing import Any

from tom_scimma import decode, parsers, skymap, storable
from tom_scimma.errors import BadSkyMap, ScimmaError
from tom_scimma.notice import Notice
from tom_scimma.record import Record

PARSED, IGNORED, QUARANTINED = "parsed", "ignored", "quarantined"


@dataclass(frozen=True)
class ReadMap:
    """A sky map that a notice carried, measured; `error` says why it could not be used."""

    name: str
    sha256: str
    data: bytes = b""
    pixels: int = 0
    area_50: float | None = None
    area_90: float | None = None
    ra: float | None = None
    dec: float | None = None
    distance: tuple[float, float] | None = None
    error: str = ""


@dataclass(frozen=True)
class Reading:
    """One record and what was understood of it."""

    record: Record
    state: str
    format: str = ""
    parser: str = ""
    notices: tuple[Notice, ...] = ()
    maps: tuple[tuple[ReadMap, ...], ...] = ()  #: of each notice
    error: str = ""
    traceback: str = ""
    document: Any = field(default=None, repr=False, compare=False)

    @property
    def is_beat(self) -> bool:
        """Whether it is a sign of life of one detector among many: its state is kept, the message is not."""
        return self.state == IGNORED and self.parser == "snews"

    def quarantined(self, error: BaseException) -> Reading:
        """The same record as one that could not be understood, for this reason."""
        return Reading(self.record, QUARANTINED, self.format, self.parser, **_failure(error))

    def to_json(self) -> dict[str, Any]:
        """The line that `ingest --json` prints; see notice.py for the notices. `rows` stands in that of a part of a file alone."""
        part = {"rows": list(self.record.rows)} if self.record.rows else {}
        return {
            "source": self.record.place,
            **part,
            "uid": str(self.record.uid),
            "topic": self.record.topic,
            "format": self.format or None,
            "state": self.state,
            "parser": self.parser or None,
            "error": self.error or None,
            "notices": [notice.to_json() for notice in self.notices],
        }


def read(
    record: Record,
    *,
    max_bytes: int = 32 * 2**20,
    max_skymap_bytes: int = 512 * 2**20,
    schemas: str = "",
    maps: bool = True,
) -> Reading:
    """What a record says. Never raises: what cannot be read is a quarantined Reading with the reason and traceback.

    With `maps=False` sky maps are carried but not measured. `schemas`: folder of Avro schemas for messages that bring none.
    """
    document = None
    try:
        document = decode.decode(record, max_bytes=max_bytes, schemas=schemas)
        if document.format == "external" and record.header("_offload_reference") is not None:
            return Reading(record, IGNORED, document.format, document=document)  # the message itself is to come
        parsed = parsers.parse(record.topic, document)
        notices = tuple(_as_test(notice) for notice in parsed.notices) if record.is_test else parsed.notices
        read_maps = tuple(_maps(notice, max_skymap_bytes) for notice in notices) if maps else ((),) * len(notices)
    except Exception as error:  # noqa: BLE001  a ScimmaError, or a parser's bug: this message's trouble and no other's
        return Reading(
            record,
            QUARANTINED,
            document.format if document else record.format,
            "",
            document=document,
            **_failure(error),
        )
    state = PARSED if notices else IGNORED
    return Reading(record, state, document.format, parsed.parser or "", notices, read_maps, document=document)


def _failure(error: BaseException) -> dict[str, str]:
    text = f"{type(error).__name__}: {error}" if not isinstance(error, ScimmaError) else str(error)
    trace = "".join(traceback.format_exception(error))
    return {"error": storable.text(text)[:2000], "traceback": storable.text(trace)[-20000:]}


def _as_test(notice: Notice) -> Notice:
    return notice if notice.role == "test" else replace(notice, role="test")


def _maps(notice: Notice, max_bytes: int) -> tuple[ReadMap, ...]:
    return tuple(_measure(name, data, max_bytes) for name, data in notice.skymaps.items())


def _measure(name: str, data: bytes, max_bytes: int) -> ReadMap:
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        sky = skymap.read(data, max_bytes=max_bytes)
    except BadSkyMap as error:
        return ReadMap(name, sha256, error=storable.text(str(error))[:2000])
    area_50, area_90 = (float(value) for value in sky.area([0.5, 0.9]))
    ra, dec = sky.mode
    return ReadMap(name, sha256, sky.pack(), len(sky.uniq), area_50, area_90, float(ra), float(dec), sky.distance)
