"""A sky map, or a position, as a picture: the whole sky, and its most probable part in a window or two.

    skyplot.draw(sky)                                  PNG bytes, 800 pixels wide
    skyplot.draw(sky, form="svg", layout="wide")       for a paper; also "pdf"
    skyplot.draw(skyplot.Place(ra, dec, radius_deg))   where there is no map

Credible level is shown by lightness of one blue, the 50 and 90 % regions by a full and a broken line, so that nothing
depends on telling colours apart; letters stay readable when the picture is shown 400 pixels wide. Nothing heavy is
imported before a picture is drawn. Pure: no Django, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from tom_scimma.skyplot import scene as scenes
from tom_scimma.skyplot.bodies import Body, sun_and_moon
from tom_scimma.skyplot.frame import WholeSky, Window
from tom_scimma.skyplot.graticule import SMALL
from tom_scimma.skyplot.page import DPI, FORMS, page_bytes, refuse_unknown
from tom_scimma.skyplot.palette import PALETTES, Palette
from tom_scimma.skyplot.scene import Layer, Place, Point, Scene, angle_text, area_text
from tom_scimma.skyplot.sheet import SHEETS, Box, Sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tom_scimma.skymap import SkyMap

#: goes up when pictures of the same things come out otherwise
EDITION = 3


def draw(
    subject: SkyMap | Place,
    *,
    form: str = "png",
    title: str = "",
    time: datetime | None = None,
    time_words: str = "",
    layers: Sequence[Layer] = (),
    levels: tuple[float, float] = (0.5, 0.9),
    layout: str = "tall",
    theme: str = "light",
    dpi: int = DPI,
) -> bytes:
    """The bytes of a picture of a sky map or a Place.

    `form` is png, svg or pdf; `layout` tall (pages) or wide (papers); `theme` light or dark. Sun and Moon are drawn
    where they are at `time` (aware; none without), which the picture says, with `time_words` for what that time is.
    Raises ValueError for a form, layout or theme that is not known, and for a Place that is no position.
    """
    refuse_unknown(form=form, layout=layout, theme=theme)
    scene = scenes.of(subject, levels)
    bodies = sun_and_moon(time) if time else ()
    figure = _figure(scene, title, layers, bodies, _note(time, time_words), layout, PALETTES[theme])
    return page_bytes(figure, form, dpi)


def _figure(
    scene: Scene, title: str, layers: Sequence[Layer], bodies: Sequence[Body], note: str, layout: str, colours: Palette
) -> Figure:
    from matplotlib.figure import Figure

    from tom_scimma.skyplot import legend, paint

    entries = legend.entries(scene, layers, colours)
    sheet = SHEETS[layout](len(scene.views), len(entries))
    figure = Figure(figsize=(sheet.width, sheet.height), facecolor=colours.paper)
    whole = figure.add_axes(_part(sheet, sheet.sky))
    paint.panel(whole, WholeSky(), scene, layers, bodies, colours, (760, 380))
    whole.axis("off")
    for number, (view, box) in enumerate(zip(scene.views, sheet.windows, strict=True)):
        axes = figure.add_axes(_part(sheet, box))
        size = 440 if len(scene.views) == 1 else 260
        paint.panel(axes, Window(view.ra, view.dec, view.radius_deg), scene, layers, bodies, colours, (size, size))
        if len(scene.views) > 1:
            words = f"{'AB'[number]}: {100 * (view.share or 0):.0f} % of the probability"
            figure.text(
                (box[0] + box[2] / 2) / sheet.width, (box[1] + box[3] + 0.06) / sheet.height, words, ha="center", va="bottom",
                fontsize=SMALL, color=colours.ink,
            )  # fmt: skip
    legend.draw(figure, sheet, entries, colours)
    legend.headings(figure, sheet, title, note, colours)
    return figure


def _part(sheet: Sheet, box: Box) -> tuple[float, float, float, float]:
    left, low, wide, high = box
    return left / sheet.width, low / sheet.height, wide / sheet.width, high / sheet.height


def _note(time: datetime | None, words: str) -> str:
    if time is None:
        return ""
    said = f"Sun and Moon at {time.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"
    return f"{said}, {words}" if words else said


__all__ = ["EDITION", "FORMS", "Layer", "Place", "Point", "angle_text", "area_text", "draw"]
