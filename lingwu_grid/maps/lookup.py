"""What the map can be asked: places by name, and the card of every grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lingwu_grid.contract.kinds import SIDES, STATUSES
from lingwu_grid.lawful import stays
from lingwu_grid.maps.layers import with_count, with_standing
from lingwu_grid.maps.packing import MICRO, corners
from lingwu_grid.planning.impact import BEFORE
from lingwu_grid.planning.lineage import ADJUSTED, UNCHANGED

if TYPE_CHECKING:
    import geopandas as gpd

    from lingwu_grid.planning.record import PlanRecord

WAS_GRID = "原网格"


def lookup(record: PlanRecord) -> dict[str, Any]:
    """
    Give the page what it searches and tells.

    Parameters
    ----------
    record
        The plan.

    Returns
    -------
    dict
        places: name, kind, code and bounds (packed corners), from streets to stations,
        but for the plan's zones, which the page has with their labels; cards of the plan's grids
        and of compounds, and today: cards of today's grids, by code; range: what a grid may have.
    """
    back = record.backdrop
    places: list[list[Any]] = []
    if "compounds" in back:
        places += _places(back["compounds"], "name", "小区", "compound_id")
    if "subdistricts" in back and "name" in back["subdistricts"]:
        places += _places(back["subdistricts"], "name", "街道", "subdistrict_id")
    for name, kind in (("roads", "道路"), ("barriers", "水系、铁路"), ("stations", "邻里驿家")):
        if name in back:
            places += _places(back[name], "name", kind)
    places += _retired(record)
    rules = record.run["rules"]["grid"]
    return {
        "range": [rules["lower"], rules["upper"]],
        "places": _merged(places),
        "cards": _cards(record),
        "compounds": _compound_cards(record),
        "today": _today_cards(record),
        "marks": _marks(record),
    }


PASSES = "⇄"
"""Mark of a grid that passes to another community as a whole."""


def _marks(record: PlanRecord) -> dict[str, dict[str, str]]:
    """Give the zones whose count is told with a mark, of the plan and of today, by code."""
    after = {
        str(code): STATUSES[status].mark
        for table, key in ((record.grids, "grid_id"), (record.communities, "community_id"))
        for code, status in zip(table[key], table["status"], strict=True)
    }
    for code in record.recoded.values():
        after[code] = after.get(code, "") + PASSES
    today = record.backdrop.get("grids")
    before = {}
    if today is not None:
        counted = with_standing(with_count(today, record, "grid_id"), record)
        sides = zip(counted["grid_id"], counted["standing"], strict=True)
        before = {str(code): SIDES[side].mark for code, side in sides}
    return {
        "after": {code: mark for code, mark in after.items() if mark},
        "before": {code: mark for code, mark in before.items() if mark},
    }


def _retired(record: PlanRecord) -> list[list[Any]]:
    """Give today's zones whose codes end: they are what people still ask for."""
    found: list[list[Any]] = []
    for layer, key, kind in (("grids", "grid", WAS_GRID), ("communities", "community", "原社区")):
        today = record.backdrop.get(layer)
        if today is None:
            continue
        lives = set(getattr(record, layer)[f"{key}_id"].astype(str))
        ended = today[~today[f"{key}_id"].astype(str).isin(lives)]
        found += _places(ended, f"{key}_name", kind, f"{key}_id")
    return found


def _merged(places: list[list[Any]]) -> list[list[Any]]:
    """Join the pieces of one road: a name without a code is one place."""
    out: dict[tuple[str, str, str], list[Any]] = {}
    for name, kind, code, box in places:
        old = out.setdefault((name, kind, code), [name, kind, code, box])[3]
        west, south = min(old[0], box[0]), min(old[1], box[1])
        out[name, kind, code][3] = [west, south, max(old[2], box[2]), max(old[3], box[3])]
    return [[*place[:3], corners(place[3])] for place in out.values()]


def _places(
    table: gpd.GeoDataFrame, name: str, kind: str, code: str | None = None
) -> list[list[Any]]:
    bounds = np.round(table.bounds.to_numpy(), MICRO).tolist()
    codes = table[code].astype(str) if code else [""] * len(table)
    words = table[name].fillna("").astype(str)
    return [
        [word, kind, own, box]
        for word, own, box in zip(words, codes, bounds, strict=True)
        if word or own
    ]


def _cards(record: PlanRecord) -> dict[str, Any]:
    seats, passed = _seats(record), set(record.recoded.values())
    cards = {}
    for row in record.grids.to_dict("records"):
        change = f"调入 {row['households_in']} 户，调出 {row['households_out']} 户"
        passes = row["grid_id"] in passed
        if str(row["households_in"]) == str(row["households_out"]) == "0":
            is_ground = row["lineage"] == ADJUSTED and not passes
            change = "只动无人地块" if is_ground else "没有住户变动"
        if passes:
            change = f"整个网格改属{row['community_name']}，{change}"
        reason = f"（{row['reason']}）" if row["reason"] else ""
        rows = [
            ["社区", row["community_name"]],
            ["合规状态", f"{row['status']}{reason}"],
            ["变更", f"{row['lineage']}，{change}"],
            ["原网格", row["previous_grid_ids"] or ""],
            ["四至", row["boundary_text"] or ""],
            ["社区职数", seats[row["community_id"]]],
        ]
        if row.get("station_name"):
            minutes = row["walk_minutes"]
            walk = f"，步行 {minutes:.0f} 分钟" if pd.notna(minutes) else ""
            rows.append(["邻里驿家", f"{row['station_name']}{walk}"])
        cards[row["grid_id"]] = {
            "name": row["grid_name"],
            "households": row["households"],
            "changes": row["lineage"] != UNCHANGED,
            "rows": rows,
        }
    return cards


def household_flows(buildings: pd.DataFrame) -> pd.DataFrame:
    """Sum the households up by their compound, or none, by where they are and where they go."""
    keys = [
        "compound_id", "compound_name", "previous_grid_id", "grid_id", "previous_community_id",
        "community_id",
    ]  # fmt: skip
    return buildings.groupby(keys, sort=True)["households"].sum().reset_index()


def _compound_cards(record: PlanRecord) -> dict[str, Any]:
    """Say of each compound what becomes of it: the first question anybody asks."""
    is_summed = "building_id" not in record.buildings.columns  # a shared part has sums only
    flows = record.buildings if is_summed else household_flows(record.buildings)
    flows = flows[flows["compound_id"] != ""]
    names, recoded = record.names, record.recoded
    rows_of: dict[str, list[Any]] = {}
    for row in flows.sort_values("compound_id", kind="stable").itertuples(index=False):
        rows_of.setdefault(str(row.compound_id), []).append(row)
    return {
        code: {
            "name": rows[0].compound_name or code,
            "said": _compound_said(rows, recoded),
            "rows": [(f"{r.households} 户", _flow_said(r, names, recoded)) for r in rows],
        }
        for code, rows in rows_of.items()
    }


def _compound_said(rows: list[Any], recoded: dict[str, str]) -> str:
    """Say in a line what becomes of a compound: grid and community, each told."""
    grid = [_leaves(r, recoded) for r in rows]
    community = [r.previous_community_id not in ("", r.community_id) for r in rows]
    if not any(grid) and not any(community):
        return "小区：整体不变"
    told = ["有住户换网格"] * any(grid)
    if any(community):
        told.append("整体改属另一社区" if all(community) else "有住户改属另一社区")
    return "小区：" + "，".join(told)


def _leaves(row: Any, recoded: dict[str, str]) -> bool:  # noqa: ANN401 - a row of a table
    """Tell whether some households of a compound change grid."""
    today: str = row.previous_grid_id
    return today != "" and not stays(today, row.grid_id, recoded)


def _flow_said(row: Any, names: dict[str, str], recoded: dict[str, str]) -> str:  # noqa: ANN401 - a row
    """Say where some households of a compound go."""
    now = names.get(row.grid_id, row.grid_id)
    across = ""
    if row.previous_community_id not in ("", row.community_id):
        across = f"，社区改属{names.get(row.community_id, row.community_id)}"
    was = names.get(row.previous_grid_id, row.previous_grid_id)
    if _leaves(row, recoded):
        return f"{was} → {now}{across}"
    if row.previous_grid_id in recoded:
        return f"仍在{was}，改称{now}{across}"
    return f"仍在{now}" + (across or "，不变")


def _today_cards(record: PlanRecord) -> dict[str, Any]:
    """Give the cards of today's grids, for the view of today."""
    today = record.backdrop.get("grids")
    if today is None:
        return {}
    counted = with_standing(with_count(today, record, "grid_id"), record)
    became = record.grids.set_index("grid_id")["lineage"].to_dict()
    return {
        str(row["grid_id"]): {
            "name": f"现状 · {row['grid_name'] or row['grid_id']}",
            "households": row["households"],
            "rows": [
                ["合规状态", row["standing"]],
                ["方案", became.get(row["grid_id"], "撤销")],
            ],
        }
        for row in counted.drop(columns="geometry").to_dict("records")
    }


def _seats(record: PlanRecord) -> dict[str, str]:
    """Tell the committee seats of every community, and what they are today (policy §15)."""
    impact = record.impact
    today = impact[impact["when"] == BEFORE].set_index("community_id")["seats"].to_dict()
    told = {}
    for row in record.communities.itertuples(index=False):
        before = f"（现状 {today[row.community_id]}）" if row.community_id in today else ""
        told[row.community_id] = f"{row.households} 户，两委 {row.seats} 职{before}"
    return told
