"""Filters as telescopes call them, as bands of the Treasure Map. Pure; what is not in the table is nobody's guess."""

from __future__ import annotations

from tom_treasuremap.vocabulary import BANDS, WAVES

#: filter, in lower case where case says nothing: band
SAME = {
    **{f"{name}p": name for name in "ugri"},
    **{f"sdss{sign}{name}": name for sign in ("", " ", "-", "_") for name in "ugriz"},
    **{f"ps1{sign}{name}": name for sign in ("", " ", "-", "_") for name in "griz"},
    **{f"{name}_g{number}": name for name, number in (("g", "0301"), ("r", "0303"), ("i", "0302"), ("z", "0304"))},
    **{f"bessell-{name.lower()}": name for name in "UBVRI"},
    "zs": "z",
    "zp": "z",
    "ks": "other",
    "clear": "clear",
    "open": "open",
    "air": "open",
}
#: those that the Treasure Map has no name for: central wavelength and width, Angstrom
OTHERS = {
    "y": (10031.0, 813.0),
    "ys": (10040.0, 1120.0),
    "ks": (21590.0, 2620.0),
    "w": (6120.0, 4400.0),
    "o": (6866.4, 2600.0),
    "c": (5408.6, 2274.0),
}


def band_of(name: str | None) -> tuple[str | None, float | None, float | None]:
    """Band, central wavelength and width (Angstrom) of a filter; a name that is not known stays the band, without the others."""
    said = (name or "").strip()
    if not said:
        return None, None, None
    if said in BANDS:
        return said, *WAVES.get(said, (None, None))
    if said.lower() in OTHERS:
        return "other", *OTHERS[said.lower()]
    band = SAME.get(said.lower())
    return (band, *WAVES.get(band, (None, None))) if band else (said, None, None)
