"""Sky maps of an error region that is told in words: a circle, an ellipse, a ring, a polygon, a cone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap import gaussians, grid, regions

if TYPE_CHECKING:
    from tom_scimma.notice import Sky

#: what an error radius contains where the sender does not say (GCN's schema: "if absent, default is 0.9")
CONTAINMENT = 0.9
#: degrees (5 arcsec) at CONTAINMENT, for a position without an error
POINT_DEG = 5 / 3600
#: degrees (3.6 mas): a smaller error is taken as this; below it the finest pixels, 0.4 mas, are too coarse for its shape
SMALLEST_DEG = 1e-6


def circle(ra: float, dec: float, radius_deg: float, *, containment: float | str = CONTAINMENT, **more: Any) -> dict:
    """The fields of a SkyMap: a Gaussian around a position, of which a circle of `radius_deg` holds `containment`."""
    return _finished(gaussians.ellipse(ra, dec, radius_deg, radius_deg, 0.0, containment), **more)


def ellipse(
    ra: float,
    dec: float,
    semi_axes_deg: tuple[float, float],
    angle_deg: float = 0.0,
    *,
    containment: float | str = CONTAINMENT,
    **more: Any,
) -> dict:
    """The fields of a SkyMap: as `circle`, of an ellipse whose first semi-axis points `angle_deg` east of north."""
    return _finished(gaussians.ellipse(ra, dec, *semi_axes_deg, angle_deg, containment), **more)


def annulus(
    ra: float,
    dec: float,
    inner_deg: float,
    outer_deg: float,
    *,
    containment: float | str | None = None,
    **more: Any,
) -> dict:
    """The fields of a SkyMap: a ring. With `containment` a Gaussian across it, which holds that between the edges."""
    depth = regions.annulus(ra, dec, inner_deg, outer_deg)
    if containment is not None:
        return _finished(gaussians.ring(ra, dec, inner_deg, outer_deg, containment), **more)
    return _finished(_even(depth, 4 * (outer_deg - inner_deg)), **more)


def polygon(ra: Any, dec: Any, **more: Any) -> dict:
    """The fields of a SkyMap: the same density everywhere inside a polygon of great-circle arcs."""
    depth = regions.polygon(ra, dec)
    narrow = regions.narrow_side(ra, dec)
    if not narrow > 1e-9 * np.ptp(np.unwrap(ra, period=360)) + 1e-9 * np.ptp(dec):
        raise ValueError("the polygon has no area")
    return _finished(_even(depth, narrow), **more)


def cone(ra: float, dec: float, radius_deg: float, **more: Any) -> dict:
    """The fields of a SkyMap: the same density everywhere inside a circle."""
    return _finished(_even(regions.cone(ra, dec, radius_deg), radius_deg), **more)


def of_sky(sky: Sky, *, point_deg: float = POINT_DEG, **more: Any) -> dict | None:
    """The fields of a SkyMap of what a notice says of its position; None where it gives none."""
    if sky.ra_deg is None or sky.dec_deg is None:
        return None
    at, containment, notes = (sky.ra_deg, sky.dec_deg), sky.containment, []
    axes = sky.semi_axes_deg or (sky.radius_deg or 0.0, sky.radius_deg or 0.0)
    if min(axes) <= 0:
        notes.append(f"no error was given; {3600 * point_deg:g} arcsec ({CONTAINMENT:.0%}) is taken")
        return circle(*at, point_deg, notes=notes, **more)
    if min(axes) < SMALLEST_DEG:
        notes.append(f"an error of {3.6e6 * min(axes):.2g} mas was given; {3.6e6 * SMALLEST_DEG:.2g} mas is taken")
        axes = max(axes[0], SMALLEST_DEG), max(axes[1], SMALLEST_DEG)
    if containment is None:
        containment = CONTAINMENT
        notes.append(f"what the error region holds was not given; {CONTAINMENT:.0%} is taken")
    if containment >= 1 and axes[0] == axes[1]:
        return cone(*at, axes[0], notes=notes, **more)
    return ellipse(*at, axes, sky.angle_deg or 0.0, containment=min(containment, 0.9999), notes=notes, **more)


def _even(depth: regions.Depth, narrow: float) -> dict:
    uniq, share = regions.shares(depth, narrow)
    return {"uniq": uniq, "density": share}


def _finished(
    made: dict,
    *,
    distance_mpc: tuple[float, float] | None = None,
    meta: Mapping[str, Any] | None = None,
    notes: Any = (),
) -> dict:
    """Normalised; `distance_mpc` is mean and standard deviation, the same in all directions."""
    uniq, density = made["uniq"], made["density"]
    density = density / np.sum(density * grid.pixel_area(grid.order_of(uniq)))
    fields = {"uniq": uniq, "density": density, "meta": dict(meta or {}), "notes": tuple(notes)}
    if distance_mpc is None:
        return fields
    from tom_scimma.skymap import distance

    columns = distance.parameters(*map(np.atleast_1d, distance_mpc))
    names = zip(("mu", "sigma", "norm"), columns, strict=True)
    return {
        **fields,
        **{name: np.full(uniq.size, column[0]) for name, column in names},
        "stated_distance": (float(distance_mpc[0]), float(distance_mpc[1])),
    }
