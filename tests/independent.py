"""An independent check of a written plan: plain reading of files, nothing from the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from pathlib import Path


def faults(out: Path, study: Path, *, crs: int = 4544) -> list[str]:
    """List the hard rules that the plan in `out` breaks; empty for a lawful one."""
    found: list[str] = []
    plan = pd.read_csv(out / "assignment.csv", dtype=str, encoding="utf-8-sig")
    excluded = pd.read_csv(out / "excluded.csv", dtype=str, encoding="utf-8-sig")
    grids = gpd.read_file(out / "plan.gpkg", layer="grids").to_crs(crs)
    communities = gpd.read_file(out / "plan.gpkg", layer="communities").to_crs(crs)
    homes = _homes(study)
    _expect(found, not plan.household_id.duplicated().any(), "a household is listed twice")
    seen = sorted([*plan.household_id, *excluded.household_id])
    _expect(found, seen == sorted(homes.household_id), "a household row is lost or invented")
    _sizes(found, plan, grids, "grid_id", (300, 500))
    _sizes(found, plan, communities, "community_id", (3000, 5000))
    parents = plan.groupby("grid_id").community_id.nunique()
    _expect(found, (parents == 1).all(), "a grid lies in two communities")
    lived = plan.merge(homes[["household_id", "building_id"]], on="household_id")
    split = lived.groupby("building_id").grid_id.nunique()
    _expect(found, (split == 1).all(), "a building is split")
    for name, table in (("grid", grids), ("community", communities)):
        shapes = table.geometry.to_numpy()
        _expect(found, shapely.is_valid(shapes).all(), f"a {name} polygon is invalid")
        _expect(found, (shapely.get_num_geometries(shapes) == 1).all(), f"a {name} is in pieces")
        _tiles(found, shapes, study, crs, name)
    _places(found, plan, homes, grids, crs)
    return found


def kept_vertex_for_vertex(out: Path, study: Path) -> int:
    """Count the grids called unchanged; fail on one whose vertices are not today's."""
    grids = gpd.read_file(out / "plan.gpkg", layer="grids").set_index("grid_id")
    today = gpd.read_file(study / "boundaries" / "grids.gpkg").to_crs(4490).set_index("grid_id")
    same = grids[grids.lineage == "不变"]
    for code, shape in same.geometry.items():
        now = shapely.normalize(today.geometry[code])
        if shapely.get_num_geometries(now) == 1:
            now = shapely.get_geometry(now, 0) if now.geom_type == "MultiPolygon" else now
        kept = shapely.normalize(shape)
        kept = shapely.get_geometry(kept, 0) if kept.geom_type == "MultiPolygon" else kept
        a, b = shapely.get_coordinates(kept), shapely.get_coordinates(now)
        assert a.shape == b.shape, code
        assert np.abs(a - b).max() < 1e-11, code
    return len(same)


def _homes(study: Path) -> pd.DataFrame:
    parts = sorted((study / "households").rglob("*.parquet"))
    if any(p.is_file() for p in parts):
        homes = pd.concat([gpd.read_parquet(p) for p in parts if p.is_file()], ignore_index=True)
        return homes.assign(经度=homes.geometry.x, 纬度=homes.geometry.y)
    town = pd.read_csv(study / "households/households_chengqu.csv", dtype=str, encoding="gb18030")
    villages = pd.read_excel(
        study / "households/households_dongta.xlsx", dtype=str, engine="openpyxl"
    )
    homes = pd.concat([town, villages], ignore_index=True)
    return homes.rename(columns={"户编号": "household_id", "楼栋编号": "building_id"})


def _expect(found: list[str], holds: object, fault: str) -> None:
    if not holds:
        found.append(fault)


def _sizes(
    found: list[str], plan: pd.DataFrame, table: gpd.GeoDataFrame, key: str, band: tuple[int, int]
) -> None:
    size = plan.groupby(key).size().reindex(table[key]).fillna(0).to_numpy()
    excused = ((table.status == "例外") & (table.reason.fillna("") != "")).to_numpy()
    bad = ((size < band[0]) | (size > band[1])) & ~excused
    _expect(found, not bad.any(), f"{int(bad.sum())} zones of {key} out of range")
    _expect(found, (size == table.households.to_numpy()).all(), f"households of {key} miscounted")


def _tiles(found: list[str], shapes: np.ndarray, study: Path, crs: int, name: str) -> None:
    (drawn,) = (study / "boundaries").glob("outline.*")
    outline = gpd.read_file(drawn).to_crs(crs).union_all()
    union = shapely.union_all(shapes)
    overlap = shapely.area(shapes).sum() - shapely.area(union)
    gap = shapely.area(shapely.symmetric_difference(union, outline))
    _expect(found, overlap < 5, f"{name}s overlap by {overlap:.1f} m2")
    _expect(found, gap < 5, f"{name}s miss the outline by {gap:.1f} m2")


def _places(
    found: list[str], plan: pd.DataFrame, homes: pd.DataFrame, grids: gpd.GeoDataFrame, crs: int
) -> None:
    table = plan.merge(homes, on="household_id")
    points = gpd.GeoSeries(
        gpd.points_from_xy(table["经度"].astype(float), table["纬度"].astype(float)), crs=4490
    ).to_crs(crs)
    shape = grids.set_index("grid_id").geometry.reindex(table.grid_id).to_numpy()
    inside = shapely.dwithin(shape, points.to_numpy(), 0.05)
    _expect(found, inside.all(), f"{int((~inside).sum())} households outside their grid")
