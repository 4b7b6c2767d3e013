"""The stories of a plan for a map: what is told, and the ground it is told of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from lingwu_grid.lawful import followed, range_of, stays
from lingwu_grid.maps.labels import middles, named_lines
from lingwu_grid.maps.layers import joined
from lingwu_grid.maps.packing import MICRO, packed
from lingwu_grid.maps.story_lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from lingwu_grid.planning.record import PlanRecord


def story_cards(record: PlanRecord, told: pd.DataFrame | None = None) -> list[dict[str, Any]]:
    """
    Give the stories as plain values, in the order of the table: the most households first.

    Parameters
    ----------
    record
        The plan, or a part of it.
    told
        The rows of its stories that are wanted; all of them where none are given.

    Returns
    -------
    list of dict
        head, place, shared (compounds of which a part goes, with all their buildings), households,
        elderly, reason, border; left and goal (code, code of today, name, households today and in
        the plan, range); was and now (communities), communities (both as left and goal; none where
        the community stays), still (who stays in a community that the rest of the grid leaves); and
        the places an arrow goes from and to, and one in what is left of the grid (back; latitude,
        longitude), and one in today's ground of the goal that is near (was_to). Empty for a part
        that may leave the office: its table is empty.
    """
    return [card for card, *_ in _told(record, record.stories if told is None else told)]


def drawn_cards(record: PlanRecord) -> list[dict[str, Any]]:
    """
    Give the stories with what a map draws of each.

    Parameters
    ----------
    record
        The plan, or a part of it.

    Returns
    -------
    list of dict
        As :func:`story_cards`, and along (what the border is said to run along, as
        :func:`named_lines` gives it); rings of the ground with homes and of that without (parks),
        fresh, ended and faded border, and what is fresh between communities (packed).
    """
    lines = Lines(record)
    cards = []
    for card, mine, ground, story in _told(record, record.stories):
        is_whole = stays(story.previous_grid_id, story.grid_id, record.recoded)
        # Of a grid that passes, all ground passes; else what has no homes is drawn apart.
        is_bare = (mine["households"] == 0) & (not is_whole)
        drawn = {
            "rings": _rings(joined(mine.geometry[~is_bare])),
            "parks": _rings(joined(mine.geometry[is_bare])),
        }
        is_across = bool(card["communities"])
        borders = lines.of([*mine.index], ground, is_whole=is_whole, is_across=is_across)
        rim = shapely.union_all(np.concatenate([*borders.values()]))
        drawn["along"] = _along(record.backdrop, (rim, ground), story)
        for what, parts in borders.items():
            drawn[what] = [packed(shapely.get_coordinates(line).tolist()) for line in parts]
        cards.append(card | drawn)
    return cards


def _told(
    record: PlanRecord, table: pd.DataFrame
) -> Iterator[tuple[dict[str, Any], gpd.GeoDataFrame, shapely.Geometry, Any]]:
    """Give the card of each story, its units, its ground, and its row."""
    if not len(table):
        return
    sides, names = _Sides(record), record.names
    units = record.units.set_index("unit_id")
    for story in table.itertuples(index=False):
        mine = units.loc[story.units.split(" ")]
        lived = mine[mine["households"] > 0]
        ground, homes = (joined(part.geometry) for part in (mine, lived if len(lived) else mine))
        card = {
            "head": _head(story, sides, names),
            "place": story.place if sides.is_passing(story) else "",
            "households": int(story.households),
            "elderly": int(story.elderly),
            "reason": story.reason,
            "border": story.border,
            "left": sides.of(story.previous_grid_id, is_today=True),
            "goal": sides.of(story.grid_id),
            "was": names.get(story.previous_community_id, story.previous_community_id),
            "now": names.get(story.community_id, story.community_id),
            "communities": sides.communities(story),
            "still": sides.still(story),
            "shared": sides.shared(story),
            **_arrow(homes, ground, sides, story),
        }
        yield card, mine, ground, story


def way_said(card: dict[str, Any]) -> str:
    """Say from where to where a story goes, with the households of both today and in the plan."""
    left, goal = card["left"], card["goal"]
    sides = [left] if left and left["code"] == goal["code"] else [left, goal]
    return " → ".join(map(_side_said, sides))


def across_said(card: dict[str, Any]) -> str:
    """Say which communities a story goes between, with their households; empty for none."""
    told = []
    for side, own in zip(card["communities"], (-1, 1), strict=False):
        now = "撤销"
        if side["plan"] is not None:
            # A community may grow by others while it gives this: what comes of all is told.
            rest = side["plan"] - side["today"] - own * card["households"]
            others = f"，其他各项 {_signed(rest)}" if rest else ""
            now = f"{side['plan']} 户：本项 {_signed(own * card['households'])}{others}"
        told.append(f"{side['name']}（{side['today']} → {now}）")
    return " → ".join(told)


def _side_said(side: dict[str, Any] | None) -> str:
    """Say what stands on one end of an arrow, with its households today and in the plan."""
    if side is None:
        return "不属任何网格"
    now = "撤销" if side["plan"] is None else f"{side['plan']} 户"
    return (
        f"{side['name']}（{side['today']} 户 → {now}）"
        if side["today"]
        else f"{side['name']}（新设，{now}）"
    )


def _head(story: Any, sides: _Sides, names: dict[str, str]) -> str:  # noqa: ANN401 - a row
    if sides.is_passing(story):
        was = names.get(story.previous_grid_id, story.previous_grid_id)
        whole = "" if sides.is_parted(story) else "整体"
        return f"{was}{whole}改属，{story.households} 户"
    return f"{story.place}，{story.households} 户" if story.households else str(story.place)


class _Sides:
    """What stands on both ends of an arrow."""

    def __init__(self, record: PlanRecord) -> None:
        self._names = record.names
        self._recoded = record.recoded
        self._before = {new: old for old, new in record.recoded.items()}
        self._communities = [
            _sizes(record.assignment[f"{when}community_id"].to_numpy(object))
            for when in ("previous_", "")
        ]
        self._today = _sizes(followed(record.assignment["previous_grid_id"], record.recoded))
        grids = record.grids
        self._plan = dict(zip(grids["grid_id"], grids["households"].tolist(), strict=True))
        self._rules = record.certificate["rules"]
        self._owner = dict(zip(grids["grid_id"], grids["community_id"], strict=True))
        rows = record.buildings[record.buildings["compound_name"] != ""]
        self._built = rows.groupby("compound_name")["building_id"].nunique().to_dict()
        self._lived = rows.groupby("compound_name")["households"].sum().to_dict()
        ways = rows[["compound_name", "previous_grid_id", "grid_id"]].drop_duplicates()
        self._split = ways.groupby("compound_name").size().to_dict()
        self._ways = {
            (str(was), str(now)): set(names)
            for (was, now), names in ways.groupby(["previous_grid_id", "grid_id"])["compound_name"]
        }
        sound = shapely.make_valid(grids.geometry.to_numpy())
        self._shapes = dict(zip(grids["grid_id"], sound, strict=True))
        back = record.backdrop.get("grids")
        today = () if back is None else shapely.make_valid(back.geometry.to_numpy())
        self._shapes_today = {} if back is None else dict(zip(back["grid_id"], today, strict=True))

    def is_passing(self, story: Any) -> bool:  # noqa: ANN401 - a row
        """Tell whether a story is a grid that passes to another community as a whole."""
        return stays(story.previous_grid_id, story.grid_id, self._recoded)

    def is_parted(self, story: Any) -> bool:  # noqa: ANN401 - a row
        """Tell whether some households of the grid that a story leaves go elsewhere."""
        return self._today.get(story.grid_id, 0) != int(story.households)

    def of(self, grid: str, *, is_today: bool = False) -> dict[str, Any] | None:
        """Give one end by the code of the plan; where one comes from, by the name of today."""
        if not grid:
            return None
        now = self._recoded.get(grid, grid)
        name = self._names.get(now, now)
        old = self._before.get(now, now)
        if old != now:
            was = self._names.get(old, old)
            name = f"{was}（改称{name}）" if is_today else f"{name}（原{was}）"
        grid = now
        return {
            "code": grid,
            "was": old,
            "name": name,
            "today": self._today.get(grid, 0),
            "plan": self._plan.get(grid),
            "range": range_of(self._rules, "grid", grid),
        }

    def communities(self, story: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a row
        """Give the communities that a story goes between, as :meth:`of` gives grids; or none."""
        if story.previous_community_id in ("", story.community_id):
            return []
        today, plan = self._communities
        return [
            {
                "code": code,
                "name": self._names.get(code, code),
                "today": today.get(code, 0),
                "plan": plan.get(code),
                "range": range_of(self._rules, "community", code),
            }
            for code in (story.previous_community_id, story.community_id)
        ]

    def still(self, story: Any) -> str:  # noqa: ANN401 - a row
        """Say who stays in a community that the rest of the grid leaves; empty for anyone else."""
        new = self._recoded.get(story.previous_grid_id, "")
        if not new or story.previous_community_id != story.community_id:
            return ""
        if self._owner[new] == story.community_id:
            return ""
        here, there = (self._names.get(c, c) for c in (story.community_id, self._owner[new]))
        return f"不变，仍属{here}；原网格的其余部分改属{there}"

    def shared(self, story: Any) -> str:  # noqa: ANN401 - a row
        """Say how large the compounds are of which a part goes; empty for none."""
        way = (story.previous_grid_id, story.grid_id)
        ways = self._ways.get(way, set())
        return "、".join(
            f"{name}共 {self._built[name]} 栋 {self._lived[name]} 户{self._why_parted(name)}"
            for name in sorted(ways)
            if self._split[name] > 1 and name in story.place
        )

    def _why_parted(self, compound: str) -> str:
        upper = self._rules["grid"][1]
        return f"，多于一个网格的上限 {upper} 户" if self._lived[compound] > upper else ""

    def was_near(self, grid: str, ground: shapely.Geometry) -> shapely.Point | None:
        """Give a place in today's ground of a grid that is near some ground; None for none."""
        shape = self._shapes_today.get(self._before.get(grid, grid))
        rest = shapely.Point() if shape is None else shapely.difference(shape, ground)
        near = _near(rest, ground)
        return None if near.is_empty else middles(near)

    def aim(self, grid: str, ground: shapely.Geometry, homes: shapely.Geometry) -> shapely.Point:
        """Give where an arrow to a grid ends: near, on ground that was not just given to it."""
        rest = shapely.difference(self._shapes[grid], ground)
        near = _near(rest, ground)
        return middles(next(g for g in (near, rest, homes) if not g.is_empty))

    def beside(self, grid: str, ground: shapely.Geometry) -> shapely.Point | None:
        """Give a place in what is left of a grid that is near some ground; None where none is."""
        shape = self._shapes.get(self._recoded.get(grid, grid))
        near = shapely.Point() if shape is None else _near(shape, ground)
        return None if near.is_empty else middles(near)


def _near(shape: shapely.Geometry, ground: shapely.Geometry) -> shapely.Geometry:
    """Give what of a shape is near some ground: as far off as that is wide, or nearly."""
    reach = max(shapely.length(shapely.envelope(ground)) / 8, BESIDE)
    return shapely.intersection(shape, shapely.buffer(ground, reach))


def _signed(number: int) -> str:
    """
    Give a change with its sign.

    Examples
    --------
    >>> _signed(5), _signed(-5)
    ('+5', '−5')
    """
    return f"{'+' if number > 0 else '−'}{abs(number)}"


def _sizes(zones: NDArray[np.object_]) -> dict[str, int]:
    codes, count = np.unique(zones.astype(str), return_counts=True)
    return {zone: n for zone, n in zip(codes.tolist(), count.tolist(), strict=True) if zone}


def _arrow(
    homes: shapely.Geometry,
    ground: shapely.Geometry,
    sides: _Sides,
    story: Any,  # noqa: ANN401 - a row
) -> dict[str, Any]:
    """Give the arrow from the middle of a story's homes to the grid they go to, if any."""
    middle = middles(homes)
    is_move = not sides.is_passing(story)
    goal = sides.aim(story.grid_id, ground, homes) if is_move else middle
    near = sides.beside(story.previous_grid_id, ground) if is_move else None
    was_near = sides.was_near(story.grid_id, ground) if is_move else None
    places = {"back": near, "from": middle, "to": goal, "was_to": was_near}
    return {
        name: None if place is None else _turned(shapely.get_coordinates(place))[0]
        for name, place in places.items()
    }


def _rings(ground: shapely.Geometry) -> Any:  # noqa: ANN401 - nested as GeoJSON nests
    areas = [p for p in shapely.get_parts(ground) if shapely.get_dimensions(p) == 2]
    rings = [shapely.get_coordinates(shapely.get_exterior_ring(area)) for area in areas]
    return packed([ring.tolist() for ring in rings])


LINES = re.compile(
    "的界线取消|的社区界不再是社区界|[；，、]|一段网格界改作社区界|一段社区界改作网格界|社区界|大部分"
    "|改沿|另沿|原沿|另一段"
    "|(?:[东西南北]{1,2}侧|旁|以[东西南北]{1,2}|附近) \\d+ 栋"
)
"""What stands between the names in what is said of a border, or of a place."""
BESIDE = 2e-4
"""Degrees, some 20 m: a line named beside a story is no farther from its ground."""
NEAREST = 2e-3
"""Degrees: the street that a story's place is told by is no farther."""


def _along(
    backdrop: dict[str, gpd.GeoDataFrame],
    where: tuple[shapely.Geometry, shapely.Geometry],
    story: Any,  # noqa: ANN401
) -> list[list[Any]]:
    """
    Give the roads and waters that are said of a story, where one looks for them.

    What its border runs along is named where that changes (the first of `where`), or else where it
    passes the ground (the second); what its place is told by, near that.
    """
    rim, ground = where
    first: dict[str, list[Any]] = {}
    about = [(story.border, rim, BESIDE), (story.border, ground, BESIDE)]
    for said, shape, far in (*about, (story.place, ground, NEAREST)):
        names, near = set(LINES.split(said)), shapely.buffer(shape, far)
        names |= {name.removesuffix("一段") for name in names}  # which a street's own name may be
        names -= first.keys()
        layers = {}
        for name in ("barriers", "roads"):
            table = backdrop.get(name)
            if table is not None and len(table):
                table = table[table["name"].isin(names)]
                layers[name] = table.set_geometry(table.geometry.intersection(near))
        for line in named_lines(layers):
            first.setdefault(line[1], line)
    return list(first.values())


def _turned(coordinates: np.ndarray) -> list[list[float]]:
    """Give places as maps of the web have them: latitude first."""
    places: list[list[float]] = np.round(coordinates[:, ::-1], MICRO).tolist()
    return places
