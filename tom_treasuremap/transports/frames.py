"""A picture that a simulated telescope took: stars that are always the same for the same place, under noise. Pure."""

from __future__ import annotations

import io
from typing import Any

from tom_scimma.notice import iso
from tom_treasuremap.followup.request import Request, State
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports.simulation import chance

SIDE = 96  #: pixels
SCALE = 2.0  #: arcsec
STARS = 25


def fits(request: Request, order: int, state: State, telescope: Telescope, seed: int) -> bytes:
    """The FITS file of the exposures of one filter, with a WCS and the usual keywords; the target is the star in the middle."""
    from astropy.io.fits import PrimaryHDU

    exposure = request.exposures[order]
    first = next(row for row in state.observed if row["filter"] == exposure.filter)
    image = PrimaryHDU(_pixels(request, exposure.seconds * exposure.count, f"{request.id} {order}", seed))
    cards: dict[str, Any] = {
        "OBJECT": _plain(request.target), "TELESCOP": _plain(telescope.name), "ORIGIN": "simulated", "FILTER": exposure.filter,
        "EXPTIME": exposure.seconds, "NEXP": exposure.count, "DATE-OBS": (iso(first["start"]) or "").rstrip("Z"),
        "REQUEST": _plain(request.id), "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": request.ra, "CRVAL2": request.dec,
        "CRPIX1": (SIDE + 1) / 2, "CRPIX2": (SIDE + 1) / 2, "CDELT1": -SCALE / 3600, "CDELT2": SCALE / 3600,
        "CUNIT1": "deg", "CUNIT2": "deg", "RADESYS": "ICRS", "LIMMAG": first["depth"],
    }  # fmt: skip
    image.header.update({name: value for name, value in cards.items() if value is not None})
    stream = io.BytesIO()
    image.writeto(stream)
    return stream.getvalue()


def _pixels(request: Request, seconds: float, which: str, seed: int) -> Any:
    """Counts above a sky of 100 s^0.5, float32 [SIDE, SIDE]."""
    import numpy as np

    field = np.random.default_rng(int(chance(0, round(request.ra, 3), round(request.dec, 3)) * 2**32))
    places = [(SIDE / 2 - 0.5, SIDE / 2 - 0.5), *field.uniform(0, SIDE, (STARS, 2))]
    lights = [30.0, *10 ** field.uniform(-0.5, 2.0, STARS)]
    y, x = np.mgrid[:SIDE, :SIDE]
    sky = sum(
        light * np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * 1.3**2))
        for light, (px, py) in zip(lights, places, strict=True)
    )
    noise = np.random.default_rng(int(chance(seed, which) * 2**32)).normal(0, 10 * seconds**0.5, (SIDE, SIDE))
    return (sky * seconds + noise + 100).astype(np.float32)


def _plain(text: str) -> str:
    """What a FITS header can say: ASCII, and short."""
    return text.encode("ascii", "replace").decode()[:60]
