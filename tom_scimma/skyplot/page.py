"""A figure -> the bytes of a file, the same each time."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

from tom_scimma.skyplot.palette import PALETTES
from tom_scimma.skyplot.sheet import SHEETS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 125
#: form of a file -> its type
FORMS = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
#: matplotlib's settings are one for all threads
_alone = threading.Lock()


def refuse_unknown(*, form: str = "png", layout: str = "tall", theme: str = "light") -> None:
    """Raises ValueError for an option that no picture has, naming those there are."""
    for name, value, known in (("form", form, FORMS), ("layout", layout, SHEETS), ("theme", theme, PALETTES)):
        if value not in known:
            raise ValueError(f"{name} {value!r} is not one of {', '.join(known)}")


def page_bytes(figure: Figure, form: str, dpi: int) -> bytes:
    """The figure's file, without anything that differs from one drawing to the next."""
    from matplotlib import rc_context
    from matplotlib.backends import backend_agg, backend_pdf, backend_svg

    canvases: dict[str, Any] = {
        "png": backend_agg.FigureCanvasAgg,
        "svg": backend_svg.FigureCanvasSVG,
        "pdf": backend_pdf.FigureCanvasPdf,
    }
    blank = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}}
    out = io.BytesIO()
    canvases[form](figure)
    options: dict[str, Any] = {"format": form, "dpi": dpi, "metadata": blank[form], "facecolor": figure.get_facecolor()}
    if form == "png":
        figure.savefig(out, **options)
    else:
        with _alone, rc_context({"svg.hashsalt": "tom_scimma", "pdf.fonttype": 42}):
            figure.savefig(out, **options)
    return out.getvalue()
