"""Reads every sky map of a folder, in files and inside GW alerts, and compares it with what ligo.skymap makes of it.

    python tests/skymaps_check.py [FOLDER]          default: $SAMPLES, else ../shared/samples

Areas to 0.1 %, 2D levels to 1e-6, distance moments to 1e-3; credible volume levels to 0.003 of a million draws from the
map, and with VOXELS=1 to 0.03 of ligo.skymap, whose grid of voxels takes gigabytes and seconds; what is written and
read again; outlines by their area. Exits 1 when one differs or is not read; 0, saying so, when
the folder is not there: it holds other people's maps and is no part of this project.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from ligo.skymap.distance import parameters_to_marginal_moments
from ligo.skymap.io import read_sky_map
from ligo.skymap.moc import uniq2pixarea
from ligo.skymap.postprocess import crossmatch

from tests.test_skymap_volume import draws
from tom_scimma import skymap

LEVELS = (0.5, 0.9, 0.95)


def found(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(name, FITS bytes) of every map of the folder."""
    for path in sorted(folder.rglob("*.fits*")):
        yield str(path.relative_to(folder)), path.read_bytes()
    for path in sorted(folder.glob("igwn-json-*/*.json")):
        try:
            alert = json.loads(path.read_bytes())
        except ValueError:
            continue
        places = {"skymap": alert.get("event"), "combined_skymap": alert.get("external_coinc")}
        for key, place in places.items():
            text = (place or {}).get(key) or ""
            if text.startswith(("U0lNUExF", "H4sI")):  # SIMPLE, or gzip; display examples leave the map out
                with contextlib.suppress(ValueError):  # and cut it short where they show its beginning
                    yield f"{path.relative_to(folder)} {key}", base64.b64decode(text, validate=True)


def differences(data: bytes, sky: skymap.SkyMap) -> Iterator[str]:
    """What differs from ligo.skymap's reading of the same bytes."""
    plain = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    table = read_sky_map(io.BytesIO(plain), moc=True)
    flat = table[["UNIQ", "PROBDENSITY"]]  # with distance, crossmatch builds its voxel grid
    rng = np.random.default_rng(0)
    order = np.argsort(-sky.density)[rng.integers(0, max(len(sky) // 3, 1), 2000)]
    ra, dec = skymap.grid.centres(sky.uniq[order])
    ra, dec = np.append(ra, rng.uniform(0, 360, 2000)), np.append(dec, np.degrees(np.arcsin(rng.uniform(-1, 1, 2000))))
    peer = crossmatch(flat, SkyCoord(ra, dec, unit="deg"), contours=LEVELS)
    if not np.allclose(sky.area(LEVELS), peer.contour_areas, rtol=1e-3):
        yield f"areas {sky.area(LEVELS)} are {peer.contour_areas}"
    worst = np.abs(sky.level_at(ra, dec) - peer.searched_prob).max()
    if worst > 1e-6:
        yield f"levels differ by {worst:g}"
    if sky.mu is not None:
        weight = table["PROBDENSITY"] * uniq2pixarea(table["UNIQ"])
        known = np.isfinite(table["DISTMU"])
        moments = parameters_to_marginal_moments(
            *(column[known] for column in (weight, table["DISTMU"], table["DISTSIGMA"]))
        )
        ours = skymap.SkyMap(sky.uniq, sky.density, sky.mu, sky.sigma, sky.norm).distance
        if not np.allclose(ours, moments, rtol=1e-3):
            yield f"distance {ours} is {moments}"
        yield from volume_differences(table, sky)
    for what, again in (("unpacked", skymap.unpack(sky.pack())), ("read again", skymap.read(sky.to_fits()))):
        if not (np.array_equal(again.uniq, sky.uniq) and np.array_equal(again.density, sky.density)):
            yield f"{what} is not what was written"
    coarse = skymap.read(sky.to_flat_fits(64))
    ipix = np.arange(12 * 64**2)
    if not np.allclose(coarse.mean_density(6, ipix), sky.mean_density(6, ipix), rtol=1e-6, atol=1e-12):
        yield "the flat file has other densities"
    yield from outline_differences(sky)


def volume_differences(table: Any, sky: skymap.SkyMap) -> Iterator[str]:
    """What differs in the volume: from draws, and where VOXELS is set from ligo.skymap."""
    row, r = draws(sky, 1_000_000, seed=1)
    ra, dec = skymap.grid.centres(sky.uniq)
    density = np.sort(sky.volume_density_at(ra[row], dec[row], r))
    at = np.random.default_rng(2).choice(row.size, 1000, replace=False)
    ra, dec, r = ra[row[at]], dec[row[at]], r[at]
    levels = sky.volume_level_at(ra, dec, r)
    drawn = 1 - np.searchsorted(density, sky.volume_density_at(ra, dec, r)) / density.size
    if (worst := np.abs(levels - drawn).max()) > 0.003:
        yield f"volume levels differ from a million draws by {worst:.4f}"
    if os.environ.get("VOXELS"):
        peer = crossmatch(table, SkyCoord(ra * u.deg, dec * u.deg, r * u.Mpc)).searched_prob_vol
        if (worst := np.abs(levels - np.minimum(peer, 1)).max()) > 0.03:
            yield f"volume levels differ from ligo.skymap's by {worst:.4f}"


def outline_differences(sky: skymap.SkyMap) -> Iterator[str]:
    """Where the polygons of a region enclose another area than it has."""
    for feature in sky.geojson(LEVELS)["features"]:
        total = 0.0
        for ring in (ring for polygon in feature["geometry"]["coordinates"] for ring in polygon):
            lon, lat = np.radians(ring).T
            total -= np.sum(np.diff(lon) * (np.sin(lat[1:]) + np.sin(lat[:-1])) / 2) * np.square(180 / np.pi)
        level, area = feature["properties"].values()
        if abs(total - area) > 0.1 * area + 2 * np.sqrt(area) * 0.5:
            yield f"the outline of {level} encloses {total:.2f} deg2, the region has {area:.2f}"


def main(folder: Path) -> int:
    """Prints a line a map; 0 when all agree."""
    if not folder.is_dir():
        print(f"sky maps: no folder {folder}; nothing checked")
        return 0
    bad = 0
    for name, data in found(folder):
        start = time.perf_counter()
        try:
            sky = skymap.read(data)
        except skymap.BadSkyMap as error:
            wrong = [str(error)]
        else:
            taken = time.perf_counter() - start
            print(f"{name}: {len(sky)} pixels in {1e3 * taken:.1f} ms, 90 % {sky.area(0.9):.2f} deg2 {sky.notes or ''}")
            wrong = list(differences(data, sky))
        bad += bool(wrong)
        print(*(f"    WRONG {text}" for text in wrong), sep="\n", end="\n" if wrong else "")
    return 1 if bad else 0


if __name__ == "__main__":
    default = os.environ.get("SAMPLES") or Path(__file__).parent.parent.parent / "shared" / "samples"
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else default)))
