"""``atlas.pdf``: cover, overview, a page a community, half a page a changed grid; all vector."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lingwu_grid.disclosure.telling import INTERNAL
from lingwu_grid.papers.funds_words import people_said
from lingwu_grid.papers.picture import SYNTHETIC, in_our_font, mark, our_style, printable
from lingwu_grid.papers.plates import draw_community, draw_grid, draw_overview, grid_title
from lingwu_grid.papers.scenery import Ground, frame, frame_at, line_keys
from lingwu_grid.planning.defence import defence
from lingwu_grid.planning.streets import street_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    from matplotlib.axes import Axes

    from lingwu_grid.planning.record import PlanRecord

A3_CM = (42.0, 29.7)
A4_CM = (21.0, 29.7)
MAP_CM = (28.0, 25.2)
"""The map's part of an A3 page."""

SCALES = (
    1000,
    1500,
    2000,
    2500,
    3000,
    4000,
    5000,
    6000,
    8000,
    10_000,
    15_000,
    20_000,
    30_000,
    50_000,
)
"""1:1,000 to 1:3,000 where a community fits, else the next that does."""

ROWS = 34
"""Rows of the grid table beside a community's map."""

WRAP = 46
"""Characters of a 四至 in one line of half a page."""


def write_atlas(
    record: PlanRecord, path: Path, *, watch: Callable[[str], None] = lambda _: None
) -> None:
    """
    Draw the atlas.

    Parameters
    ----------
    record
        The plan.
    path
        Where.
    watch
        Told how far the work is.
    """
    ground = Ground(record)
    changed = ground.grids[ground.grids["lineage"] != "不变"].sort_values("grid_id")
    about = {"Title": f"{record.summary['study']} 社区网格图集", "CreationDate": None}
    with our_style(), PdfPages(path, metadata=about) as pages:
        _save(pages, _cover(ground, len(changed)))
        _save(pages, _overview(ground))
        ids = ground.communities["community_id"].sort_values().tolist()
        for number, community in enumerate(ids):
            if number % 20 == 0:
                watch(f"图集 社区 {number}/{len(ids)}")
            _save(pages, community_page(ground, community))
        for number in range(0, len(changed), 2):
            if number % 40 == 0:
                watch(f"图集 变动网格 {number}/{len(changed)}")
            _save(pages, _grid_page(ground, changed.iloc[number : number + 2]))


def _save(pages: PdfPages, figure: Figure) -> None:
    in_our_font(figure)
    pages.savefig(figure)  # type: ignore[no-untyped-call]  # matplotlib has no type for it


def _sheet(size_cm: tuple[float, float]) -> Figure:
    return Figure(figsize=(size_cm[0] / 2.54, size_cm[1] / 2.54))


def _axes(figure: Figure, left_cm: float, bottom_cm: float, size: tuple[float, float]) -> Axes:
    """Give axes of an exact size on paper."""
    wide, high = figure.get_size_inches() * 2.54
    return figure.add_axes((left_cm / wide, bottom_cm / high, size[0] / wide, size[1] / high))


def _cover(ground: Ground, changed: int) -> Figure:
    figure = _sheet(A3_CM)
    record = ground.record
    s = record.summary
    figure.text(0.5, 0.72, str(s["study"]), ha="center", fontsize=34)
    figure.text(0.5, 0.62, "社区网格调整方案图集", ha="center", fontsize=44)
    lines = [
        f"常住 {s['households']:,} 户，{s['communities']} 个社区，{s['grids']} 个网格"
        f"（现状 {s['grids_today']} 个）",
        f"合规网格 {s['grids_in_range']} 个，登记例外 {s['exceptions']} 个",
        f"受影响 {s['affected']:,} 户：{s['households_moved_grid']:,} 户换网格"
        f"（{s['moved_share']:.2%}），{s['households_moved_community']:,} 户换社区",
        defence(s),
        f"图幅：总图 1 幅，社区图 {s['communities']} 幅，变动网格 {changed} 个（前后对照）",
        f"方案 {ground.plan}　制图 {dt.date.today().isoformat()}",
    ]
    for i, line in enumerate(lines):
        figure.text(0.5, 0.46 - 0.05 * i, line, ha="center", fontsize=18)
    notice = " · ".join(filter(None, (str(record.run["rules"].get("notice", "")), INTERNAL)))
    figure.text(0.5, 0.1, notice, ha="center", fontsize=16, color="#555555")
    if ground.is_synthetic:
        figure.text(
            0.5, 0.86, SYNTHETIC, ha="center", fontsize=22, color="white",
            bbox={"facecolor": "#c62828", "edgecolor": "none", "pad": 8},
        )  # fmt: skip
    return figure


def _overview(ground: Ground) -> Figure:
    figure = _sheet(A3_CM)
    axes = _axes(figure, 1.0, 1.2, (34.0, 26.0))
    frame(axes, tuple(ground.grids.total_bounds), margin=0.02)
    keys = draw_overview(ground, axes)
    figure.legend(handles=keys, loc="upper right", bbox_to_anchor=(0.985, 0.9), frameon=False)
    figure.suptitle(f"{ground.record.summary['study']} 社区网格方案总图", fontsize=20, y=0.97)
    mark(figure, synthetic=ground.is_synthetic, plan=ground.plan)
    return figure


def scale_for(width_m: float, height_m: float) -> int:
    """
    Choose the largest scale at which an extent fits the map of an A3 page.

    Examples
    --------
    >>> scale_for(500, 480), scale_for(800, 700), scale_for(1787, 1377)
    (2000, 3000, 8000)
    """
    room = (MAP_CM[0] / 100 * 0.96, MAP_CM[1] / 100 * 0.96)
    need = max(width_m / room[0], height_m / room[1])
    return next((s for s in SCALES if s >= need), int(np.ceil(need / 10_000) * 10_000))


def community_page(ground: Ground, community_id: str) -> Figure:
    """
    Draw the A3 page of a community: map to scale, legend, table of its grids.

    Parameters
    ----------
    ground
        The plan.
    community_id
        Which.
    """
    mine = ground.communities[ground.communities["community_id"] == community_id]
    row = mine.iloc[0]
    west, south, east, north = mine.total_bounds.tolist()
    scale = scale_for(east - west, north - south)
    figure = _sheet(A3_CM)
    axes = _axes(figure, 1.0, 1.4, MAP_CM)
    size = (MAP_CM[0] / 100 * scale, MAP_CM[1] / 100 * scale)
    frame_at(axes, ((west + east) / 2, (south + north) / 2), size)
    grids, colours = draw_community(ground, axes, community_id)
    figure.text(0.024, 0.955, str(row.community_name), fontsize=24)
    street = street_name(ground.record, str(row.subdistrict_id))
    people = people_said(ground.record, row.residents)
    figure.text(
        0.024, 0.93,
        f"{street}　{community_id}　{row.households} 户　{people} 人　"
        f"{row.grids} 个网格　{row.status}　1:{scale:,}",
        fontsize=12,
    )  # fmt: skip
    _grid_table(figure, grids, colours)
    figure.legend(
        handles=line_keys(), loc="lower right", bbox_to_anchor=(0.985, 0.05), ncols=2,
        frameon=False, fontsize=9,
    )  # fmt: skip
    mark(figure, synthetic=ground.is_synthetic, plan=ground.plan)
    return figure


def _grid_table(figure: Figure, grids: gpd.GeoDataFrame, colours: list[str]) -> None:
    """Set the grids of a community beside its map; the first column is the legend."""
    axes = _axes(figure, 29.6, 3.4, (11.8, 24.4))
    axes.set_axis_off()
    shown = grids.head(ROWS)
    cells = [
        ["", str(g.grid_id)[-3:], _cut(g.grid_name, 11), f"{g.households}", g.status, g.lineage]
        for g in shown.itertuples(index=False)
    ]
    if len(grids) > ROWS:
        cells.append(["", "", f"另有 {len(grids) - ROWS} 个", "", "", ""])
    if not cells:
        return
    table = axes.table(
        cellText=cells, colLabels=["", "序号", "网格", "户数", "状态", "变更"],
        colWidths=[0.06, 0.1, 0.42, 0.14, 0.14, 0.14], loc="upper left", cellLoc="left",
    )  # fmt: skip
    table.auto_set_font_size(value=False)
    table.set_fontsize(9)
    table.scale(1, 1.5)
    for i, colour in enumerate(colours[:ROWS]):
        table[i + 1, 0].set_facecolor(colour)
    for cell in table.get_celld().values():
        cell.set_linewidth(0.4)


def _grid_page(ground: Ground, rows: gpd.GeoDataFrame) -> Figure:
    """Draw two changed grids on an A4 page, before and after."""
    figure = _sheet(A4_CM)
    for place, row in enumerate(rows.itertuples(index=False)):
        bottom = 15.2 if place == 0 else 1.2
        left = _axes(figure, 1.0, bottom, (9.3, 10.4))
        right = _axes(figure, 10.7, bottom, (9.3, 10.4))
        draw_grid(ground, (left, right), row.grid_id)
        top = (bottom + 13.0) / A4_CM[1]
        figure.text(0.05, top, grid_title(row), fontsize=12)
        text = row.boundary_text or ""
        lines = [text[i : i + WRAP] for i in range(0, min(len(text), 3 * WRAP), WRAP)]
        figure.text(0.05, top - 0.008, "\n".join(lines), fontsize=9, va="top", color="#333333")
    keys = [
        Patch(facecolor="#fb8c00", alpha=0.35, label="现状"),
        Patch(facecolor="#43a047", alpha=0.35, label="方案"), *line_keys()[1:],
    ]  # fmt: skip
    figure.legend(
        handles=keys, loc="lower center", bbox_to_anchor=(0.5, 0.012), ncols=5, frameon=False,
        fontsize=8,
    )  # fmt: skip
    mark(figure, synthetic=ground.is_synthetic, plan=ground.plan)
    return figure


def _cut(text: object, most: int) -> str:
    """Cut a name that has no room; the ledger has it whole."""
    said = printable(str(text))
    return said if len(said) <= most else said[: most - 1] + "…"
