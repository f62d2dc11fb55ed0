"""Where the parts of a picture lie on the page. Inches, from the lower left."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[float, float, float, float]  #: left, bottom, width, height

#: width of the whole sky with its labels for a height of 1
SKY_RATIO = 2.12 * 2 / 2.04
TITLE, NOTE, LEGEND_ROW = 0.40, 0.30, 0.24
#: around a window, for the labels of its graticule
LEFT, RIGHT, ABOVE, BELOW = 0.86, 0.42, 0.34, 0.28


@dataclass(frozen=True)
class Sheet:
    """The page and the boxes on it."""

    width: float
    height: float
    sky: Box
    windows: tuple[Box, ...]
    legend: tuple[float, float]  #: its middle
    columns: int  #: of the legend


def tall(windows: int, entries: int) -> Sheet:
    """The whole sky above, windows below: for pages and telephones."""
    width, columns = 6.4, 3
    side = 4.25 if windows == 1 else 2.2
    rows = -(-entries // columns)
    low = NOTE + BELOW
    top = low + side + ABOVE
    legend = top + rows * LEGEND_ROW / 2 + 0.02
    sky_low = top + rows * LEGEND_ROW + 0.06
    sky_wide = width - 0.15
    sky_high = sky_wide / SKY_RATIO
    if windows == 1:
        boxes: tuple[Box, ...] = (((width - side) / 2 + 0.15, low, side, side),)
    else:
        boxes = ((LEFT, low, side, side), (width / 2 + LEFT, low, side, side))
    sky = (0.02, sky_low, sky_wide, sky_high)
    return Sheet(width, sky_low + sky_high + TITLE, sky, boxes, (width / 2, legend), columns)


def wide(windows: int, entries: int) -> Sheet:
    """The whole sky on the left, windows on the right: for papers."""
    side = 2.75 if windows == 1 else 2.3
    low = NOTE + LEGEND_ROW + BELOW + 0.05
    sky_wide = 6.0 if windows == 1 else 5.4
    sky_high = sky_wide / SKY_RATIO
    left = sky_wide + 0.05
    boxes = tuple((left + LEFT + number * (LEFT + side + 0.15), low, side, side) for number in range(windows))
    width = boxes[-1][0] + side + RIGHT
    body = max(sky_high, side + ABOVE)
    sky = (0.02, low - 0.1 + (body - sky_high) / 2, sky_wide, sky_high)
    legend = (width / 2, NOTE + LEGEND_ROW / 2)
    return Sheet(width, low + body + TITLE, sky, boxes, legend, entries or 1)


SHEETS = {"tall": tall, "wide": wide}
