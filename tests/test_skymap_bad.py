"""Sky maps that are wrong: each ends in one BadSkyMap that names what is wrong, soon and in little memory."""

import gzip
import subprocess
import sys
from pathlib import Path

import healpy
import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import maps
from tom_scimma import skymap

SKY = maps.SHAPES["blob"]()
COLUMNS = maps.columns_of(SKY)
GOOD = maps.multiorder(SKY)
FLAT = {"PROB": maps.probability(SKY, 16, nested=True)}


def changed(column, row, value):
    values = COLUMNS[column].copy()
    values[row] = value
    return maps.multiorder(SKY, {column: values})


def flat_with(row, value):
    values = FLAT["PROB"].copy()
    values[row] = value
    return maps.flat({"PROB": values}, 16, "NESTED")


def card(data, key, value):
    """The file with one header card replaced in place."""
    at = data.index(f"{key:<8}=".encode())
    return data[:at] + f"{key:<8}= {value:>20}".ljust(80).encode() + data[at + 80 :]


BAD = {
    "nothing": (b"", "empty"),
    "text": (b"stuff that is no FITS" * 400, "not a FITS file"),
    "a JSON": (b'{"a": 1}', "not a FITS file"),
    "primary HDU only": (GOOD[:2880], "no binary table"),
    "NaN density": (changed("PROBDENSITY", 7, np.nan), "1 of 19200 densities are .* nan in row 7"),
    "negative density": (changed("PROBDENSITY", slice(3, 5), -1e-9), "2 of 19200 densities .* -1e-09 in row 3"),
    "infinite density": (changed("PROBDENSITY", 0, np.inf), "inf in row 0"),
    "UNSEEN density": (changed("PROBDENSITY", 9, healpy.UNSEEN), "in row 9"),
    "all zero": (maps.multiorder(SKY, {"PROBDENSITY": COLUMNS["PROBDENSITY"] * 0}), "total probability is 0"),
    "absurd total": (maps.multiorder(SKY, {"PROBDENSITY": SKY.density * 1e30}), "probability is .*nothing to norm"),
    "UNIQ 3": (changed("UNIQ", 11, 3), "UNIQ 3 in row 11 is out of range"),
    "UNIQ negative": (changed("UNIQ", 11, -5), "UNIQ -5 in row 11 is out of range"),
    "UNIQ too large": (changed("UNIQ", 11, 1 << 62), "out of range"),
    "UNIQ twice": (changed("UNIQ", 0, COLUMNS["UNIQ"][1]), "is given twice"),
    "UNIQ overlaps": (changed("UNIQ", 0, COLUMNS["UNIQ"][-1] >> 2), "overlap"),
    "MOCORDER too small": (maps.multiorder(SKY, MOCORDER=5), "MOCORDER is 5 but UNIQ .* is of order 9"),
    "MOCORDER no number": (maps.multiorder(SKY, MOCORDER="ten"), "MOCORDER is 'ten'"),
    "ORDERING of a flat map": (maps.multiorder(SKY, ORDERING="RING"), "ORDERING is 'RING' but the table has a UNIQ"),
    "no PROBDENSITY": (maps.multiorder(SKY, {"PROBDENSITY": None}), "needs the column PROBDENSITY"),
    "no map columns": (maps.table({"A": np.arange(3.0)}, {}), r"no table .* it has \(A\)"),
    "half the distance": (maps.multiorder(SKY, {"DISTNORM": None}), "has DISTMU, DISTSIGMA but lacks DISTNORM"),
    "complex density": (GOOD.replace(b"TFORM2  = 'D       '", b"TFORM2  = 'C       '"), "C, which holds no numbers"),
    "float UNIQ": (maps.multiorder(SKY, {"UNIQ": COLUMNS["UNIQ"] * 1.0}), "UNIQ must hold integers"),
    "galactic": (maps.multiorder(SKY, COORDSYS="G"), "COORDSYS is 'G'"),
    "no rows": (card(GOOD, "NAXIS2", 0), "no rows"),
    "cut in the table": (GOOD[:300_000], "truncated: its header promises 768000 bytes"),
    "cut in the header": (GOOD[:4000], "truncated: the header of HDU 1 has no END"),
    "row width": (card(GOOD, "NAXIS1", 48), "columns take 40 bytes a row but NAXIS1 says 48"),
    "rows beyond all memory": (card(GOOD, "NAXIS2", 10**15), "more than the"),
    "negative NAXIS2": (card(GOOD, "NAXIS2", -5), "NAXIS2 is -5"),
    "gzip cut": (maps.zipped(GOOD)[:100_000], "truncated"),
    "gzip broken": (maps.zipped(GOOD)[:5000] + b"\0" * 5000, "gzip stream is broken|truncated"),
    "gzip of nothing": (gzip.compress(b""), "empty"),
    "NSIDE wrong": (maps.flat(FLAT, 32, "NESTED"), "NSIDE 32 means 12288 pixels, the table has 3072"),
    "NSIDE no power": (maps.flat(FLAT, 17, "NESTED"), "NSIDE is 17"),
    "NSIDE missing": (
        maps.table({"PIXEL": np.arange(5), "PROB": np.ones(5)}, {"ORDERING": "RING"}), "NSIDE is missing"
    ),
    "ORDERING missing": (maps.flat(FLAT, 16, None), "ORDERING .* is missing"),
    "ORDERING unknown": (maps.flat(FLAT, 16, "SPIRAL"), "ORDERING is 'SPIRAL'"),
    "flat negative": (flat_with(5, -1.0), "1 probabilities are negative or .* -1.0 in nested pixel 5"),
    "flat infinite": (flat_with(5, np.inf), "inf in nested pixel 5"),
    "flat all NaN": (flat_with(slice(None), np.nan), "total probability is 0"),
    "pixel out of range": (
        maps.flat({"PIXEL": np.array([0, 3072]), "PROB": np.ones(2)}, 16, "RING", INDXSCHM="EXPLICIT"),
        "PIXEL 3072 in row 1 is out of range",
    ),
    "pixel twice": (
        maps.flat({"PIXEL": np.array([4, 4]), "PROB": np.ones(2)}, 16, "RING", INDXSCHM="EXPLICIT"),
        "names 1 pixels more than once",
    ),
    "pixels not numbered": (maps.flat(FLAT, 16, "NESTED", INDXSCHM="EXPLICIT"), "no column numbers the pixels"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_wrong_map_says_what_is_wrong(name):
    data, message = BAD[name]
    with pytest.raises(skymap.BadSkyMap, match=message) as caught:
        skymap.read(data)
    assert len(str(caught.value)) < 300


def test_good_map_is_good():
    assert len(skymap.read(GOOD)) == 19200
    assert len(skymap.read(maps.flat(FLAT, 16, "NESTED"))) > 100


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_file_is_read_or_refused_and_nothing_else(data):
    whole = data.draw(st.sampled_from([GOOD[:20160], maps.flat(FLAT, 16, "NESTED"), maps.zipped(GOOD)[:9000]]))
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, min(len(whole), 6000) - 1))] = data.draw(st.integers(0, 255))
    try:
        sky = skymap.read(bytes(damaged), max_bytes=50 * 2**20)
    except skymap.BadSkyMap:
        return
    assert sky.area(0.5) >= 0
    assert skymap.unpack(sky.pack()).mode == sky.mode


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 1 << 30))
def test_unpack_refuses_what_pack_did_not_make(junk, place):
    packed = PACKED
    for data in (junk, b"TSM1" + junk, packed[: place % len(packed)], _flipped(packed, place % len(packed))):
        with pytest.raises(skymap.BadSkyMap):
            skymap.unpack(data)


PACKED = maps.one_pixel(2, 7).pack()


def _flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


#: 32 MB of zeros, as one gzip member; a gzip file may hold any number of them
ZEROS = gzip.compress(bytes(32 << 20), 9)


MEASURE = """
import sys, time
data = sys.stdin.buffer.read()
import numpy; from astropy_healpix import healpy; from tom_scimma import skymap
start = time.time()
try:
    sky = skymap.read(data); print(len(sky), *sky.notes)
except skymap.BadSkyMap as error:
    print("BadSkyMap", error)
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(time.time() - start, int(peak) / 1024)
"""


needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")


def measured(data):
    """(what reading said, seconds, peak memory in MB) in a process of its own."""
    done = subprocess.run([sys.executable, "-c", MEASURE], input=data, capture_output=True, check=True)
    said, figures = done.stdout.decode().splitlines()
    return said, *map(float, figures.split())


def header_of(columns, rows, **keywords):
    """The bytes before the rows of a flat or multi-order table that claims so many rows."""
    table = maps.table({name: np.zeros(2, kind) for name, kind in columns.items()}, keywords)
    return card(table[: table.rindex(b"END" + b" " * 77) // 2880 * 2880 + 2880], "NAXIS2", rows)


PLAIN = fits.PrimaryHDU().header.tostring().encode()


@needs_proc
@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param(b"", "not a FITS file", id="zeros"),
        pytest.param(PLAIN[:-2880] + PLAIN.replace(b"END  ", b"     "), "no END", id="endless header"),
        pytest.param(
            header_of({"UNIQ": "i8", "PROBDENSITY": "f8"}, 1 << 27, ORDERING="NUNIQ"), "more than the", id="rows"
        ),
        pytest.param(
            header_of({"PROB": "f8", "PAD": "f8"}, 12 << 24, ORDERING="NESTED", NSIDE=4096),
            "more than 4 times",
            id="flat",
        ),
        pytest.param(header_of({"PROB": "f8"}, 12 << 26, ORDERING="RING", NSIDE=8192), "4 times", id="ring"),
        pytest.param(header_of({"PROB": "i2"}, 12 << 26, ORDERING="RING", NSIDE=8192), "NSIDE is 8192", id="nside"),
    ],
)
def test_two_gigabytes_in_a_small_gzip_are_refused_before_they_unpack(header, message):
    said, seconds, megabytes = measured(gzip.compress(header) + 64 * ZEROS)
    assert said.startswith("BadSkyMap")
    assert message in said
    assert seconds < 5
    assert megabytes < 300
