"""What a coverage leaves in the output folder of a plan."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pyogrio

from lingwu_grid.bundle import whole_folder, write_csv, write_json
from lingwu_grid.errors import InputError
from lingwu_grid.ingest.systems import DEGREES

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from lingwu_grid.coverage.choosing import Proposal
    from lingwu_grid.coverage.walk import Coverage
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.study import Study


def require_same_inputs(record: PlanRecord, study: Study) -> None:
    """
    Refuse to measure a plan with other data than it was made from.

    Raises
    ------
    InputError
        If a file of the study has changed since, is new, or is gone.
    """
    then = {(s["file"], s["sha256"]) for s in record.run["inputs"]}
    now = {(s["file"], s["sha256"]) for s in study.sources}
    if then != now:
        changed = "、".join(sorted({name for name, _ in then ^ now})[:5])
        raise InputError(
            f"研究文件夹和方案的数据不一致：{changed}",
            where="run.json",
            remedy="用划分时的研究文件夹；数据更新了就先重新运行 python -m lingwu_grid.partition",
        )


def write_coverage(folder: Path, coverage: Coverage, proposal: Proposal | None) -> None:
    """
    Add a coverage to the folder of a plan: layers, ``coverage.json``, ``coverage.csv``.

    Parameters
    ----------
    folder
        Holds a plan; it is replaced by a copy with the additions when that is complete.
    coverage
        What was measured.
    proposal
        Where stations should open; None where nobody asked.

    Raises
    ------
    OutputError
        If it cannot be written; the folder is then as it was.
    """
    tables = {
        "stations": coverage.stations, "gaps": coverage.gaps, "isochrones": coverage.isochrones,
    }  # fmt: skip
    summary = dict(coverage.summary)
    if proposal is not None:
        tables["proposed_stations"] = proposal.sites
        summary["proposal"] = {
            "sites": proposal.sites["site_id"].tolist(),
            "covered": proposal.covered,
            "optimum": proposal.optimum,
            "uncovered": proposal.uncovered,
            "curve": proposal.curve.to_dict("records"),
        }
    with whole_folder(folder.resolve()) as draft:
        shutil.copytree(folder, draft, dirs_exist_ok=True)
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"})
        for name, table in tables.items():
            if len(table):
                pyogrio.write_dataframe(
                    _finite(table).to_crs(DEGREES), draft / "plan.gpkg", layer=name, driver="GPKG"
                )
        write_csv(coverage.zones, draft / "coverage_zones.csv")
        write_csv(coverage.households, draft / "coverage.csv")
        write_json(summary, draft / "coverage.json")


def _finite(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give nothing instead of infinity: a walk that is not possible has no metres."""
    plain = table.copy()
    for name in plain.columns:
        if plain[name].dtype == np.float64:
            plain[name] = plain[name].where(np.isfinite(plain[name]))
    return plain
