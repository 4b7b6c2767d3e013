"""The stories of a plan for a map: what is told, and the ground it is told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from lingwu_grid.lawful import followed, range_of, stays
from lingwu_grid.maps.layers import joined
from lingwu_grid.maps.packing import MICRO, packed

if TYPE_CHECKING:
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
        head, households, elderly, reason, border, said; left and goal (code, name, households
        today and in the plan, range); was and now (communities); rings of the ground (packed)
        and the places an arrow goes from and to (latitude, longitude). Empty for a part that may
        leave the office: its table is empty.
    """
    table = record.stories if told is None else told
    if not len(table):
        return []
    sides, names = _Sides(record), record.names
    shapes = record.units.set_index("unit_id").geometry
    return [
        {
            "head": _head(story, sides, names),
            "place": story.place if sides.is_passing(story) else "",
            "households": int(story.households),
            "elderly": int(story.elderly),
            "reason": story.reason,
            "border": story.border,
            "said": story.said,
            "left": sides.of(story.previous_grid_id, is_today=True),
            "goal": sides.of(story.grid_id),
            "was": names.get(story.previous_community_id, story.previous_community_id),
            "now": names.get(story.community_id, story.community_id),
            **_ground(joined(shapes[story.units.split(" ")]), sides, story),
        }
        for story in table.itertuples(index=False)
    ]


def way_said(card: dict[str, Any]) -> str:
    """Say from where to where a story goes, with the households of both today and in the plan."""
    left, goal = card["left"], card["goal"]
    sides = [left] if left and left["code"] == goal["code"] else [left, goal]
    return " → ".join(map(_side_said, sides))


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
    return f"{story.place}，{story.households} 户"


class _Sides:
    """What stands on both ends of an arrow."""

    def __init__(self, record: PlanRecord) -> None:
        self._names = record.names
        self._recoded = record.recoded
        self._today = _sizes(followed(record.assignment["previous_grid_id"], record.recoded))
        grids = record.grids
        self._plan = dict(zip(grids["grid_id"], grids["households"].tolist(), strict=True))
        self._rules = record.certificate["rules"]
        sound = shapely.make_valid(grids.geometry.to_numpy())
        self._shapes = dict(zip(grids["grid_id"], sound, strict=True))

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
        if is_today and now != grid:
            name = f"{self._names.get(grid, grid)}（改称{name}）"
        grid = now
        return {
            "code": grid,
            "name": name,
            "today": self._today.get(grid, 0),
            "plan": self._plan.get(grid),
            "range": range_of(self._rules, "grid", grid),
        }

    def aim(self, grid: str, ground: shapely.Geometry) -> shapely.Point:
        """Give where an arrow to a grid ends: on ground that was not just given to it."""
        shape = self._shapes[grid]
        rest = shapely.difference(shape, ground)
        return shapely.point_on_surface(shape if rest.is_empty else rest)


def _sizes(zones: NDArray[np.object_]) -> dict[str, int]:
    codes, count = np.unique(zones.astype(str), return_counts=True)
    return {zone: n for zone, n in zip(codes.tolist(), count.tolist(), strict=True) if zone}


def _ground(shape: shapely.Geometry, sides: _Sides, story: Any) -> dict[str, Any]:  # noqa: ANN401
    """Give the ground of a story, and the arrow from its middle to the grid it goes to, if any."""
    middle = shapely.point_on_surface(shape)
    is_move = not sides.is_passing(story)
    goal = sides.aim(story.grid_id, shape) if is_move else middle
    rings = [shapely.get_coordinates(shapely.get_exterior_ring(part))
             for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == 2]  # fmt: skip
    return {
        "rings": packed([ring.tolist() for ring in rings]),
        "from": _turned(shapely.get_coordinates(middle))[0],
        "to": _turned(shapely.get_coordinates(goal))[0],
    }


def _turned(coordinates: np.ndarray) -> list[list[float]]:
    """Give places as maps of the web have them: latitude first."""
    places: list[list[float]] = np.round(coordinates[:, ::-1], MICRO).tolist()
    return places
