"""Columnar tables: GeoParquet, folders of it, and layers of a GeoPackage a batch at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import shapely

from lingwu_grid.ingest.drivers import source_of
from lingwu_grid.ingest.files import Limits, Raw, check_columns, check_rows, parquet_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_columnar(path: Path, limits: Limits) -> Raw:
    """
    Read a GeoParquet file, a plain Parquet file without geometry, or a folder of either.

    Parameters
    ----------
    path
        The file; or a folder ``….parquet``, whose sub-folders ``key=value`` give a column each.
    limits
        Rows.
    """
    batches = list(columnar_batches(path, limits, size=None))
    frame = pd.concat([raw.frame for raw in batches], ignore_index=True)
    return Raw(frame, "utf-8", np.arange(1, len(frame) + 1))


def columnar_batches(path: Path, limits: Limits, *, size: int | None) -> Iterator[Raw]:
    """
    Read a GeoParquet table some rows at a time.

    Parameters
    ----------
    path, limits
        As for :func:`read_columnar`.
    size
        Rows of a batch at most; None for a file at a time.

    Yields
    ------
    Raw
        One batch at least. Rows are numbered through the whole table.
    """
    total = 0
    for file in parquet_files(path) or [path]:
        folders = [p.name for p in file.parents if path in p.parents and "=" in p.name]
        keys = dict(name.split("=", 1) for name in folders)
        with pq.ParquetFile(file) as content:
            check_columns(len(content.schema_arrow), path.name)
            about = _geometry_of(content.schema_arrow.metadata)
            for batch in content.iter_batches(size or max(content.metadata.num_rows, 1)):
                frame = _from_arrow(batch.to_pandas(), about).assign(**keys)
                rows = np.arange(total + 1, total + len(frame) + 1)
                total += len(frame)
                check_rows(total, path.name, limits)
                yield Raw(plain_values(frame), "utf-8", rows)
    if not total:
        yield Raw(pd.read_parquet(path), "utf-8", np.empty(0, np.int64))


def _geometry_of(metadata: dict[bytes, bytes] | None) -> tuple[str, Any] | None:
    """Give the geometry column and the CRS that GeoParquet declares; None for plain Parquet."""
    if not metadata or b"geo" not in metadata:
        return None
    geo = json.loads(metadata[b"geo"])
    name = geo["primary_column"]
    if geo["columns"][name].get("encoding") != "WKB":
        raise ValueError(f"{name}: 图形的编码不是 WKB")
    # The standard: a CRS that is left out is longitude and latitude on WGS 84 (OGC:CRS84).
    return name, geo["columns"][name].get("crs", "OGC:CRS84")


def _from_arrow(frame: pd.DataFrame, about: tuple[str, Any] | None) -> pd.DataFrame:
    if about is None:
        return frame
    name, crs = about
    shapes = shapely.from_wkb(frame[name].to_numpy(object))
    return gpd.GeoDataFrame(frame.drop(columns=name), geometry=shapes, crs=crs)


def layer_batches(path: Path, layer: str, label: str, limits: Limits, size: int) -> Iterator[Raw]:
    """
    Read a layer of a GeoPackage some rows at a time.

    Parameters
    ----------
    path, layer
        The file, and which of its layers.
    label
        Named in errors.
    limits
        Rows.
    size
        Rows of a batch at most.

    Yields
    ------
    Raw
        One batch at least.
    """
    total = 0
    with (
        source_of(path) as source,
        pyogrio.open_arrow(source, layer=layer, batch_size=size, use_pyarrow=True) as opened,
    ):
        about, reader = opened
        column = about["geometry_name"] or "wkb_geometry"
        for batch in reader:
            frame = batch.to_pandas()
            if column in frame:
                frame = _from_arrow(frame, (column, about["crs"]))
            rows = np.arange(total + 1, total + len(frame) + 1)
            total += len(frame)
            check_rows(total, label, limits)
            yield Raw(plain_values(frame), "utf-8", rows)
        if not total:
            nothing = pyogrio.read_dataframe(source, layer=layer)
            yield Raw(nothing, "utf-8", np.empty(0, np.int64))


def plain_values(frame: pd.DataFrame) -> pd.DataFrame:
    """Give nested values, which GeoJSON and Parquet may have, as text."""
    for name in frame.columns:
        if name != "geometry" and frame[name].dtype == object:
            frame[name] = frame[name].map(
                lambda v: v if v is None or isinstance(v, str | int | float) else str(v)
            )
    return frame
