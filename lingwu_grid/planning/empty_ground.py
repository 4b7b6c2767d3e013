"""Ground where nobody lives that changes its grid: with which story it is told, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from lingwu_grid.lawful import followed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lingwu_grid.planning.drawn import Drawn
    from lingwu_grid.planning.reasons import Undoing

BESIDE_M = 10.0
"""A story that touches ground along less does not lie beside it."""

LEAST_M2 = 500.0
"""Less ground without homes inside a story is not worth a word: a verge, a yard."""


class Told(NamedTuple):
    """What a story tells of ground that goes another way than its households."""

    said: str
    units: NDArray[np.int64]


def ground_within(drawn: Drawn, table: pd.DataFrame, whole: NDArray[np.bool_]) -> list[str]:
    """
    Say of each story whether ground where nobody lives goes the same way with it.

    Parameters
    ----------
    drawn
        A plan and the day before it.
    table
        One row a story, with `unit_numbers`.
    whole
        Which stories are a grid that passes with all of its ground.
    """
    units = drawn.fabric.units
    bare = np.where(units["households"].to_numpy() == 0, units.geometry.area.to_numpy(), 0.0)
    areas = [bare[np.asarray(numbers)].sum() for numbers in table["unit_numbers"]]
    goes = (np.array(areas) >= LEAST_M2) & ~whole
    return ["；连同相连的无户的地" if one else "" for one in goes.tolist()]


def other_ground(
    drawn: Drawn, table: pd.DataFrame, called: Mapping[str, str], undoing: Undoing
) -> list[Told]:
    """
    Tell with each story of ground beside it where nobody lives that goes another way, and why.

    A park that passes from one grid to another moves nobody, and is told where its new grid, or
    else its old one, is told of.

    Parameters
    ----------
    drawn
        A plan and the day before it.
    table
        One row a story, with `unit_numbers`.
    called
        Names of all zones by code.
    undoing
        The plan, in which ground can be taken back.

    Returns
    -------
    list of Told
        One a story; every such unit is told once.
    """
    first = _tellers(drawn, table)
    before, now = drawn.fabric.codes_today(), drawn.names.grid_of_unit
    rows = first.assign(was=before[first["unit"]], now=now[first["unit"]])
    said: list[set[str]] = [set() for _ in range(len(table))]
    units: list[list[int]] = [[] for _ in range(len(table))]
    for (story, was, goal), mine in rows.groupby(["story", "was", "now"])["unit"]:
        # By the name of today: under its new one it would look as if it had always been there.
        way = "划入".join(called.get(str(end), str(end)) for end in (was, goal))
        why = undoing.ground_reason(mine.to_numpy(), str(was), str(goal))
        said[story].add(f"；另有无户的地由{way}（{why}）")
        units[story] += mine.tolist()
    return [
        Told("".join(sorted(words)), np.array(sorted(numbers), np.int64))
        for words, numbers in zip(said, units, strict=True)
    ]


def _tellers(drawn: Drawn, table: pd.DataFrame) -> pd.DataFrame:
    """Give each unit without homes that goes another way than any story, and what it is told in."""
    names, fabric = drawn.names, drawn.fabric
    before, now = fabric.codes_today(), names.grid_of_unit
    was = followed(before, names.recoded)
    story = np.full(len(now), -1)
    for number, units in enumerate(table["unit_numbers"]):
        story[units] = number
    empty = fabric.units["households"].to_numpy() == 0
    moved = empty & (story < 0) & (was != now) & (was != "")
    a = np.concatenate([fabric.borders.a, fabric.borders.b])
    b = np.concatenate([fabric.borders.b, fabric.borders.a])
    touch = moved[a] & (story[b] >= 0)
    lengths = np.tile(fabric.borders.length_m, 2)[touch]
    beside = pd.DataFrame({"unit": a[touch], "story": story[b[touch]], "m": lengths})
    beside = beside.groupby(["unit", "story"], as_index=False)["m"].sum()
    beside = beside[beside["m"] >= BESIDE_M]
    # Beside a story or not, one of the same grids tells it; one that lies beside it comes first.
    every = pd.MultiIndex.from_product([np.flatnonzero(moved), range(len(table))])
    ways = pd.concat([beside, every.to_frame(index=False, name=["unit", "story"]).assign(m=0.0)])
    goal = table["grid_id"].to_numpy(object)[ways["story"]]
    left = table["previous_grid_id"].to_numpy(object)[ways["story"]]
    unit = ways["unit"].to_numpy()
    ways["far"] = 2 - 2 * (goal == now[unit]) - (followed(left, names.recoded) == was[unit])
    ways["apart"] = ways["m"] == 0
    order = ["unit", "apart", "far", "m", "story"]
    first = ways.sort_values(order, ascending=[True, True, True, False, True])
    return first.drop_duplicates("unit")[["unit", "story"]]
