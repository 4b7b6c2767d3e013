"""The frontier as a picture: households affected against border on no line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lingwu_grid.papers.picture import mark, new_figure, our_style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure


def frontier_chart(rows: Sequence[Mapping[str, Any]], chosen: str, *, synthetic: bool) -> Figure:
    """
    Draw what each choice costs and what it buys.

    Parameters
    ----------
    rows
        Of ``scenarios.csv``, the fewest households affected first.
    chosen
        Name of the one that is drawn with a star.
    synthetic
        Say that the data are.
    """
    moved = [row["受影响户数"] for row in rows]
    km = [row["不沿线的边界（公里）"] for row in rows]
    with our_style():
        figure = new_figure(16, 10)
        axes = figure.add_subplot()
        axes.plot(moved, km, color="#9e9e9e", linewidth=1, zorder=1)
        for row, x, y in zip(rows, moved, km, strict=True):
            star = row["方案"] == chosen
            axes.scatter(
                x, y, marker="*" if star else "o",
                s=160 if star else 40, color="#d81b60" if star else "#4527a0", zorder=2,
            )  # fmt: skip
            said = f"{row['方案']}：{x:,} 户，{y:g} 公里"
            said += f"\n瓶颈 {row['有瓶颈的网格']}，贴近上下限 {row['贴近上下限']}"
            axes.annotate(
                said, (x, y), xytext=(8, 6), textcoords="offset points", fontsize=8,
            )  # fmt: skip
        axes.margins(x=0.25, y=0.2)
        axes.tick_params(labelsize=8)
        axes.set_xlabel("受影响的户（换网格或换社区）", fontsize=9)
        axes.set_ylabel("不沿路、水、墙的网格边界（公里）", fontsize=9)
        axes.set_title("边界每清晰一点，要多影响多少户（★ 为选用的方案）", fontsize=12)
        mark(figure, synthetic=synthetic)
    return figure
