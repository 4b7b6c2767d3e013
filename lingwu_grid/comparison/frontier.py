"""The frontier as a picture: households affected against border on no line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.papers.picture import mark, new_figure, our_style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from lingwu_grid.comparison.trade_offs import Choice


def frontier_chart(choices: Sequence[Choice], chosen: str) -> Figure:
    """
    Draw what each choice costs and what it buys.

    Parameters
    ----------
    choices
        The fewest households affected first.
    chosen
        Name of the one that is drawn with a star.
    """
    moved, km = [c.affected for c in choices], [c.off_line_km for c in choices]
    with our_style():
        figure = new_figure(16, 10)
        axes = figure.add_subplot()
        axes.plot(moved, km, color="#9e9e9e", linewidth=1, zorder=1)
        for choice in choices:
            star = choice.name == chosen
            axes.scatter(
                choice.affected, choice.off_line_km, marker="*" if star else "o",
                s=160 if star else 40, color="#d81b60" if star else "#4527a0", zorder=2,
            )  # fmt: skip
            said = f"{choice.name}：{choice.affected:,} 户，{choice.off_line_km:g} 公里"
            said += f"\n瓶颈 {choice.necked}，贴近上下限 {choice.tight}"
            axes.annotate(
                said, (choice.affected, choice.off_line_km), xytext=(8, 6),
                textcoords="offset points", fontsize=8,
            )  # fmt: skip
        axes.margins(x=0.25, y=0.2)
        axes.tick_params(labelsize=8)
        axes.set_xlabel("受影响的户（换网格或换社区）", fontsize=9)
        axes.set_ylabel("不沿路、水、墙的网格边界（公里）", fontsize=9)
        axes.set_title("边界每清晰一点，要多影响多少户（★ 为选用的方案）", fontsize=12)
        mark(figure, synthetic=bool(choices[0].plan.summary["synthetic"]))
    return figure
