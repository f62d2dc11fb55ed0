"""Reads every sky map of a folder, in files and inside GW alerts, and compares it with what ligo.skymap makes of it.

    python tests/skymaps_check.py [FOLDER]          default: $SAMPLES, else ../shared/samples

Areas to 0.1 %, 2D levels to 1e-6, distance moments to 1e-3. Exits 1 when one differs or is not read; 0, saying so, when
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

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from astropy.coordinates import SkyCoord
from ligo.skymap.distance import parameters_to_marginal_moments
from ligo.skymap.io import read_sky_map
from ligo.skymap.moc import uniq2pixarea
from ligo.skymap.postprocess import crossmatch

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
    again = skymap.unpack(sky.pack())
    if not (np.array_equal(again.uniq, sky.uniq) and np.array_equal(again.density, sky.density)):
        yield "unpack is not what was packed"


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
