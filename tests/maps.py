"""Sky maps for tests, in every layout that is sent, written by astropy and healpy, never by our own writer."""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping
from typing import Any

import healpy
import numpy as np
from astropy.io import fits

from tom_scimma import skymap
from tom_scimma.skymap.makers import separation

#: what a map may look like, by name
SHAPES = {
    "blob": lambda: skymap.from_gaussian(130.0, 25.0, 6.0, distance=(150.0, 30.0)),
    "across RA 0": lambda: skymap.from_gaussian(0.2, -12.0, 4.0),
    "at the pole": lambda: skymap.from_gaussian(77.0, -89.5, 5.0),
    "arcseconds": lambda: skymap.from_gaussian(200.0, 41.8, 2 / 3600),
    "ring": lambda: skymap.make(lambda ra, dec: np.exp(-0.5 * np.square((separation(ra, dec, 310, 20) - 40) / 3))),
    "two lobes": lambda: skymap.make(
        lambda ra, dec: sum(
            weight * np.exp(-0.5 * np.square(separation(ra, dec, *at) / 5))
            for weight, at in ((1.0, (30, 10)), (0.4, (250, -50)))
        ),
        distance=(lambda ra, dec: 100 + 0.3 * dec, 25.0),
    ),
}


def one_pixel(order: int = 6, ipix: int = 12345) -> skymap.SkyMap:
    """All probability in one pixel of an otherwise empty sky of one order."""
    uniq = np.arange(4 << (2 * order), 16 << (2 * order))
    density = np.zeros(uniq.size)
    density[ipix] = uniq.size / (4 * np.pi)
    return skymap.SkyMap(uniq, density)


def uniform(order: int = 3) -> skymap.SkyMap:
    """The same density everywhere."""
    uniq = np.arange(4 << (2 * order), 16 << (2 * order))
    return skymap.SkyMap(uniq, np.full(uniq.size, 1 / (4 * np.pi)))


def columns_of(sky: skymap.SkyMap) -> dict[str, np.ndarray]:
    """The columns that a multi-order file has, in the order of UNIQ, as BAYESTAR's are."""
    values = {"UNIQ": sky.uniq, "PROBDENSITY": sky.density}
    values |= {} if sky.mu is None else {"DISTMU": sky.mu, "DISTSIGMA": sky.sigma, "DISTNORM": sky.norm}
    return {name: column[np.argsort(sky.uniq)] for name, column in values.items()}


def multiorder(sky: skymap.SkyMap, changes: Mapping[str, Any] | None = None, **keywords: Any) -> bytes:
    """A multi-order FITS file by astropy. `changes` replaces columns (None leaves one out), keywords the header's."""
    columns = {**columns_of(sky), **(changes or {})}
    cards = {"PIXTYPE": "HEALPIX", "ORDERING": "NUNIQ", "COORDSYS": "C", "MOCORDER": int(sky.order.max()), **keywords}
    return table({name: column for name, column in columns.items() if column is not None}, cards)


def probability(sky: skymap.SkyMap, nside: int, *, nested: bool) -> np.ndarray:
    """The map as probability a pixel of one order, by value at pixel centres, normalised."""
    ra, dec = healpy.pix2ang(nside, np.arange(12 * nside * nside), nest=nested, lonlat=True)
    values = sky.density_at(ra, dec)
    return values / values.sum()


def flat(columns: Mapping[str, np.ndarray], nside: int, ordering: str, *, vector: int = 1, **keywords: Any) -> bytes:
    """A flat FITS file by astropy, `vector` pixels a row."""
    cards = {"PIXTYPE": "HEALPIX", "ORDERING": ordering, "COORDSYS": "C", "NSIDE": nside, **keywords}
    shaped = {name: column.reshape(-1, vector) if vector > 1 else column for name, column in columns.items()}
    return table(shaped, cards)


def table(
    columns: Mapping[str, np.ndarray],
    cards: Mapping[str, Any],
    *,
    before: list[fits.hdu.base.ExtensionHDU] | None = None,
) -> bytes:
    """A FITS file of one binary table by astropy; a card of None is left out; `before` are HDUs that stand before it."""
    made = []
    for name, values in columns.items():
        letter = {"f8": "D", "f4": "E", "i8": "K", "i4": "J", "i2": "I"}[values.dtype.str[1:]]
        repeat = values.shape[1] if values.ndim > 1 else ""
        made.append(fits.Column(name=name, format=f"{repeat}{letter}", array=values))
    hdu = fits.BinTableHDU.from_columns(made)
    for key, value in cards.items():
        if value is not None:
            hdu.header[key] = value
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), *(before or []), hdu]).writeto(out)
    return out.getvalue()


def zipped(data: bytes) -> bytes:
    """The same, gzipped."""
    return gzip.compress(data, 1)
