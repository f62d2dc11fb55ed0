"""Large maps: read right, in little memory. Authority: the kernel's count of a process's memory, and arithmetic.

Each is read, ranked, packed and written in a process of its own, whose whole memory stays under 600 MB.
"""

import gzip
import subprocess
import sys

import healpy
import numpy as np
import pytest

from tests import maps
from tests.test_skymap_bad import ZEROS, header_of, needs_proc
from tom_scimma import skymap
from tom_scimma.skymap import loose
from tom_scimma.skymap.fits import most_rows

DEG2 = np.square(180 / np.pi)
MOST_MB = 600

USE = """
import sys
data = sys.stdin.buffer.read()
import numpy; from astropy_healpix import healpy; from tom_scimma import skymap
sky = skymap.read(data)
del data
print(len(sky), *sky.notes)
print(*sky.area([0.5, 0.9, 1.0]), *(sky.distance or (0, 0)), sky.density_at(10.0, 89.0))
sky.level_at(10.0, 89.0); sky.volume_level_at(10.0, 89.0, 150.0); skymap.unpack(sky.pack()); sky.to_fits(); sky.contours([0.9])
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak) / 1024)
"""


def used(data):
    """(pixels and notes, areas and distance and a density, peak memory in MB) of a process that uses the map."""
    done = subprocess.run([sys.executable, "-c", USE], input=data, capture_output=True, check=True)
    said, numbers, megabytes = done.stdout.decode().splitlines()
    return said, [float(word) for word in numbers.split()], float(megabytes)


def cap_of(rings, nside):
    """Area in deg2 of so many rings around the north pole."""
    return 2 * rings * (rings + 1) / (12 * nside**2) * 4 * np.pi * DEG2


@needs_proc
@pytest.mark.parametrize(
    ("kind", "vector", "nside"), [("f4", 1, 1024), pytest.param("f8", 1024, 4096, marks=pytest.mark.long)]
)
def test_large_ring_map(kind, vector, nside):
    """A polar cap, in ring order the first of the pixels, of which nside 4096 has 201 million: 1.6 GB unpacked."""
    pixels, rings = 12 * nside**2, nside * 600 // 4096
    columns = {"PROBABILITY": f"{vector}{kind}"} if vector > 1 else {"PROBABILITY": kind}
    header = header_of(columns, pixels // vector, ORDERING="RING", NSIDE=nside)
    body = np.ones(2 * rings * (rings + 1), ">" + kind).tobytes()
    zeros = -(-(pixels * int(kind[1]) - len(body)) // (32 << 20))
    said, (half, ninety, *_, density), megabytes = used(gzip.compress(header + body, 1) + zeros * ZEROS)
    cap = cap_of(rings, nside)
    assert rings < int(said.split()[0]) < 50_000
    assert (half, ninety) == pytest.approx((cap * 0.5, cap * 0.9), rel=1e-9)
    assert density == pytest.approx(DEG2 / cap)
    assert megabytes < MOST_MB


@needs_proc
@pytest.mark.long
def test_nested_map_of_nside_4096():
    pixels = 12 << 24
    header = header_of({"PROB": "f8"}, pixels, ORDERING="NESTED", NSIDE=4096)
    body = np.ones(4**10, ">f8").tobytes()  # one pixel of order 2
    said, (half, *_), megabytes = used(gzip.compress(header + body, 1) + 48 * ZEROS)
    assert int(said.split()[0]) == 12 + 3 + 3  # each division of a base pixel replaces 1 by 4
    assert half == pytest.approx(4 * np.pi * DEG2 / 192 / 2)
    assert megabytes < MOST_MB


@needs_proc
@pytest.mark.long
@pytest.mark.parametrize("ordering", ["NESTED", "RING"])
def test_map_of_nside_1024_with_distance_and_no_two_pixels_equal(ordering):
    """201 MB unpacked, 12.6 million pixels of four columns: neighbours that hardly differ are merged, and it is said."""
    nside = 1024
    pixels = 12 << 20
    rows = np.empty(pixels, [(name, ">f4") for name in ("PROB", "DISTMU", "DISTSIGMA", "DISTNORM")])
    part = np.arange(pixels) / pixels
    rows["PROB"], rows["DISTMU"], rows["DISTSIGMA"] = (1 + part) / 1.5 / pixels, 100 + part, 20.0
    rows["DISTNORM"] = 1 / (np.square(rows["DISTMU"].astype(float)) + 400)
    header = header_of(dict.fromkeys(rows.dtype.names, "f4"), pixels, ORDERING=ordering, NSIDE=nside)
    body = rows.tobytes()
    data = gzip.compress(header + body + bytes(-len(body) % 2880), 1)
    del body, rows
    said, (half, ninety, whole, mean, spread, _), megabytes = used(data)
    assert "more than memory allows, neighbours that hold next to nothing or differ by less than" in said
    assert int(said.split()[0]) < 3_000_000
    sphere = 4 * np.pi * DEG2
    # densities from 1 to 2 evenly: those above 1 + x hold (3 - 2x - x**2) / 3 on 1 - x of the sky
    for level, found in ((0.5, half), (0.9, ninety)):
        assert found == pytest.approx((2 - np.sqrt(4 - 3 * level)) * sphere, rel=1e-3)
    assert whole == pytest.approx(sphere)
    mu, variance = 100 + 5 / 9, 20**2
    assert mean == pytest.approx((mu**3 + 3 * mu * variance) / (mu**2 + variance), rel=1e-3)
    assert spread == pytest.approx(20, rel=0.05)
    assert megabytes < MOST_MB


def test_merging_what_hardly_differs_keeps_probability_and_levels():
    nside = 256
    ra, dec = healpy.pix2ang(nside, np.arange(12 * nside**2), nest=True, lonlat=True)
    prob = np.exp(-0.5 * np.square(maps.separation(ra, dec, 30, 10) / 12))
    prob /= prob.sum()
    data = maps.flat({"PROB": prob}, nside, "NESTED")
    whole = skymap.read(data)
    less = skymap.read(data, max_bytes=len(whole) * 8 * 21 // 3)
    assert len(less) < len(whole) / 3
    assert any("were merged" in note for note in less.notes)
    assert np.sum(less.density * less.pixel_area) == pytest.approx(1)
    np.testing.assert_allclose(less.area([0.5, 0.9]), whole.area([0.5, 0.9]), rtol=0.01)
    assert np.average(np.abs(less.level_at(ra, dec) - whole.level_at(ra, dec)), weights=prob) < 0.05
    blocks = [whole.mean_density(3, np.arange(768)), less.mean_density(3, np.arange(768))]
    np.testing.assert_allclose(*blocks, rtol=0.05, atol=1e-9)


def test_a_noisy_map_loses_its_finest_orders_and_not_its_shape():
    """Noise of a tenth from pixel to pixel, as maps of samples have it; a third of the pixels fits. It stays a map of the sky."""
    nside = 128
    ra, dec = healpy.pix2ang(nside, np.arange(12 * nside**2), nest=True, lonlat=True)
    smooth = np.exp(-0.5 * np.square(maps.separation(ra, dec, 30, 10) / 12)) + 0.2
    noise = np.random.default_rng(4).normal(1, 0.1, smooth.size)
    data = maps.flat({"PROB": smooth * np.maximum(noise, 0.2)}, nside, "NESTED")
    less = skymap.read(data, max_bytes=smooth.size // 3 * 8 * 21)
    assert smooth.size / 64 < len(less) < smooth.size / 3
    density = smooth / smooth.sum() * smooth.size / (4 * np.pi)
    np.testing.assert_allclose(less.density_at(ra, dec), density, rtol=0.4)


def test_white_noise_that_does_not_fit_is_refused():
    prob = np.random.default_rng(1).uniform(0, 1, 12 << 12)
    with pytest.raises(
        skymap.BadSkyMap, match=r"more than \d+ different pixels, which take more than the 1000000 bytes"
    ):
        skymap.read(maps.flat({"PROB": prob}, 64, "RING"), max_bytes=1_000_000)


def test_what_holds_nothing_is_merged_with_all_its_distance():
    uniq = np.arange(64, 80)  # four pixels of order 1, sixteen children
    columns = np.stack([np.where(np.arange(16) < 12, 1e-30, np.arange(16.0)), np.arange(16.0) + 50])
    found, values = loose.loosened(uniq, columns, 1e-12, 0.0, 2)
    assert found.tolist() == [16, 17, 18, 76, 77, 78, 79]
    np.testing.assert_allclose(values[1], [51.5, 55.5, 59.5, 62, 63, 64, 65])


@pytest.mark.parametrize("ordering", ["NESTED", "RING"])
def test_whole_sky_by_numbered_pixels_is_read_in_blocks_if_it_is_large(ordering):
    nside = 64
    prob = maps.probability(maps.SHAPES["blob"](), nside, nested=ordering == "NESTED")
    ipix = np.arange(prob.size)
    whole = skymap.read(maps.flat({"PROB": prob}, nside, ordering))
    little = 8 * 21 * 20_000
    data = maps.flat({"PIXEL": ipix, "PROB": prob}, nside, ordering, INDXSCHM="EXPLICIT")
    for found in (skymap.read(data), skymap.read(data, max_bytes=little)):
        np.testing.assert_array_equal(found.uniq, whole.uniq)
        np.testing.assert_array_equal(found.density, whole.density)
    mixed = np.random.default_rng(3).permutation(ipix)
    data = maps.flat({"PIXEL": mixed, "PROB": prob[mixed]}, nside, ordering, INDXSCHM="EXPLICIT")
    np.testing.assert_array_equal(skymap.read(data).density, whole.density)
    with pytest.raises(skymap.BadSkyMap, match="does not number the pixels one after the other"):
        skymap.read(data, max_bytes=little)
    data = maps.flat({"PIXEL": ipix[:-1024], "PROB": prob[:-1024]}, nside, ordering, INDXSCHM="EXPLICIT")
    with pytest.raises(skymap.BadSkyMap, match="48128 pixels, too many to sort"):
        skymap.read(data, max_bytes=little)


@needs_proc
@pytest.mark.long
@pytest.mark.parametrize("columns", [1, 4])
def test_as_many_rows_as_are_read_fit_the_memory(columns):
    """Multi-order, in no order, all different: the largest that is not refused."""
    names = ("UNIQ", "PROBDENSITY", "DISTMU", "DISTSIGMA", "DISTNORM")[: 1 + columns]
    rows = min(most_rows(skymap.MAX_BYTES, columns), 12 << 18)
    table = np.empty(rows, [(name, ">i8" if name == "UNIQ" else ">f8") for name in names])
    part = np.random.default_rng(5).permutation(rows) / rows
    table["UNIQ"], table["PROBDENSITY"] = (4 << 18) + np.rint(part * rows), np.exp(-8 * part)
    for name, value in zip(names[2:], (100 + part, 20 + part, 1e-4), strict=False):
        table[name] = value
    kinds = {name: table.dtype[name].str[1:] for name in names}
    header = header_of(kinds, rows, ORDERING="NUNIQ", MOCORDER=9)
    body = table.tobytes()
    said, _, megabytes = used(gzip.compress(header + body + bytes(-len(body) % 2880), 1))
    assert int(said.split()[0]) == rows
    assert megabytes < MOST_MB
