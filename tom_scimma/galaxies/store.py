"""Galaxies in the database: block by block into an edition that nobody sees yet, then one edition for another.

A block and the place after it are committed together, so that a load that was killed goes on where it stood. An edition
comes into use in one transaction, when all of its rows and its column file are there; the one before is then removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from tom_scimma.conf import conf
from tom_scimma.errors import BadCatalog
from tom_scimma.galaxies import hosts, light, sheet
from tom_scimma.galaxies.normal import Rows
from tom_scimma.galaxies.readers import Place
from tom_scimma.models import Galaxy, GalaxyCatalog
from tom_scimma.places import index

State = GalaxyCatalog.State
#: column of the table -> of the normal form
STORED = {
    "ident": "ident", "name": "name", "ra": "ra", "dec": "dec", "distance_mpc": "distance",
    "distance_sd_mpc": "distance_sd", "distance_from": "distance_from", "redshift": "redshift", "mag_b": "mag_b",
    "mag_r": "mag_r", "mag_k": "mag_k", "mag_w1": "mag_w1", "abs_b": "abs_b", "abs_k": "abs_k", "abs_w1": "abs_w1",
    "mass": "mass", "radius_arcsec": "radius",
}  # fmt: skip
BATCH = 20_000
#: what the column file is made of, in the order of the query
READ = (
    "hpx14", "ra", "dec", "distance_mpc", "distance_sd_mpc", "abs_b", "abs_k", "abs_w1", "mass", "mag_r", "mag_b",
    "mag_k", "mag_w1", "radius_arcsec", "id",
)  # fmt: skip


def folder() -> Path:
    """Where column files are: GALAXY_DIR, by default `galaxies` in BASE_DIR."""
    if conf.GALAXY_DIR:
        return Path(conf.GALAXY_DIR)
    return Path(getattr(settings, "BASE_DIR", ".")) / "galaxies"


def path_of(catalog: GalaxyCatalog) -> Path:
    """The column file of an edition."""
    return folder() / f"{slugify(catalog.name) or 'catalog'}-{catalog.pk}.galaxies"


def current() -> list[GalaxyCatalog]:
    """The catalogues in use: the preferred first, then by number of galaxies."""
    found = list(GalaxyCatalog.objects.filter(state=State.CURRENT).order_by("-rows", "name"))
    return sorted(found, key=lambda catalog: catalog.name != conf.GALAXY_CATALOG)


def add(catalog: GalaxyCatalog, rows: Rows, read: int, after: Place) -> None:
    """Stores a block and where reading goes on, together. Raises BadCatalog when another process does the same."""
    with transaction.atomic():
        _insert(catalog.pk, rows)
        left = dict(catalog.left_out)
        for reason, count in rows.left_out.items():
            left[reason] = left.get(reason, 0) + count
        same = GalaxyCatalog.objects.filter(pk=catalog.pk, state=State.LOADING, read=catalog.read)
        if not same.update(read=catalog.read + read, position=after, left_out=left):
            raise BadCatalog(f"another loadgalaxies is loading {catalog.name}: let it end, or end it and start again")
        catalog.read, catalog.position, catalog.left_out = catalog.read + read, after, left


def _insert(pk: int, rows: Rows) -> None:
    """Rows as SQL: objects of Django take five times as long. Of one identifier twice in a file the first counts."""
    if not len(rows):
        return
    table = connection.ops.quote_name(Galaxy._meta.db_table)
    names = ", ".join(["catalog_id", "hpx14", *STORED])
    marks = ", ".join(["%s"] * (len(STORED) + 2))
    values = [[pk] * len(rows), index(rows.columns["ra"], rows.columns["dec"]).tolist()]
    for name in STORED.values():
        column = rows.columns[name]
        if isinstance(column, np.ndarray):
            column = [None if value != value else value for value in column.tolist()]  # NaN
        values.append(column)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT (catalog_id, ident) DO NOTHING",
            list(zip(*values, strict=True)),
        )


def blocks(catalog: GalaxyCatalog, size: int = BATCH) -> Iterator[dict[str, np.ndarray]]:
    """The galaxies of an edition as columns of the column file, in nested order."""
    rows = Galaxy.objects.filter(catalog=catalog).order_by("hpx14", "pk").values_list(*READ)
    held: list[tuple] = []
    for row in rows.iterator(chunk_size=size):
        held.append(row)
        if len(held) == size:
            yield _columns(held)
            held = []
    if held:
        yield _columns(held)


def _columns(rows: list[tuple]) -> dict[str, np.ndarray]:
    taken = dict(zip(READ, zip(*rows, strict=True), strict=True))
    found = {name: np.array(taken[name], np.float64) for name in READ if name not in ("hpx14", "id")}
    magnitude = hosts.r_magnitude(found["mag_r"], found["mag_b"], found["mag_k"], found["mag_w1"])
    return {
        "hpx14": np.array(taken["hpx14"], np.int64),
        "pk": np.array(taken["id"], np.int64),
        "ra": found["ra"],
        "dec": found["dec"],
        "distance": found["distance_mpc"],
        "distance_sd": found["distance_sd_mpc"],
        "mass": found["mass"],
        "r": magnitude,
        "radius": found["radius_arcsec"],
        **{band: light.luminosity(found[f"abs_{band}"], band) for band in ("b", "k", "w1")},
    }


def write_sheet(catalog: GalaxyCatalog, tell=lambda part: None) -> Path:
    """Writes the column file of an edition from its rows; `tell` is called with how much is done, 0..1."""
    path, count = path_of(catalog), Galaxy.objects.filter(catalog=catalog).count()
    said = {"catalog": catalog.name, "edition": catalog.edition, "pk": catalog.pk, "sha256": catalog.sha256}
    with sheet.writing(path, count, **said, made=timezone.now().isoformat()) as out:
        for columns in blocks(catalog):
            out.write(columns)
            tell(out.done / count)
    return path


def use(catalog: GalaxyCatalog) -> None:
    """Puts a loaded edition in the place of the one in use, in one transaction."""
    with transaction.atomic():
        rows = Galaxy.objects.filter(catalog=catalog).count()
        GalaxyCatalog.objects.filter(name=catalog.name, state=State.CURRENT).exclude(pk=catalog.pk).update(
            state=State.OLD
        )
        catalog.state, catalog.rows, catalog.loaded = State.CURRENT, rows, timezone.now()
        catalog.save(update_fields=["state", "rows", "loaded"])


def forget(catalog: GalaxyCatalog) -> None:
    """Removes an edition that is not in use, its rows in pieces, and its column file."""
    rows = Galaxy.objects.filter(catalog=catalog)
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.filter(pk__lte=pks[-1])._raw_delete(rows.db)
    path_of(catalog).unlink(missing_ok=True)
    catalog.delete()
