"""Folder: every file of a study is read, or the planner is told why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.findings import Finding
from lingwu_grid.contract.schema import TABLES
from lingwu_grid.ingest.caged import read_file, rows_about
from lingwu_grid.ingest.files import BOOKS, Limits, files_of
from lingwu_grid.ingest.likeness import likely_table
from lingwu_grid.ingest.tables import ending_of, unusable

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from lingwu_grid.ingest.claims import Claims
    from lingwu_grid.ingest.tables import Source

MANY_TABLES = (".gpkg", ".zip", *BOOKS)
"""Endings of files that may hold several tables, whatever the file is called."""


def read_sources(
    folder: Path,
    claims: Claims,
    limits: Limits,
    *,
    without: Container[Path] = (),
) -> tuple[list[Source], list[Finding]]:
    """
    Read every file of a study that holds a table of the contract.

    Parameters
    ----------
    folder
        The study: files in `households/` and `boundaries/`, or in the folder itself.
    claims
        Which table each file holds, and the office's own headers.
    limits
        How large a file, how many rows and vertices.
    without
        Files that are read otherwise.

    Returns
    -------
    tuple
        Tables in the order of contract and file name, so that the same folder reads the same
        everywhere; and an error for each file that cannot be read, so that all are told at once.

    Raises
    ------
    InputError
        If the folder is missing.
    """
    found: list[Source] = []
    failed: list[Finding] = []
    for path in files_of(folder):
        if path in without:
            continue
        try:
            read = read_file(path, claims, limits)
        except InputError as error:
            table = claims.of(path)
            is_ours = table is not None or ending_of(path) in MANY_TABLES
            failed.append(unusable(error, table or "", path.name) if is_ours else _unclaimed(path))
            continue
        found += [source for source in read if source.table]
        failed += [_unclaimed(path, source) for source in read if not source.table]
        failed += [_left_out(label) for label in claims.left_out_of(path)]
    order = list(TABLES)
    return sorted(found, key=lambda s: (order.index(s.table), s.path.name, s.label)), failed


def _unclaimed(path: Path, source: Source | None = None) -> Finding:
    """Tell of a file, sheet or layer that no table claims, with a guess by name and columns."""
    guess = likely_table(source.label, source.frame) if source is not None else None
    word = f"；{guess.why}，像是“{guess.name}”" if guess else ""
    called = guess.name if guess else "居民户、网格、社区、道路"
    what = "文件" if source is None or source.label == path.name else "工作表或图层"
    return Finding(
        "warning", "file_unused", guess.table if guess else "",
        path.name if source is None else source.label,
        f"没有用到这个{what}{word}",
        f"若要用它，改名为“{called}”（后缀不变）再运行，或用 python -m lingwu_grid.check 文件夹 "
        f'--guess 一次认出；不用就移出文件夹，或在 rules.toml 的 [files] 里写 "不用"',
    )  # fmt: skip


def _left_out(label: str) -> Finding:
    return Finding("notice", "file_left_out", "", label, "按 rules.toml 的 [files]，不用它")


def streamable(folder: Path, claims: Claims, limits: Limits) -> dict[Path, int]:
    """
    List the household files of a study that can be read a batch at a time.

    Parameters
    ----------
    folder
        The study.
    claims
        Which files hold households.
    limits
        Of reading.

    Returns
    -------
    dict
        The rows of each, about; the files in the order of folder and name. Workbooks,
        Shapefiles and GeoJSON are read whole: their formats hold no more.

    Raises
    ------
    InputError
        If one of them cannot be opened; the sentence names it.
    """
    rows: dict[Path, int] = {}
    for path in files_of(folder):
        if claims.of(path) != "households":
            continue
        count = rows_about(path, limits)
        if count is not None:
            rows[path] = count
    return rows
