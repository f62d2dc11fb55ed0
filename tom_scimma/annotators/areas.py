"""How large, how far, and where: areas of the map, its most probable place, its distance, and the Milky Way in the way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tom_scimma import wording
from tom_scimma.skymap import grid

#: the north Galactic pole in ICRS, degrees (ESA SP-1200, The Hipparcos and Tycho Catalogues, vol. 1, eq. 1.5.10)
POLE_RA, POLE_DEC = 192.85948, 27.12825
#: closer to the Galactic plane than this, dust and stars hide much of what is behind
PLANE_DEG = 10.0


def annotate(event, map) -> dict[str, Any]:
    """Areas (deg2), most probable place, distance (Mpc) and the probability near the Galactic plane."""
    if map is None:
        return {}
    area_50, area_90 = (float(area) for area in map.area([0.5, 0.9]))
    ra, dec = map.mode
    found = {
        "area_50": area_50,
        "area_90": area_90,
        "ra": float(ra),
        "dec": float(dec),
        "galactic_latitude": float(latitude(np.array([ra]), np.array([dec]))[0]),
        "plane": near_plane(map),
    }
    taken = [note for note in map.notes if note.endswith(" is taken")]
    if taken:  # what the sender did not say of its error
        found["taken"] = "; ".join(taken)
    if map.distance is not None:
        found["distance"], found["distance_sd"] = (float(value) for value in map.distance)
    return found


def words(value: dict[str, Any]) -> list[tuple[str, str]]:
    """The findings as lines of an event's page."""
    if not value:
        return []
    latitude, plane = value["galactic_latitude"], value["plane"]
    lines = [
        ("Area", f"50 % in {wording.area(value['area_50'])}, 90 % in {wording.area(value['area_90'])}"),
        ("Most probable", f"RA {value['ra']:.4f}°, Dec {value['dec']:.4f}°, galactic latitude {latitude:.0f}°"),
        ("Milky Way", f"{wording.percent(plane)} within {PLANE_DEG:.0f}° of the Galactic plane"),
    ]
    if "taken" in value:
        lines.append(("Error", value["taken"]))
    if "distance" in value:
        lines.append(("Distance", wording.distance(value["distance"], value["distance_sd"])))
    return lines


annotate.label, annotate.words = "areas and distance", words  # type: ignore[attr-defined]


def latitude(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Galactic latitude in degrees, float64[n], of ICRS positions in degrees."""
    ra, dec, pole = np.radians(ra - POLE_RA), np.radians(dec), math.radians(POLE_DEC)
    sine = np.sin(dec) * math.sin(pole) + np.cos(dec) * math.cos(pole) * np.cos(ra)
    return np.degrees(np.arcsin(np.clip(sine, -1, 1)))


def near_plane(map) -> float:
    """Probability that lies within PLANE_DEG of the Galactic plane; a pixel counts by its centre."""
    near = np.abs(latitude(*grid.centres(map.uniq))) < PLANE_DEG
    return float(np.sum((map.density * map.pixel_area)[near]))
