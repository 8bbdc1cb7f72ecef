"""Drawings for a page: SVG that stands in the HTML itself and needs nothing from elsewhere."""

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREY, RED = "#2b6cb0", "#dd6b20", "#a0aec0", "#c53030"

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "paceline",
    "text.parse_math": False,  # a "$" in a name is a dollar
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#edf2f7",
    "legend.frameon": False,
    "legend.fontsize": 9,
}
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def drawn(
    paint: Callable[[Axes], None], *, title: str, x: str, y: str, size: tuple[float, float] = (5.0, 3.3)
) -> Markup:
    """Returns what is painted as an SVG element.

    Args:
        paint: Paints onto axes.
        title: Above the drawing.
        x: What the horizontal axis is, with its unit.
        y: What the vertical axis is, with its unit.
        size: Width and height in inches.
    """
    out = io.StringIO()
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=size)
        axes = figure.add_subplot()
        paint(axes)
        axes.set_title(title, loc="left", fontweight="bold")
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        figure.savefig(out, format="svg", bbox_inches="tight", pad_inches=0.05, metadata=_NO_METADATA)
    return Markup(_inline(out.getvalue()))  # noqa: S704, of Matplotlib, which escapes all texts


def _inline(document: str) -> str:
    """Returns the svg element alone; within HTML it needs no names of XML."""
    return re.sub(r' xmlns(:\w+)?="[^"]*"', "", document[document.index("<svg") :], count=2)
