"""Files: which of a folder belong to a study, how large they may be, what they really are."""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from lingwu_grid.contract.findings import Finding
    from lingwu_grid.contract.rules import Rules

SPATIAL = (".gpkg", ".geojson", ".json", ".shp", ".zip")
DELIMITED = (".csv", ".csv.gz", ".txt", ".tsv")
BOOKS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".et", ".ods")
COLUMNAR = (".parquet", ".geoparquet")
KNOWN = SPATIAL + DELIMITED + BOOKS + COLUMNAR
FOLDERS = ("households", "boundaries", ".")

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
WEB = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s+|<\?xml[^>]*>|<!--.*?-->|<!doctype html[^>]*>)*+"
    rb"<(?:html|head|meta|style|body|table)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
"""How a page begins."""

ZIP_RATIO = 200
"""A member that grows more than this when unpacked is no office's file but a trap."""

CHUNK = 1 << 20

PEEK_ROWS = 20_000
"""Rows read of a file, sheet or layer that no table claims, to tell what it looks like."""


MOST_COLUMNS = 2_000
"""As SQLite has it; a register has some tens."""


class Limits(NamedTuple):
    """What a study may ask of this machine; settings of ``rules.toml``."""

    file_mb: int
    rows: int
    vertices: int
    read_mb: int = 4_000
    """Memory for reading one file."""
    read_seconds: int = 600
    """For reading one file, or a batch of it."""

    @classmethod
    def of(cls, rules: Rules) -> Limits:
        """Take them from the settings."""
        return cls(
            rules.max_file_mb, rules.max_rows, rules.max_vertices,
            rules.max_read_mb, rules.max_read_seconds,
        )  # fmt: skip


@dataclass(frozen=True)
class Raw:
    """One table as it stands in a file: the office's own headers, and where each row is from."""

    frame: pd.DataFrame
    encoding: str = "utf-8"
    rows: NDArray[np.int64] | None = None
    """The number of each row in its file, as the office counts; features count from 1."""
    findings: list[Finding] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)
    """Rows that could not be read as rows: where, and why."""


def files_of(folder: Path) -> Iterator[Path]:
    """
    Give the files of a study, in the order of folder and name.

    Parameters
    ----------
    folder
        The study.

    Raises
    ------
    InputError
        If the folder is missing.
    """
    if not folder.is_dir():
        raise InputError(
            f"找不到研究文件夹 {folder}", remedy="检查路径，或先运行 python -m lingwu_grid.sample"
        )
    for place in (folder / sub for sub in FOLDERS):
        for path in sorted(place.iterdir()) if place.is_dir() else []:
            # Office programs leave lock files (~$…, .~lock…) beside open documents.
            if path.name.startswith(("~", ".")) or not path.name.lower().endswith(KNOWN):
                continue
            # A link to a drive that is gone is no file, yet the office means it to be read.
            if path.is_file() or path.is_symlink() or parquet_files(path):
                yield path


def parquet_files(folder: Path) -> list[Path]:
    """List the files of a partitioned table: a folder ``*.parquet`` of Parquet files."""
    if not folder.is_dir() or not folder.name.lower().endswith(COLUMNAR):
        return []
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in COLUMNAR and p.is_file())


def stem_of(path: Path) -> str:
    """Give a file's name without its ending, or both of ``.csv.gz``."""
    return re.sub(r"(\.csv)?\.[^.]+$", "", path.name, flags=re.IGNORECASE)


def sha256_of(path: Path, limits: Limits) -> str:
    """
    Hash a file of acceptable size.

    Raises
    ------
    InputError
        If it is larger than the limit, or empty.
    """
    if path.is_dir():
        files = parquet_files(path)
        parts = [f"{p.relative_to(path).as_posix()} {sha256_of(p, limits)}" for p in files]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
    size = path.stat().st_size
    if size > limits.file_mb * 2**20:
        raise InputError(
            f"文件 {path.name} 有 {size / 2**20:.0f} MB，超过上限 {limits.file_mb} MB",
            where=str(path),
            remedy="按街道分成几份，或在 rules.toml 里调大 max_file_mb",
        )
    if size == 0:
        raise InputError(f"文件 {path.name} 是空的", where=str(path), remedy="删去它，或重新导出")
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def kind_of(path: Path) -> str:
    """
    Tell what a file is by its first bytes, whatever its name says.

    Returns
    -------
    str
        `book`, `zip`, `gpkg`, `gzip`, `web` (a page, which systems of offices call .xls) or
        `other`.
    """
    with path.open("rb") as content:
        head = content.read(1024)
    if head.startswith(b"PK\x03\x04"):
        return "book" if _is_book(path) else "zip"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "book"
    if head.startswith(b"SQLite format 3"):
        return "gpkg"
    if WEB.match(head.decode("utf-16", "ignore").encode() if head.startswith(UTF_16) else head):
        return "web"
    return "gzip" if head.startswith(b"\x1f\x8b") else "other"


def _is_book(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as inside:
            names = inside.namelist()
    except zipfile.BadZipFile:
        return True
    return any(n in ("[Content_Types].xml", "mimetype") for n in names)


def check_zip(path: Path, limits: Limits) -> None:
    """
    Refuse a zip that would unpack to more than a study may hold.

    Nothing is ever unpacked to disk, so names that climb out of the folder do no harm.

    Raises
    ------
    InputError
        If it is broken, encrypted, or unpacks beyond the limit.
    """
    try:
        with zipfile.ZipFile(path) as inside:
            members = inside.infolist()
    except zipfile.BadZipFile as error:
        raise InputError(
            f"压缩文件 {path.name} 已损坏",
            where=str(path),
            remedy="重新压缩或重新拷贝；也可以解压后直接放进文件夹",
        ) from error
    total = sum(m.file_size for m in members)
    is_trap = any(m.file_size > ZIP_RATIO * max(m.compress_size, 1) + 2**24 for m in members)
    if is_trap or total > limits.file_mb * 2**20:
        raise InputError(
            f"压缩文件 {path.name} 解开后有 {total / 2**20:.0f} MB，不予解开",
            where=str(path),
            remedy=f"上限为 {limits.file_mb} MB（max_file_mb）；确认来源可靠后解压再放进文件夹",
        )
    if any(m.flag_bits & 1 for m in members):
        raise InputError(
            f"压缩文件 {path.name} 有密码", where=str(path), remedy="解压后直接放进文件夹"
        )


def check_columns(count: int, label: str) -> None:
    """
    Refuse a table with more columns than any office has: each costs time, however short it is.

    Raises
    ------
    InputError
        If there are too many.
    """
    if count > MOST_COLUMNS:
        raise InputError(
            f"{label} 有 {count} 列，超过上限 {MOST_COLUMNS} 列",
            where=label,
            remedy="这不像一张登记表：在原软件里打开核对，只留用得着的列，另存后再试",
        )


def check_rows(count: int, label: str, limits: Limits) -> None:
    """
    Refuse a table with more rows than the limit.

    Raises
    ------
    InputError
        If there are too many.
    """
    if count > limits.rows:
        raise InputError(
            f"{label} 有 {count} 行，超过上限 {limits.rows} 行",
            where=label,
            remedy="按街道分成几份，或在 rules.toml 里调大 max_rows",
        )
