"""Sky maps to plan on, read where they are: FITS files, maps inside alerts (JSON, Avro), error circles of VOEvents."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tom_scimma import skymap

#: what an error circle says in a VOEvent: right ascension, declination, radius, deg
CIRCLE = re.compile(r"<C1>\s*([\d.]+)\s*</C1>\s*<C2>\s*([-\d.]+)\s*</C2>.*?<Error2Radius>\s*([\d.]+)", re.DOTALL)
#: radii that are fields' worth of sky, and not a point's, deg
WIDE = (1.0, 15.0)
#: 68 % of a round Gaussian lie within so many of its sigmas
SIGMAS = 1.515


def found(folders: str, most: int = 10) -> dict[str, str]:
    """{name: place} of the maps below some folders (with : between them): files first, then those in alerts, then error circles.

    The same map in two places is one. A place is read by `read`.
    """
    files = [path for folder in filter(None, folders.split(":")) for path in sorted(Path(folder).rglob("*"))]
    named: dict[str, str] = {}
    known: set[str] = set()
    for kind in (_files, _inside, _circles):
        for name, place, content in kind(files):
            digest = hashlib.sha256(content).hexdigest()
            if len(named) < most and digest not in known:
                known.add(digest)
                named[name] = place
    return named


def read(place: str) -> skymap.SkyMap:
    """The map at a place."""
    path, _, key = place.partition("#")
    if key == "circle":
        ra, dec, radius = _circle(Path(path).read_text(errors="replace"))
        return skymap.from_gaussian(ra, dec, radius / SIGMAS)
    return skymap.read(dict(_bytes(Path(path)))[key] if key else Path(path).read_bytes())


def _files(files: list[Path]) -> Iterator[tuple[str, str, bytes]]:
    for path in files:
        if path.name.endswith((".fits", ".fits.gz")):
            yield path.name, str(path), path.read_bytes()


def _inside(files: list[Path]) -> Iterator[tuple[str, str, bytes]]:
    for path in files:
        if path.suffix in (".json", ".avro"):
            for key, content in _bytes(path):
                yield f"{path.name} {key}", f"{path}#{key}", content


def _circles(files: list[Path]) -> Iterator[tuple[str, str, bytes]]:
    """The first one of each folder: the others are alike."""
    for path in {path.parent: path for path in reversed(files) if path.suffix == ".xml" and _wide(path)}.values():
        yield f"error circle of {path.name}", f"{path}#circle", path.read_bytes()


def _wide(path: Path) -> bool:
    said = _circle(path.read_text(errors="replace"))
    return said is not None and WIDE[0] <= said[2] <= WIDE[1]


def _circle(text: str) -> Any:
    said = CIRCLE.search(text)
    return tuple(map(float, said.groups())) if said else None


def _bytes(path: Path) -> Iterator[tuple[str, bytes]]:
    """(key, bytes) of maps inside an alert: raw in Avro, in base64 in JSON."""
    if path.suffix == ".avro":
        import fastavro

        with path.open("rb") as file:
            document: Any = next(fastavro.reader(file), {})
    else:
        try:
            document = json.loads(path.read_text())
        except ValueError:
            return
    for above, name in (("event", "skymap"), ("external_coinc", "combined_skymap")):
        inner = document.get(above) if isinstance(document, dict) else None
        inner = (inner or (document.get("event") or {}).get(above)) if isinstance(document, dict) else None
        content = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(content, str):
            content = base64.b64decode(content, validate=False) if len(content) > 1000 else None
        if content:
            yield name, content
