"""The bundle: the files of a plan, long tables a part at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.output import add_csv, add_layer, write_csv, write_json, write_layer
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.qgis_styles import BACKDROP, DEGREES, add_styles, write_project

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.planning.record import PlanRecord

LONG_CSV = ("assignment", "buildings")
PLAIN = ("summary", "run", "certificate")


def write_bundle(record: PlanRecord, folder: Path) -> None:
    """
    Write the tables of a plan into an existing folder.

    Parameters
    ----------
    record
        The plan.
    folder
        Usually a draft of :func:`whole_folder`.
    """
    for name in ("plan.gpkg", "backdrop.gpkg"):
        (folder / name).unlink(missing_ok=True)
    write_layer(record.grids, folder / "plan.gpkg", "grids")
    write_layer(record.communities, folder / "plan.gpkg", "communities")
    for name in LONG_CSV:
        (folder / f"{name}.csv").unlink(missing_ok=True)
    for piece in record.pieces:  # what is long is never held whole
        add_layer(piece.table("units"), folder / "plan.gpkg", "units")
        for name in LONG_CSV:
            add_csv(piece.table(name), folder / f"{name}.csv")
    write_layer(record.moves, folder / "plan.gpkg", "moves")
    others = {"levels": record.levels} if len(record.levels) else {}
    for name, layer in (others | (record.service.layers if record.service else {})).items():
        write_layer(layer, folder / "plan.gpkg", name)
    layers = {"grids": record.grids, "communities": record.communities, "moves": record.moves}
    layers |= others
    columns = {name: list(table) for name, table in layers.items()}
    beside = {"units": record.pieces[0].table("units")}
    beside |= record.service.layers if record.service else {}
    styled = columns | {name: list(table) for name, table in beside.items()}
    add_styles(folder / "plan.gpkg", styled)
    under = {s.layer for s in BACKDROP}
    columns |= {n: list(t) for n, t in record.backdrop.items() if n in under and len(t)}
    ground = record.communities.to_crs(record.work_crs)
    number = ground.crs.to_epsg()
    ground, system = (ground, f"EPSG:{number}") if number else (record.communities, DEGREES)
    bounds = ground.total_bounds.tolist()
    mark = "合成数据，非真实情况　" if record.summary["synthetic"] else ""
    note = f"{mark}方案 {plan_of(record)}　内部：有准确户数，不外发"
    write_project(folder, str(record.summary["study"]), columns, bounds, system=system, note=note)
    for name, layer in record.backdrop.items():
        write_layer(layer, folder / "backdrop.gpkg", name)
    about = {"excluded": record.excluded, "findings": record.findings}
    for name, table in (record.tables | about).items():
        write_csv(table, folder / f"{name}.csv")
    for name in PLAIN:
        write_json(getattr(record, name), folder / f"{name}.json")
    if record.service is not None:
        write_csv(record.service.zones, folder / "coverage_zones.csv")
        write_csv(record.service.households, folder / "coverage.csv")
        write_json(record.service.summary, folder / "coverage.json")
