"""A written plan read back: what is long only when it is asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.drivers import layers_of, read_layer
from lingwu_grid.occupancy import recover
from lingwu_grid.planning.bundle import LONG_CSV, PLAIN
from lingwu_grid.planning.levels import no_levels
from lingwu_grid.planning.pieces import Held
from lingwu_grid.planning.record import PlanRecord
from lingwu_grid.planning.service import SERVICE_LAYERS, Service
from lingwu_grid.planning.tables import TABLES

if TYPE_CHECKING:
    from pandas.io.parsers import TextFileReader

    from lingwu_grid.planning.pieces import Piece

ABOUT_DATA = ("excluded", "findings")

COUNTS = frozenset(
    [
        "households", "residents", "elderly", "grids", "buildings", "seats", "service_fund",
        "party_fund", "grid_heads", "grid_heads_yuan", "members", "members_yuan", "resident_fund",
        "total_yuan", "grid_workers", "legal_advisers", "reserve_least", "reserve_most",
        "change", "limit",
    ]
)  # fmt: skip
"""Columns of tables that are whole numbers."""


def read_bundle(folder: str | Path) -> PlanRecord:
    """
    Read a written plan back.

    Parameters
    ----------
    folder
        What :func:`write_bundle` wrote.

    Raises
    ------
    InputError
        If the folder does not hold a plan.
    """
    folder = Path(folder)
    recover(folder.absolute())
    if not (folder / "plan.gpkg").is_file():
        raise InputError(
            f"{folder} 里没有方案",
            where=str(folder / "plan.gpkg"),
            remedy="先运行 python -m lingwu_grid.partition",
        )
    files = [
        *(f"{n}.csv" for n in (*ABOUT_DATA, *TABLES, *LONG_CSV)),
        *(f"{n}.json" for n in PLAIN),
    ]
    missing = [file for file in files if not (folder / file).is_file()]
    if missing:
        raise InputError(
            f"方案不完整，缺 {'、'.join(missing)}",
            where=str(folder),
            remedy="重新运行 python -m lingwu_grid.partition",
        )
    layers = {name: read_layer(folder / "plan.gpkg", name) for name in ("grids", "communities")}
    about = {name: _read_table(folder / f"{name}.csv") for name in ABOUT_DATA}
    backdrop = (
        {
            name: read_layer(folder / "backdrop.gpkg", name)
            for name in layers_of(folder / "backdrop.gpkg")
        }
        if (folder / "backdrop.gpkg").is_file()
        else {}
    )
    plain = {name: _read_json(folder / f"{name}.json") for name in PLAIN}
    lacks = (
        "各网格自己的户数范围" if "own" not in plain["certificate"]["rules"]
        else "改编的网格" if "grids_recoded" not in plain["summary"]
        else "全局下限" if "global" not in plain["certificate"]["bounds"]
        else ""
    )  # fmt: skip
    if lacks:
        raise InputError(
            f"方案是旧版本写的，缺{lacks}",
            where=str(folder / "certificate.json"),
            remedy="用同一个研究文件夹重新运行 python -m lingwu_grid.partition",
        )
    return PlanRecord(
        **layers,
        **about,
        tables={name: _read_table(folder / f"{name}.csv") for name in TABLES},
        **plain,
        pieces=_pieces(folder, plain["certificate"].get("parts", [])),
        backdrop=backdrop,
        service=_read_service(folder),
        levels=read_layer(folder / "plan.gpkg", "levels")
        if "levels" in layers_of(folder / "plan.gpkg")
        else no_levels(),
    )


def _pieces(folder: Path, parts: list[dict[str, int]]) -> tuple[Piece, ...]:
    """Give the long tables: read at once, or those of a plan in parts when they are asked for."""
    if not parts:
        layers = [read_layer(folder / "plan.gpkg", name) for name in ("units", "moves")]
        return (Held(*layers, *(_read_table(folder / f"{name}.csv") for name in LONG_CSV)),)
    reels = {name: Reel(folder / f"{name}.csv", [p[name] for p in parts]) for name in LONG_CSV}
    ends = {name: np.cumsum([0, *(p[name] for p in parts)]).tolist() for name in ("units", "moves")}
    return tuple(
        Written(folder / "plan.gpkg", {k: slice(v[i], v[i + 1]) for k, v in ends.items()}, i, reels)
        for i in range(len(parts))
    )


@dataclass(frozen=True, slots=True)
class Written:
    """The long tables of one part of a written plan, in its files until they are read."""

    layers: Path
    rows: dict[str, slice]
    number: int
    reels: dict[str, Reel]

    def table(self, name: str) -> pd.DataFrame:
        """Give one of the long tables."""
        if name in self.reels:
            return self.reels[name].rows(self.number)
        return read_layer(self.layers, name, rows=self.rows[name])


class Reel:
    """
    A long CSV that is read a part at a time; one part after the other without reading it twice.

    Parameters
    ----------
    path
        The file.
    sizes
        Rows of each part.
    """

    def __init__(self, path: Path, sizes: list[int]) -> None:
        self._path, self._sizes = path, sizes
        self._reader: TextFileReader | None = None
        self._next = 0

    def rows(self, number: int) -> pd.DataFrame:
        """Read the rows of a part."""
        if self._reader is None or self._next != number:
            self._reader = pd.read_csv(
                self._path, dtype=str, encoding="utf-8-sig", keep_default_na=False, iterator=True
            )
            self._next = 0
        while True:
            size = self._sizes[self._next]
            table = self._reader.get_chunk(size) if size else pd.DataFrame()
            self._next += 1
            if self._next > number:
                break
        if self._next == len(self._sizes):
            self._reader.close()  # an open file could not be replaced on Windows
            self._reader = None
        return _counts_as_numbers(table.reset_index(drop=True))


def _read_service(folder: Path) -> Service | None:
    if not (folder / "coverage.json").is_file():
        return None
    there = layers_of(folder / "plan.gpkg")
    zones = pd.read_csv(
        folder / "coverage_zones.csv", dtype={"zone_id": str, "level": str},
        encoding="utf-8-sig", keep_default_na=True,
    )  # fmt: skip
    private = folder / "coverage.csv"  # an office may have taken it away
    return Service(
        layers={
            name: read_layer(folder / "plan.gpkg", name) for name in SERVICE_LAYERS if name in there
        },
        zones=zones.assign(zone_id=zones["zone_id"].fillna("")),
        households=_read_table(private) if private.is_file() else pd.DataFrame(),
        summary=_read_json(folder / "coverage.json"),
    )


def _read_table(path: Path) -> pd.DataFrame:
    return _counts_as_numbers(
        pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    )


def _counts_as_numbers(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype({name: "int64" for name in table.columns if name in COUNTS})


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
