"""Outlook: what known deliveries and demolitions make of each grid and community, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.fabric.growth import horizon_end, unit_growth
from lingwu_grid.lawful import LAWFUL, OVER, UNDER, community_bands, grid_bands, side
from lingwu_grid.planning.lookups import named
from lingwu_grid.planning.register import COMMUNITY, GRID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lingwu_grid.planning.drawn import Drawn

COLUMNS = [
    "level", "zone_id", "name", "community_id", "date", "change", "households", "standing",
    "limit",
]  # fmt: skip
YEARS = 3


def make_outlook(drawn: Drawn) -> pd.DataFrame:
    """
    Work out how many households each zone will have.

    Parameters
    ----------
    drawn
        A plan. Who comes and goes is shared among the units of a compound (`unit_growth`).

    Returns
    -------
    pandas.DataFrame
        A row for each day on which a zone changes: level, zone_id, name, community_id, date,
        change (on that day), households (from then on), standing, limit (what it is beyond; 0
        where it is in range).
    """
    shared = unit_growth(drawn.study, drawn.fabric)
    if not len(shared):
        return _nothing()
    shared["grid_id"] = drawn.names.grid_of_unit[shared["unit"].to_numpy(np.int64)]
    home = dict(zip(drawn.grids["grid_id"], drawn.grids["community_id"], strict=True))
    shared["community_id"] = shared["grid_id"].map(home)
    rules = drawn.study.rules
    out = []
    for level, word, layer, bands in (
        ("grid", GRID, drawn.grids, grid_bands(rules, drawn.names.special_grids)),
        ("community", COMMUNITY, drawn.communities, community_bands(rules, drawn.names.villages)),
    ):
        key = f"{level}_id"
        now = dict(zip(layer[key], layer["households"].tolist(), strict=True))
        rows = shared.groupby([key, "date"], as_index=False)["change"].sum()
        rows = rows[rows["change"] != 0].rename(columns={key: "zone_id"})
        if not len(rows):
            continue
        rows["households"] = rows["zone_id"].map(now) + rows.groupby("zone_id")["change"].cumsum()
        rows["standing"] = [
            side(n, bands.of(zone), bands.usual)
            for zone, n in zip(rows["zone_id"], rows["households"].tolist(), strict=True)
        ]
        rows["limit"] = [
            0 if where not in (OVER, UNDER) else band.upper if where == OVER else band.lower
            for where, band in zip(rows["standing"], map(bands.of, rows["zone_id"]), strict=True)
        ]
        rows["level"] = word
        rows["name"] = named(rows["zone_id"], layer.set_index(key)[f"{level}_name"])
        rows["community_id"] = rows["zone_id"].map(home) if level == "grid" else rows["zone_id"]
        out.append(rows)
    return pd.concat(out, ignore_index=True)[COLUMNS] if out else _nothing()


def _nothing() -> pd.DataFrame:
    counts = ("change", "households", "limit")
    return pd.DataFrame(
        {name: pd.Series([], dtype=np.int64 if name in counts else object) for name in COLUMNS}
    )


def leaving(outlook: pd.DataFrame, layers: Mapping[str, pd.DataFrame], start: str) -> pd.DataFrame:
    """
    Give the zones that are lawful now and leave their range within three years, with when first.

    Parameters
    ----------
    outlook
        As :func:`make_outlook` gives it.
    layers
        Grids and communities of the plan, as ``grid`` and ``community``.
    start
        The day the plan takes effect; without one, that of the first row.
    """
    if not len(outlook):
        return outlook
    last = horizon_end(outlook, start, YEARS)
    out = outlook["standing"].isin([OVER, UNDER]) & (pd.to_datetime(outlook["date"]) <= last)
    lawful = {
        zone
        for level, layer in layers.items()
        for zone in layer.loc[layer["status"] == LAWFUL, f"{level}_id"]
    }
    rows = outlook[out & outlook["zone_id"].isin(lawful)]
    return rows.sort_values("date", kind="stable").drop_duplicates("zone_id").sort_index()


def told_ahead(leaving_rows: pd.DataFrame) -> list[Finding]:
    """Tell of zones that will leave their range."""
    return [
        finding
        for level, table in ((GRID, "grids"), (COMMUNITY, "communities"))
        for finding in _told(leaving_rows[leaving_rows["level"] == level], table)
    ]


def _told(rows: pd.DataFrame, table: str) -> list[Finding]:
    kind = Finding(
        "warning", "growth_out", table, "", "",
        "到时用 python -m lingwu_grid.update 在批准的方案上微调",
    )  # fmt: skip
    return each(
        kind,
        rows["zone_id"].tolist(),
        messages=[
            f"{row.name}按已知的交付和拆除，{row.date} 起预计 {row.households} 户，"
            f"{row.standing} {row.limit} 户，差 {abs(row.households - row.limit)} 户"
            for row in rows.itertuples(index=False)
        ],
    )
