"""The colours of the pictures, for paper and for dark pages.

Marks are of Okabe and Ito's set (https://jfly.uni-koeln.de/color/), which most colour-blind people tell apart, and each
has a shape or a dash of its own as well. Probability is one blue from dark to light, so that a grey printer keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours by what they are for."""

    paper: str
    ink: str
    grey: str  #: of the graticule
    plane: str  #: of the Milky Way
    #: (credible level, colour): the middle of the region stands out from the paper most
    shades: tuple[tuple[float, str], ...]
    points: tuple[str, ...]  #: of layers of points, in their order
    fields: tuple[str, ...]  #: of layers of footprints
    sun: str
    moon: str


LIGHT = Palette(
    paper="#ffffff",
    ink="#1d2433",
    grey="#8a8f98",
    plane="#6b6f78",
    shades=(
        (0.0, "#08306b"), (0.25, "#1c64a8"), (0.5, "#5ba3d0"), (0.9, "#cfe1f2"), (0.97, "#f2f7fc"), (1.0, "#ffffff"),
    ),
    points=("#d55e00", "#cc79a7", "#e69f00"),
    fields=("#007a5a", "#9c3f7f", "#7a5c00"),
    sun="#f0c419",
    moon="#c9ccd3",
)  # fmt: skip
DARK = Palette(
    paper="#14181f",
    ink="#e8ebf0",
    grey="#6f7886",
    plane="#9aa3b2",
    shades=(
        (0.0, "#e3f1ff"), (0.25, "#9ccdf5"), (0.5, "#4a93cf"), (0.9, "#1d4268"), (0.97, "#182331"), (1.0, "#14181f"),
    ),
    points=("#ff9a4d", "#e59fc6", "#f0c85a"),
    fields=("#3fcf9f", "#d58fc0", "#d8b04a"),
    sun="#f0c419",
    moon="#aab0bb",
)  # fmt: skip
PALETTES = {"light": LIGHT, "dark": DARK}
