"""The atlas as a plan sheet: scale, neatline, index, labels that keep clear of one another."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import rgb_to_hsv, to_rgb
from matplotlib.figure import Figure
from pypdf import PdfReader

from lingwu_grid.papers.atlas import (
    MAP_CM,
    REST,
    WORDS_LINES,
    _charted,
    community_page,
    fitting,
    scale_for,
    write_atlas,
)
from lingwu_grid.papers.colours import distinct
from lingwu_grid.papers.filling import blank
from lingwu_grid.papers.grid_plates import grid_plate
from lingwu_grid.papers.labels import Labels, Look, wrapped
from lingwu_grid.papers.picture import our_style
from lingwu_grid.papers.plates import changes_plate, community_plate, notice_plate, overview
from lingwu_grid.papers.proposal import _communities
from lingwu_grid.papers.scenery import OLD, Ground
from lingwu_grid.papers.sheet import neatline
from lingwu_grid.papers.why import why_changed
from lingwu_grid.planning.stories import is_passing

if TYPE_CHECKING:
    from pathlib import Path

    import lingwu_grid as lg


@pytest.fixture(scope="module")
def ground(small_plan: lg.Plan) -> Ground:
    return Ground(small_plan)


@pytest.fixture(scope="module")
def sheets(ground: Ground) -> dict[str, str]:
    return {code: f"图{i}" for i, code in enumerate(sorted(ground.communities["community_id"]), 1)}


def test_an_update_has_sheets_and_chapters_of_what_changes_only(
    ground: Ground, small_plan: lg.Plan, tmp_path: Path
) -> None:
    everyone = sorted(ground.communities["community_id"])
    assert _charted(ground) == everyone
    grids = small_plan.grids.assign(lineage="不变")
    communities = small_plan.communities.assign(lineage="不变")
    calm = replace(
        small_plan, grids=grids, communities=communities, run=small_plan.run | {"update": {}}
    )
    assert _charted(Ground(calm)) == []
    grids.loc[grids.index[0], "lineage"] = "调整"
    assert _charted(Ground(replace(calm, grids=grids))) == [grids["community_id"].iloc[0]]
    communities.loc[communities.index[-1], "lineage"] = "新设"
    both = {grids["community_id"].iloc[0], communities["community_id"].iloc[-1]}
    changed = replace(calm, grids=grids, communities=communities)
    told = _communities(changed, blank(changed), traverse=False)
    assert [c["id"] for c in told] == sorted(both)
    assert all(c["is_changed"] for c in told)
    assert len(_communities(small_plan, blank(small_plan), traverse=False)) == len(everyone)
    write_atlas(changed, tmp_path / "atlas.pdf")
    pages = [page.extract_text() for page in PdfReader(tmp_path / "atlas.pdf").pages]
    assert f"社区图 {len(both)} 幅" in pages[0]
    assert len(pages) == 3 + len(both) + 1  # cover, index, overview; one pair of grids
    assert _charted(Ground(changed)) == sorted(both)


def _boxes(figure: Figure) -> dict[int, list[shapely.Polygon]]:
    """Measure the labels of every map of a figure as they are drawn, by a renderer."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    out: dict[int, list[shapely.Polygon]] = {}
    for number, axes in enumerate(figure.axes):
        for text in axes.texts:
            if text.get_zorder() != 6 or not text.get_text():
                continue
            x, y = axes.transData.transform(text.get_position())
            turn = np.radians(text.get_rotation())
            text.set_rotation(0)
            box = text.get_window_extent(canvas.get_renderer())
            wide, high = box.width / 2, box.height / 2
            corners = np.array([(-wide, -high), (wide, -high), (wide, high), (-wide, high)])
            c, s = np.cos(turn), np.sin(turn)
            turned = corners @ np.array([(c, s), (-s, c)]) + (x, y)
            out.setdefault(number, []).append(shapely.Polygon(turned))
    return out


def test_no_label_of_a_map_covers_another(
    small_plan: lg.Plan, ground: Ground, sheets: dict[str, str]
) -> None:
    changed = small_plan.grids.loc[small_plan.grids["lineage"] != "不变", "grid_id"].iloc[0]
    with our_style():
        pages = [community_page(ground, code, sheets) for code in sheets]
    first = next(iter(sheets))
    pages += [
        overview(ground), community_plate(ground, first), changes_plate(ground, first),
        notice_plate(ground, first), grid_plate(ground, changed),
    ]  # fmt: skip
    seen = 0
    for page in pages:
        for boxes in _boxes(page).values():
            seen += len(boxes)
            tree = shapely.STRtree(boxes)
            a, b = tree.query(boxes, predicate="overlaps")
            apart = shapely.area(
                shapely.intersection(*(np.array(boxes, object)[i] for i in (a, b)))
            )
            assert (apart < 1.0).all()  # of a pixel
    assert seen > 10 * len(pages)


def test_every_grid_of_a_sheet_has_its_label(ground: Ground, sheets: dict[str, str]) -> None:
    for code in sheets:
        with our_style():
            axes = community_page(ground, code, sheets).axes[0]
        said = [text.get_text() for text in axes.texts]
        for grid in ground.grids[ground.grids["community_id"] == code].itertuples():
            serial = grid.grid_id[-3:]
            assert f"{serial}\n{grid.households} 户" in said or serial in said


def test_a_sheet_is_to_scale_and_its_edge_tells_where_it_lies(
    ground: Ground, sheets: dict[str, str]
) -> None:
    code = next(iter(sheets))
    with our_style():
        page = community_page(ground, code, sheets)
    axes = page.axes[0]
    said = " ".join(text.get_text() for text in page.texts)
    found = re.search(r"比例尺 1:([\d,]+)　坐标系 (.+?)　", said)
    assert found
    assert found[2] == ground.system
    wide, high = (length * 2.54 * share for length, share in zip(
        page.get_size_inches(), axes.get_position().size, strict=True))  # fmt: skip
    scale = int(found[1].replace(",", ""))
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    assert east - west == pytest.approx(wide / 100 * scale, rel=1e-6)
    assert north - south == pytest.approx(high / 100 * scale, rel=1e-6)
    for axis, low, high in ((axes.xaxis, west, east), (axes.yaxis, south, north)):
        at = axis.get_majorticklocs()
        assert len(at) >= 2
        assert (low <= np.array(at)).all()
        assert (np.array(at) <= high).all()
        told = [float(label.get_text()) * 1000 for label in axis.get_ticklabels()]
        assert told == pytest.approx(list(at), abs=5)
    assert all(spine.get_visible() for spine in axes.spines.values())
    index = {text.get_text() for text in page.axes[-1].texts}
    assert sheets[code] in index


def test_the_least_scale_that_has_room_is_taken() -> None:
    room = (MAP_CM[0] / 100 * 0.96, MAP_CM[1] / 100 * 0.96)
    for scale, over in ((1000, 1500), (10_000, 12_500), (50_000, 60_000)):
        assert scale_for(room[0] * scale, 1.0) == scale
        assert scale_for(room[0] * scale + 1, 1.0) == over
        assert scale_for(1.0, room[1] * scale + 1) == over


def test_ticks_are_few_and_round(ground: Ground) -> None:
    del ground
    for wide in (180.0, 350.0, 1001.0, 9000.0):
        axes = Figure(figsize=(10, 10)).add_axes((0.1, 0.1, 0.8, 0.8))
        axes.set(xlim=(500_013.0, 500_013.0 + wide), ylim=(4_210_007.0, 4_210_007.0 + wide))
        neatline(axes)
        at = np.array(axes.xaxis.get_majorticklocs())
        assert 1 <= len(at) <= 7
        step = at[1] - at[0]
        assert (at % step == 0).all()
        assert str(int(step))[0] in "125"


def test_todays_border_lies_dashed_under_the_new(ground: Ground, sheets: dict[str, str]) -> None:
    red = to_rgb(OLD)
    for code in sheets:
        with our_style():
            axes = community_page(ground, code, sheets).axes[0]
        dashed = [
            c for c in axes.collections
            if len(c.get_edgecolor()) and tuple(c.get_edgecolor()[0][:3]) == red
            and c.get_linestyle()[0][1] is not None
        ]  # fmt: skip
        assert dashed, code


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.integers(1, 8))
def test_no_two_zones_of_a_map_have_one_colour(n: int, row: int) -> None:
    zones = np.array([shapely.box(i % row, i // row, i % row + 1, i // row + 1) for i in range(n)],
                     object)  # fmt: skip
    colours = distinct(zones)
    assert len(set(colours)) == n
    assert colours == distinct(zones)
    for colour in colours:
        _, saturation, value = rgb_to_hsv(to_rgb(colour))
        assert saturation < 0.75  # no alarm
        assert value > 0.5


def test_neighbours_get_colours_far_apart() -> None:
    zones = np.array([shapely.box(i % 5, i // 5, i % 5 + 1, i // 5 + 1) for i in range(20)], object)
    rgb = np.array([to_rgb(c) for c in distinct(zones)])
    apart = np.linalg.norm(rgb[:, None] - rgb[None], axis=2)
    touch = shapely.dwithin(zones[:, None], zones[None], 0.1) & ~np.eye(20, dtype=bool)
    some = np.random.default_rng(0)
    others = [some.permutation(20) for _ in range(20)]
    by_chance = [apart[np.ix_(order, order)][touch].min() for order in others]
    assert apart[touch].min() >= max(by_chance)
    assert distinct(np.empty(0, object)) == []


def test_a_label_without_room_is_shortened_moved_out_or_left_out() -> None:
    with our_style():
        figure = Figure(figsize=(4, 4))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, 400), ylim=(0, 400))
        labels = Labels(axes)
        look = Look(10)
        assert labels.of_area(shapely.box(0, 0, 400, 400), ["全称全称", "短"], look)
        assert labels.of_area(shapely.box(10, 10, 30, 30), ["全称全称全称", "短"], look)
        assert [t.get_text() for t in axes.texts] == ["全称全称", "短"]
        labels.keep_area(shapely.box(270, 290, 330, 310))
        assert labels.of_area(shapely.box(300, 300, 303, 303), ["全称", "外"], look)
        assert axes.texts[-1].get_text() == "外"
        assert len(axes.lines) == 1  # a line leads to it
        assert not labels.of_area(shapely.box(0, 0, 400, 400), ["", ""], look)
        labels.keep_area(shapely.box(0, 0, 400, 400))
        assert not labels.of_area(shapely.box(100, 100, 200, 200), ["没有地方"], look)
        assert not labels.at_point(50, 50, "没有地方", look)
        assert not labels.of_area(shapely.box(500, 0, 600, 100), ["在外"], look)
        assert len(axes.texts) == 3


def test_a_name_stands_along_its_line_or_nowhere() -> None:
    with our_style():
        axes = Figure(figsize=(4, 4)).add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, 400), ylim=(0, 400))
        labels = Labels(axes)
        assert labels.along(shapely.LineString([(100, 300), (300, 100)]), "一条街", Look(8))
        assert axes.texts[0].get_rotation() == pytest.approx(315)
        assert not labels.along(shapely.LineString([(10, 10), (20, 10)]), "太短的巷", Look(8))
        assert labels.along(shapely.LineString([(20, 50), (380, 50)]), "河", Look(8), beside=True)
        assert axes.texts[1].get_position()[1] > 55


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text("灵武市，。12a", max_size=40), max_size=3), st.floats(30, 200))
def test_a_text_that_is_broken_is_all_there(texts: list[str], width: float) -> None:
    lines = wrapped(texts, 10.0, width)
    joined = "\n".join(lines).replace("\n　　", "").split("\n") if lines else []
    assert joined == (texts if texts else [])
    assert all(line.lstrip("　")[:1] not in ("，", "。") for line in lines if line[:1] == "　")


def test_a_changed_grid_says_what_comes_and_goes(small_plan: lg.Plan) -> None:
    stories = small_plan.stories
    whole = is_passing(stories, small_plan.recoded)
    seen = 0
    for grid in small_plan.grids[small_plan.grids["lineage"] != "不变"].itertuples():
        said = why_changed(small_plan, grid.grid_id)
        came = [int(re.search(r" (\d+) 户（", s)[1]) for s in said  # type: ignore[index]
                if f"→ {grid.grid_name} " in s and "（整体）" not in s]  # fmt: skip
        assert sum(came) == stories.loc[
            (stories["grid_id"] == grid.grid_id) & ~whole, "households"
        ].sum() == grid.households_in  # fmt: skip
        seen += len(said)
    assert seen


@pytest.mark.parametrize("clauses", [1, 7, 8, 9, 10, 40])
def test_what_has_no_room_on_a_grid_page_is_left_out_by_the_clause(clauses: int) -> None:
    said = "；".join(f"第{k}条" + "长" * 55 for k in range(clauses))
    lines = fitting([said])
    assert len(lines) <= WORDS_LINES
    is_cut = lines[-1] == REST
    told = "".join("".join(lines[:-1] if is_cut else lines).split())
    assert said.startswith(told)
    assert said[len(told) :][:1] == ("；" if is_cut else "")
    assert is_cut == (clauses > 9)
