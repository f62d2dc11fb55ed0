"""The words that HERMES knows, spelled as it spells them. Pure.

The angstrom is U+212B ANGSTROM SIGN, micro U+00B5, the square U+00B2: written as escapes, since normalisation (by an
editor, a browser, a program on the way) turns the first into U+00C5, which HERMES refuses.
"""

from __future__ import annotations

AB, VEGA, MJY = "AB mag", "Vega mag", "mJy"
FLAMBDA = "erg / s / cm\u00b2 / \u212b"
BRIGHTNESS_UNITS = (AB, VEGA, MJY, FLAMBDA)
FLUX_UNITS = (MJY, FLAMBDA)
ANGSTROM, NANOMETRE, MICROMETRE = "\u212b", "nm", "\u00b5m"
WAVELENGTH_UNITS = (ANGSTROM, NANOMETRE, MICROMETRE, "Hz", "GHz", "THz")
F_LAMBDA, F_NU = "F\u03bb", "F\u03bd"
FLUX_TYPES = (F_LAMBDA, "Flambda", F_NU, "Fnu")
ERROR_UNITS = ("degrees", "mas", "arcsec", "arcmin")
DISTANCE_UNITS = ("cm", "m", "km", "pc", "kpc", "Mpc", "Gpc", "ly", "au")
PERIODS = ("Days", "Months", "Years")
TRANSIENT_TYPES = (
    "PSN - Possible SN",
    "NUC - Possibly nuclear",
    "PNV - Possible Nova",
    "AGN - Known AGN",
    "FRB - Fast Radio Burst event",
    "Other - Undefined",
)
SPECTRUM_TYPES = ("Object", "Other", "Host", "Synthetic", "Sky", "Arcs")

#: sections of `data`; any other key there is passed on as it is
SECTIONS = ("references", "event_id", "targets", "photometry", "spectroscopy", "astrometry")

#: one of these must be in the title of a circular, in any case and anywhere: https://gcn.nasa.gov/docs/circulars/styleguide
GCN_WORDS = (
    "AGILE", "ANTARES", "AXP", "Baksan Neutrino Observatory Alert", "CALET", "Chandra", "Fermi", "FXT", "GRB", "GW", "HAWC",
    "HST", "IBAS", "IceCube", "INTEGRAL", "IPN", "KAGRA", "KONUS", "LIGO", "LOFAR", "LVC", "LVK", "MAGIC", "MASTER", "MAXI",
    "Pan-STARRS", "POLAR", "RATIR", "SDSS", "SFXT", "SGR", "Suzaku", "Swift", "transient", "VLA", "VLBI", "XRB", "XRF", "XRT",
    "XTR", "Virgo", "ZTF",
)  # fmt: skip
#: none of these may be, anywhere: the words of robots that answer mail
GCN_NEVER = (
    "this is an automatic reply", "automatic reply:", "auto reply", "autoreply", "vacation", "out of the office",
    "out of office", "out of town", "away from my mail", "away from his e-mail", "away from her e-mail",
    "away from the office", "away from his office", "away from her office", "traveling until", "no longer receiving mail",
    "delivery failure notif", "mail delivery failure", "returned mail", "saxzlcnkgzmfpbhvyzsbub", "ponse_automatique",
    "off-line re:", "re: ", "fwd: ", " r: ", " ris: ", "subject:",
)  # fmt: skip
