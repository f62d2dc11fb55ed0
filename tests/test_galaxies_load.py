"""A catalogue into use: idempotent, resumable, replaced as a whole, in memory that does not grow with the file.

Authority: the file that was written, row by row; the operating system for memory and for kill -9.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests import catalogs
from tests.nursery import Nursery
from tom_scimma.errors import BadCatalog
from tom_scimma.galaxies import load, sheet, store
from tom_scimma.models import Galaxy, GalaxyCatalog

ROOT = Path(__file__).resolve().parent.parent
MANAGE = str(ROOT / "example_tom" / "manage.py")
CHOSEN = dict(pair.split("=") for pair in catalogs.COLUMNS.split(","))


@pytest.fixture
def folder(settings, tmp_path):
    settings.TOM_SCIMMA = {"GALAXY_DIR": str(tmp_path / "columns")}
    return tmp_path


class Stopped(Exception):
    """The machine is switched off."""


def after(calls: int):
    """A `tell` that stops everything when blocks were read so often."""
    seen = []

    def tell(what, part):
        seen.append(what)
        if seen.count("reading") == calls:
            raise Stopped

    return tell


def state() -> list[tuple]:
    """Every galaxy in use, without database keys."""
    fields = [f.name for f in Galaxy._meta.fields if f.name not in ("id", "catalog")]
    rows = Galaxy.objects.filter(catalog__state="current").order_by("ident")
    return list(rows.values_list("catalog__name", *fields))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["nedlvs", "glade"])
def test_rows_and_columns_are_what_the_file_says(folder, kind):
    sky = catalogs.universe(500)
    path = getattr(catalogs, kind)(folder / "catalogue", sky)
    done = load.load(load.Wish(str(path)), block=64)
    assert (done.catalog.name, done.catalog.rows, done.resumed) == (
        {"nedlvs": "NED-LVS", "glade": "GLADE+"}[kind],
        500,
        0,
    )
    opened = sheet.open_sheet(store.path_of(done.catalog))
    opened.check()
    assert (np.diff(opened.column("hpx14")) >= 0).all()
    rows = {row.pk: row for row in Galaxy.objects.all()}
    order = [int(re.sub(r"\D", "", rows[pk].ident)) - (kind == "glade") for pk in opened.column("pk").tolist()]
    assert sorted(order) == list(range(500))
    np.testing.assert_allclose(opened.column("ra"), sky["ra"][order], atol=1e-6)
    np.testing.assert_allclose(opened.column("distance"), sky["distance"][order], rtol=1e-5, equal_nan=True)
    np.testing.assert_allclose(opened.column("mass"), sky["mass"][order], rtol=1e-4, equal_nan=True)
    # L in suns from first principles: M = m - 5 log10(d / 10 pc), M_sun(K) = 3.27
    light = 10 ** (-0.4 * (sky["k"] - 5 * np.log10(sky["distance"] * 1e5) - 3.27))
    np.testing.assert_allclose(opened.column("k"), light[order], rtol=1e-4, equal_nan=True)
    import healpy

    expected = healpy.ang2pix(1 << 14, sky["ra"][order], sky["dec"][order], nest=True, lonlat=True)
    assert (opened.column("hpx14") != expected).sum() <= (5 if kind == "glade" else 0)  # the text has six decimals
    assert opened.head["edition"] == ("20260424" if kind == "nedlvs" else "")


@pytest.mark.django_db
def test_the_same_file_twice_changes_nothing(folder):
    path = str(catalogs.nedlvs(folder / "n.fits", catalogs.universe(300)))
    first = load.load(load.Wish(path)).catalog
    before, written = state(), store.path_of(first).stat().st_mtime_ns
    again = load.load(load.Wish(path))
    assert again.already
    assert again.catalog.pk == first.pk
    assert (state(), store.path_of(first).stat().st_mtime_ns) == (before, written)


@pytest.mark.django_db
@pytest.mark.parametrize("stop", [1, 2, 4])
def test_a_stopped_load_goes_on_and_ends_the_same(folder, stop):
    sky = catalogs.universe(300)
    whole = load.load(load.Wish(str(catalogs.nedlvs(folder / "n.fits", sky))), block=70).catalog
    expected = state()
    store.forget(whole)
    with pytest.raises(Stopped):
        load.load(load.Wish(str(folder / "n.fits")), after(stop), block=70)
    assert state() == []  # nobody sees half a catalogue
    begun = GalaxyCatalog.objects.get()
    assert (begun.state, begun.read, begun.galaxies.count()) == ("loading", 70 * stop, 70 * stop)
    done = load.load(load.Wish(str(folder / "n.fits")), block=50)
    assert done.resumed == 70 * stop
    assert state() == expected


@pytest.mark.django_db
def test_a_new_edition_takes_the_place_of_the_old_in_one_step(folder):
    old = load.load(load.Wish(str(catalogs.nedlvs(folder / "a.fits", catalogs.universe(200, 1), "1")))).catalog
    before, file = state(), store.path_of(old)
    path = str(catalogs.nedlvs(folder / "b.fits", catalogs.universe(250, 2), "2"))
    with pytest.raises(Stopped):
        load.load(load.Wish(path), after(2), block=60)
    assert state() == before
    assert len(sheet.open_sheet(file)) == 200
    done = load.load(load.Wish(path))
    assert done.replaced == "NED-LVS 1"
    assert [str(catalog) for catalog in GalaxyCatalog.objects.all()] == ["NED-LVS 2"]
    assert len(state()) == Galaxy.objects.count() == 250
    assert not file.exists()


@pytest.mark.django_db
def test_another_file_in_the_middle_of_a_load_begins_anew(folder):
    with pytest.raises(Stopped):
        load.load(load.Wish(str(catalogs.nedlvs(folder / "a.fits", catalogs.universe(200)))), after(1), block=60)
    done = load.load(load.Wish(str(catalogs.nedlvs(folder / "b.fits", catalogs.universe(90, 2)))))
    assert (done.resumed, done.catalog.rows, Galaxy.objects.count()) == (0, 90, 90)


@pytest.mark.django_db
def test_catalogues_stand_beside_each_other(folder):
    load.load(load.Wish(str(catalogs.nedlvs(folder / "n.fits", catalogs.universe(100)))))
    load.load(load.Wish(str(catalogs.glade(folder / "g.txt", catalogs.universe(150)))))
    assert [catalog.name for catalog in store.current()] == ["GLADE+", "NED-LVS"]


@pytest.mark.django_db
def test_of_one_identifier_twice_the_first_counts(folder):
    path = folder / "t.csv"
    path.write_text("id,ra,dec,distance\n1,10,20,30\n2,11,21,31\n1,12,22,32\n")
    catalog = load.load(load.Wish(str(path))).catalog
    assert sorted(Galaxy.objects.values_list("ident", "ra")) == [("1", 10.0), ("2", 11.0)]
    assert (catalog.rows, catalog.read) == (2, 3)


@pytest.mark.django_db
def test_two_loads_of_one_catalogue_do_not_mix(folder):
    path = str(catalogs.nedlvs(folder / "n.fits", catalogs.universe(200)))
    other = []

    def tell(what, part):
        if what == "reading" and not other:
            other.append(True)
            load.load(load.Wish(path), block=60)

    with pytest.raises(BadCatalog, match="another loadgalaxies"):
        load.load(load.Wish(path), tell, block=60)
    assert len(state()) == 200


@pytest.mark.django_db
def test_a_file_without_usable_galaxies_leaves_nothing(folder):
    path = folder / "t.csv"
    path.write_text("ra,dec\nx,y\n")
    with pytest.raises(BadCatalog, match="1 no position"):
        load.load(load.Wish(str(path)))
    assert not GalaxyCatalog.objects.exists()


DAMAGE = {
    "missing": (lambda path: path.unlink(), "there is no column file"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-64]), "it was cut"),
    "head": (lambda path: _flip(path, 30), "its head is damaged"),
    "data": (lambda path: _flip(path, path.stat().st_size - 70), "is not as it was written"),
    "another": (lambda path: path.write_text("hello"), "is no column file"),
    "old": (lambda path: _older(path), "is of format 0"),
}


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)


def _older(path: Path) -> None:
    import json
    import zlib

    data = path.read_bytes()
    length = int.from_bytes(data[8:12], "little")
    raw = json.dumps({**json.loads(data[16 : 16 + length]), "format": 0}).encode()
    path.write_bytes(
        data[:8] + len(raw).to_bytes(4, "little") + zlib.crc32(raw).to_bytes(4, "little") + raw + data[16 + len(raw) :]
    )


@pytest.mark.django_db
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_column_file_is_said_and_made_anew(folder, capsys, damage):
    catalog = load.load(load.Wish(str(catalogs.nedlvs(folder / "n.fits", catalogs.universe(100))))).catalog
    path = store.path_of(catalog)
    data = path.read_bytes()
    spoil, said = DAMAGE[damage]
    spoil(path)
    with pytest.raises(CommandError, match=said) as error:
        call_command("loadgalaxies", "--list")
    assert "loadgalaxies --rebuild" in str(error.value)
    call_command("loadgalaxies", "--rebuild")
    call_command("loadgalaxies", "--list")
    assert path.read_bytes()[64 * 1024 :] == data[64 * 1024 :]
    assert "NED-LVS 20260424: in use, 100 galaxies" in capsys.readouterr().out


@pytest.mark.django_db
def test_loading_the_file_in_use_mends_its_column_file(folder):
    path = str(catalogs.nedlvs(folder / "n.fits", catalogs.universe(100)))
    catalog = load.load(load.Wish(path)).catalog
    store.path_of(catalog).unlink()
    assert load.load(load.Wish(path)).already
    assert len(sheet.open_sheet(store.path_of(catalog))) == 100


def test_a_column_file_that_fails_half_way_leaves_the_old_one(tmp_path):
    path = tmp_path / "x.galaxies"
    path.write_text("old")
    with pytest.raises(ValueError, match="0 rows were written"), sheet.writing(path, 5):
        pass
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.django_db
def test_the_command_by_hand(folder, capsys):
    path = str(catalogs.table(folder / "mine.csv", catalogs.universe(100)))
    call_command("loadgalaxies", path, "--columns", catalogs.COLUMNS, "--max-distance", "200", "--catalog", "Mine")
    out = capsys.readouterr().out
    kept = Galaxy.objects.count()
    assert re.search(rf"Mine: {kept} galaxies of 100 rows in \d+ s; left out: {100 - kept} beyond 200 Mpc", out)
    for arguments, said in (
        (("nowhere.fits",), "cannot be read"),
        ((), "name a FILE"),
        ((path, "--columns", "ra=,dec=x"), "ours=theirs"),
        ((path, "--columns", "colour=ra"), "which is none of"),
        ((path, "--columns", "ra=nowhere"), "has no column 'nowhere'; it has: Galaxy, RAJ2000"),
        (("--remove", "nothing"), "there is no catalogue"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("loadgalaxies", *arguments)
    call_command("loadgalaxies", "--remove", "Mine")
    assert not Galaxy.objects.exists()
    with pytest.raises(CommandError, match="load one"):
        call_command("loadgalaxies", "--rebuild")


# In processes of their own, on a database of their own.


@pytest.fixture(scope="module")
def home(template, tmp_path_factory):
    """TOM_VAR of an example TOM with its tables."""
    return shutil.copytree(template, tmp_path_factory.mktemp("tom") / "tom")


@pytest.fixture(scope="module")
def start(home, tmp_path_factory):
    """start(*arguments of python) -> a process of that TOM; its output is in its `log`."""
    own = {"TOM_VAR": str(home), "DJANGO_SETTINGS_MODULE": "example_tom.settings", "DATABASE_URL": ""}
    logs = tmp_path_factory.mktemp("logs")

    def run(*command):
        log = logs / f"{len(list(logs.iterdir()))}.log"
        process = nursery.start(list(command), {**os.environ, **own, "SECRET_KEY": "for tests only"}, log)
        process.log = log
        return process

    with Nursery("example_tom.settings", TOM_VAR=str(home)) as nursery:
        yield run


def said(process) -> str:
    """What it wrote, once it has ended well."""
    assert process.wait(240) == 0, process.log.read_text()
    return process.log.read_text()


@pytest.mark.long
def test_killed_and_started_again(home, start, tmp_path):
    """kill -9 in the middle, twice; then the rows are those of a load that nobody touched."""
    count = 30_000
    path = str(catalogs.nedlvs(tmp_path / "n.fits", catalogs.universe(count), "killed"))
    for least in (1, count // 3):
        running = start(MANAGE, "loadgalaxies", path, "--block", "250")
        while read_so_far(home) < least:
            assert running.poll() is None, "it ended before it could be killed"
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert least <= read_so_far(home) < count
        with database(home) as rows:
            stored = rows.execute("SELECT count(*) FROM tom_scimma_galaxy").fetchone()[0]
        assert stored == read_so_far(home)
    out = said(start(MANAGE, "loadgalaxies", path))
    assert re.search(r"went on after ([\d,]+) rows", out)
    assert "NED-LVS killed: 30,000 galaxies of 30,000 rows" in out
    with database(home) as rows:
        assert rows.execute("SELECT count(DISTINCT ident), count(*) FROM tom_scimma_galaxy").fetchone() == (
            count,
            count,
        )
    assert "in use, 30,000 galaxies" in said(start(MANAGE, "loadgalaxies", "--list"))


def database(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{home / 'db.sqlite3'}?mode=ro", uri=True)


def read_so_far(home: Path) -> int:
    with database(home) as rows:
        found = rows.execute("SELECT read FROM tom_scimma_galaxycatalog WHERE state = 'loading'").fetchone()
    return found[0] if found else 0


MEASURE = """
import os, resource, sys
sys.path.insert(0, {example!r}); sys.path.insert(0, {root!r})
import django; django.setup()
from tom_scimma.galaxies import load
load.load(load.Wish({small!r}, "small"), block=5000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
load.load(load.Wish({large!r}, "large"), block=5000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.long
@pytest.mark.parametrize("form", ["fits", "csv", "votable"])
def test_memory_does_not_grow_with_the_file(start, tmp_path, form):
    """Six times the rows: as Python objects they are over 60 MB more; a load that keeps them would show it."""
    small, large = tmp_path / f"small.{form}", tmp_path / f"large.{form}"
    for path, count in ((small, 20_000), (large, 120_000)):
        sky = catalogs.universe(count)
        form_of = {"fits": "fits", "csv": "ascii.csv", "votable": "votable"}[form]
        catalogs.table(path, sky, form_of, **({"tabledata_format": "tabledata"} if form == "votable" else {}))
    code = MEASURE.format(example=str(ROOT / "example_tom"), root=str(ROOT), small=str(small), large=str(large))
    grown = int(said(start("-c", code)).split()[-1]) / 1024
    assert grown < 30, f"{grown:.0f} MB more"
