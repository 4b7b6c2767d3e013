"""Sheets of paper: a figure with our font, saved to the same bytes every time."""

from __future__ import annotations

import datetime
import io
from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

from lingwu_grid.disclosure.telling import INTERNAL

if TYPE_CHECKING:
    from collections.abc import Iterator

FAMILY = "Lingwu Sans SC"
"""A subset of Noto Sans SC (GB 2312, signs, rare characters of names), OFL, shipped."""

OTHERS = ("Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "DejaVu Sans")
"""Asked for a character that ours has not, where they are installed."""

SYNTHETIC = "合成数据，非真实情况"


@cache
def families() -> tuple[str, ...]:
    """Give the font families to draw with; ours is first."""
    with as_file(files("lingwu_grid.papers").joinpath("fonts", "LingwuSansSC-Regular.otf")) as path:
        font_manager.fontManager.addfont(str(path))
    there = set(font_manager.fontManager.get_font_names())
    return (FAMILY, *(name for name in OTHERS if name in there))


@cache
def _known() -> frozenset[int]:
    known: set[int] = set()
    for name in families():
        font = font_manager.get_font(font_manager.findfont(name))
        known |= set(font.get_charmap())
    return frozenset(known)


def missing_glyphs(text: str) -> set[str]:
    """
    Tell the characters that no font here can draw.

    Parameters
    ----------
    text
        What is to be printed.

    Examples
    --------
    >>> missing_glyphs("灵武市〔2020〕65号")
    set()
    """
    return {sign for sign in text if ord(sign) not in _known() and not sign.isspace()}


@contextmanager
def our_style() -> Iterator[None]:
    """Draw with our font and settings; matplotlib's own are left as they were."""
    settings: Any = {
        "font.family": list(families()),
        "axes.unicode_minus": False,
        "text.parse_math": False,  # a name with two dollar signs is a name
        "svg.hashsalt": "lingwu_grid",
        "svg.fonttype": "path",
        "pdf.fonttype": 3,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(settings):
        yield


def new_figure(width_cm: float, height_cm: float) -> Figure:
    """Give an empty figure of a size on paper."""
    return Figure(figsize=(width_cm / 2.54, height_cm / 2.54), layout="constrained")


def mark(figure: Figure, *, synthetic: bool, plan: str = "", may_leave: str = INTERNAL) -> None:
    """
    Write on the sheet which plan it shows, when it was drawn, and that its figures are invented.

    Parameters
    ----------
    figure
        The sheet.
    synthetic
        Whether the data are.
    plan
        Name of the plan; empty for none.
    may_leave
        Who may see it.
    """
    words = [f"方案 {plan}"] if plan else []
    words += [f"制图 {datetime.date.today().isoformat()}", may_leave]
    figure.text(0.005, 0.005, " · ".join(words), fontsize=8, color="#555555", va="bottom")
    if synthetic:
        figure.text(
            0.995, 0.005, SYNTHETIC, ha="right", va="bottom", fontsize=9, color="white",
            bbox={"facecolor": "#c62828", "edgecolor": "none", "pad": 2},
        )  # fmt: skip


def save_figure(figure: Figure, path: Path, *, dpi: int = 150) -> None:
    """
    Write a figure; the kind of file goes by the name (SVG, PNG, PDF).

    Parameters
    ----------
    figure
        Its texts are drawn with our font, whatever made them.
    path
        Where.
    dpi
        Of a PNG.
    """
    in_our_font(figure)
    # No date: the same figure gives the same bytes.
    dates: dict[str, dict[str, Any]] = {
        ".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {"Software": None},
    }  # fmt: skip
    with our_style():
        figure.savefig(path, dpi=dpi, metadata=dates[path.suffix])


def save_figures(named: dict[str, Figure], folder: Path) -> None:
    """Write figures into a folder, each as PNG and as SVG."""
    folder.mkdir(exist_ok=True)
    for name, figure in named.items():
        save_figure(figure, folder / f"{name}.png")
        save_figure(figure, folder / f"{name}.svg")


def save_png(figure: Figure, into: IO[bytes], *, dpi: int = 150) -> None:
    """Draw a figure into memory, for a document."""
    in_our_font(figure)
    with our_style():
        figure.savefig(into, format="png", dpi=dpi, metadata={"Software": None})


class Picture:
    """
    A figure that shows itself in a notebook.

    Parameters
    ----------
    figure
        The sheet; ``picture.figure`` gives it back.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    def _repr_png_(self) -> bytes:
        drawn = io.BytesIO()
        save_png(self.figure, drawn, dpi=90)
        return drawn.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write it; the kind of file goes by the name (SVG, PNG, PDF)."""
        save_figure(self.figure, Path(path))
        return Path(path)


def in_our_font(figure: Figure) -> None:
    """Set every text of a figure in our font, whatever made it; what no font has is a box."""
    for text in figure.findobj(Text):
        text.set_fontfamily(list(families()))
        text.set_text(printable(text.get_text()))


def printable(said: str) -> str:
    r"""
    Put a box for every character that no font here can draw.

    Examples
    --------
    >>> printable("灵\x01武")
    '灵□武'
    """
    unknown = missing_glyphs(said) | {s for s in said if s.isspace() and s not in " \n\u3000"}
    unknown |= {s for s in said if s < " " and s != "\n"}  # some fonts claim to have them
    return "".join("□" if sign in unknown else sign for sign in said) if unknown else said
