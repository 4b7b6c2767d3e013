"""Scatter: household rows streamed from their files to the parts they live in.

Rows are held a batch at a time. What stays is one place a building, a hash a row, and the rows
that do not count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from lingwu_grid.errors import InputError
from lingwu_grid.findings import Finding, each
from lingwu_grid.ingest.counting import COMPARED, CONFLICTING, KINDS, REPEATED, counted
from lingwu_grid.ingest.locating import locate
from lingwu_grid.ingest.streams import batches_of
from lingwu_grid.ingest.systems import DEGREES
from lingwu_grid.ingest.tables import Source
from lingwu_grid.parts.spill import building_keys, write_scattered
from lingwu_grid.study import combined, unreadable_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from lingwu_grid.ingest.files import Limits
    from lingwu_grid.ingest.streams import Stream
    from lingwu_grid.parts.division import Division
    from lingwu_grid.rules import Rules
    from lingwu_grid.study import Study

KEPT = (
    "household_id", "building_id", "compound_id", "address", "status", "residents", "elderly",
    "party_members", "grid_id", "community_id", "origin", "residents_given",
)  # fmt: skip
"""Columns of a household that the solving of a part asks for."""

COUNTED_PLACE = re.compile(r"(\d+) 行")


@dataclass(frozen=True)
class Rows:
    """Household rows of a study, read or still to be read."""

    first: tuple[Source, ...]
    """The first batch of each file, as read."""
    rest: tuple[Iterator[Source], ...]
    """Further batches of each file."""
    datums: dict[str, str]
    """Of each file, by label: settled with the first batch."""


def open_rows(streams: list[Stream], others: list[Source], rules: Rules, limits: Limits) -> Rows:
    """
    Read the first batch of every household file.

    Parameters
    ----------
    streams
        Files that are read a batch at a time.
    others
        Household tables that were read whole.
    rules, limits
        As for reading.
    """
    running = [batches_of(stream, rules.columns, limits) for stream in streams]
    first = [next(batches) for batches in running]
    nothing: list[Iterator[Source]] = [iter(()) for _ in others]
    return Rows((*first, *others), (*running, *nothing), {})


def all_batches(
    rows: Rows, ground: Study, located: list[gpd.GeoDataFrame]
) -> Iterator[tuple[Source, gpd.GeoDataFrame, list[Finding]]]:
    """
    Give every batch of household rows in its place.

    Parameters
    ----------
    rows
        First batches, and the rest to come.
    ground
        The system to work in, and the study area that settles undeclared coordinates.
    located
        The first batches, located together with the ground.

    Yields
    ------
    tuple
        The batch as read, its rows in the work CRS with every column, and findings.
    """
    anchor = _anchor(ground)
    for first, rest, frame in zip(rows.first, rows.rest, located, strict=True):
        yield first, _in_crs(first, frame, ground), []
        rules = ground.rules.with_(datum={"households": rows.datums.get(first.label, "cgcs2000")})
        for batch in rest:
            placed = locate([anchor, batch], rules)
            errors = [f for f in placed.findings if f.severity == "error"]
            if errors:
                raise InputError(errors[0].message, where=errors[0].place, remedy=errors[0].remedy)
            told = [f for f in placed.findings if f.table == "households"]
            yield batch, _in_crs(batch, cast("gpd.GeoDataFrame", placed.frames[-1]), ground), told


def _anchor(ground: Study) -> Source:
    """Make a table of the study area's extent, which batches of rows are placed by."""
    box = gpd.GeoSeries([shapely.box(*ground.outline.bounds)], crs=ground.crs).to_crs(DEGREES)
    frame = gpd.GeoDataFrame({"name": [""]}, geometry=box.to_numpy(), crs=DEGREES)
    path = cast("Path", None)  # no file: it is never named
    return Source("outline", path, "", frame, "utf-8", "", np.array([1]), "个图形")


def _in_crs(source: Source, frame: gpd.GeoDataFrame, ground: Study) -> gpd.GeoDataFrame:
    return combined([source], [frame], ground.crs)["households"]


class Scatter:
    """
    Where rows go: parts, the excluded, and what is remembered of them.

    Parameters
    ----------
    ground
        Buildings and study area.
    division
        The parts.
    folder
        Gets one Parquet file a part.
    """

    def __init__(self, ground: Study, division: Division, folder: Path) -> None:
        self._ground, self._division, self._folder = ground, division, folder
        self._paths = [folder / f"{i:05d}.parquet" for i in range(len(division.parts))]
        self._writers: list[pq.ParquetWriter | None] = [None] * len(division.parts)
        self._homes: list[pd.DataFrame] = []
        self._building: dict[str, int] = {}
        self._part_of_building = np.empty(0, np.int64)
        self._hashes: list[NDArray[np.uint64]] = []
        self._buildings: list[NDArray[np.int64]] = []
        self._excluded: list[pd.DataFrame] = []
        self._findings: list[Finding] = []
        self._read: dict[str, int] = {}
        self._row = 0

    def add(self, source: Source, rows: gpd.GeoDataFrame, found: list[Finding]) -> None:
        """Take in a batch."""
        self._read[source.label] = self._read.get(source.label, 0) + len(source.frame)
        self._read[source.label] += len(source.lost)
        kept, out, told = counted(rows, self._ground.tables.get("buildings"), self._ground.outline)
        lost, unread = unreadable_rows([source])
        self._excluded += [out, lost]
        self._findings += [*found, *told, *unread]
        if len(kept):
            self._write(kept)

    def _write(self, kept: gpd.GeoDataFrame) -> None:
        xy = shapely.get_coordinates(kept.geometry.to_numpy())
        building = self._buildings_of(kept, xy)
        part = self._part_of_building[building]
        content = pd.DataFrame(kept[[c for c in COMPARED if c in kept]]).astype(str)
        content = content.assign(x=xy[:, 0].round(1), y=xy[:, 1].round(1))
        ids = pd.util.hash_array(kept["household_id"].to_numpy(object))
        hashed = pd.util.hash_pandas_object(content, index=False).to_numpy()
        self._hashes.append(np.column_stack([ids, hashed]))
        self._buildings.append(building)
        table = pd.DataFrame(kept[list(KEPT)])
        table = table.astype({c: str for c in KEPT if table[c].dtype == object})
        number = np.arange(self._row, self._row + len(table))
        self._row += len(table)
        table = table.assign(x=xy[:, 0], y=xy[:, 1], row=number)
        order = np.argsort(part, kind="stable")
        for chosen in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
            self._append(int(part[chosen[0]]), table.iloc[chosen])

    def _append(self, part: int, table: pd.DataFrame) -> None:
        arrow = pa.Table.from_pandas(table, preserve_index=False)
        if self._writers[part] is None:
            self._writers[part] = pq.ParquetWriter(self._paths[part], arrow.schema)
        writer = cast("pq.ParquetWriter", self._writers[part])
        writer.write_table(arrow.cast(writer.schema))

    def _buildings_of(self, kept: gpd.GeoDataFrame, xy: NDArray[np.float64]) -> NDArray[np.int64]:
        """Number the building of each row; a building lies where its first row lies."""
        named = kept["building_id"].astype(object).fillna("").to_numpy(str)
        code, names = pd.factorize(building_keys(named, xy))
        known = np.array([self._building.get(name, -1) for name in names.tolist()], np.int64)
        new = np.flatnonzero(known < 0)
        first = np.unique(code, return_index=True)[1][new]
        known[new] = len(self._building) + np.arange(len(new))
        self._building.update(zip(names[new].tolist(), known[new].tolist(), strict=True))
        parts = self._division.of_points(shapely.points(xy[first]))
        self._part_of_building = np.concatenate([self._part_of_building, parts])
        self._homes.append(
            pd.DataFrame({"building_id": named[first], "x": xy[first, 0], "y": xy[first, 1]})
        )
        numbers: NDArray[np.int64] = known[code]
        return numbers

    def done(self) -> None:
        """Close the files; write down what is remembered, and the rows that came twice."""
        for writer in self._writers:
            if writer is not None:
                writer.close()
        hashes = np.concatenate([np.empty((0, 2), np.uint64), *self._hashes])
        building = np.concatenate([np.empty(0, np.int64), *self._buildings])
        again, is_same = _seen_before(hashes)
        weight = np.bincount(np.delete(building, again), minlength=len(self._building))
        size = np.bincount(self._part_of_building, weight, minlength=len(self._paths))
        reasons = np.where(is_same, REPEATED, CONFLICTING)
        repeated, told = self._repeats(dict(zip(again.tolist(), reasons.tolist(), strict=True)))
        nobody = pd.DataFrame({"building_id": pd.Series([], dtype=str), "x": [], "y": []})
        homes = pd.concat([nobody, *self._homes], ignore_index=True).assign(weight=weight)
        write_scattered(
            self._folder,
            homes[homes["weight"] > 0],
            pd.concat([*self._excluded, repeated], ignore_index=True).fillna(""),
            _summed([*self._findings, *told]),
            {
                "households": size.astype(int).tolist(),
                "read": self._read,
                "repeated": again.tolist(),
            },
        )

    def _repeats(self, reason: dict[int, str]) -> tuple[pd.DataFrame, list[Finding]]:
        """List rows that count again what an earlier batch had."""
        columns = ["household_id", "origin", "status", "reason"]
        if not reason:
            return pd.DataFrame({c: pd.Series([], dtype=object) for c in columns}), []
        found = [
            pq.read_table(
                path, columns=["row", *columns[:3]], filters=[("row", "in", list(reason))]
            )
            for path in self._paths
            if path.exists()
        ]
        rows = pa.concat_tables(found).to_pandas().sort_values("row", ignore_index=True)
        rows["reason"] = rows["row"].map(reason)
        told: list[Finding] = []
        for words in (REPEATED, CONFLICTING):
            code, remedy = KINDS[words]
            here = rows[rows["reason"] == words]
            places = (here["origin"] + " 户编号 " + here["household_id"]).tolist()
            told += each(Finding("warning", code, "households", "", words, remedy), places)
        return rows[columns], told


def _seen_before(hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """
    Find rows whose id came before, and whether their content did too.

    Two of five million ids share a 64-bit hash once in a million studies.
    """
    number = np.arange(len(hashes))
    order = np.lexsort((number, hashes[:, 0]))
    same_id = np.append(False, hashes[order[1:], 0] == hashes[order[:-1], 0])
    again = order[same_id]
    by_content = np.lexsort((number, hashes[:, 1], hashes[:, 0]))
    twin = np.append(False, (hashes[by_content[1:]] == hashes[by_content[:-1]]).all(axis=1))
    is_twin = np.zeros(len(hashes), np.bool_)
    is_twin[by_content[twin]] = True
    again.sort()
    return again, is_twin[again]


def _summed(findings: list[Finding]) -> list[Finding]:
    """Tell once what every batch told, with the counts added up."""
    total: dict[Finding, int] = {}
    for finding in findings:
        counted_rows = COUNTED_PLACE.fullmatch(finding.place)
        key = replace(finding, place="") if counted_rows else finding
        total[key] = total.get(key, 0) + (int(counted_rows[1]) if counted_rows else 0)
    return [replace(f, place=f"{n} 行") if n else f for f, n in total.items()]


def scatter(
    batches: Iterator[tuple[Source, gpd.GeoDataFrame, list[Finding]]],
    into: Scatter,
    watch: Callable[[str], None],
) -> None:
    """Send every batch to its parts."""
    total = 0
    for source, rows, found in batches:
        into.add(source, rows, found)
        total += len(rows)
        watch(f"读入 {total} 行")
    into.done()
