"""
Fuzzing of every reader by structure and by bytes: a healthy file is broken at random, and read.

    python -m tests.fuzz.formats --seconds 600 csv xlsx gpkg

Any file must end as tables or as a sentence, within ten seconds and a gigabyte. The first of each
kind that only the cage turned into a sentence, and any that did not, is kept in ``found/`` beside
this file, where the tests read it again for ever.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
import xlsxwriter

from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.contract.settings import read_rules
from lingwu_grid.ingest.caged import read_file
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.files import Limits
from lingwu_grid.revision.patch import SCHEMA, digest, read_patch

if TYPE_CHECKING:
    from collections.abc import Callable

FIND = "FIND "
FOUND = Path(__file__).parent / "found"
LIMITS = Limits(file_mb=50, rows=200_000, vertices=1_000_000, read_mb=1000, read_seconds=8)
LOUD = (b"0", b"-1", b"1e999", b"4294967295", b"99999999999", b"NaN", b"&x;", b"\x00", b"\xff\xfe",
        b'"', b"<", b"]]>", b"A1048576", b"\xe7", b"\x1a", "，".encode())  # fmt: skip
WORDS = (rb"-?\d+(?:\.\d+)?", rb"<[^>]*>", rb'"[^"]*"', rb"[^\n]*\n", rb"[\[\]{}]")
BOMB = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]>'


def homes() -> pd.DataFrame:
    """Six households."""
    return pd.DataFrame(
        {
            "户编号": [f"H{i}" for i in range(6)],
            "经度": [106.33 + i / 1000 for i in range(6)],
            "纬度": [38.1] * 6,
            "状态": ["常住", "空置", "", "常住", "别的", "常住"],
        }
    )


def places() -> gpd.GeoDataFrame:
    """Two grids, as polygons."""
    shapes = [shapely.box(106.3 + i / 100, 38.1, 106.31 + i / 100, 38.11) for i in range(2)]
    table = {"网格编码": ["640181001001001", "640181001001002"], "名称": ["一", "二"]}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4490)


def _book(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("居民户")
        sheet.merge_range(0, 0, 0, 3, "居民户一览表")
        for i, row in enumerate([list(homes()), *homes().to_numpy().tolist()], start=1):
            sheet.write_row(i, 0, row)


def _old_book(path: Path) -> None:
    program = shutil.which("soffice") or "soffice"
    _book(path.with_suffix(".xlsx"))
    subprocess.run(  # noqa: S603 - LibreOffice on our own file
        [program, "--headless", f"-env:UserInstallation=file://{path.parent}/profile",
         "--convert-to", path.suffix[1:], "--outdir", str(path.parent),
         str(path.with_suffix(".xlsx"))],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip


def _zipped(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names are cut at ten bytes
        places().to_file(path.with_suffix(".shp"), encoding="utf-8")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as inside:
        for part in path.parent.glob(f"{path.stem}.[!z]*"):
            inside.write(part, part.name)


def _settings(path: Path) -> None:
    path.write_text(
        "margin = 3\n[grid]\nlower = 300\nupper = 500\n[status_words]\n'迁出' = '空挂'\n"
        '[files]\n"a.csv" = "households"\n[columns.households]\nhousehold_id = "户号"\n',
        "utf-8",
    )


def _patch(path: Path) -> None:
    content: dict[str, Any] = {
        "schema": SCHEMA, "plan": "0" * 64, "street": "640181001", "reviewer": "甲",
        "edits": [{"unit": "u1", "from": "g1", "to": "g2"}],
        "new_grids": [{"id": "n1", "community": "c1"}], "locks": ["g1"],
        "comments": [{"x": 106_300_000, "y": 38_100_000, "grid": "g1", "text": "因"}],
    }  # fmt: skip
    path.write_text(json.dumps(content | {"hash": digest(content)}, ensure_ascii=False), "utf-8")


MAKERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "csv": ("居民户", lambda path: homes().to_csv(path, index=False)),
    "txt": ("居民户", lambda path: homes().to_csv(path, index=False, sep="\t", encoding="gbk")),
    "xlsx": ("居民户", _book),
    "xls": ("居民户", _old_book),
    "ods": ("居民户", _old_book),
    "parquet": ("居民户", lambda path: homes().to_parquet(path)),
    "gpkg": ("网格", lambda path: places().to_file(path, layer="grids")),
    "geojson": ("网格", lambda path: places().to_file(path, driver="GeoJSON")),
    "zip": ("网格", _zipped),
    "toml": ("rules", _settings),
    "json": ("意见", _patch),
}
"""Of each format: what the file is called, and how a healthy one is made."""


def by_bytes(content: bytes, dice: random.Random) -> bytes:
    """Change, drop, double, move and put in bytes."""
    out = bytearray(content)
    for _ in range(dice.choice((1, 1, 2, 4, 12))):
        at, size = dice.randrange(len(out) + 1), dice.choice((1, 2, 4, 8, 64, 512))
        way = dice.randrange(6)
        if way == 0 and out:
            out[min(at, len(out) - 1)] ^= 1 << dice.randrange(8)
        elif way == 1:
            del out[at : at + size]
        elif way == 2:
            out[at:at] = out[at : at + size]
        elif way == 3:
            out[at:at] = dice.choice(LOUD)
        elif way == 4:
            out[at : at + size] = dice.randbytes(min(size, 8))
        else:
            other = dice.randrange(len(out) + 1)
            out[at : at + size] = out[other : other + size]
    return bytes(out)


def by_words(content: bytes, dice: random.Random) -> bytes:
    """Change whole words of a text: numbers, tags, quoted things, lines."""
    pattern = dice.choice(
        (rb"-?\d+(?:\.\d+)?", rb"<[^>]*>", rb'"[^"]*"', rb"[^\n]*\n", rb"[\[\]{}]")
    )
    words = list(re.finditer(pattern, content))
    if not words:
        return by_bytes(content, dice)
    word, other = dice.choice(words), dice.choice(words)
    new = dice.choice((b"", other[0], word[0] * 2, word[0] * 300, *LOUD, BOMB + word[0]))
    return content[: word.start()] + new + content[word.end() :]


def inside_zip(content: bytes, dice: random.Random) -> bytes:
    """Change one member of a zip; or its name, or leave it out."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(made, "w") as new,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # two members of one name are what is wanted
        names = old.namelist()
        chosen = dice.choice(names)
        way = dice.randrange(8)
        for name in names:
            body = old.read(name)
            if name == chosen and way == 0:
                continue
            if name == chosen and way == 1:
                new.writestr(dice.choice(("../x", name.upper(), dice.choice(names))), body)
                continue
            if name == chosen:
                body = dice.choice((by_bytes, by_words))(body, dice)
            new.writestr(name, body, dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    return made.getvalue()


def inside_package(content: bytes, dice: random.Random) -> bytes:
    """Change a value of a GeoPackage's tables, geometries among them; or its schema."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.gpkg"
        path.write_bytes(content)
        with closing(sqlite3.connect(path, isolation_level=None)) as package:
            for _ in range(dice.choice((1, 2, 5))):
                with suppress(sqlite3.Error, OverflowError, IndexError):
                    _change(package, dice)
        return path.read_bytes()


def _change(package: sqlite3.Connection, dice: random.Random) -> None:
    tables = package.execute("select name from sqlite_master where type = 'table'").fetchall()
    (table,) = dice.choice(tables)
    columns = [row[1] for row in package.execute(f'pragma table_info("{table}")')]
    column = dice.choice(columns)
    old = package.execute(f'select "{column}" from "{table}" limit 1').fetchone()  # noqa: S608
    value: object = dice.choice((None, -1, 2**62, 1e308, "", "x" * 5000, b"GP\0\1", "grids"))
    if old and isinstance(old[0], bytes):
        value = by_bytes(old[0], dice)
    elif old and isinstance(old[0], str):
        value = by_bytes(old[0].encode(), dice).decode("utf-8", "replace")
    way = dice.randrange(6)
    if way == 0:
        package.execute(f'drop table "{table}"')
    elif way == 1:
        package.execute(f'alter table "{table}" rename column "{column}" to "x y"')
    else:
        package.execute(f'update "{table}" set "{column}" = ?', (value,))  # noqa: S608


TEXTS = ("csv", "txt", "geojson", "toml", "json")
ZIPPED = ("xlsx", "ods", "zip")


def signed(content: bytes, dice: random.Random) -> bytes:
    """Change a patch and sum it up anew, so that it is looked into."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        changed = json.loads(by_words(content, dice))
        return json.dumps(changed | {"hash": digest(changed)}).encode()
    return content


def broken(content: bytes, kind: str, dice: random.Random) -> bytes:
    """Break a healthy file at random."""
    ways: list[Callable[[bytes, random.Random], bytes]] = [by_bytes]
    if kind in TEXTS:
        ways += [by_words] * 2
    if kind in ZIPPED:
        ways += [inside_zip] * 4
    if kind == "gpkg":
        ways += [inside_package] * 2
    if kind == "json":
        ways += [signed] * 4
    return dice.choice(ways)(content, dice)


CAGE = {
    "内存超过": "too large",
    "秒内没有读完": "too slow",
    "中途停止": "library died",
    "读取它的程序出错": "library fault",
}
"""What only the cage tells: sentences as good as others, counted apart."""


def tried(path: Path) -> str:
    """Read a file, and say how it ended; an exception that is not the planner's is a find."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if path.suffix == ".toml":
                read_rules(path)
            elif path.suffix == ".json":
                read_patch(path)
            else:
                read_file(path, Claims(), LIMITS)
    except LingwuError as said:
        return next((word for text, word in CAGE.items() if text in said.what), "sentence")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a find
        return f"{FIND}{type(error).__name__}: {error}"[:200]
    return "read"


def fuzzed(
    kind: str, more: Callable[[int], bool], seed: int, folder: Path, found: Path | None = None
) -> tuple[Counter[str], float]:
    """
    Break and read files of a format; give how often what came, and the slowest, seconds.

    `more` is told how many were read, and says whether to go on.

    Files worth keeping go into `found`, where one is given.
    """
    stem, make = MAKERS[kind]
    healthy = folder / f"{stem}.{kind}"
    make(healthy)
    if (ended := tried(healthy)) != "read":
        raise RuntimeError(f"{healthy.name} is healthy: {ended}")
    content, dice = healthy.read_bytes(), random.Random(seed)  # noqa: S311 - no secret
    study = folder / "study"
    study.mkdir()
    path = study / healthy.name
    slowest = 0.0
    counts: Counter[str] = Counter()
    while more(counts.total()):
        path.write_bytes(broken(content, kind, dice))
        begun = time.monotonic()
        ended = tried(path)
        slowest = max(slowest, time.monotonic() - begun)
        counts[ended] += 1
        if found and counts[ended] == 1 and (ended.startswith(FIND) or ended in CAGE.values()):
            keep(path, found)
    return counts, slowest


def keep(path: Path, found: Path) -> None:
    """Keep a file that was not read as it should be."""
    found.mkdir(exist_ok=True)
    name = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    shutil.copyfile(path, found / f"{name}{path.suffix}")


def main() -> int:
    """Fuzz each format for a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(MAKERS))
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = False
    for kind in options.kinds:
        with tempfile.TemporaryDirectory() as folder:
            until = time.monotonic() + options.seconds
            counts, slowest = fuzzed(
                kind, lambda _, until=until: time.monotonic() < until, options.seed,
                Path(folder), FOUND,
            )  # fmt: skip
        told = "、".join(f"{word} {count}" for word, count in counts.most_common())
        sys.stdout.write(f"{kind}: {counts.total()} cases, slowest {slowest:.2f} s; {told}\n")
        sys.stdout.flush()
        found |= any(word.startswith(FIND) for word in counts)
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
