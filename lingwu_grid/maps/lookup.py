"""What the map can be asked: places by name, and the card of every grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lingwu_grid import policy

if TYPE_CHECKING:
    import geopandas as gpd

    from lingwu_grid.planning.record import PlanRecord

MICRO = 6
"""Decimal places of a degree."""


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
        places: name, kind and bounds (west, south, east, north); cards: by grid id.
    """
    back = record.backdrop
    places = [
        *_places(record.grids, "grid_name", "网格", "grid_id"),
        *_places(record.communities, "community_name", "社区", "community_id"),
    ]
    for name, kind in (("compounds", "小区"), ("roads", "道路"), ("stations", "邻里驿家")):
        if name in back:
            places += _places(back[name], "name", kind)
    return {"places": places, "cards": _cards(record)}


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
    seats = _seats(record)
    band = record.run["rules"]["grid"]
    cards = {}
    for row in record.grids.to_dict("records"):
        change = f"调入 {row['households_in']} 户，调出 {row['households_out']} 户"
        reason = f"（{row['reason']}）" if row["reason"] else ""
        rows = [
            ["编码", row["grid_id"]],
            ["社区", row["community_name"]],
            ["合规状态", f"{row['status']}{reason}"],
            ["变更", f"{row['lineage']}，{change}"],
            ["原网格", row["previous_grid_ids"] or ""],
            ["四至", row["boundary_text"] or ""],
            ["社区职数", seats[row["community_id"]]],
        ]
        if row.get("station_name"):
            minutes = row["walk_minutes"]
            walk = f"，步行 {minutes:.0f} 分钟" if minutes == minutes else ""  # noqa: PLR0124 - NaN
            rows.append(["邻里驿家", f"{row['station_name']}{walk}"])
        cards[row["grid_id"]] = {
            "name": row["grid_name"],
            "households": row["households"],
            "range": [band["lower"], band["upper"]],
            "rows": rows,
        }
    return cards


def _seats(record: PlanRecord) -> dict[str, str]:
    """Tell the committee seats of every community, and what they are today (policy §15)."""
    today = record.assignment.groupby("previous_community_id").size()
    told = {}
    for row in record.communities.itertuples(index=False):
        before = ""
        if row.community_id in today.index:
            seats = policy.COMMITTEE_SEATS[policy.size_class(int(today[row.community_id]))]
            before = f"（现状 {seats}）"
        told[row.community_id] = f"{row.households} 户，两委 {row.seats} 职{before}"
    return told
