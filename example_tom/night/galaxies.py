"""A small invented catalogue of galaxies, the same again for the same seed: `python galaxies.py FILE.csv`.

Galaxies are as many and as bright in K as around us (the Schechter function of Kochanek et al. 2001, doi:10.1086/322488),
uniform in space, and there if they are brighter than K = 12 as seen from here, so that the catalogue thins out with
distance as real ones do. A few real ones stand where the night's merger is, and an invented one where its X-ray
transient is. The other names are invented too ("Demo 12-00345").
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

SEED = 20261126
HEAD = (
    "id", "name", "ra", "dec", "distance", "distance_error", "redshift", "mag_b", "mag_k", "mag_w1", "mass", "radius",
)  # fmt: skip
#: name, ra, dec, distance and error (Mpc), redshift, B, K, W1, stellar mass, half-light radius (arcsec)
PLACED = (
    ("NGC 4993", 197.44875, -23.38389, 40.7, 2.4, 0.00978, 13.32, 9.22, 9.35, 4.5e10, 15.0),
    ("NGC 4970", 196.89075, -24.00861, 44.8, 3.0, 0.01089, 13.15, 9.12, 9.25, 6.0e10, 14.0),
    ("ESO 508-G019", 197.46650, -24.23928, 45.9, 3.2, 0.00990, 14.70, 12.10, 12.20, 3.0e9, 20.0),
    ("NGC 4968", 196.77490, -23.67703, 42.7, 3.0, 0.00986, 14.30, 10.00, 10.10, 2.0e10, 12.0),
    ("Demo host", 114.9760, 60.4953, 158.0, 4.8, 0.03700, 15.80, 12.10, 12.00, 6.0e10, 4.0),  # of the X-ray transient
    ("NGC 4830", 194.36666, -19.69125, 46.0, 3.0, 0.01123, 13.00, 9.20, 9.30, 6.0e10, 16.0),
)
FAINTEST_K = 12.0
H0, C = 70.0, 299792.458
#: per Mpc3; absolute magnitude; slope
PHI, M_STAR_K, ALPHA = 1.16e-2 * (H0 / 100) ** 3, -23.39 + 5 * math.log10(H0 / 100), -1.09


def rows(faintest: float = FAINTEST_K, seed: int = SEED) -> Iterator[tuple]:
    """Rows under HEAD."""
    for number, row in enumerate(PLACED):
        yield (f"placed-{number}", *_said(row))
    for number, row in enumerate(_made(np.random.default_rng(seed), faintest)):
        yield (f"demo-{number}", f"Demo {int(row[0] / 15):02d}-{number:05d}", *_said(row))


def _made(chance: np.random.Generator, faintest: float) -> Iterator[tuple]:
    """Invented galaxies: a luminosity L is seen to d* sqrt(L / L*), so the seen have a Gamma distribution of L."""
    reach = 10 ** (0.2 * (faintest - M_STAR_K - 25))
    size = round(4 / 3 * math.pi * PHI * reach**3 * math.gamma(ALPHA + 2.5))
    light = chance.gamma(ALPHA + 2.5, size=size)  # in units of L*
    distance = reach * np.sqrt(light) * np.cbrt(chance.random(size))
    k = M_STAR_K - 2.5 * np.log10(light) + 5 * np.log10(distance) + 25
    ra, dec = chance.uniform(0, 360, size), np.degrees(np.arcsin(chance.uniform(-1, 1, size)))
    error = np.hypot(3.6, 0.02 * distance)
    b, w1 = k + chance.normal(3.7, 0.4, size), k - 0.1 + chance.normal(0, 0.05, size)
    mass, radius = 7e10 * light * chance.lognormal(0, 0.2, size), 206265 * 0.004 * light**0.3 / distance
    redshift = np.maximum(distance + chance.normal(0, 3.6, size), 1) * H0 / C
    mass[chance.random(size) < 0.1] = np.nan  # not every survey saw every galaxy
    yield from zip(*(c.tolist() for c in (ra, dec, distance, error, redshift, b, k, w1, mass, radius)), strict=True)


def _said(values) -> list:
    return ["" if value != value else value if isinstance(value, str) else f"{value:.7g}" for value in values]


def write(path: str | Path, faintest: float = FAINTEST_K, seed: int = SEED) -> None:
    """The catalogue as a CSV file."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(HEAD)
        out.writerows(rows(faintest, seed))


if __name__ == "__main__":
    write(sys.argv[1])
