"""Questions with sensible answers to everything, for one click at three in the morning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tom_treasuremap.conf import conf
from tom_treasuremap.planning.question import Question

FIRST = "tiling"


@dataclass(frozen=True)
class Preset:
    """One of them."""

    label: str
    values: dict[str, Any] = field(default_factory=dict)


PRESETS = {
    "tiling": Preset("Cover the most probability, one visit"),
    "pairs": Preset("Cover the most, two visits half an hour apart", {"visits": 2, "gap_min": 30.0}),
    "galaxies": Preset("Galaxies, the most probable first", {"subjects": ("galaxies",)}),
    "candidates": Preset("The event's candidates", {"subjects": ("candidates",)}),
    "point": Preset("One field on the position", {"subjects": ("point",)}),
}


def question(name: str, event: Any = None) -> Question:
    """The question of a preset; a small error region asks for one field, whatever else was wanted."""
    values = {"seconds": float(conf.PLAN_SECONDS), "nodes": int(conf.PLAN_NODES), "limit": float(conf.PLAN_LIMIT)}
    found = PRESETS.get(name, PRESETS[FIRST])
    return Question(**{**values, **found.values})
