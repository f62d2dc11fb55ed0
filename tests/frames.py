"""Astropy as the authority for where things stand: its frames at a site, and positions and times to compare at."""

from __future__ import annotations

import numpy as np

from tom_treasuremap import earth_turning
from tom_treasuremap.telescopes.telescope import Site


def places(count: int = 40):
    rng = np.random.default_rng(7)
    return rng.uniform(0, 360, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count)))


def year() -> np.ndarray:
    """Times through a year that the table covers, and through one night."""
    last = earth_turning.table()[-1, 0]
    return np.concatenate([np.arange(last - 366, last - 1, 13.37), last - 100 + np.arange(0, 1, 0.07)])


def frame(site: Site, times):
    import astropy.units as u
    from astropy.coordinates import AltAz, EarthLocation
    from astropy.time import Time

    where = EarthLocation.from_geodetic(site.longitude * u.deg, site.latitude * u.deg, site.height * u.m)
    return AltAz(obstime=Time(times, format="mjd"), location=where), where
