"""Scatter: household rows streamed from their files to the parts they live in.

Rows are held a batch at a time. What stays is one place a building, two hashes a row, and the
rows that do not count.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely

from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.contract.schema import MEASURES
from lingwu_grid.graph import groups_of
from lingwu_grid.ingest.counting import COMPARED, CONFLICTING, KINDS, REPEATED, counted
from lingwu_grid.ingest.study import unreadable_rows
from lingwu_grid.scale.spill import (
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

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study
    from lingwu_grid.ingest.tables import Source
    from lingwu_grid.scale.division import Division
    from lingwu_grid.scale.store import Store

KEPT = (
    "household_id", "building_id", "compound_id", "address", "status", "residents", *MEASURES,
    "grid_id", "community_id", "origin", "residents_given",
)  # fmt: skip
"""Columns of a household that the solving of a part asks for."""

COUNTED_PLACE = re.compile(r"(\d+) 行")


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
        """Count the rows of a batch, and scatter them."""
        kept, out, told = counted(
            rows, self._ground.tables.get("buildings"), self._ground.outline,
            self._ground.rules.status_words, self._ground.tables.get("compounds"),
        )  # fmt: skip
        lost, unread = unreadable_rows([source])
        self.keep(
            kept,
            pd.concat([out, lost], ignore_index=True),
            (source.label, len(source.frame) + len(source.lost)),
            (*found, *told, *unread),
        )

    def keep(
        self,
        kept: gpd.GeoDataFrame,
        excluded: pd.DataFrame,
        read: tuple[str, int],
        findings: tuple[Finding, ...] = (),
    ) -> None:
        """
        Scatter rows that are counted.

        Parameters
        ----------
        kept, excluded
            Rows that count, and those that do not.
        read
            Label of their file, and how many rows were read.
        findings
            What they did.
        """
        building, homes = self._buildings_of(kept)
        batch = Batch(
            label=read[0],
            read=read[1],
            findings=findings,
            excluded=excluded.fillna("").astype(str),
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
    for chosen in groups_of(part):
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
