"""Stories: the change told piece by piece: who, from where, to where, and what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lingwu_grid.graph import linked
from lingwu_grid.lawful import affected, followed
from lingwu_grid.planning.empty_ground import LEAST_M2, bare_areas, moved_ground
from lingwu_grid.planning.reasons import Undoing
from lingwu_grid.planning.story_ground import borders_and_places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lingwu_grid.planning.drawn import Drawn

KEYS = ["previous_grid_id", "grid_id", "previous_community_id", "community_id"]
COLUMNS = (
    *KEYS,
    "households",
    "elderly",
    "buildings",
    "place",
    "reason",
    "border",
    "said",
    "units",
)


M2_OF_HECTARE = 10_000


def make_stories(drawn: Drawn) -> pd.DataFrame:
    """
    Tell the change as stories: every household affected is in exactly one.

    Parameters
    ----------
    drawn
        A plan and the day before it.

    Returns
    -------
    pandas.DataFrame
        One row a story, the most households first. A story is a connected piece of ground whose
        households go from one grid to another, or a grid that passes to another community:
        previous and new grid and community, households, elderly, buildings, place, reason (what
        would be unlawful without it, or what it is for), border (what becomes of it: where it runs
        now, or that it ends), said (the whole in one sentence), units (their ids, with spaces
        between). The last have no households: ground that changes its grid apart from any home.
    """
    rows = _affected(drawn)
    if not len(rows):
        return pd.DataFrame({name: pd.Series([], dtype=object) for name in COLUMNS})
    table = _summed(drawn, _pieces(drawn, rows), rows)
    bare = bare_areas(drawn, table)
    is_told = (table["households"] > 0) | (bare >= LEAST_M2)
    table, bare = table[is_told].reset_index(drop=True), bare[is_told]
    called = called_zones(drawn)
    undoing = Undoing.of(drawn, called)
    table["reason"] = [
        undoing.reason(np.asarray(units), story)
        for units, story in zip(table["unit_numbers"], table.itertuples(index=False), strict=True)
    ]
    whole = is_passing(table, drawn.names.recoded)
    table["border"], table["place"] = borders_and_places(drawn, table, whole, called)
    has_homes = table["households"] > 0
    table.loc[(bare >= LEAST_M2) & has_homes & ~whole, "border"] += "；连同相连的无户的地"
    sizes = [f"无户的地 {_area(m2)}" for m2 in bare]
    table["place"] = [
        place if lives else place.replace("无户的地", size, 1)
        for place, lives, size in zip(table["place"], has_homes, sizes, strict=True)
    ]
    # A grid passes with its homes; ground that goes elsewhere is a story of its own.
    for row in table[~has_homes].itertuples(index=False):
        passes = whole & (table["previous_grid_id"] == row.previous_grid_id).to_numpy()
        goal = called.get(row.grid_id, row.grid_id)
        table.loc[passes, "border"] += f"；{row.place}另划入{goal}"
    table["said"] = [_said(story, undoing, called) for story in table.itertuples(index=False)]
    ids = drawn.fabric.units["unit_id"].to_numpy(object)
    table["units"] = [" ".join(ids[np.asarray(units)]) for units in table["unit_numbers"]]
    order = [*KEYS, "units"]
    table = table.sort_values(["households", *order], ascending=[False, *[True] * len(order)])
    return table[list(COLUMNS)].reset_index(drop=True)


def _area(m2: float) -> str:
    """
    Write an area as one says it.

    Examples
    --------
    >>> _area(640.0), _area(9_960.0), _area(12_345.0)
    ('640 平方米', '1.0 公顷', '1.2 公顷')
    """
    return f"{m2:.0f} 平方米" if m2 < M2_OF_HECTARE * 0.95 else f"{m2 / M2_OF_HECTARE:.1f} 公顷"


def is_passing(table: pd.DataFrame, recoded: Mapping[str, str]) -> NDArray[np.bool_]:
    """Tell which rows stay in a grid that passes to another community as a whole."""
    now = followed(table["previous_grid_id"], recoded)
    return np.asarray(now == table["grid_id"].to_numpy(object), np.bool_)


def called_zones(drawn: Drawn) -> dict[str, str]:
    """Give what every grid and community is called, those of today that end included."""
    called: dict[str, str] = {}
    for table, key in (("grids", "grid"), ("communities", "community")):
        today = drawn.study.table(table)
        layer = getattr(drawn, table)
        for frame in (today, layer):
            pairs = zip(frame[f"{key}_id"].astype(str), frame[f"{key}_name"], strict=True)
            called |= {code: str(name) for code, name in pairs if name}
    return called


def _affected(drawn: Drawn) -> pd.DataFrame:
    """Sum up the households that change grid or community, by unit and by what they change."""
    table, people = drawn.assignment, drawn.study.households
    gone = affected(table, drawn.names.recoded)
    building = people["building_id"].fillna("").astype(str).to_numpy(object)
    unit = drawn.fabric.unit_of_household
    ids = drawn.fabric.units["unit_id"].to_numpy(object)[unit]
    rows = table[KEYS].assign(
        unit=unit,
        elderly=people["elderly"].to_numpy(np.int64),
        building=np.where(building == "", ids, building),
    )
    return rows[gone].reset_index(drop=True)


def _pieces(drawn: Drawn, rows: pd.DataFrame) -> pd.DataFrame:
    """
    Part what goes the same way into pieces that hang together.

    Empty ground that goes the same way joins what lies on both sides of it. A grid that passes to
    another community is one story, however it lies.
    """
    count = rows.groupby(["unit", *KEYS]).size().rename("households").reset_index()
    is_whole = is_passing(count, drawn.names.recoded)
    ground = moved_ground(drawn, count[KEYS])
    goes = is_passing(ground, drawn.names.recoded)
    nodes = pd.concat([count[~is_whole], ground[~goes]], ignore_index=True)
    nodes["key"] = nodes.groupby(KEYS).ngroup()
    borders = drawn.fabric.borders
    pairs = pd.DataFrame({"a": borders.a, "b": borders.b})
    side = nodes[["unit", "key"]].assign(node=np.arange(len(nodes)))
    met = pairs.merge(side, left_on="a", right_on="unit").merge(
        side, left_on=["b", "key"], right_on=["unit", "key"], suffixes=("_a", "_b")
    )
    n = len(nodes)
    nodes["story"] = linked(n, met["node_a"].to_numpy(), met["node_b"].to_numpy())
    whole = pd.concat([count[is_whole], ground[goes]], ignore_index=True)
    whole["story"] = whole.groupby(KEYS).ngroup() + n
    return pd.concat([nodes.drop(columns="key"), whole], ignore_index=True)


def _summed(drawn: Drawn, pieces: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Give one row a story: households, elderly, buildings, and the units by number."""
    told = rows.merge(pieces[["unit", "story", *KEYS]], on=["unit", *KEYS])
    table = pieces.groupby("story")[KEYS].first()
    table["unit_numbers"] = pieces.groupby("story")["unit"].agg(lambda u: sorted(set(u)))
    counts = told.groupby("story").agg(
        households=("unit", "size"), elderly=("elderly", "sum"), buildings=("building", "nunique")
    )
    table = table.join(counts.reindex(table.index, fill_value=0))
    compound = drawn.fabric.units["compound_id"].fillna("").to_numpy(object)
    told["compound"] = compound[told["unit"].to_numpy()]
    compounds = told.groupby("story")["compound"].agg(_by_number)
    table["compounds"] = [compounds.get(story, []) for story in table.index]
    return table.reset_index(drop=True)


def _by_number(compounds: pd.Series) -> list[str]:
    """List compounds, those with the most households first; homes in none are "" among them."""
    often = compounds.value_counts().sort_index(kind="stable")
    return [str(c) for c in often.sort_values(ascending=False, kind="stable").index]


def _said(story: Any, undoing: Undoing, called: dict[str, str]) -> str:  # noqa: ANN401 - a row
    """Tell a story in one sentence."""
    was, now = (called.get(c, c) for c in (story.previous_community_id, story.community_id))
    if undoing.is_passing(story):
        grid = called.get(story.previous_grid_id, story.previous_grid_id)
        name = called.get(story.grid_id, story.grid_id)
        code = f"，改称{name}，编码改为 {story.grid_id}" if name != grid else ""
        rest = undoing.today.get(story.previous_grid_id, 0) - story.households
        whole = "" if rest else "整体"
        along = f"，另 {rest} 户划入别的网格" if rest else ""
        way = f"{grid}{whole}（{story.households} 户）由{was}改属{now}{code}{along}"
        return f"{way}。{story.reason}；界线：{story.border}"
    left = undoing.counted(story.previous_grid_id) if story.previous_grid_id else "不属任何网格"
    count = f" {story.households} 户" if story.households else ""
    text = f"{story.place}{count}：{left} → {undoing.counted(story.grid_id)}"
    if story.previous_community_id not in ("", story.community_id):
        text += f"，社区由{was}改属{now}"
    text += f"。{story.reason}；界线：{story.border}"
    return text + (f"；其中老年人 {story.elderly} 人" if story.elderly else "")
