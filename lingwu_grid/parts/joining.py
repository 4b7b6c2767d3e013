"""Joining: the plans of parts become the files of one plan, long tables a part at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from lingwu_grid.bundle import add_csv, add_layer, write_csv, write_json, write_layer
from lingwu_grid.parts.seams import woven
from lingwu_grid.planning.identity import named_by, unit_lines
from lingwu_grid.planning.lineage import UNCHANGED
from lingwu_grid.planning.record import PlanRecord, backdrop_of

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.parts.spill import Scattered
    from lingwu_grid.parts.store import Store
    from lingwu_grid.study import Study

SUMS = (
    "households", "grids", "communities", "grids_in_range", "communities_in_range", "exceptions",
    "households_moved_grid", "households_moved_community", "grids_touched", "grids_today",
)  # fmt: skip
"""Figures of a summary that add up over parts."""

LISTS = ("locked_grids", "locked_communities", "enclaves", "pins")
"""Rules of a certificate that each part has its own of."""


@dataclass(frozen=True)
class Pieces:
    """
    Parts that are solved, and what they are parts of.

    Parameters
    ----------
    store
        Has the plan of each part.
    folders
        Of the store, one a solved part.
    names
        The parts that were solved, in order.
    ground
        The whole study without its households.
    scattered
        What became of the household rows.
    failed
        Parts that could not be solved: name, reason, households.
    """

    store: Store
    folders: tuple[str, ...]
    names: tuple[str, ...]
    ground: Study
    scattered: Scattered
    failed: tuple[tuple[str, str, int], ...]


def write_joined(pieces: Pieces, run: dict[str, Any], folder: Path) -> PlanRecord:
    """
    Write the tables of the whole plan.

    Parameters
    ----------
    pieces
        The parts.
    run
        What the plan is made from, for ``run.json``.
    folder
        A draft.

    Returns
    -------
    PlanRecord
        The plan without its units, moves and assignment: for an overview.
    """
    layers = _zones(pieces)
    for name in ("grids", "communities"):
        write_layer(layers[name], folder / "plan.gpkg", name)
    plan = _pass_through(pieces, folder)
    tables = {name: _table(pieces, name) for name in ("changes", "impact", "code_register")}
    tables["excluded"] = pieces.scattered.excluded
    tables["findings"] = _findings(pieces)
    for name, table in tables.items():
        write_csv(table, folder / f"{name}.csv")
    for name, table in (backdrop := backdrop_of(pieces.ground.tables)).items():
        write_layer(table, folder / "backdrop.gpkg", name)
    summary = _summary(pieces, [pieces.store.plain(name)["summary"] for name in pieces.folders])
    certificate = _certificate(pieces)
    for name, content in (("run", run), ("certificate", certificate)):
        write_json(content, folder / f"{name}.json")
    nothing = pd.DataFrame()
    return PlanRecord(
        **{name: cast("gpd.GeoDataFrame", table) for name, table in layers.items()},
        units=gpd.GeoDataFrame(geometry=[]),
        moves=gpd.GeoDataFrame(geometry=[]),
        assignment=nothing,
        buildings=nothing,
        **tables,
        summary=summary,
        run=run | {"plan": plan},
        certificate={},
        backdrop=backdrop,
    )


def _zones(pieces: Pieces) -> dict[str, gpd.GeoDataFrame]:
    """Give the grids and communities of all parts, woven together at the seams."""
    layers = {}
    for name in ("grids", "communities"):
        parts = [cast("gpd.GeoDataFrame", pieces.store.frame(n, name)) for n in pieces.folders]
        part = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
        table = pd.concat(parts, ignore_index=True)
        held = (table["lineage"] == UNCHANGED).to_numpy(bool)
        shapes = woven(table.geometry.to_numpy(), part, held)
        layers[name] = table.set_geometry(gpd.GeoSeries(shapes, crs=table.crs))
    return layers


def _pass_through(pieces: Pieces, folder: Path) -> str:
    """Write units, moves, assignment and buildings a part at a time; give the plan its name."""
    rows: list[str] = []
    for name in pieces.folders:
        units = cast("gpd.GeoDataFrame", pieces.store.frame(name, "units"))
        add_layer(units, folder / "plan.gpkg", "units")
        rows += unit_lines(units)
        for table in ("assignment", "buildings"):
            add_csv(pieces.store.frame(name, table), folder / f"{table}.csv")
    moves = [cast("gpd.GeoDataFrame", pieces.store.frame(n, "moves")) for n in pieces.folders]
    write_layer(pd.concat(moves, ignore_index=True), folder / "plan.gpkg", "moves")
    return named_by(rows)


def _table(pieces: Pieces, name: str) -> pd.DataFrame:
    return pd.concat([pieces.store.frame(n, name) for n in pieces.folders], ignore_index=True)


def _findings(pieces: Pieces) -> pd.DataFrame:
    """Give what the data did as a whole, then part by part; what two parts saw, once."""
    whole = pieces.ground.findings.joined(pieces.scattered.findings)
    failed = pd.DataFrame(
        [
            ("error", "part_failed", "subdistricts", name, f"{name} 没有解出：{why}",
             "排除原因后再运行一次：已解出的部分不再重算")
            for name, why, _ in pieces.failed
        ],
        columns=list(whole.columns()),
    )  # fmt: skip
    every = pd.concat(
        [failed, pd.DataFrame(whole.columns()), _table(pieces, "findings")], ignore_index=True
    )
    return every.fillna("").drop_duplicates(ignore_index=True)


def _summary(pieces: Pieces, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Add up the summaries of parts."""
    total: dict[str, Any] = dict(parts[0])
    total |= {key: sum(p[key] for p in parts) for key in SUMS}
    total["study"] = pieces.ground.name
    total["grids_retired"] = sorted(g for p in parts for g in p["grids_retired"])
    moved = total["households_moved_grid"]
    total["moved_share"] = round(moved / max(total["households"], 1), 6)
    total["lower_bound"] = _bounds([p["lower_bound"] for p in parts])
    proven = total["lower_bound"]["under_rules"]
    least = total["lower_bound"]["unconditional"] if proven is None else proven
    total["gap"] = round((moved - least) / moved, 6) if moved else 0.0
    for key, weight in (("border_on_line_share", "border_m"), ("polsby_popper", "zones")):
        total[key] = {
            when: _mean([p[key][when] for p in parts], [p[weight][when] for p in parts])
            for when in ("before", "after")
        }
    for key in ("border_m", "zones"):
        total[key] = {w: round(sum(p[key][w] for p in parts), 1) for w in ("before", "after")}
    total["explanations"] = [e for p in parts for e in p["explanations"]] + [
        _failure(name, why, households) for name, why, households in pieces.failed
    ]
    total["status"] = _status([p["status"] for p in parts], failed=bool(pieces.failed))
    total["parts"] = [
        {"part": name, "status": p["status"], **{k: p[k] for k in SUMS},
         "lower_bound": {k: p["lower_bound"][k] for k in ("unconditional", "under_rules")},
         "seconds": p["seconds"], "peak_mb": p["peak_mb"]}
        for name, p in zip(pieces.names, parts, strict=True)
    ]  # fmt: skip
    return total


def _bounds(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """No household changes street: what holds for each part adds up."""
    total = dict(parts[0])
    for key in ("unconditional", "unconditional_communities"):
        total[key] = sum(p[key] for p in parts)
    for key in ("within_communities", "under_rules"):
        known = [p[key] for p in parts]
        total[key] = None if None in known else sum(known)
    total["rules"] = {k: v for p in parts for k, v in p["rules"].items()}
    return total


def _mean(values: list[float], weights: list[float]) -> float:
    if not sum(weights):
        return round(float(np.mean(values)), 4)
    return round(float(np.average(values, weights=weights)), 4)


def _status(parts: list[str], *, failed: bool) -> str:
    if failed or "infeasible" in parts:
        return "infeasible"
    return "optimal" if set(parts) == {"optimal"} else "feasible"


def _failure(name: str, why: str, households: int) -> dict[str, Any]:
    return {
        "cause": "part_failed", "message": f"{name}（{households} 户）没有解出：{why}",
        "remedy": "排除原因后再运行一次：已解出的部分不再重算", "households": households,
        "units": [], "grids": [], "communities": [], "subdistricts": [name], "repairs": [],
    }  # fmt: skip


def _certificate(pieces: Pieces) -> dict[str, Any]:
    """Put the certificates of parts together; units are numbered through."""
    total: dict[str, Any] = {}
    for name in pieces.folders:
        own = pieces.store.plain(name)["certificate"]
        first = len(total["units"]) if total else 0
        joins = (np.array(own["joins"], np.int64).reshape(-1, 2) + first).tolist()
        if not total:
            total = own | {"joins": joins, "parts": []}
        else:
            for key in ("proofs", "special_grids", "villages", "units"):
                total[key] += own[key]
            total["joins"] += joins
            for key in LISTS:
                total["rules"][key] += own["rules"][key]
            bounds = _bounds([{"rules": {}, **b["bounds"]} for b in (total, own)])
            total["bounds"] = {k: v for k, v in bounds.items() if k != "rules"}
        total["parts"].append({"units": len(own["units"])})
    total["inputs"] = list(pieces.ground.sources)
    return total
