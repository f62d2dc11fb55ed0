"""What the Treasure Map calls statuses, bands, units and instruments, with its numbers; pure. Its server's own tables."""

from __future__ import annotations

STATUSES = {"planned": 1, "completed": 2, "cancelled": 3}
DEPTH_UNITS = {"ab_mag": 1, "vega_mag": 2, "flux_erg": 3, "flux_jy": 4}
#: case counts: `U` is not `u`, and there is no y, w, o, c or Ks; those are `other` with a wavelength
BANDS = {
    name: number
    for number, name in enumerate(
        "U B V R I J H K u g r i z UVW1 UVW2 UVM2 XRT clear open UHF VHF L S C X other TESS BAT HESS WISEL q".split(), 1
    )
}
INSTRUMENT_TYPES = {"photometric": 1, "spectroscopic": 2}
FOOTPRINT_TYPES = ("Rectangular", "Circular", "Polygon")
FOOTPRINT_UNITS = {"deg": 1.0, "arcmin": 60.0, "arcsec": 3600.0}  #: so many of them are a degree

#: central wavelength and width of each band, Angstrom; the bands that are not here have none
WAVES: dict[str, tuple[float, float]] = {
    "U": (3614.82, 617.24),
    "B": (4317.0, 991.48),
    "V": (5338.65, 810.65),
    "R": (6311.86, 1220.89),
    "I": (8748.91, 2940.57),
    "J": (12457.0, 1608.86),
    "H": (16333.11, 2969.21),
    "K": (21401.72, 2894.54),
    "u": (3552.98, 885.05),
    "g": (4730.5, 1503.06),
    "r": (6415.4, 1487.58),
    "i": (7836.21, 1468.29),
    "z": (9258.37, 1521.09),
    "UVW1": (2629.35, 656.6),
    "UVW2": (2089.16, 498.25),
    "UVM2": (2245.78, 498.25),
    "clear": (2634.44, 3230.16),
    "open": (5500.0, 8000.0),
    "other": (5500.0, 8000.0),
}
