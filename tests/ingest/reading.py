"""What the tests of the reading process share: a file of households, limits, who is reading."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from lingwu_grid.ingest import keeper
from lingwu_grid.ingest.files import Limits

LIMITS = Limits(file_mb=100, rows=1_000_000, vertices=10_000)
FOUND = Path(__file__).parent.parent / "fuzz" / "found"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")


def homes(folder: Path, count: int = 3) -> Path:
    path = folder / "居民户.csv"
    rows = "".join(f"H{i},106.33,38.1,常住,{'x' * 40}\n" for i in range(count))
    path.write_text("户编号,经度,纬度,状态,地址\n" + rows, encoding="utf-8")
    return path


def children_reading() -> list[int]:
    mine = psutil.Process().children(recursive=True)
    alive = [p for p in mine if p.status() != psutil.STATUS_ZOMBIE]
    modules = [p for p in alive if keeper.MODULE in p.cmdline()]
    return [p.pid for p in modules if not p.children()]
