"""Sky maps as arrays: read, areas, levels, contours, a compact stored form. Pure: no Django, light to import.

    sky = skymap.read(fits_bytes)
    sky.area([0.5, 0.9])             deg2
    sky.level_at(ra, dec)            2D credible level of positions
    skymap.unpack(sky.pack())        the same map, in milliseconds

Conventions, chosen once and equal to ligo.skymap's:

* A map is a set of nested HEALPix pixels of any orders that do not overlap, each with a probability density per
  steradian. Where no pixel is, the density is 0. It integrates to 1; a map that does not is normalised when read, and
  `notes` says so.
* Pixels rank by density, descending; equal densities rank by UNIQ, descending (as ligo.skymap.postprocess.crossmatch
  sorts them).
* The level of a position is the cumulative probability in that rank, its own pixel included; outside every pixel it
  is 1.
* Areas interpolate linearly in cumulative probability (ligo.skymap.postprocess.util.interp_greedy_credible_levels).
* Distance is that of Singer et al. 2016 (doi:10.3847/2041-8205/829/1/L15): p(r) = norm * N(r; mu, sigma) * r**2 in
  each pixel, Mpc.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.errors import BadSkyMap
from tom_scimma.skymap.pixels import Ranked
from tom_scimma.skymap.sky import SkyMap

if TYPE_CHECKING:
    from tom_scimma.notice import Sky

#: a larger map, in memory, is refused
MAX_BYTES = 512 * 2**20


def read(data: bytes, *, max_bytes: int = MAX_BYTES) -> SkyMap:
    """The sky map in FITS bytes, gzipped or not: multi-order, or flat of any usual layout.

    Raises errors.BadSkyMap, naming what is wrong, for anything else, and for what would grow past `max_bytes` in
    memory.
    """
    from tom_scimma.skymap import fits

    fields = fits.read(data, max_bytes=max_bytes)
    spans = fields.pop("spans")
    sky = SkyMap(**fields)
    vars(sky)["spans"] = spans  # what checking the pixels has worked out already
    return sky


def unpack(data: bytes) -> SkyMap:
    """The SkyMap whose `pack` gave these bytes. Raises errors.BadSkyMap for anything else."""
    from tom_scimma.skymap import pack

    return SkyMap(**pack.unpack(data))


def make(density: Callable[[np.ndarray, np.ndarray], np.ndarray], **options: Any) -> SkyMap:
    """A map of a function of (ra, dec) in degrees on an adaptive grid; options as in makers.make."""
    from tom_scimma.skymap import makers

    return SkyMap(**makers.make(density, **options))


def from_gaussian(ra: float, dec: float, sigma_deg: float, **options: Any) -> SkyMap:
    """A map of a circular Gaussian error around a position in degrees; options as in makers.make."""
    from tom_scimma.skymap import makers

    return SkyMap(**makers.gaussian(ra, dec, sigma_deg, **options))


def circle(ra: float, dec: float, radius_deg: float, *, containment: float | str = 0.9, **more: Any) -> SkyMap:
    """A map of a circular Gaussian error, of which the circle of `radius_deg` holds `containment`.

    `containment` is a probability, or "1sigma", "2sigma" ...: the radius in standard deviations of one axis (1 sigma
    holds 39 %; where a sender's "1 sigma" means 68 %, say 0.68). For all makers: `distance_mpc=(mean, standard
    deviation)` and `meta` may be added; ValueError says what was wrong with the numbers.
    """
    from tom_scimma.skymap import shapes

    return SkyMap(**shapes.circle(ra, dec, radius_deg, containment=containment, **more))


def ellipse(ra: float, dec: float, semi_axes_deg: tuple[float, float], angle_deg: float = 0.0, **more: Any) -> SkyMap:
    """A map of an elliptical Gaussian error; the first semi-axis points `angle_deg` east of north.

    `containment` as for `circle`: what the ellipse holds.
    """
    from tom_scimma.skymap import shapes

    return SkyMap(**shapes.ellipse(ra, dec, semi_axes_deg, angle_deg, **more))


def annulus(
    ra: float, dec: float, inner_deg: float, outer_deg: float, *, containment: float | str | None = None, **more: Any
) -> SkyMap:
    """A map of a ring around a position: even between its edges, or a Gaussian across, if it has a `containment`.

    That is what the ring holds between its edges; "3sigma" puts them at three standard deviations (0.9973).
    """
    from tom_scimma.skymap import shapes

    return SkyMap(**shapes.annulus(ra, dec, inner_deg, outer_deg, containment=containment, **more))


def polygon(ra: Any, dec: Any, **more: Any) -> SkyMap:
    """A map that is even inside a polygon of great-circle arcs between these corners, concave or not.

    Its inside is the smaller side; it must fit half of the sky.
    """
    from tom_scimma.skymap import shapes

    return SkyMap(**shapes.polygon(ra, dec, **more))


def cone(ra: float, dec: float, radius_deg: float, **more: Any) -> SkyMap:
    """A map that is even inside a circle."""
    from tom_scimma.skymap import shapes

    return SkyMap(**shapes.cone(ra, dec, radius_deg, **more))


def of_sky(sky: Sky, **more: Any) -> SkyMap | None:
    """A map of what a notice says in words: point, circle or ellipse; None where it says no position.

    A point without an error is taken as a circle of 5 arcsec (`point_deg`), an error without a containment as 90 %;
    `notes` says so. A notice whose map came as a file has better: read that.
    """
    from tom_scimma.skymap import shapes

    fields = shapes.of_sky(sky, **more)
    return SkyMap(**fields) if fields else None


__all__ = [
    "MAX_BYTES",
    "BadSkyMap",
    "Ranked",
    "SkyMap",
    "annulus",
    "circle",
    "cone",
    "ellipse",
    "from_gaussian",
    "make",
    "of_sky",
    "polygon",
    "read",
    "unpack",
]
