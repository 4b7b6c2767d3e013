"""Answers: what became of every wish, as a table that goes back to the offices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from lingwu_grid.revision.merging import own_name, said_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.revision.merging import Merged
    from lingwu_grid.revision.patch import Patch

COLUMNS = ["file", "reviewer", "kind", "place", "from", "to", "units", "households", "result"]
REPAIRS = ["unit_id", "place", "wished_grid_id", "grid_id", "households", "reason"]


def repair_table(plan: PlanRecord, rows: list[tuple[str, str, str, int]]) -> pd.DataFrame:
    """Give the moves that made the wishes lawful as a table, those with people first."""
    place = _compounds(plan) if rows else {}
    told = [
        (u, place.get(u, ""), wished, now, n, "为户数合规或连片" if n else "空地，为连片")
        for u, wished, now, n in rows
    ]
    return pd.DataFrame(told, columns=REPAIRS).sort_values(
        ["households", "unit_id"], ascending=[False, True], ignore_index=True
    )


def answers(
    plan: PlanRecord, patches: list[Patch], merged: Merged, made: PlanRecord | None
) -> pd.DataFrame:
    """
    Say what became of every wish.

    Parameters
    ----------
    plan
        That was reviewed.
    patches, merged
        What was wished, and what was left of it after conflicts.
    made
        The new plan; None where there is none.

    Returns
    -------
    pandas.DataFrame
        file, reviewer, kind (调整、锁定、意见), place, from, to, units, households, result.
    """
    names = plan.names | (made.names if made is not None else {})
    rows: list[tuple[object, ...]] = []
    for patch in patches:
        rows += _edits(plan, patch, merged, made, names)
        rows += [
            (patch.name, patch.reviewer, "锁定", "", kept, kept, 0, 0, _told(made, "已照此锁定"))
            for kept in (said_name(g, names) for g in patch.locks)
        ]
        rows += _comments(plan, patch, made, names)
    return pd.DataFrame(rows, columns=COLUMNS)


def _told(made: PlanRecord | None, done: str) -> str:
    return done if made is not None else "未采纳：一并收到的意见里有冲突或不合规之处，解决后再办"


def _edits(
    plan: PlanRecord,
    patch: Patch,
    merged: Merged,
    made: PlanRecord | None,
    names: Mapping[str, str],
) -> list[tuple[object, ...]]:
    if not patch.edits:
        return []
    households = plan.units.set_index("unit_id")["households"]
    place = _compounds(plan)
    contested = set(merged.contested)
    table = pd.DataFrame(
        {
            "unit": [e.unit for e in patch.edits],
            "from": [e.before for e in patch.edits],
            "to": [own_name(patch, e.after) for e in patch.edits],
        }
    )
    table["contested"] = table["unit"].isin(contested)
    table["place"] = table["unit"].map(place).fillna("")
    table["households"] = table["unit"].map(households)
    rows: list[tuple[object, ...]] = []
    for (before, after, is_contested), part in table.groupby(
        ["from", "to", "contested"], sort=True
    ):
        where = "、".join(sorted(set(part["place"]) - {""})[:5])
        result = "未采纳：意见有冲突，见说明" if is_contested else _told(made, "采纳")
        now = said_name(after, names)
        if made is not None and not is_contested:
            units = made.units.set_index("unit_id")["grid_id"]
            went = units[part["unit"]].to_numpy()
            lived = went[part["households"].to_numpy() > 0] if part["households"].any() else went
            now = "、".join(said_name(g, names) for g in sorted(set(lived)))
            asked = went[0] if after in merged.new_grids else after
            others = int((went != asked).sum())
            if others:
                result = f"采纳；其中 {others} 块空地为连片另划"
        rows.append(
            (
                patch.name, patch.reviewer, "调整", where, said_name(before, names), now,
                len(part), int(part["households"].sum()), result,
            )
        )  # fmt: skip
    return rows


def _comments(
    plan: PlanRecord, patch: Patch, made: PlanRecord | None, names: Mapping[str, str]
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    after = (plan if made is None else made).grids.set_index("grid_id")["households"]
    before = plan.grids.set_index("grid_id")["households"]
    for comment in patch.comments:
        grid = _grid_at(plan, comment.lon, comment.lat)
        if made is None:
            result = "已收到；本次没有形成新方案"
        elif grid in before.index and grid in after.index and before[grid] != after[grid]:
            result = f"已收到；该网格本次由 {before[grid]} 户调整为 {after[grid]} 户"
        elif grid in before.index and grid not in after.index:
            result = "已收到；该网格本次撤并"
        else:
            result = "已收到；该网格本次没有变动，请经办人答复"
        at = said_name(grid, names)
        rows.append((patch.name, patch.reviewer, "意见", comment.text, at, at, 0, 0, result))
    return rows


def _grid_at(plan: PlanRecord, lon: float, lat: float) -> str:
    hit = shapely.intersects(plan.grids.geometry.to_numpy(), shapely.Point(lon, lat))
    return str(plan.grids["grid_id"].to_numpy()[hit][0]) if hit.any() else ""


def _compounds(plan: PlanRecord) -> dict[str, str]:
    """Give the compound of each unit that lies in one."""
    compounds = plan.backdrop.get("compounds")
    if compounds is None or not len(compounds):
        return {}
    points = gpd.GeoSeries(
        shapely.point_on_surface(plan.units.geometry.to_numpy()), crs=plan.units.crs
    )
    tree = shapely.STRtree(compounds.to_crs(points.crs).geometry.to_numpy())
    unit, compound = tree.query(points.to_numpy(), "within")
    names = compounds["name"].fillna("").astype(str).to_numpy(object)
    ids = plan.units["unit_id"].to_numpy(object)
    return dict(zip(ids[unit], names[compound], strict=True))
