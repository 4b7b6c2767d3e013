"""Household files a batch at a time: what is held does not grow with the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow.parquet as pq
import pyogrio

from lingwu_grid.ingest.columnar import columnar_batches, layer_batches
from lingwu_grid.ingest.delimited import delimited_batches
from lingwu_grid.ingest.drivers import layers_of, source_of
from lingwu_grid.ingest.files import (
    COLUMNAR,
    DELIMITED,
    Limits,
    kind_of,
    parquet_files,
    sha256_of,
)
from lingwu_grid.ingest.headers import known_headers
from lingwu_grid.ingest.tables import Source, as_source, ending_of, readable, unchanged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lingwu_grid.ingest.claims import Claims
    from lingwu_grid.ingest.files import Raw

BATCH_ROWS = 200_000
"""Rows held at a time: some 200 MB with everything made of them."""

ROW_BYTES = {".csv": 55, ".txt": 55, ".tsv": 55, ".csv.gz": 12}
"""Bytes a household row takes in a text, about: only how to read goes by it, never what."""


class Stream(NamedTuple):
    """A household file that can be read a batch at a time."""

    path: Path
    sha256: str
    layer: str = ""


def rows_about(path: Path) -> int | None:
    """
    Count the rows of a file that can be read a batch at a time, about.

    Returns
    -------
    int or None
        None for workbooks, Shapefiles and GeoJSON: they are read whole, their formats hold no more.

    Raises
    ------
    InputError
        If it cannot be opened; the sentence names it.
    """
    with readable(path):
        return _rows_about(path)


def _rows_about(path: Path) -> int | None:
    suffix = ending_of(path)
    if suffix in DELIMITED and kind_of(path) != "book":
        return path.stat().st_size // ROW_BYTES[suffix]
    if suffix in COLUMNAR:
        return sum(int(pq.read_metadata(p).num_rows) for p in parquet_files(path) or [path])
    if suffix == ".gpkg":
        with source_of(path) as source:
            if len(pyogrio.list_layers(source)) == 1:
                return int(pyogrio.read_info(source)["features"])
    return None


def open_stream(path: Path, limits: Limits) -> Stream:
    """
    Hash a file that :func:`streamable` has listed.

    Raises
    ------
    InputError
        If it is empty or larger than the limit.
    """
    with readable(path):
        layer = layers_of(path)[0] if ending_of(path) == ".gpkg" else ""
        return Stream(path, sha256_of(path, limits), layer)


def batches_of(
    stream: Stream,
    claims: Claims,
    limits: Limits,
    *,
    size: int = BATCH_ROWS,
) -> Iterator[Source]:
    """
    Read a household file a batch at a time.

    Parameters
    ----------
    stream
        The file.
    claims
        The office's own headers.
    limits
        Rows.
    size
        Rows of a batch at most.

    Yields
    ------
    Source
        At least one; rows are numbered as in the whole file.

    Raises
    ------
    InputError
        If it cannot be read; the sentence names it.
    """
    path = stream.path
    label = f"{path.name}:{stream.layer}" if stream.layer else path.name
    with readable(path), unchanged(path):
        for raw in _raw_batches(stream, claims, limits, label, size):
            yield as_source(path, stream.sha256, "households", label, raw)


def _raw_batches(
    stream: Stream,
    claims: Claims,
    limits: Limits,
    label: str,
    size: int,
) -> Iterator[Raw]:
    suffix = ending_of(stream.path)
    if suffix in DELIMITED:
        known = known_headers("households", claims.own("households"))
        return delimited_batches(stream.path, "households", known, limits, size=size)
    if suffix in COLUMNAR:
        return columnar_batches(stream.path, limits, size=size)
    return layer_batches(stream.path, stream.layer, label, limits, size)
