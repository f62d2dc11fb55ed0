"""Which pixels a shape on the sky needs: divided again and again where the shape asks for it, left whole elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tom_scimma.skymap import grid

#: (ra, dec, order) of pixel centres, degrees, to whether each is to be divided
Wanted = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
Field = Callable[[np.ndarray, np.ndarray], np.ndarray]


def refined(wanted: Wanted, *, most: int) -> np.ndarray:
    """UNIQ numbers, int64, of pixels that cover the sky, in nested order; at most about `most`.

    Begins with the twelve base pixels. Where `most` would be passed, or at order 29, nothing is divided any further.
    """
    done, ipix, order, count = [], np.arange(12), 0, 12
    while ipix.size:
        split = np.asarray(wanted(*grid.centre_of(order, ipix), order), bool)
        more = 3 * int(split.sum())
        if order == grid.MAX_ORDER or count + more > most:
            split = np.zeros(ipix.size, bool)
        count += more
        done.append(grid.uniq_of(order, ipix[~split]))
        ipix = (4 * ipix[split][:, None] + np.arange(4)).ravel()
        order += 1
    uniq = np.concatenate(done)
    return uniq[np.argsort(grid.spans(uniq)[1])]


def averaged(field: Field, uniq: np.ndarray, depth: int) -> np.ndarray:
    """Mean of `field(ra, dec)` over the centres of the 4**depth pixels inside each pixel, float64[n]."""
    mean = np.empty(uniq.size)
    order = grid.order_of(uniq)
    for level in np.unique(order):
        here = np.flatnonzero(order == level)
        deeper = min(depth, grid.MAX_ORDER - int(level))
        inside = (uniq[here] << (2 * deeper))[:, None] + np.arange(1 << (2 * deeper))
        ipix = inside - (4 << (2 * (int(level) + deeper)))
        ra, dec = grid.centre_of(int(level) + deeper, ipix.ravel())
        mean[here] = field(ra, dec).reshape(ipix.shape).mean(axis=1)
    return mean
