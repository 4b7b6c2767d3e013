"""``atlas.pdf``: cover, index, overview, a sheet a community, half a page a changed grid."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lingwu_grid.disclosure.telling import INTERNAL
from lingwu_grid.papers.funds_words import people_said
from lingwu_grid.papers.grid_plates import (
    AFTER_COLOUR,
    BEFORE_COLOUR,
    draw_grid,
    grid_bounds,
    grid_title,
    label_grid,
)
from lingwu_grid.papers.labels import wrapped
from lingwu_grid.papers.picture import SYNTHETIC, in_our_font, mark, our_style, printable
from lingwu_grid.papers.plates import (
    draw_community,
    draw_overview,
    label_community,
    label_overview,
)
from lingwu_grid.papers.scenery import Ground, frame_at, line_keys, old_key
from lingwu_grid.papers.sheet import index_map, margin_words, neatline
from lingwu_grid.papers.why import why_changed
from lingwu_grid.planning.defence import defence
from lingwu_grid.planning.lineage import UNCHANGED, changed_communities
from lingwu_grid.planning.streets import street_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    from matplotlib.axes import Axes

    from lingwu_grid.papers.scenery import Bounds
    from lingwu_grid.planning.record import PlanRecord

A3_CM = (42.0, 29.7)
A4_CM = (21.0, 29.7)
MAP_CM = (27.8, 24.9)
"""The map's part of an A3 page."""
OVERVIEW_CM = (33.4, 25.4)

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
    12_500,
    15_000,
    20_000,
    30_000,
    50_000,
)
"""1:1,000 to 1:3,000 where a community fits, else the next that does."""

ROWS = 34
"""Rows of the grid table beside a community's map."""

INDEX_ROWS, INDEX_COLUMNS = 36, 3
"""Of a page of the index."""

PAIR_CM = (9.3, 9.0)
"""One of the two maps of a changed grid."""

WRAP_PT = 520.0
"""Width of the words of a changed grid."""
WORDS_LINES = 9
REST = "其余见台账“逐项变动”表。"
WORDS_PT, LINE_CM = 8.5, 0.36
"""Of the words of a changed grid; lines they do not need are the map's."""


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
    changed = ground.grids[ground.grids["lineage"] != UNCHANGED].sort_values("grid_id")
    about = {"Title": f"{record.summary['study']} 社区网格图集", "CreationDate": None}
    ids = _charted(ground)
    sheets = {code: f"图{number}" for number, code in enumerate(ids, start=1)}
    with our_style(), PdfPages(path, metadata=about) as pages:
        _save(pages, _cover(ground, len(ids), len(changed)))
        for first in range(0, len(ids), INDEX_ROWS * INDEX_COLUMNS):
            _save(pages, _index(ground, ids[first : first + INDEX_ROWS * INDEX_COLUMNS], sheets))
        _save(pages, _overview(ground, sheets))
        for number, community in enumerate(ids):
            if number % 20 == 0:
                watch(f"图集 社区 {number}/{len(ids)}")
            _save(pages, community_page(ground, community, sheets))
        for number in range(0, len(changed), 2):
            if number % 40 == 0:
                watch(f"图集 变动网格 {number}/{len(changed)}")
            _save(pages, _grid_page(ground, changed.iloc[number : number + 2]))


def _charted(ground: Ground) -> list[str]:
    """List the communities with a sheet: all, or of a plan brought up to date those that change."""
    if "update" in ground.record.run:
        return sorted(changed_communities(ground.communities, ground.grids))
    return sorted(ground.communities["community_id"])


def _save(pages: PdfPages, figure: Figure) -> None:
    in_our_font(figure)
    pages.savefig(figure)  # type: ignore[no-untyped-call]  # matplotlib has no type for it


def _sheet(size_cm: tuple[float, float]) -> Figure:
    return Figure(figsize=(size_cm[0] / 2.54, size_cm[1] / 2.54))


def _axes(figure: Figure, left_cm: float, bottom_cm: float, size: tuple[float, float]) -> Axes:
    """Give axes of an exact size on paper."""
    wide, high = figure.get_size_inches() * 2.54
    return figure.add_axes((left_cm / wide, bottom_cm / high, size[0] / wide, size[1] / high))


def _cover(ground: Ground, charted: int, changed: int) -> Figure:
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
        f"图幅：总图 1 幅，社区图 {charted} 幅，变动网格 {changed} 个（前后对照）",
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


def _index(ground: Ground, ids: list[str], sheets: dict[str, str]) -> Figure:
    """List the sheets: number, community, households, scale."""
    figure = _sheet(A3_CM)
    figure.text(0.5, 0.93, "图幅索引", ha="center", fontsize=24)
    table = ground.communities.set_index("community_id")
    for at, code in enumerate(ids):
        column, line = divmod(at, INDEX_ROWS)
        row = table.loc[code]
        west, south, east, north = row.geometry.bounds
        scale = scale_for(east - west, north - south)
        figure.text(
            0.06 + 0.31 * column, 0.87 - 0.0225 * line,
            f"{sheets[code]}　{printable(row['community_name'])}　{row['households']} 户"
            f"　1:{scale:,}",
            fontsize=11,
        )  # fmt: skip
    mark(figure, synthetic=ground.is_synthetic, plan=ground.plan)
    return figure


def _overview(ground: Ground, sheets: dict[str, str]) -> Figure:
    figure = _sheet(A3_CM)
    axes = _axes(figure, 1.6, 1.9, OVERVIEW_CM)
    scale = _centred(axes, OVERVIEW_CM, tuple(ground.communities.total_bounds))
    keys = draw_overview(ground, axes)
    neatline(axes)
    label_overview(ground, axes, sheets)
    figure.legend(handles=keys, loc="upper right", bbox_to_anchor=(0.985, 0.9), frameon=False)
    figure.suptitle(f"{ground.record.summary['study']} 社区网格方案总图", fontsize=20, y=0.97)
    figure.text(0.038, 0.03, margin_words(ground, scale), fontsize=9)
    mark(figure, synthetic=ground.is_synthetic, plan=ground.plan)
    return figure


def _centred(axes: Axes, room_cm: tuple[float, float], bounds: Bounds) -> int:
    """Set the window to bounds at the largest scale that has room for them; give it."""
    west, south, east, north = bounds
    scale = scale_for(east - west, north - south, room_cm)
    size = (room_cm[0] / 100 * scale, room_cm[1] / 100 * scale)
    frame_at(axes, ((west + east) / 2, (south + north) / 2), size)
    return scale


def scale_for(width_m: float, height_m: float, room_cm: tuple[float, float] = MAP_CM) -> int:
    """
    Choose the largest scale at which an extent fits a map, by default that of an A3 page.

    Examples
    --------
    >>> scale_for(500, 480), scale_for(800, 700), scale_for(1787, 1377)
    (2500, 3000, 8000)
    """
    room = (room_cm[0] / 100 * 0.96, room_cm[1] / 100 * 0.96)
    need = max(width_m / room[0], height_m / room[1])
    return next((s for s in SCALES if s >= need), int(np.ceil(need / 10_000) * 10_000))


def community_page(ground: Ground, community_id: str, sheets: dict[str, str]) -> Figure:
    """
    Draw the A3 sheet of a community: map to scale in its neatline, table, legend, index.

    Parameters
    ----------
    ground
        The plan.
    community_id
        Which.
    sheets
        Number of the sheet of each community.
    """
    mine = ground.communities[ground.communities["community_id"] == community_id]
    row = mine.iloc[0]
    figure = _sheet(A3_CM)
    axes = _axes(figure, 1.4, 1.9, MAP_CM)
    scale = _centred(axes, MAP_CM, tuple(mine.total_bounds))
    grids, colours = draw_community(ground, axes, community_id)
    neatline(axes)
    label_community(ground, axes, community_id)
    figure.text(0.033, 0.955, f"{sheets[community_id]}　{row.community_name}", fontsize=24)
    street = street_name(ground.record, str(row.subdistrict_id))
    people = people_said(ground.record, row.residents)
    figure.text(
        0.033, 0.932,
        f"{street}　{community_id}　{row.households} 户　{people} 人　"
        f"{row.grids} 个网格　{row.status}　1:{scale:,}",
        fontsize=12,
    )  # fmt: skip
    figure.text(0.033, 0.03, margin_words(ground, scale), fontsize=9)
    _grid_table(figure, grids, colours)
    index_map(ground, _axes(figure, 35.2, 1.9, (6.0, 4.6)), sheets, community_id)
    figure.legend(
        handles=[*line_keys(), old_key()], loc="lower left", bbox_to_anchor=(0.705, 0.06),
        frameon=False, fontsize=9,
    )  # fmt: skip
    mark(figure, synthetic=ground.is_synthetic, plan=ground.plan)
    return figure


def _grid_table(figure: Figure, grids: gpd.GeoDataFrame, colours: list[str]) -> None:
    """Set the grids of a community beside its map; the first column is the legend."""
    axes = _axes(figure, 29.8, 6.8, (11.6, 21.0))
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


def fitting(said: list[str]) -> list[str]:
    """
    Wrap what is said of a grid, and leave out its last clauses where there is no room for them.

    Parameters
    ----------
    said
        Sentences, of clauses parted by "；".

    Returns
    -------
    list of str
        At most `WORDS_LINES` lines; where clauses are left out, the last says where they stand.

    Examples
    --------
    >>> fitting(["甲街东侧 3 栋"])
    ['甲街东侧 3 栋']
    """
    lines = wrapped(said, WORDS_PT, WRAP_PT)
    if len(lines) <= WORDS_LINES:
        return lines
    cut = list(said)
    while len(lines) >= WORDS_LINES:  # one line is kept for where the rest stands
        cut[-1] = cut[-1].rpartition("；")[0]
        cut = cut if cut[-1] else cut[:-1]
        lines = wrapped(cut, WORDS_PT, WRAP_PT)
    return [*lines, REST]


def _grid_page(ground: Ground, rows: gpd.GeoDataFrame) -> Figure:
    """Draw two changed grids on an A4 page: before and after at one scale, and why."""
    figure = _sheet(A4_CM)
    for place, row in enumerate(rows.itertuples(index=False)):
        said = [f"四至：{row.boundary_text}"] if row.boundary_text else []
        lines = fitting([*said, *why_changed(ground.record, row.grid_id)])
        room = (PAIR_CM[0], PAIR_CM[1] + LINE_CM * (WORDS_LINES - len(lines)))
        bottom = 15.6 if place == 0 else 1.7
        pair = (_axes(figure, 1.0, bottom, room), _axes(figure, 10.7, bottom, room))
        scale, _ = [_centred(axes, room, grid_bounds(ground, row.grid_id)) for axes in pair]
        draw_grid(ground, pair, row.grid_id)
        for axes, grids in zip(pair, (ground.today, ground.grids), strict=True):
            label_grid(ground, axes, grids)
        top = (bottom + 13.2) / A4_CM[1]
        figure.text(0.05, top, f"{grid_title(row)}　1:{scale:,}", fontsize=11)
        figure.text(
            0.05, top - 0.006, "\n".join(lines), fontsize=WORDS_PT, va="top", color="#333333",
        )  # fmt: skip
    keys = [
        Patch(facecolor=BEFORE_COLOUR, alpha=0.35, label="现状"),
        Patch(facecolor=AFTER_COLOUR, alpha=0.35, label="方案"), old_key(), *line_keys()[1:],
    ]  # fmt: skip
    figure.legend(
        handles=keys, loc="lower center", bbox_to_anchor=(0.5, 0.012), ncols=len(keys),
        frameon=False, fontsize=7, columnspacing=1.2,
    )  # fmt: skip
    mark(figure, synthetic=ground.is_synthetic, plan=ground.plan)
    return figure


def _cut(text: object, most: int) -> str:
    """Cut a name that has no room; the ledger has it whole."""
    said = printable(str(text))
    return said if len(said) <= most else said[: most - 1] + "…"
