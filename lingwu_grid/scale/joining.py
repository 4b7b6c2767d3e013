"""Joining: the plans of parts become one plan; long tables stay where they lie, by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from lingwu_grid.planning.defence import gap_of
from lingwu_grid.planning.foresight import together
from lingwu_grid.planning.identity import named_by, unit_lines
from lingwu_grid.planning.levels import levels_together
from lingwu_grid.planning.lineage import UNCHANGED
from lingwu_grid.planning.making import backdrop_of
from lingwu_grid.planning.pieces import LONG
from lingwu_grid.planning.record import PlanRecord
from lingwu_grid.scale.seams import woven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lingwu_grid.ingest.study import Study

SUMS = (
    "households", "grids", "communities", "grids_in_range", "communities_in_range", "exceptions",
    "households_moved_grid", "households_moved_community", "affected", "tight_zones",
    "zones_leaving", "grids_touched", "grids_today",
)  # fmt: skip
"""Figures of a summary that add up over parts."""

LONG_LISTS = ("proofs", "needs", "special_grids", "villages", "units")
"""Lists of a certificate that go on from part to part."""

LISTS = ("locked_grids", "locked_communities", "enclaves", "pins")
"""Rules of a certificate that each part has its own of."""


@dataclass(frozen=True)
class Solved:
    """
    A part that is solved.

    Parameters
    ----------
    name
        Of the part.
    record
        Its plan; its long tables may lie in a store.
    """

    name: str
    record: PlanRecord


def join(ground: Study, parts: Sequence[Solved], failed: Sequence[Failure] = ()) -> PlanRecord:
    """
    Put the plans of parts together.

    Parameters
    ----------
    ground
        The whole study.
    parts
        Its solved parts, in order; the only one is the plan.
    failed
        Parts that could not be solved.

    Returns
    -------
    PlanRecord
        One plan; grids on two sides of a seam share its vertices.
    """
    if len(parts) == 1 and not failed:
        return parts[0].record
    records = [part.record for part in parts]
    layers = {
        name: _zones([getattr(r, name) for r in records]) for name in ("grids", "communities")
    }
    pieces = tuple(record.pieces[0] for record in records)
    lines = [line for piece in pieces for line in unit_lines(piece.table("units"))]
    return PlanRecord(
        **layers,
        levels=pd.concat([record.levels for record in records], ignore_index=True),
        pieces=pieces,
        tables={
            name: pd.concat([record.tables[name] for record in records], ignore_index=True)
            for name in records[0].tables
        },
        excluded=ground.excluded,
        findings=_findings(ground, records, failed),
        summary=_summary(ground, parts, failed),
        run=records[0].run
        | {"parts": [part.name for part in parts], "plan": named_by(lines)}
        | {"inputs": list(ground.sources), "rules": ground.rules.as_dict()},
        certificate=_certificate(ground, records),
        backdrop=backdrop_of(ground.tables),
    )


class Failure(NamedTuple):
    """A part that could not be solved."""

    name: str
    reason: str
    households: int


def _zones(parts: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Give the grids or communities of all parts, woven together at the seams."""
    part = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    table = pd.concat(parts, ignore_index=True)
    held = (table["lineage"] == UNCHANGED).to_numpy(bool)
    shapes = woven(table.geometry.to_numpy(), part, held)
    return table.set_geometry(gpd.GeoSeries(shapes, crs=table.crs))


def _findings(
    ground: Study, records: Sequence[PlanRecord], failed: Sequence[Failure]
) -> pd.DataFrame:
    """Give what the data did as a whole, then part by part; what two parts saw, once."""
    whole = pd.DataFrame(ground.findings.columns())
    lost = pd.DataFrame(
        [
            ("error", "part_failed", "subdistricts", part.name,
             f"{part.name} 没有解出：{part.reason}", "排除原因后再运行一次：已解出的部分不再重算")
            for part in failed
        ],
        columns=whole.columns,
    )  # fmt: skip
    every = pd.concat([lost, whole, *(r.findings for r in records)], ignore_index=True)
    return every.fillna("").drop_duplicates(ignore_index=True)


def _summary(ground: Study, solved: Sequence[Solved], failed: Sequence[Failure]) -> dict[str, Any]:
    """Add up the summaries of parts."""
    parts = [part.record.summary for part in solved]
    total: dict[str, Any] = dict(parts[0])
    total |= {key: sum(p[key] for p in parts) for key in SUMS}
    if any("horizon" in p for p in parts):
        total["horizon"] = together(parts)
    if levels := levels_together([p.get("levels", []) for p in parts]):
        total["levels"] = levels
    prices = [p["price_of_clear_borders"] for p in parts]
    total["price_of_clear_borders"] = None if None in prices else sum(prices)
    total["study"] = ground.name
    total["grids_recoded"] = {o: n for p in parts for o, n in p["grids_recoded"].items()}
    total["grids_retired"] = sorted(g for p in parts for g in p["grids_retired"])
    moved = total["households_moved_grid"]
    total["moved_share"] = round(moved / max(total["households"], 1), 6)
    total["lower_bound"] = _bounds([p["lower_bound"] for p in parts])
    total["gap"] = gap_of(total["affected"], total["lower_bound"]["global"])
    for key, weight in (("border_on_line_share", "border_m"), ("polsby_popper", "zones")):
        total[key] = {
            when: _mean([p[key][when] for p in parts], [p[weight][when] for p in parts])
            for when in ("before", "after")
        }
    for key in ("border_m", "zones"):
        total[key] = {w: round(sum(p[key][w] for p in parts), 1) for w in ("before", "after")}
    total["explanations"] = [e for p in parts for e in p["explanations"]] + [
        _failure(*part) for part in failed
    ]
    total["status"] = _status([p["status"] for p in parts], failed=bool(failed))
    total["parts"] = [
        {"part": part.name, "status": p["status"], **{k: p[k] for k in SUMS},
         "lower_bound": {k: p["lower_bound"][k] for k in ("unconditional", "global")},
         "seconds": p["seconds"], "peak_mb": p["peak_mb"]}
        for part, p in zip(solved, parts, strict=True)
    ]  # fmt: skip
    return total


def _bounds(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """No household changes street: what holds for each part adds up."""
    total = dict(parts[0])
    for key in ("unconditional", "unconditional_communities", "global"):
        total[key] = sum(p[key] for p in parts)
    known = [p["within_plan"] for p in parts]
    total["within_plan"] = None if None in known else sum(known)
    return total


def _mean(values: list[float], weights: list[float]) -> float:
    if not sum(weights):
        return round(float(np.mean(values)), 4)
    return round(float(np.average(values, weights=weights)), 4)


def _status(parts: list[str], *, failed: bool) -> str:
    if "infeasible" in parts:
        return "infeasible"
    if failed or "unfinished" in parts:
        return "unfinished"
    return "optimal" if set(parts) == {"optimal"} else "feasible"


def _failure(name: str, why: str, households: int) -> dict[str, Any]:
    return {
        "cause": "part_failed", "message": f"{name}（{households} 户）没有解出：{why}",
        "remedy": "排除原因后再运行一次：已解出的部分不再重算", "households": households,
        "short": households,
        "units": [], "grids": [], "communities": [], "subdistricts": [name], "repairs": [],
    }  # fmt: skip


def _certificate(ground: Study, records: Sequence[PlanRecord]) -> dict[str, Any]:
    """Put the certificates of parts together; units are numbered through."""
    total: dict[str, Any] = {}
    for record in records:
        own = record.certificate
        first = len(total["units"]) if total else 0
        joins = (np.array(own["joins"], np.int64).reshape(-1, 2) + first).tolist()
        if not total:
            total = own | {"joins": joins, "parts": []}
            total["rules"] = own["rules"] | {key: list(own["rules"][key]) for key in LISTS}
            total |= {key: list(own[key]) for key in LONG_LISTS}
        else:
            for key in LONG_LISTS:
                total[key] += own[key]
            total["joins"] += joins
            for key in LISTS:
                total["rules"][key] += own["rules"][key]
            for level, bands in own["rules"]["own"].items():
                total["rules"]["own"] |= {level: total["rules"]["own"][level] | bands}
            bounds = _bounds([{"rules": {}, **b["bounds"]} for b in (total, own)])
            total["bounds"] = {k: v for k, v in bounds.items() if k != "rules"}
        rows = {name: len(record.pieces[0].table(name)) for name in LONG}
        total["parts"].append(rows | {"global_weight": own["bounds"]["global_weight"]})
    total["inputs"] = list(ground.sources)
    return total
