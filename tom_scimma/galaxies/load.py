"""A catalogue's file into use: known by its content, read in blocks, resumed after a stop, replaced as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tom_scimma.errors import BadCatalog
from tom_scimma.galaxies import normal, readers, sheet, store
from tom_scimma.models import GalaxyCatalog

State = GalaxyCatalog.State
#: called with what is being done and how much of it is done, 0..1
Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class Wish:
    """What to load, and how."""

    path: str
    name: str = ""  #: of the catalogue; by default as the layout is called
    edition: str = ""
    layout: str = ""
    columns: Mapping[str, str] | None = None
    max_distance: float | None = None
    quasars: bool = False

    def options(self) -> dict:
        """What decides which rows come of a file; the same file with other options is another edition."""
        return {
            "layout": self.layout,
            "columns": dict(self.columns or {}),
            "max_distance": self.max_distance,
            "quasars": self.quasars,
        }


@dataclass(frozen=True)
class Done:
    """What came of it."""

    catalog: GalaxyCatalog
    already: bool = False  #: this very file was in use, and nothing was done
    resumed: int = 0  #: rows of the file that an earlier run had read
    replaced: str = ""  #: the edition that was in use before


def load(wish: Wish, tell: Tell = lambda what, part: None, block: int = store.BATCH) -> Done:
    """Reads a file into the database and a column file, and puts it into use. Raises BadCatalog."""
    source = readers.source(wish.path, wish.layout, wish.columns)
    name = wish.name or source.layout.catalog or Path(wish.path).name.split(".")[0]
    digest = fingerprint(wish.path, tell)
    used = GalaxyCatalog.objects.filter(name=name, state=State.CURRENT).first()
    if used is not None and (used.sha256, used.options) == (digest, wish.options()):
        clean(name)
        if _whole(used):
            return Done(used, already=True)
        store.write_sheet(used, lambda part: tell("writing the column file", part))
        return Done(used, already=True)
    catalog, resumed = _begin(name, wish, source.edition, digest)
    place = catalog.position or source.start
    for read in source.blocks(place, block):
        rows = normal.rows(read, source.layout, max_distance=wish.max_distance, quasars=wish.quasars)
        store.add(catalog, rows, read.rows + read.bad, read.after)
        tell("reading", source.part(read.after))
    if not catalog.galaxies.exists():
        left = ", ".join(f"{count} {reason}" for reason, count in catalog.left_out.items()) or "the file has no rows"
        store.forget(catalog)
        raise BadCatalog(f"{wish.path} has no galaxy that can be used ({left}); is it the right layout?")
    store.write_sheet(catalog, lambda part: tell("writing the column file", part))
    store.use(catalog)
    clean(name)
    return Done(catalog, resumed=resumed, replaced=str(used) if used else "")


def _begin(name: str, wish: Wish, edition: str, digest: str) -> tuple[GalaxyCatalog, int]:
    """The edition to fill: one that an earlier run began with the same file and options, else a new one."""
    begun = GalaxyCatalog.objects.filter(name=name, state=State.LOADING).first()
    if begun is not None and (begun.sha256, begun.options) == (digest, wish.options()):
        return begun, begun.read
    if begun is not None:
        store.forget(begun)
    catalog = GalaxyCatalog.objects.create(
        name=name,
        edition=wish.edition or edition,
        file=Path(wish.path).name[:255],
        sha256=digest,
        options=wish.options(),
    )
    return catalog, 0


def clean(name: str) -> None:
    """Removes editions of a catalogue that were replaced."""
    for old in GalaxyCatalog.objects.filter(name=name, state=State.OLD):
        store.forget(old)


def _whole(catalog: GalaxyCatalog) -> bool:
    try:
        return len(sheet.open_sheet(store.path_of(catalog))) == catalog.rows
    except BadCatalog:
        return False


def fingerprint(path: str, tell: Tell = lambda what, part: None) -> str:
    """SHA-256 of a file, by which it is known again."""
    digest, size, done = hashlib.sha256(), max(Path(path).stat().st_size, 1), 0
    with open(path, "rb") as file:
        while data := file.read(1 << 22):
            digest.update(data)
            done += len(data)
            tell("recognising the file", done / size)
    return digest.hexdigest()


def rebuild(name: str = "", tell: Tell = lambda what, part: None) -> list[GalaxyCatalog]:
    """Writes the column files of the catalogues in use (or of one of them) anew, from the database."""
    found = [catalog for catalog in store.current() if name in ("", catalog.name)]
    for catalog in found:
        store.write_sheet(catalog, lambda part, catalog=catalog: tell(f"writing {catalog}", part))
    return found
