"""Sides for what can be reached: ours, astropy's AltAz frame, and astroplan's observability table, for the same targets and night.

Timed by the processor: nothing here waits, and what else the machine does decides no ratio.
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks.side import serve

#: LCO's 1 m at Siding Spring, whose rules are altitude, hour angle, Moon and nautical twilight
TELESCOPE = "lco-1m0-coj"
NIGHT = 61300.3  # MJD; the night of 2026-09-17 there
STEP = 300.0  #: s


def targets(count: int) -> tuple[np.ndarray, np.ndarray]:
    """(ra, dec) in degrees, evenly over the sky; the same for the same count."""
    rng = np.random.default_rng(count)
    return rng.uniform(0, 360, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count)))


def times() -> np.ndarray:
    """MJDs of twelve hours at five minutes."""
    return NIGHT + np.arange(0, 0.5, STEP / 86400)


class Sides:
    """What a side is asked; each imports what it needs before its clock runs."""

    def ours(self, count: int, keep: str = "") -> dict:
        """Altitudes, then every rule of the telescope: which targets can ever be observed."""
        from tom_treasuremap.constraints import standard
        from tom_treasuremap.sky_position import Sky, _astrom
        from tom_treasuremap.sun_moon import _nodes
        from tom_treasuremap.telescopes import shipped

        telescope, (ra, dec), when = shipped()[TELESCOPE], targets(count), times()
        for kept in (_astrom, _nodes):
            kept.cache_clear()  # a night that nobody asked for before
        begun = time.process_time()
        altitude = Sky(telescope.site, ra, dec, when).altitude
        altitudes = time.process_time() - begun
        for kept in (_astrom, _nodes):
            kept.cache_clear()
        begun = time.process_time()
        good = standard(telescope)(telescope.site, (ra, dec), when)
        rules = time.process_time() - begun
        if keep:
            np.save(keep, altitude)
        return {"altitudes": altitudes, "rules": rules, "ever": int(good.any(axis=1).sum())}

    def astropy(self, count: int, keep: str = "") -> dict:
        """Altitudes by the full transform."""
        import astropy.units as u
        from astropy.coordinates import AltAz, SkyCoord
        from astropy.time import Time

        where, (ra, dec) = self._where(), targets(count)
        begun = time.process_time()
        frame = AltAz(obstime=Time(times(), format="mjd")[None, :], location=where)
        altitude = SkyCoord(ra[:, None] * u.deg, dec[:, None] * u.deg).transform_to(frame).alt.deg
        seconds = time.process_time() - begun
        if keep:
            np.save(keep, altitude)
        return {"seconds": seconds}

    def astroplan(self, count: int) -> dict:
        """Its observability table for altitude, twilight and Moon at the same times, with nothing kept from before."""
        import astropy.units as u
        from astroplan import (
            AltitudeConstraint,
            AtNightConstraint,
            FixedTarget,
            MoonSeparationConstraint,
            Observer,
            observability_table,
        )
        from astropy.coordinates import SkyCoord
        from astropy.time import Time

        from tom_treasuremap.telescopes import shipped

        telescope, (ra, dec) = shipped()[TELESCOPE], targets(count)
        observer = Observer(location=self._where())
        known = [FixedTarget(SkyCoord(r * u.deg, d * u.deg)) for r, d in zip(ra, dec, strict=True)]
        rules = [
            AltitudeConstraint(telescope.limits.min_altitude * u.deg),
            AtNightConstraint.twilight_nautical(),
            MoonSeparationConstraint(telescope.moon.least * u.deg),
        ]
        begun = time.process_time()
        table = observability_table(rules, observer, known, times=Time(times(), format="mjd"))
        return {"seconds": time.process_time() - begun, "ever": int(np.sum(table["ever observable"]))}

    def _where(self):
        import astropy.units as u
        from astropy.coordinates import EarthLocation
        from astropy.utils import iers
        from astropy_iers_data import IERS_A_FILE

        from tom_treasuremap.telescopes import shipped

        iers.conf.auto_download = False  # of this process: both have the same table, and neither fetches one
        iers.earth_orientation_table.set(iers.IERS_A.open(IERS_A_FILE))
        site = shipped()[TELESCOPE].site
        return EarthLocation.from_geodetic(site.longitude * u.deg, site.latitude * u.deg, site.height * u.m)


if __name__ == "__main__":
    one = Sides()
    serve({"ours": one.ours, "astropy": one.astropy, "astroplan": one.astroplan})
