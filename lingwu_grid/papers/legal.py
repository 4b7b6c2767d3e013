"""A plan as the legal chain tells it: which communities change, what was typed, what passes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import shapely

from lingwu_grid.papers.filling import OFFICE, WORKER
from lingwu_grid.papers.turnover import retired
from lingwu_grid.papers.written import day_said
from lingwu_grid.planning.border_walk import Landmarks
from lingwu_grid.planning.boundary_text import boundary_texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import pandas as pd

    from lingwu_grid.papers.filling import Filling
    from lingwu_grid.planning.record import PlanRecord

TO_FILL = "（待填）"
SAME_M2 = 100.0
"""Ground that differs by no more is the same: a hand-drawn border that was closed."""

NEW, GONE, CHANGED = "设立", "撤销", "调整"
"""What becomes of a community."""


class Turned(NamedTuple):
    """A community that the plan sets up, dissolves, or gives another extent."""

    code: str
    name: str
    kind: str
    """One of `NEW`, `GONE`, `CHANGED`."""
    before: int
    after: int
    came: int
    left: int
    grids: int
    old_border: str
    new_border: str
    old_km2: float
    new_km2: float


@dataclass(frozen=True)
class Legal:
    """
    A plan as the legal chain tells it.

    Parameters
    ----------
    record
        The plan.
    filling
        Entries of the office.
    turned
        Communities whose households change, by code; those dissolved last.
    """

    record: PlanRecord
    filling: Filling
    turned: tuple[Turned, ...]

    @classmethod
    def of(cls, record: PlanRecord, filling: Filling) -> Legal:
        """Collect what changes."""
        return cls(record, filling, tuple(_turned(record)))

    @property
    def effective(self) -> str:
        """From when, in words."""
        day = str(self.record.run["rules"].get("effective_date", ""))
        return day_said(day) or "（启用日期，待填）"

    @property
    def study(self) -> str:
        """What the plan is of."""
        return str(self.record.summary["study"])

    @cached_property
    def gone(self) -> pd.DataFrame:
        """What is dissolved, communities and grids, and who takes over."""
        return retired(self.record)

    @cached_property
    def passing(self) -> pd.DataFrame:
        """Buildings lived in whose grid or community is another, or who had none."""
        rows = self.record.buildings
        moves = [rows[f"previous_{key}_id"] != rows[f"{key}_id"] for key in ("grid", "community")]
        return rows[(moves[0] | moves[1]) & (rows["households"] > 0)]

    @cached_property
    def _names(self) -> dict[str, str]:
        return self.record.names

    def called(self, codes: Iterable[str]) -> list[str]:
        """Give the names of grids and communities; the code of one without a name."""
        return [self._names.get(code) or code for code in codes]

    def office(self, community: str) -> str:
        """Give the address of a community's office as typed, or that it is to be filled in."""
        return cleaned(self.filling.of_community(community, OFFICE)) or TO_FILL

    def worker(self, grid: str) -> str:
        """Give the worker of a grid as typed, or that he is to be filled in."""
        return cleaned(self.filling.of_grid(grid, WORKER)) or TO_FILL

    def of_kind(self, kind: str) -> list[Turned]:
        """List the communities set up, dissolved or changed."""
        return [one for one in self.turned if one.kind == kind]


def _turned(record: PlanRecord) -> list[Turned]:
    """List the communities whose households or whose ground are not those of today."""
    rows = record.assignment
    near = _today(record)
    was, now, moved = _grounds(record, near)
    before = rows["previous_community_id"].value_counts()
    stays = rows[rows["previous_community_id"] == rows["community_id"]]["community_id"]
    same = stays.value_counts()
    old = _old_borders(near)
    out = []
    for row in record.communities.sort_values("community_id").itertuples(index=False):
        code, had, has = str(row.community_id), int(before.get(row.community_id, 0)), row.households
        kept = int(same.get(code, 0))
        if had == has == kept and moved.get(code, 0.0) <= SAME_M2:
            continue
        out.append(
            Turned(
                code, row.community_name, CHANGED if had else NEW, had, int(has), int(has) - kept,
                had - kept, int(row.grids), old.get(code, ""), row.boundary_text,
                was.get(code, 0.0), now[code],
            )
        )  # fmt: skip
    gone = retired(record)
    for item in gone[gone["level"] == "社区"].to_dict("records"):
        had = int(before.get(item["code"], 0))
        border = old.get(item["code"], "")
        km2 = was.get(item["code"], 0.0)
        out.append(
            Turned(item["code"], item["name"], GONE, had, 0, 0, had, 0, border, "", km2, 0.0)
        )
    return out


def _today(record: PlanRecord) -> dict[str, gpd.GeoDataFrame]:
    """Give the backdrop in metres; nothing where there are no communities of today in it."""
    if not len(record.backdrop.get("communities", ())):
        return {}
    return {name: table.to_crs(record.work_crs) for name, table in record.backdrop.items()}


def _grounds(
    record: PlanRecord, near: dict[str, gpd.GeoDataFrame]
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Give the area of each community today and in the plan, km², and what of it differs, m²."""
    plan = record.communities.to_crs(record.work_crs).set_index("community_id").geometry
    if not near:
        return {}, dict(plan.area / 1e6), {}
    today = near["communities"].drop_duplicates("community_id").set_index("community_id").geometry
    both = plan.index.intersection(today.index)
    differs = shapely.area(
        shapely.symmetric_difference(
            shapely.make_valid(today.loc[both].to_numpy()), plan.loc[both].to_numpy()
        )
    )
    return (
        dict(today.area / 1e6),
        dict(plan.area / 1e6),
        dict(zip(both, differs.tolist(), strict=True)),
    )


def _old_borders(near: dict[str, gpd.GeoDataFrame]) -> dict[str, str]:
    """Describe today's communities by the same walk as the plan's."""
    if not near:
        return {}
    today = near["communities"]
    called = today["community_name"].fillna("").astype(str).tolist()
    texts = boundary_texts(today.geometry.to_numpy(object), called, Landmarks.of(near))
    return dict(zip(today["community_id"].astype(str), texts, strict=True))


def cleaned(text: str) -> str:
    """Take line ends and the last stop from what was typed: a sentence goes on after it."""
    return " ".join(text.split()).rstrip("。；;，,、. ")
