"""Batches: the household files of a study a batch at a time, each batch in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

import geopandas as gpd
import numpy as np
import shapely

from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.caged import batches_of
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.combining import combined
from lingwu_grid.ingest.headers import own_headers, plain
from lingwu_grid.ingest.locating import locate
from lingwu_grid.ingest.systems import DEGREES
from lingwu_grid.ingest.tables import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyproj import CRS

    from lingwu_grid.contract.findings import Finding
    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.ingest.files import Limits
    from lingwu_grid.ingest.locating import Located
    from lingwu_grid.ingest.streams import Stream


class Ground(Protocol):
    """What rows are placed on: a study."""

    @property
    def rules(self) -> Rules:
        """The settings."""

    @property
    def crs(self) -> CRS:
        """The system to work in."""

    @property
    def outline(self) -> shapely.Geometry:
        """The study area."""


@dataclass(frozen=True)
class Rows:
    """Household rows of a study, read or still to be read."""

    first: tuple[Source, ...]
    """The first batch of each file, as read."""
    rest: tuple[Iterator[Source], ...]
    """Further batches of each file."""
    datums: dict[str, str]
    """Of each file, by label: settled with the first batch."""

    def placed(self, located: Located) -> Rows:
        """Leave out the files that could not be placed, and note how the others were."""
        usable = {id(source) for source in located.sources}
        files = [
            (first, rest)
            for first, rest in zip(self.first, self.rest, strict=True)
            if id(first) in usable
        ]
        return Rows(
            tuple(first for first, _ in files), tuple(rest for _, rest in files), located.datums
        )


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
    running = [batches_of(stream, Claims.by(rules), limits) for stream in streams]
    first = [next(batches) for batches in running]
    nothing: list[Iterator[Source]] = [iter(()) for _ in others]
    return Rows((*first, *others), (*running, *nothing), {})


def all_batches(
    rows: Rows,
    ground: Ground,
    located: list[gpd.GeoDataFrame],
    known: int,
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
        rules = ground.rules.with_(
            datum={"households": rows.datums.get(first.label, "cgcs2000")},
            columns={"households": _of_file(ground.rules, first)},
        )
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


def _of_file(rules: Rules, first: Source) -> dict[str, str | tuple[str, ...]]:
    """Give the office's own headers that a file has: those of the others need not be in it."""
    own, here = rules.columns.get("households", {}), {plain(c) for c in first.frame.columns}
    return {
        name: headers for name, headers in own.items()
        if any(plain(h) in here for h in own_headers(own, name))
    }  # fmt: skip


def _anchor(ground: Ground) -> Source:
    """Make a table of the study area's extent, which batches of rows are placed by."""
    box = gpd.GeoSeries([shapely.box(*ground.outline.bounds)], crs=ground.crs).to_crs(DEGREES)
    frame = gpd.GeoDataFrame({"name": [""]}, geometry=box.to_numpy(), crs=DEGREES)
    path = cast("Path", None)  # no file: it is never named
    return Source("outline", path, "", frame, "utf-8", "", np.array([1]), "个图形")


def _in_crs(source: Source, frame: gpd.GeoDataFrame, ground: Ground) -> gpd.GeoDataFrame:
    return combined([source], [frame], ground.crs)["households"]
