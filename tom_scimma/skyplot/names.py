"""Names beside marks, each where it hides nothing that was written before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tom_scimma.skyplot import graticule
from tom_scimma.skyplot.frame import WholeSky, Window
from tom_scimma.skyplot.palette import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Box = tuple[float, float, float, float]
LETTER_HIGH = 1.3  #: height of a line, in the size of its letters


class Names:
    """Writes names into one panel. Lengths are in points of the page."""

    def __init__(self, axes: Axes, frame: WholeSky | Window, colours: Palette) -> None:
        self.axes, self.frame, self.colours = axes, frame, colours
        (left, right), (low, top) = axes.get_xlim(), axes.get_ylim()
        self.scale = graticule.points_per_unit(axes, right - left, top - low)
        self.boxes: list[Box] = []

    def avoid(self, places: Sequence[tuple[float, float]], size: float = 4) -> None:
        """Marks at these places are not to be hidden."""
        for x, y in places:
            self.boxes.append(self._box(x * self.scale - size, y * self.scale - size, 2 * size, 2 * size))

    def write(self, x: float, y: float, text: str, away: float) -> None:
        """Writes a name `away` points from a place, to its right or left, above or below; not at all without room."""
        if not text:
            return
        wide, high = graticule.LETTER * graticule.SMALL * len(text), LETTER_HIGH * graticule.SMALL
        at_x, at_y = x * self.scale, y * self.scale
        for ha, va, dx, dy in (
            ("left", "center", away, 0.0),
            ("right", "center", -away, 0.0),
            ("center", "bottom", 0.0, away),
            ("center", "top", 0.0, -away),
        ):
            left = at_x + dx - {"left": 0.0, "right": wide, "center": wide / 2}[ha]
            low = at_y + dy - {"bottom": 0.0, "top": high, "center": high / 2}[va]
            box = self._box(left, low, wide, high)
            if self._free(box):
                self.boxes.append(box)
                place = (at_x + dx) / self.scale, (at_y + dy) / self.scale
                ground = {"boxstyle": "round,pad=0.12", "fc": self.colours.paper, "ec": "none", "alpha": 0.78}
                style: dict[str, Any] = {"ha": ha, "va": va, "zorder": 10, "path_effects": [], "bbox": ground}
                graticule.label(self.axes, *place, text, self.colours, **style)
                return

    @staticmethod
    def _box(left: float, low: float, wide: float, high: float) -> Box:
        return left, low, left + wide, low + high

    def _free(self, box: Box) -> bool:
        left, low, right, top = box
        half_x, half_y = self.frame.half_width * self.scale, self.frame.half_height * self.scale
        if left < -half_x or right > half_x or low < -half_y or top > half_y:
            return False
        return all(right <= b[0] or left >= b[2] or top <= b[1] or low >= b[3] for b in self.boxes)
