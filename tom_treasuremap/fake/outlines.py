"""Outlines of cameras: as shapes, as the text of a polygon, and as WKT."""

from __future__ import annotations

import math
import re

from tom_treasuremap.fake.world import Row, corners
from tom_treasuremap.vocabulary import FOOTPRINT_UNITS

CORNERS = 20  #: a circle is made of


def rings(asked: Row) -> tuple[list[list[tuple[float, float]]], list[str]]:
    """The outlines of a new instrument, in degrees, and what is wrong with them."""
    scale = 1 / FOOTPRINT_UNITS[asked["unit"]]
    if asked["footprint_type"] == "Rectangular":
        x, y = asked["width"] * scale / 2, asked["height"] * scale / 2
        return [[(-x, y), (x, y), (x, -y), (-x, -y), (-x, y)]], []
    if asked["footprint_type"] == "Circular":
        radius, step = asked["radius"] * scale, 2 * math.pi / CORNERS
        ring = [(radius * math.sin(i * step), radius * math.cos(i * step)) for i in range(CORNERS)]
        return [[*ring, ring[0]]], []
    return _parts(asked["polygon"], scale)


def _parts(said: str, scale: float) -> tuple[list[list[tuple[float, float]]], list[str]]:
    """The rings of a polygon's text: one without brackets, several as `[...]#[...]`."""
    if "[" not in said or "]" not in said:
        ring, problems = _ring(said, scale)
        return ([] if problems else [ring]), problems
    rings, wrong = [], []
    for part in filter(None, (part.strip() for part in said.split("#"))):
        inner = re.search(r"\[(.*?)\]", part, re.DOTALL)
        ring, problems = _ring(inner[1], scale) if inner else ([], [f"Invalid polygon bracket format: {part}"])
        wrong += problems
        rings += [] if problems else [ring]
    return rings, wrong


def _ring(said: str, scale: float) -> tuple[list[tuple[float, float]], list[str]]:
    ring, problems = [], []
    for line in filter(None, (line.strip() for line in said.strip().split("\n"))):
        found = re.fullmatch(r"\(?\s*([+-]?\d*\.?\d+)\s*[,\s]\s*([+-]?\d*\.?\d+)\s*\)?", line)
        if found is None:
            problems.append(f"Invalid coordinate format: {line}")
        else:
            ring.append((round(float(found[1]) * scale, 4), round(float(found[2]) * scale, 4)))
    if len(ring) < 3:
        problems.append("Polygon must have at least 3 vertices")
    return (ring if ring and ring[0] == ring[-1] else [*ring, *ring[:1]]), problems


SHAPES = (
    "POINT",
    "LINESTRING",
    "LINEARRING",
    "POLYGON",
    "MULTIPOINT",
    "MULTILINESTRING",
    "MULTIPOLYGON",
    "GEOMETRYCOLLECTION",
)


def unreadable(said: str) -> str | None:
    """What GEOS finds wrong with a text that should be WKT."""
    word = re.match(r"\s*([^\s(),]*)", said)[1]  # type: ignore[index]
    if not word:
        rest = said.strip()
        return f"ParseException: Expected word but encountered {repr(rest[0]) if rest else 'end of stream'}"
    if _is_number(word):
        return f"ParseException: Expected word but encountered number: '{float(word):g}'"
    if word.upper() not in SHAPES:
        return f"ParseException: Unknown type: '{word.upper()}'"
    if said.strip() == word or said.count("(") > said.count(")"):
        return "ParseException: Expected word but encountered end of stream"
    if re.match(r"\s*\w+\s*\(\s*\)", said):
        return "ParseException: Expected 'Z', 'M', 'ZM', 'EMPTY' or '(' but encountered : ')'"
    if re.search(r"\)\s*[^\s(),]", said):
        return "ParseException: Unexpected text after end of geometry"
    try:
        ring = corners(said)
    except ValueError:
        return None
    if len(ring) < 3:
        return f"IllegalArgumentException: Invalid number of points in LinearRing found {len(ring)} - must be 0 or >= 3"
    if ring[0] != ring[-1]:
        return "IllegalArgumentException: Points of LinearRing do not form a closed linestring"
    return None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
