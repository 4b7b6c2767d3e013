"""Scatter: household rows streamed from their files to the parts they live in.

Rows are held a batch at a time. What stays is one place a building, two hashes a row, and the
rows that do not count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely

from lingwu_grid.errors import InputError
from lingwu_grid.findings import Finding, each
from lingwu_grid.ingest.counting import COMPARED, CONFLICTING, KINDS, REPEATED, counted
from lingwu_grid.ingest.locating import locate
from lingwu_grid.ingest.streams import batches_of
from lingwu_grid.ingest.systems import DEGREES
from lingwu_grid.ingest.tables import Source
from lingwu_grid.parts.spill import (
    ROWS,
    Batch,
    batch_name,
    building_keys,
    file_of_part,
    joined,
    keep_batch,
    read_batch,
    row_files,
    write_scattered,
)
from lingwu_grid.study import combined, unreadable_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from lingwu_grid.ingest.files import Limits
    from lingwu_grid.ingest.streams import Stream
    from lingwu_grid.parts.division import Division
    from lingwu_grid.parts.store import Store
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
    rows: Rows, ground: Study, located: list[gpd.GeoDataFrame], known: int
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
    known
        So many batches an earlier run has scattered: they are passed over.

    Yields
    ------
    tuple
        The batch as read, its rows in the work CRS with every column, and findings.
    """
    anchor = _anchor(ground)
    number = -1
    for first, rest, frame in zip(rows.first, rows.rest, located, strict=True):
        number += 1
        if number >= known:
            yield first, _in_crs(first, frame, ground), []
        rules = ground.rules.with_(datum={"households": rows.datums.get(first.label, "cgcs2000")})
        for batch in rest:
            number += 1
            if number < known:
                continue
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

    A batch is kept whole as soon as it is scattered: a run that was killed goes on behind it.

    Parameters
    ----------
    ground
        Buildings and study area.
    division
        The parts.
    store
        Gets a folder a batch, in it one Parquet file a part.
    """

    def __init__(self, ground: Study, division: Division, store: Store) -> None:
        self._ground, self._division, self._store = ground, division, store
        self._batches: list[Batch] = []
        self._building: dict[str, int] = {}
        self._part_of_building = np.empty(0, np.int64)
        while store.has(batch_name(self.known)):
            self._take(read_batch(store.folder / batch_name(self.known)))

    @property
    def known(self) -> int:
        """Number of batches that are scattered."""
        return len(self._batches)

    @property
    def rows(self) -> int:
        """Number of rows of those batches."""
        return sum(batch.read for batch in self._batches)

    def add(self, source: Source, rows: gpd.GeoDataFrame, found: list[Finding]) -> None:
        """Scatter a batch."""
        kept, out, told = counted(rows, self._ground.tables.get("buildings"), self._ground.outline)
        lost, unread = unreadable_rows([source])
        building, homes = self._buildings_of(kept)
        batch = Batch(
            label=source.label,
            read=len(source.frame) + len(source.lost),
            findings=(*found, *told, *unread),
            excluded=pd.concat([out, lost], ignore_index=True).fillna("").astype(str),
            homes=homes,
            building=building,
            hashes=_hashes_of(kept),
        )
        first = sum(len(b.building) for b in self._batches)
        part = np.append(self._part_of_building, homes["part"].to_numpy(np.int64))[building]
        with self._store.filling(batch_name(self.known)) as folder:
            _write_rows(kept, part, first, folder)
            keep_batch(batch, folder)
        self._take(batch)

    def _take(self, batch: Batch) -> None:
        """Remember a batch that is kept."""
        numbers = range(len(self._building), len(self._building) + len(batch.homes))
        self._building.update(zip(batch.homes["key"].tolist(), numbers, strict=True))
        parts = batch.homes["part"].to_numpy(np.int64)
        self._part_of_building = np.concatenate([self._part_of_building, parts])
        self._batches.append(batch)

    def _buildings_of(self, kept: gpd.GeoDataFrame) -> tuple[NDArray[np.int64], pd.DataFrame]:
        """
        Number the building of each row, and list those that no earlier batch had.

        A building lies where its first row lies.
        """
        xy = shapely.get_coordinates(kept.geometry.to_numpy())
        named = kept["building_id"].astype(object).fillna("").to_numpy(str)
        code, names = pd.factorize(building_keys(named, xy))
        known = np.array([self._building.get(name, -1) for name in names.tolist()], np.int64)
        new = np.flatnonzero(known < 0)
        known[new] = len(self._building) + np.arange(len(new))
        first = np.unique(code, return_index=True)[1][new]
        homes = pd.DataFrame(
            {
                "key": names[new].astype(str),
                "building_id": named[first].astype(str),
                "x": xy[first, 0],
                "y": xy[first, 1],
                "part": self._division.of_points(shapely.points(xy[first])),
            }
        )
        numbers: NDArray[np.int64] = known[code]
        return numbers, homes

    def done(self) -> None:
        """Write down what is remembered, and the rows that came twice."""
        hashes = np.concatenate([np.empty((0, 2), np.uint64), *(b.hashes for b in self._batches)])
        building = np.concatenate([np.empty(0, np.int64), *(b.building for b in self._batches)])
        again, is_same = _seen_before(hashes)
        weight = np.bincount(np.delete(building, again), minlength=len(self._building))
        n_parts = len(self._division.parts)
        size = np.bincount(self._part_of_building, weight, minlength=n_parts)
        reasons = np.where(is_same, REPEATED, CONFLICTING)
        repeated, told = self._repeats(dict(zip(again.tolist(), reasons.tolist(), strict=True)))
        homes = pd.concat([b.homes for b in self._batches], ignore_index=True)
        homes = homes[["building_id", "x", "y"]].assign(weight=weight)
        excluded = [*(b.excluded for b in self._batches), repeated]
        read: dict[str, int] = {}
        for batch in self._batches:
            read[batch.label] = read.get(batch.label, 0) + batch.read
        with self._store.filling(ROWS) as folder:
            write_scattered(
                folder,
                homes[homes["weight"] > 0],
                pd.concat(excluded, ignore_index=True).fillna(""),
                _summed([*(f for b in self._batches for f in b.findings), *told]),
                {
                    "households": size.astype(int).tolist(),
                    "batches": self.known,
                    "read": read,
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
            for path in row_files(self._store.folder, self.known)
        ]
        rows = joined(found).sort_values("row", ignore_index=True)
        rows["reason"] = rows["row"].map(reason)
        told: list[Finding] = []
        for words in (REPEATED, CONFLICTING):
            code, remedy = KINDS[words]
            here = rows[rows["reason"] == words]
            places = (here["origin"] + " 户编号 " + here["household_id"]).tolist()
            told += each(Finding("warning", code, "households", "", words, remedy), places)
        return rows[columns], told


def _hashes_of(kept: gpd.GeoDataFrame) -> NDArray[np.uint64]:
    """Sum up the id of each row, and what it says, shape (n_rows, 2)."""
    xy = shapely.get_coordinates(kept.geometry.to_numpy())
    content = pd.DataFrame(kept[[c for c in COMPARED if c in kept]]).astype(str)
    content = content.assign(x=xy[:, 0].round(1), y=xy[:, 1].round(1))
    ids = pd.util.hash_array(kept["household_id"].to_numpy(object))
    return np.column_stack([ids, pd.util.hash_pandas_object(content, index=False).to_numpy()])


def _write_rows(kept: gpd.GeoDataFrame, part: NDArray[np.int64], first: int, folder: Path) -> None:
    """Write rows by part; `first` is the number of the first of them among all."""
    xy = shapely.get_coordinates(kept.geometry.to_numpy())
    table = pd.DataFrame(kept[list(KEPT)])
    table = table.astype({c: str for c in KEPT if table[c].dtype == object})
    table = table.assign(x=xy[:, 0], y=xy[:, 1], row=first + np.arange(len(table)))
    order = np.argsort(part, kind="stable")
    for chosen in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        if len(chosen):
            table.iloc[chosen].to_parquet(folder / file_of_part(int(part[chosen[0]])), index=False)


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
    for source, rows, found in batches:
        into.add(source, rows, found)
        watch(f"读入 {into.rows} 行")
    into.done()
