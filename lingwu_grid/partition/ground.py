"""The ground of a large study: its tables read whole, its household rows scattered to parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import pandas as pd
import shapely

from lingwu_grid.audit.whole import audited_ground
from lingwu_grid.findings import Findings
from lingwu_grid.ingest.files import Limits
from lingwu_grid.ingest.locating import locate
from lingwu_grid.ingest.streams import open_stream, streamable
from lingwu_grid.ingest.systems import work_crs_of
from lingwu_grid.ingest.tables import read_sources
from lingwu_grid.partition.walk import refuse_errors, run_of
from lingwu_grid.parts.cutting import Cutter, refuse_unknown
from lingwu_grid.parts.division import Division, divide
from lingwu_grid.parts.scatter import KEPT, Rows, Scatter, all_batches, open_rows, scatter
from lingwu_grid.parts.spill import ROWS, Scattered, kept_rows, read_scattered, redistributed
from lingwu_grid.parts.store import Store
from lingwu_grid.rules import Rules, read_rules
from lingwu_grid.study import Study, combined, none_counts, outline_of, rules_file, told_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Laid:
    """A large study, ready to be solved in parts."""

    ground: Study
    """The whole; of households one a building, with ``weight``."""
    division: Division
    scattered: Scattered
    cutter: Cutter

    def study(self, number: int) -> Study:
        """Give a part as a study of its own, with its household rows."""
        rows = kept_rows(self.scattered, number, self.ground.crs)
        return self.cutter.study(number, rows)


def rows_laid(folder: Path, rules: Rules | None) -> list[Path] | None:
    """List the household files that are to be streamed; None where the study is small."""
    rules = rules or rules_of(folder)
    files = streamable(folder)
    if rules.target_grids or sum(files.values()) < rules.part_households:
        return None
    return list(files)


def rules_of(folder: Path) -> Rules:
    """Read the folder's own settings."""
    own = rules_file(folder)
    return read_rules(own) if own else Rules()


def lay_out(
    folder: Path,
    out: Path,
    rules: Rules | None,
    key: dict[str, Any],
    datum: str | None,
    watch: Callable[[str], None],
) -> tuple[Laid, Store] | None:
    """
    Read a large study and scatter its rows.

    Parameters
    ----------
    folder
        The study.
    out
        The output folder; the store lies beside it.
    rules
        The settings; by default the folder's own.
    key
        What else decides the plan.
    datum
        As for reading.
    watch
        Told how far the work is.

    Returns
    -------
    tuple | None
        None where there is nothing to divide the study by.

    Raises
    ------
    LingwuError
        If the study cannot be used.
    """
    rules = rules or rules_of(folder)
    if datum is not None:
        rules = rules.with_(datum={"all": datum} | rules.datum)
    ground, rows, located = _read(folder, rules, rows_laid(folder, rules) or [])
    refuse_errors(ground)
    streets = divide(ground, limit=None)
    if streets is None:
        return None
    store = Store(out, key | run_of(ground, 0))
    if not store.has(ROWS):
        into = Scatter(ground, streets, store)
        scatter(all_batches(rows, ground, located, into.known), into, watch)
    scattered = read_scattered(store)
    homes = _homes(scattered, ground)
    if not len(homes):
        told = [*ground.findings.rows, *scattered.findings.rows]
        raise none_counts(folder, scattered.excluded, told)
    ground = audited_ground(replace(ground, households=homes, sources=_sources(ground, scattered)))
    refuse_errors(ground)
    division = divide(ground, limit=rules.part_households)
    if division is None:
        return None
    refuse_unknown(ground, division, set(homes["building_id"]))
    scattered = redistributed(scattered, streets, division, store)
    return Laid(ground, division, scattered, Cutter(ground, division)), store


def _read(
    folder: Path, rules: Rules, files: list[Path]
) -> tuple[Study, Rows, list[gpd.GeoDataFrame]]:
    """Read every table but the streamed ones, of which the first batch, and place them together."""
    limits = Limits(rules.max_file_mb, rules.max_rows, rules.max_vertices)
    sources, told = read_sources(folder, rules.columns, limits, without=files)
    whole = [s for s in sources if s.table == "households"]
    rows = open_rows([open_stream(p, limits) for p in files], whole, rules, limits)
    located = locate([*(s for s in sources if s.table != "households"), *rows.first], rules)
    spatial = [t for t in located.frames if isinstance(t, gpd.GeoDataFrame)]
    crs = work_crs_of([t for t in spatial if len(t)], rules.work_crs)
    pairs = list(zip(located.sources, located.frames, strict=True))
    tables = combined(
        [s for s, _ in pairs if s.table != "households"],
        [f for s, f in pairs if s.table != "households"],
        crs,
    )
    first = [cast("gpd.GeoDataFrame", f) for s, f in pairs if s.table == "households"]
    own = rules_file(folder)
    nobody = gpd.GeoDataFrame({c: pd.Series([], dtype=object) for c in KEPT}, geometry=[], crs=crs)
    sample = gpd.GeoDataFrame(pd.concat([f.to_crs(crs) for f in first])) if first else nobody
    ground = Study(
        name=rules.study_name or folder.resolve().name,
        rules=rules,
        crs=crs,
        households=nobody,
        excluded=pd.DataFrame({c: [] for c in ("household_id", "origin", "status", "reason")}),
        tables=tables,
        outline=outline_of(tables, sample),
        findings=Findings((*told, *located.findings)),
        sources=tuple(told_of(s, located.datums, len(s.frame)) for s in located.sources),
        rules_text=own.read_text(encoding="utf-8-sig") if own else "",
    )
    return ground, replace(rows, datums=located.datums), first


def _homes(scattered: Scattered, ground: Study) -> gpd.GeoDataFrame:
    """Give one row a building, with how many households live there."""
    homes = scattered.homes
    points = shapely.points(homes["x"].to_numpy(), homes["y"].to_numpy())
    return gpd.GeoDataFrame(homes.drop(columns=["x", "y"]), geometry=points, crs=ground.crs)


def _sources(ground: Study, scattered: Scattered) -> tuple[dict[str, Any], ...]:
    """Say of every file how many rows it had in all, not in its first batch."""
    return tuple(
        told | {"rows": scattered.read.get(told["file"], told["rows"])}
        if told["table"] == "households"
        else told
        for told in ground.sources
    )
