"""The ground of a story: where it plays, and what becomes of the border."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.fabric.adjacency import near_any
from lingwu_grid.fabric.segments import matched, segments_of
from lingwu_grid.planning.border_walk import Landmarks, walk_borders
from lingwu_grid.planning.boundary_text import WAYS
from lingwu_grid.planning.drawn import communities_of_units

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from lingwu_grid.planning.drawn import Drawn

    _Level = tuple[NDArray[np.generic], NDArray[np.object_]]

BORDER_M = 1.5
"""A step of a story's rim this near to what it was parted from is new border."""
LEAST_SHARE = 0.1
"""A line along less of that border is not named."""
PARTLY, MOSTLY = 0.15, 2 / 3
"""Shares of a border along nothing with a name above which that is said, and said first."""
BETWEEN_M = 20.0
"""From this length on it is said however long the border is."""
BLOCKS = 2
"""Blocks apart of which each is told where it lies; of more, the whole is."""
LEAST_M = 10.0
"""Less of a border that is one of communities now, or no more, is not told."""
SHIFT_M = 3.0
"""A border that only shifts by less is neither new nor gone."""
NAMELESS = "没有名称处"
"""Where a border of today's runs that follows nothing with a name."""
NAMED_PLACES = 2
"""Compounds named before the rest are counted."""
SIDE_M = 5.0
"""A place whose middle is this near to a line lies on no side of it."""
NEAR_M = 200.0
"""A place on no named line is told by the nearest street within this."""


def borders_and_places(
    drawn: Drawn, table: pd.DataFrame, whole: NDArray[np.bool_], called: dict[str, str]
) -> tuple[list[str], list[str]]:
    """
    Say what becomes of the border of each story, and where it plays.

    Parameters
    ----------
    drawn
        A plan and the day before it.
    table
        One row a story, with `unit_numbers`, `compounds` and `buildings`.
    whole
        Which stories are a grid that passes to another community.
    called
        Names of all zones by code.
    """
    units = drawn.fabric.units.geometry.to_numpy()
    ground = [np.asarray(numbers) for numbers in table["unit_numbers"]]
    shapes = np.array([shapely.union_all(units[numbers]) for numbers in ground], object)
    marks = Landmarks.of(drawn.study.tables)
    steps = walk_borders(shapes, [""] * len(shapes), marks)
    blocks = _blocks_beside(drawn, table, marks)
    sides = [_parted_and_joined(drawn, ground, level) for level in _levels(drawn)]
    shifted = _shifted(drawn, steps)
    near = _nearest_streets(drawn, shapes)
    compounds = drawn.study.table("compounds")
    known = dict(zip(compounds["compound_id"].astype(str), compounds["name"], strict=True))
    walls = {str(name) for name in compounds["name"] if name}
    borders, places = [], []
    for (zone, mine), story in zip(
        steps.groupby("zone"), table.itertuples(index=False), strict=True
    ):
        at = shapely.points(mine["x"].to_numpy(), mine["y"].to_numpy())
        levels = []
        for (parted, joined), (today, plan) in zip(sides, shifted, strict=True):
            new = shapely.dwithin(at, parted[zone], BORDER_M) & ~today[mine.index]
            old = shapely.dwithin(at, joined[zone], BORDER_M) & ~plan[mine.index]
            levels.append((new, old))
        is_whole = bool(whole[zone])
        new, old = (mine[steps] for steps in levels[is_whole])
        kept = mine[shifted[is_whole][1][mine.index] & ~levels[is_whole][0]]
        said = _change_said(new, old, kept, walls, is_whole=is_whole)
        if not is_whole and story.previous_community_id not in ("", story.community_id):
            # A border of grids that is one of communities now, or no more, is neither new nor gone.
            promoted, demoted = (mine[both & ~own] for own, both in zip(*levels, strict=True))
            said += _rank_said(promoted, demoted, walls)
        borders.append(said)
        homes = [str(known.get(c) or c) for c in story.compounds]
        grid = called.get(story.previous_grid_id, "") or called.get(story.grid_id, "")
        beside = blocks.get(int(zone)) or _beside(mine, shapes[zone])
        places.append(_place(homes, story.buildings, beside, near[zone], grid))
    return borders, places


def _blocks_beside(drawn: Drawn, table: pd.DataFrame, marks: Landmarks) -> dict[int, str]:
    """Tell where each of two blocks lies whose homes only ground without any joins, by story."""
    units, lives = drawn.fabric.units.geometry.to_numpy(), drawn.fabric.units["households"] > 0
    blocks = {}
    for zone, (numbers, compounds) in enumerate(
        zip(table["unit_numbers"], table["compounds"], strict=True)
    ):
        lived = np.asarray(numbers)[lives.to_numpy()[numbers]]
        parts = shapely.get_parts(shapely.union_all(units[lived]))
        if len(parts) == BLOCKS and not any(compounds):
            largest = parts[np.argsort(-shapely.area(parts), kind="stable")]
            steps = walk_borders(largest, [""] * BLOCKS, marks)
            beside = [_beside(steps[steps["zone"] == k], part) for k, part in enumerate(largest)]
            blocks[zone] = "、".join(dict.fromkeys(filter(None, beside)))
    return blocks


def _change_said(
    new: pd.DataFrame, old: pd.DataFrame, kept: pd.DataFrame, walls: set[str], *, is_whole: bool
) -> str:
    """Say what is new of a border and what ends, from the steps along both, and what stays."""
    named, gone, left = (_walled_lines(steps, walls) for steps in (new, old, kept))
    fresh = _border_said(named, _off_lines(new), is_whole=is_whole)
    # One street may gain a border on one stretch, lose one on another, and keep one on a third.
    gone = [
        f"{name}另一段" if name in named else f"{name}一段" if name in left else name
        for name in gone
    ]
    if gone and _off_lines(old):
        gone.append(NAMELESS)
    return _with_ended(fresh, gone if len(old) else None, is_whole=is_whole)


def _rank_said(new: pd.DataFrame, old: pd.DataFrame, walls: set[str]) -> str:
    """Say where a border that stays becomes one of communities, and where it is one no more."""
    said = ""
    for steps, words in ((new, "；{}一段网格界改作社区界"), (old, "；{}一段社区界改作网格界")):
        if steps["length_m"].sum() >= LEAST_M:
            names = "、".join(_walled_lines(steps, walls))
            said += words.format(names or NAMELESS)
    return said


def _parted_and_joined(
    drawn: Drawn, ground: list[NDArray[np.int64]], level: _Level
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Give what lies beside each story and was of its zone and is no more, or is and was not."""
    now, plan = level
    units, borders = drawn.fabric.units.geometry.to_numpy(), drawn.fabric.borders
    parted, joined = [], []
    for numbers in ground:
        mine = np.zeros(len(units), bool)
        mine[numbers] = True
        rim = mine[borders.a] != mine[borders.b]
        inside = np.where(mine[borders.a], borders.a, borders.b)[rim]
        beside = np.where(mine[borders.a], borders.b, borders.a)[rim]
        was, will = now[inside] == now[beside], plan[inside] == plan[beside]
        parted.append(shapely.union_all(units[np.unique(beside[was & ~will])]))
        joined.append(shapely.union_all(units[np.unique(beside[~was & will])]))
    return np.array(parted, object), np.array(joined, object)


def _levels(drawn: Drawn) -> tuple[_Level, _Level]:
    """Give the zone of each unit today and in the plan: grids, then communities."""
    fabric, after = drawn.fabric, np.array(drawn.names.grid_of_unit, object)
    return (fabric.grid_now, after), (fabric.community_now, communities_of_units(drawn))


def _shifted(
    drawn: Drawn, steps: pd.DataFrame
) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Tell which steps are on a border of today, and of the plan: of grids, then of communities."""
    segments, owner = segments_of(drawn.fabric.units.geometry.to_numpy())
    a, b, which = matched(segments, owner)
    lines = shapely.linestrings(segments[which].reshape(-1, 2, 2))
    at = shapely.points(steps["x"].to_numpy(), steps["y"].to_numpy())
    return [
        (
            near_any(at, lines[now[a] != now[b]], SHIFT_M),
            near_any(at, lines[plan[a] != plan[b]], SHIFT_M),
        )
        for now, plan in _levels(drawn)
    ]


def _beside(steps: pd.DataFrame, shape: shapely.Geometry) -> str:
    """Tell the line that most of a story's rim runs along, and on which side of it it lies."""
    lines = _lines_of(steps)
    if not lines:
        return ""
    along = steps.loc[steps["name"] == lines[0], ["x", "y"]].to_numpy()
    line = shapely.linestrings(along if len(along) > 1 else along.repeat(2, axis=0))
    ends = shapely.get_coordinates(shapely.shortest_line(line, shapely.centroid(shape)))
    side = side_of(ends[1] - ends[0])
    return f"{lines[0]}{side}侧" if side else f"{lines[0]}旁"


def side_of(way: NDArray[np.float64]) -> str:
    """
    Name the direction of a step east and north, metres; a step under `SIDE_M` has none.

    Examples
    --------
    >>> [side_of(np.array(way)) for way in ((0.0, 50.0), (-30.0, -35.0), (1.0, 2.0))]
    ['北', '西南', '']
    """
    if np.hypot(*way) < SIDE_M:
        return ""
    return WAYS[round(np.arctan2(way[1], way[0]) / (np.pi / 4)) % 8]


def _nearest_streets(drawn: Drawn, shapes: NDArray[np.object_]) -> list[str]:
    """Give the nearest street with a name, and where it is seen from; empty where none is near."""
    roads = drawn.study.table("roads")
    named = roads[roads["name"].fillna("").astype(str) != ""]
    if not len(named):
        return [""] * len(shapes)
    lines, names = named.geometry.to_numpy(), named["name"].astype(str).to_numpy(object)
    # Every line at the least distance, of which the first by name: order of rows says nothing.
    place, line = shapely.STRtree(lines).query_nearest(shapes, max_distance=NEAR_M)
    found = [""] * len(shapes)
    near = zip(place.tolist(), names[line].tolist(), lines[line], strict=True)
    for k, name, street in sorted(near, key=lambda row: row[:2], reverse=True):
        ends = shapely.get_coordinates(shapely.shortest_line(street, shapely.centroid(shapes[k])))
        side = side_of(ends[1] - ends[0])
        found[k] = f"{name}以{side}" if side else f"{name}附近"
    return found


NOTHING_NEW = {True: "各户不换网格", False: "两网格之间的原界线取消"}
"""What is said where a story makes no new border; True for a grid that passes as a whole."""


def _with_ended(fresh: str, ended: list[str] | None, *, is_whole: bool) -> str:
    """
    Add what ends of the border.

    Parameters
    ----------
    fresh
        What is new, as :func:`_border_said` says it.
    ended
        What the border that ends runs along, the longest first; None where none ends.
    is_whole
        For a grid that passes to another community.

    Examples
    --------
    >>> _with_ended("改沿育才街", ["民生路"], is_whole=False)
    '改沿育才街；原沿民生路的界线取消'
    >>> [_with_ended("改沿育才街", ended, is_whole=False) for ended in ([], None)]
    ['改沿育才街；两网格之间的原界线取消', '改沿育才街']
    >>> _with_ended("两网格之间的原界线取消", ["民生路"], is_whole=False)
    '原沿民生路的界线取消'
    >>> _with_ended("各户不换网格", ["民生路"], is_whole=True)
    '各户不换网格；原沿民生路的社区界不再是社区界'
    >>> _with_ended("各户不换网格", None, is_whole=True)
    '各户不换网格，社区界的位置也不变'
    """
    if ended is None:
        return f"{fresh}，社区界的位置也不变" if is_whole and fresh == NOTHING_NEW[True] else fresh
    # Where a grid passes, most of what was a border of communities is one of grids still.
    kind, end = ("社区界", "不再是社区界") if is_whole else ("界线", "取消")
    between = f"两社区之间的原社区界{end}" if is_whole else NOTHING_NEW[False]
    gone = f"原沿{'、'.join(ended)}的{kind}{end}" if ended else between
    return gone if fresh == NOTHING_NEW[False] else f"{fresh}；{gone}"


def _border_said(lines: list[str], off: float | None, *, is_whole: bool) -> str:
    """
    Say what becomes of the border.

    Parameters
    ----------
    lines
        What the new border runs along, the longest first.
    off
        Share of it along nothing that has a name, as :func:`_off_lines` gives it.
    is_whole
        For a grid that passes to another community.

    Examples
    --------
    >>> [_border_said(["育才街"], share, is_whole=False) for share in (0.0, 0.16)]
    ['改沿育才街', '改沿育才街，其余在两侧楼栋之间']
    >>> _border_said(["育才街"], 0.0, is_whole=True), _border_said([], None, is_whole=True)
    ('各户不换网格；社区界改沿育才街', '各户不换网格')
    >>> _border_said([], 1.0, is_whole=False), _border_said(["育才街"], 0.8, is_whole=False)
    ('改在两侧楼栋之间，不沿有名称的道路、围墙、水系', '大部分改在两侧楼栋之间，另沿育才街')
    >>> _border_said([], None, is_whole=False)
    '两网格之间的原界线取消'
    """
    if off is None:
        return NOTHING_NEW[is_whole]
    names = "、".join(lines)
    if not lines:
        where = "改在两侧楼栋之间，不沿有名称的道路、围墙、水系"
    elif off > MOSTLY:
        where = f"大部分改在两侧楼栋之间，另沿{names}"
    else:
        where = f"改沿{names}" + ("，其余在两侧楼栋之间" if off else "")
    return f"各户不换网格；社区界{where}" if is_whole else where


def _off_lines(steps: pd.DataFrame) -> float | None:
    """
    Give the share of a border along nothing with a name; None for no border, 0 for too little.

    Examples
    --------
    >>> import pandas as pd
    >>> def off(*lengths):
    ...     return _off_lines(pd.DataFrame({"name": ["民生路", ""], "length_m": lengths}))
    >>> off(85.0, 15.0), off(80.0, 15.0) > 0, off(981.0, 19.0), off(980.0, 20.0), off(0.0, 0.0)
    (0.0, True, 0.0, 0.02, None)
    """
    length = float(steps["length_m"].sum())
    if not length:
        return None
    off = float(steps.loc[steps["name"] == "", "length_m"].sum())
    return off / length if off > PARTLY * length or off >= BETWEEN_M else 0.0


def _walled_lines(steps: pd.DataFrame, compounds: set[str]) -> list[str]:
    """Name the lines of a border, each once: a wall may bear its own name beside the compound's."""
    return list(dict.fromkeys(_walled(name, compounds) for name in _lines_of(steps)))


def _walled(line: str, compounds: set[str]) -> str:
    """
    Say of a line with the name of a compound what it is.

    Examples
    --------
    >>> [_walled(name, {"阳光城"}) for name in ("阳光城", "阳光城内", "人民街")]
    ['阳光城围墙', '阳光城内部', '人民街']
    """
    if line in compounds:
        return f"{line}围墙"
    return f"{line}部" if line.removesuffix("内") in compounds and line.endswith("内") else line


def _lines_of(steps: pd.DataFrame) -> list[str]:
    """Name the lines of a border, the longest first; those along little of it are left out."""
    length = steps.groupby("name")["length_m"].sum()
    named = length[(length.index != "") & (length >= LEAST_SHARE * length.sum())]
    return [
        str(n) for n in named.round().sort_index().sort_values(ascending=False, kind="stable").index
    ]


def _place(
    compounds: list[str], buildings: int, beside: str, near: str = "", grid: str = ""
) -> str:
    """
    Say where a story plays; homes in no compound are an empty name among the compounds.

    Examples
    --------
    >>> _place(["阳光城", "龙凤佳苑", "西湖苑"], 12, ""), _place([], 3, "育才街北侧", "民生路附近")
    ('阳光城、龙凤佳苑等 3 个小区 12 栋', '育才街北侧 3 栋')
    >>> _place([], 4, "", "育才街以南", "甲网格"), _place([], 4, "", "", "甲网格")
    ('育才街以南 4 栋', '甲网格内 4 栋')
    >>> _place(["阳光城", ""], 12, "育才街北侧"), _place([""], 3, "育才街北侧")
    ('阳光城和小区外的楼合计 12 栋', '育才街北侧 3 栋')
    >>> _place([], 0, "育才街北侧", "民生路附近"), _place([], 0, "")
    ('无户的地（育才街北侧）', '无户的地')
    """
    names = [name for name in compounds if name]
    if names:
        rest = f"等 {len(names)} 个小区" if len(names) > NAMED_PLACES else ""
        outside = "和小区外的楼合计" if len(names) < len(compounds) else ""
        return f"{'、'.join(names[:NAMED_PLACES])}{rest}{outside} {buildings} 栋"
    where = beside or near or (f"{grid}内" if grid else "")
    if not buildings:
        return f"无户的地（{where}）" if where else "无户的地"
    return f"{where} {buildings} 栋".strip()
