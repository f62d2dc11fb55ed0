"""The column file: one catalogue as columns on disk, in nested HEALPix order, read by memory map.

    with sheet.writing(path, rows, catalog="NED-LVS", ...) as out: out.write(columns); ...
    galaxies = sheet.open_sheet(path)
    galaxies.column("distance")[galaxies.inside(sky, 0.99)]

Layout: 8 bytes of magic, a little-endian uint32 with the length of the head, its CRC-32 as another, the head as JSON
(format version, catalogue, edition, number of rows, columns with type and offset, CRC-32 of each, sums of light), then
the columns, each from a multiple of 64 bytes on. It is written under another name and moved into place when whole.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.errors import BadCatalog
from tom_scimma.galaxies import light

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

MAGIC = b"TOMGALAX"
VERSION = 1
ORDER = 14
#: name and type of each column; what is not known is NaN
COLUMNS = {
    "hpx14": "<i8",  #: nested index at order 14, ascending
    "ra": "<f8",  #: degrees
    "dec": "<f8",
    "distance": "<f4",  #: luminosity distance, Mpc
    "distance_sd": "<f4",
    "b": "<f4",  #: luminosities in solar ones
    "k": "<f4",
    "w1": "<f4",
    "mass": "<f4",  #: stellar, solar masses
    "r": "<f4",  #: apparent r magnitude, or what stands for it (hosts.r_magnitude)
    "radius": "<f4",  #: half-light, arcsec
    "pk": "<i8",  #: of the Galaxy row
}
WEIGHTS = ("b", "k", "w1", "mass")
REBUILD = "make it anew: manage.py loadgalaxies --rebuild"


@dataclass(frozen=True, eq=False)
class Sheet:
    """An open column file."""

    path: Path
    head: Mapping[str, Any]
    _kept: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return int(self.head["rows"])

    @property
    def sums(self) -> Mapping[str, list[float]]:
        """Light by shell of light.EDGES, for each weight."""
        return self.head["sums"]

    @property
    def faint(self) -> Mapping[str, float]:
        """What a galaxy of unknown weight counts as: the faintest tenth's edge of those known."""
        return self.head["faint"]

    @property
    def known(self) -> Mapping[str, int]:
        """How many galaxies have each weight, and a distance."""
        return self.head["known"]

    def column(self, name: str) -> np.ndarray:
        """A column, memory-mapped and read-only, in nested order."""
        if name not in self._kept:
            place = self.head["columns"][name]
            shape = (len(self),)
            self._kept[name] = (
                np.memmap(self.path, place["type"], "r", place["offset"], shape)
                if len(self)
                else np.empty(0, place["type"])
            )
        return self._kept[name]

    @cached_property
    def weights(self) -> list[str]:
        """The weights that at least one galaxy of this catalogue has."""
        return [name for name in WEIGHTS if self.known[name]]

    def within(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Rows, int64, whose order-14 index lies in any of the half-open ranges [first, last)."""
        index = self.column("hpx14")
        begin, end = np.searchsorted(index, first), np.searchsorted(index, last)
        return _runs(begin, end)

    def inside(self, sky: SkyMap, level: float) -> np.ndarray:
        """Rows of galaxies in the smallest region of a map that holds `level` of the probability, and a little around it.

        The region is widened to whole pixels of order 14 (13 arcsec).
        """
        taken = np.sort(sky.region(level))
        _, start, size = sky.spans
        shift = 2 * (29 - ORDER)
        first, last = start[taken] >> shift, ((start[taken] + size[taken] - 1) >> shift) + 1
        if not first.size:
            return np.empty(0, np.int64)
        begins = np.flatnonzero(np.concatenate(([True], first[1:] > np.maximum.accumulate(last)[:-1])))
        ends = np.concatenate((begins[1:], [first.size])) - 1
        return self.within(first[begins], last[ends])

    def near(self, ra: float, dec: float, radius_deg: float) -> np.ndarray:
        """Rows of galaxies within an angle of a position (degrees), unsorted."""
        from tom_scimma.skymap.makers import separation

        rows = self.within(*_cone(ra, dec, radius_deg))
        angle = separation(self.column("ra")[rows], self.column("dec")[rows], ra, dec)
        return rows[angle <= radius_deg]

    def check(self) -> None:
        """Reads everything and compares with what was written; raises BadCatalog."""
        for name in COLUMNS:
            if _crc(self.column(name)) != self.head["columns"][name]["crc"]:
                raise BadCatalog(f"column {name} of {self.path} is not as it was written; {REBUILD}")


def open_sheet(path: str | os.PathLike) -> Sheet:
    """The column file at a path. Raises BadCatalog for one that is missing, old or damaged, and says what to do."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            magic, length, crc = file.read(8), file.read(4), file.read(4)
            raw = file.read(int.from_bytes(length, "little")) if magic == MAGIC else b""
        size = path.stat().st_size
    except OSError as error:
        raise BadCatalog(f"there is no column file {path} ({error.strerror}); {REBUILD}") from error
    if magic != MAGIC or zlib.crc32(raw) != int.from_bytes(crc, "little"):
        raise BadCatalog(f"{path} is no column file of galaxies, or its head is damaged; {REBUILD}")
    head = json.loads(raw)
    if head["format"] != VERSION or set(head["columns"]) != set(COLUMNS):
        raise BadCatalog(f"{path} is of format {head['format']}, this version reads {VERSION}; {REBUILD}")
    if size != head["size"]:
        raise BadCatalog(f"{path} has {size} bytes, not {head['size']}: it was cut; {REBUILD}")
    return Sheet(path, head)


class Writer:
    """Fills a column file block by block, in ascending order of hpx14."""

    def __init__(self, path: Path, rows: int):
        self.path, self.rows, self.done = path, rows, 0
        self._last = -1
        self.sums = {name: np.zeros(len(light.EDGES) - 1) for name in WEIGHTS}
        self.known = dict.fromkeys((*WEIGHTS, "distance", "r"), 0)
        self._sample: dict[str, list[np.ndarray]] = {name: [] for name in WEIGHTS}
        self._crc = dict.fromkeys(COLUMNS, 0)
        self.places: dict[str, dict[str, Any]] = {}
        at = _aligned(64 * 1024)
        for name, kind in COLUMNS.items():
            self.places[name] = {"type": kind, "offset": at}
            at = _aligned(at + rows * np.dtype(kind).itemsize)
        self.size = at
        with path.open("wb") as file:
            file.truncate(at)
        self._file = path.open("r+b")

    def write(self, columns: Mapping[str, np.ndarray]) -> None:
        """The next rows; all of COLUMNS, equally long."""
        count = columns["hpx14"].size
        if self.done + count > self.rows or (count and int(columns["hpx14"][0]) < self._last):
            raise ValueError("rows come in nested order, and no more than were announced")
        self._last = int(columns["hpx14"][-1]) if count else self._last
        for name, kind in COLUMNS.items():
            data = np.ascontiguousarray(columns[name], kind).tobytes()
            self._file.seek(self.places[name]["offset"] + self.done * np.dtype(kind).itemsize)
            self._file.write(data)
            self._crc[name] = zlib.crc32(data, self._crc[name])
        for name in WEIGHTS:
            weight = np.asarray(columns[name], np.float64)
            self.sums[name] += light.shells(columns["distance"], weight)
            found = weight[np.isfinite(weight)]
            self.known[name] += found.size
            self._sample[name].append(found[:: max(1, self.rows // 200_000)])  # enough for a quantile
        for name in ("distance", "r"):
            self.known[name] += int(np.count_nonzero(np.isfinite(columns[name])))
        self.done += count

    def finish(self, **said: Any) -> None:
        """Writes the head and brings everything to the disk."""
        if self.done != self.rows:
            raise ValueError(f"{self.done} rows were written, {self.rows} were announced")
        faint = {name: _faint(parts) for name, parts in self._sample.items()}
        places = {name: {**place, "crc": self._crc[name]} for name, place in self.places.items()}
        head = {
            **said,
            "format": VERSION,
            "rows": self.rows,
            "size": self.size,
            "columns": places,
            "order": ORDER,
            "edges": light.EDGES,
            "sums": {name: sums.tolist() for name, sums in self.sums.items()},
            "faint": faint,
            "known": self.known,
        }
        raw = json.dumps(head).encode()
        self._file.seek(0)
        self._file.write(
            MAGIC + len(raw).to_bytes(4, "little") + (zlib.crc32(raw) & 0xFFFFFFFF).to_bytes(4, "little") + raw
        )
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


@contextmanager
def writing(path: str | os.PathLike, rows: int, **said: Any) -> Iterator[Writer]:
    """A Writer whose file takes its place when the block ends well; else nothing is left and the old file stays.

    `said` goes into the head: catalog, edition, and what else JSON can hold.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    writer = Writer(part, rows)
    try:
        yield writer
        writer.finish(**said)
        writer.close()
        os.replace(part, path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    finally:
        writer.close()
        part.unlink(missing_ok=True)


def _aligned(offset: int) -> int:
    return -(-offset // 64) * 64


def _faint(parts: list[np.ndarray]) -> float:
    sample = np.concatenate(parts) if parts else np.empty(0)
    return float(np.quantile(sample, light.FAINT_QUANTILE)) if sample.size else 1.0


def _crc(column: np.ndarray) -> int:
    found = 0
    for start in range(0, column.size, 1 << 20):
        found = zlib.crc32(column[start : start + (1 << 20)].tobytes(), found)
    return found


def _runs(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """All integers of the half-open ranges [begin, end), in order."""
    count = end - begin
    begin, count = begin[count > 0], count[count > 0]
    if not count.size:
        return np.empty(0, np.int64)
    before = np.concatenate(([0], np.cumsum(count)[:-1]))
    return np.arange(count.sum()) + np.repeat(begin - before, count)


def _cone(ra: float, dec: float, radius_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """Half-open ranges of order-14 indices that hold a circle: cells of about a quarter of its radius."""
    from astropy import units
    from astropy_healpix.core import healpix_cone_search

    order = int(np.clip(np.ceil(np.log2(58.6 * 4 / max(radius_deg, 1e-4))), 0, ORDER))
    cells = np.sort(
        healpix_cone_search(ra * units.deg, dec * units.deg, radius_deg * units.deg, 1 << order, order="nested")
    ).astype(np.int64)
    shift = 2 * (ORDER - order)
    return cells << shift, (cells + 1) << shift
