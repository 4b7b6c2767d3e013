"""Spill: household rows on disk by part, and what is remembered of them; read back part by part."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from lingwu_grid.contract.findings import Finding, Findings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from lingwu_grid.scale.division import Division
    from lingwu_grid.scale.store import Store

META = "meta.json"
ROWS = "rows"
"""Folder of the store: what is remembered of all batches."""


class Batch(NamedTuple):
    """What is remembered of a batch of household rows."""

    label: str
    """Of its file."""
    read: int
    """Rows, those that could not be read among them."""
    findings: tuple[Finding, ...]
    excluded: pd.DataFrame
    homes: pd.DataFrame
    """One row a building that no earlier batch had: key, building_id, x, y, part."""
    building: NDArray[np.int64]
    """Number of the building of each row that counts."""
    hashes: NDArray[np.uint64]
    """Of id and content of each such row, shape (n_rows, 2)."""


def batch_name(number: int) -> str:
    """Name the folder of a batch."""
    return f"batch-{number:05d}"


def file_of_part(number: int) -> str:
    """Name the file of the rows of a part, in the folder of a batch."""
    return f"{number:05d}.parquet"


def row_files(folder: Path, batches: int, part: int | None = None) -> list[Path]:
    """List the files of a store that hold rows of a part, or of all, in the order of reading."""
    pattern = "[0-9]*.parquet" if part is None else file_of_part(part)
    return [p for i in range(batches) for p in sorted((folder / batch_name(i)).glob(pattern))]


def keep_batch(batch: Batch, folder: Path) -> None:
    """Write what is remembered of a batch."""
    batch.homes.to_parquet(folder / "homes.parquet", index=False)
    batch.excluded.to_parquet(folder / "excluded.parquet", index=False)
    np.savez(folder / "rows.npz", building=batch.building, hashes=batch.hashes)
    told = {"label": batch.label, "read": batch.read, "findings": _plain(batch.findings)}
    (folder / META).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def read_batch(folder: Path) -> Batch:
    """Read back what :func:`keep_batch` wrote."""
    told = json.loads((folder / META).read_text(encoding="utf-8"))
    with np.load(folder / "rows.npz") as arrays:
        building, hashes = arrays["building"], arrays["hashes"]
    return Batch(
        told["label"],
        told["read"],
        _findings(told["findings"]),
        pd.read_parquet(folder / "excluded.parquet"),
        pd.read_parquet(folder / "homes.parquet"),
        building,
        hashes,
    )


def _plain(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [asdict(f) for f in findings]


def _findings(rows: list[dict[str, Any]]) -> tuple[Finding, ...]:
    return tuple(Finding(**f | {"point": tuple(f["point"]) if f["point"] else None}) for f in rows)


@dataclass(frozen=True)
class Scattered:
    """What became of the household rows."""

    files: tuple[tuple[Path, ...], ...]
    """Rows of each part, Parquet."""
    households: tuple[int, ...]
    """Of each part."""
    homes: pd.DataFrame
    """One row a building: building_id, x, y, weight (households)."""
    excluded: pd.DataFrame
    findings: Findings
    read: dict[str, int]
    """Rows of each file."""
    repeated: frozenset[int]
    """Numbers of rows that count again what an earlier batch had."""


def write_scattered(
    folder: Path,
    homes: pd.DataFrame,
    excluded: pd.DataFrame,
    findings: list[Finding],
    plain: dict[str, Any],
) -> None:
    """Write what is remembered; `plain` has households, batches, read, repeated."""
    homes.to_parquet(folder / "homes.parquet", index=False)
    excluded.astype(str).to_parquet(folder / "excluded.parquet", index=False)
    told = plain | {"findings": _plain(findings)}
    (folder / META).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def read_scattered(store: Store) -> Scattered:
    """Read back what :func:`write_scattered` wrote."""
    folder = store.folder / ROWS
    told = json.loads((folder / META).read_text(encoding="utf-8"))
    return Scattered(
        files=tuple(
            tuple(row_files(store.folder, told["batches"], i))
            for i in range(len(told["households"]))
        ),
        households=tuple(told["households"]),
        homes=pd.read_parquet(folder / "homes.parquet"),
        excluded=pd.read_parquet(folder / "excluded.parquet"),
        findings=Findings(_findings(told["findings"])),
        read=told["read"],
        repeated=frozenset(told["repeated"]),
    )


def kept_rows(scattered: Scattered, number: int, crs: Any) -> gpd.GeoDataFrame:  # noqa: ANN401 - pyproj's CRS
    """
    Read the household rows of a part.

    Parameters
    ----------
    scattered
        Where they are.
    number
        Which part.
    crs
        The system to work in.
    """
    table = _table(scattered, number)
    points = shapely.points(table["x"].to_numpy(), table["y"].to_numpy())
    rows = table.drop(columns=["x", "y", "row"])
    text = [c for c in rows.columns if not pd.api.types.is_numeric_dtype(rows[c].dtype)]
    return gpd.GeoDataFrame(rows.astype(dict.fromkeys(text, object)), geometry=points, crs=crs)


def _table(scattered: Scattered, number: int) -> pd.DataFrame:
    tables = [pq.read_table(path) for path in scattered.files[number]]
    table = joined(tables).sort_values("row", ignore_index=True)
    return table[~table["row"].isin(scattered.repeated)].reset_index(drop=True)


def joined(tables: list[pa.Table]) -> pd.DataFrame:
    """Put batches of rows together; a column may be whole numbers in one, and empty in another."""
    return pa.concat_tables(tables, promote_options="permissive").to_pandas()


def redistributed(
    scattered: Scattered, streets: Division, division: Division, store: Store
) -> Scattered:
    """
    Give rows that were scattered by street to the parts of a finer division.

    Parameters
    ----------
    scattered
        By street.
    streets, division
        The streets, and the parts.
    store
        Keeps the rows of streets that are divided.
    """
    part_of = {c: i for i, part in enumerate(division.parts) for c in part.communities}
    files: list[list[Path]] = [[] for _ in division.parts]
    size = np.zeros(len(files), np.int64)
    for s, street in enumerate(streets.parts):
        owners = sorted({part_of[c] for c in street.communities})
        if len(owners) == 1 or not scattered.files[s]:
            files[owners[0]] += scattered.files[s]
            size[owners[0]] += scattered.households[s]
            continue
        name = f"rows-{street.name}"
        if not store.has(name):
            with store.filling(name) as draft:
                _split(_table(scattered, s), division, draft)
        for path in sorted((store.folder / name).glob("*.parquet")):
            files[int(path.stem)].append(path)
            size[int(path.stem)] += pq.read_metadata(path).num_rows
    return replace(scattered, files=tuple(map(tuple, files)), households=tuple(size.tolist()))


def _split(table: pd.DataFrame, division: Division, folder: Path) -> None:
    key = building_keys(table["building_id"].to_numpy(str), table[["x", "y"]].to_numpy())
    code, _ = pd.factorize(key)
    first = np.unique(code, return_index=True)[1]
    xy = table[["x", "y"]].to_numpy()[first]
    part = division.of_points(shapely.points(xy))[code]
    for number in np.unique(part).tolist():
        table[part == number].to_parquet(folder / f"{number:05d}.parquet", index=False)


def building_keys(building: NDArray[np.str_], xy: NDArray[np.float64]) -> NDArray[np.str_]:
    """Name the building of each row; one without a number counts by its place, to the metre."""
    whole = np.round(xy).astype(np.int64)
    place = np.char.add(np.char.add(whole[:, 0].astype(str), ","), whole[:, 1].astype(str))
    keys: NDArray[np.str_] = np.where(building != "", building, np.char.add("@", place))
    return keys
