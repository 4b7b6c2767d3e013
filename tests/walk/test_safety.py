"""Names do no harm in any output, nothing asks the network, logs name nobody."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import zipfile
from itertools import pairwise
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest

from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest import caged
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.files import Limits
from lingwu_grid.output import write_csv
from tests.audit.office import office
from tests.audit.test_page import HOSTILE, hostile_office
from tests.browsing import open_page
from tests.commands import check as check_main
from tests.commands import partition as partition_main

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver


SHEET = """<?xml version="1.0" encoding="UTF-8"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"><office:body>
 <office:spreadsheet><table:table table:name="a">{}</table:table></office:spreadsheet>
</office:body></office:document-content>"""
LIMITS = Limits(50, 1000, 1000, read_mb=1000, read_seconds=10)
ODS = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = f"""<?xml version="1.0"?><manifest:manifest
 xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry
 manifest:full-path="/" manifest:media-type="{ODS}"/></manifest:manifest>"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a check and a plan write for a study full of harmful names."""
    folder: Path = tmp_path_factory.mktemp("harm")
    study = folder / "study"
    study.mkdir()
    hostile_office().write(study)
    check_main([str(study), "-o", str(folder / "check"), "--quiet"])
    code = partition_main([str(study), "-o", str(folder / "plan"), "--quiet", "--time-limit", "0"])
    assert code in (0, 3)
    return folder


def test_harmful_names_are_text_on_the_planners_map(browser: WebDriver, outputs: Path) -> None:
    assert open_page(browser, outputs / "plan" / "map.html") == []
    assert browser.execute_script("return window.hurt") is None
    text = (outputs / "plan" / "map.html").read_text("utf-8")
    assert "<img src=x" not in text
    assert "</script><script>window.hurt" not in text


def test_no_path_climbs_out_of_the_output(outputs: Path) -> None:
    assert sorted(p.name for p in outputs.iterdir()) == ["check", "plan", "study"]
    assert not list(outputs.parent.glob("x*"))


def test_harmful_names_are_text_in_libreoffice(outputs: Path, tmp_path: Path) -> None:
    program = shutil.which("soffice")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have LibreOffice")
        pytest.skip("LibreOffice is not installed")
    tables = sorted([*(outputs / "plan").glob("*.csv"), *(outputs / "check").glob("*.csv")])
    assert len(tables) >= 5
    seen = ""
    for number, table in enumerate(tables):
        copy = tmp_path / f"{number}.csv"
        copy.write_bytes(table.read_bytes())
        subprocess.run(  # noqa: S603
            [program, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile",
             "--infilter=CSV:44,34,76,1", "--convert-to", "xlsx",
             "--outdir", str(tmp_path), str(copy)],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        book = openpyxl.load_workbook(tmp_path / f"{number}.xlsx")
        for row in book.active.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (table.name, cell.coordinate, cell.value)
                assert cell.hyperlink is None
                seen += str(cell.value or "")
    assert "HYPERLINK" in seen
    assert HOSTILE[0] in seen
    assert "㛃" in seen


def test_every_id_comes_back_from_the_assignment(outputs: Path) -> None:
    table = pd.read_csv(
        outputs / "plan" / "assignment.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig"
    )
    ids = set(table["household_id"].str.removeprefix("'"))
    out = pd.read_csv(
        outputs / "plan" / "excluded.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig"
    )
    ids |= set(out["household_id"].str.removeprefix("'"))
    for word in HOSTILE:
        assert word in ids or word.strip() in ids or word.removeprefix("'") in ids


def test_nothing_asks_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = tmp_path / "study"
    study.mkdir()
    office().write(study)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("somebody asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert check_main([str(study), "-o", str(tmp_path / "check"), "--quiet"]) == 0
    arguments = [str(study), "-o", str(tmp_path / "out"), "--quiet", "--time-limit", "0"]
    assert partition_main(arguments) in (0, 3)


def test_logs_name_nobody(tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    made = office()
    made.homes["地址"] = "某某人家的地址"
    made.homes.loc[made.rows(5), "常住人口"] = 77
    made.write(study)
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "lingwu_grid.check", str(study), "-o", str(tmp_path / "out"),
         "--verbose"],
        capture_output=True, check=True,
    )  # fmt: skip
    said = done.stdout.decode() + done.stderr.decode()
    assert "一户人口过多" in said
    assert "某某人家" not in said


@pytest.mark.parametrize(
    "word", ["=1+1", "+1", "-1", "@a", "＝1+1", "＋1", "－1", "＠a", "\t=1", "\r=1"]
)
def test_a_cell_that_a_spreadsheet_would_run_is_text(word: str, tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"name": [word, "甲"], "n": [-1, 2]}), tmp_path / "a.csv")
    read = pd.read_csv(tmp_path / "a.csv", dtype=str, encoding="utf-8-sig", keep_default_na=False)
    assert read["name"].tolist() == ["'" + word, "甲"]
    assert read["n"].tolist() == ["-1", "2"]


LAUGHS = (
    f'<!DOCTYPE a [<!ENTITY a "{"x" * 1000}">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefgh"))
    + "]>"
)
"""Ten gigabytes, once every entity is put in its place."""


def write_book(rows: list[list[object]], path: Path) -> None:
    """Write a workbook, or the least that is an OpenDocument one."""
    if path.suffix == ".xlsx":
        pd.DataFrame(rows).to_excel(path, header=False, index=False)
        return
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    lines = ("".join(cell.format(value) for value in row) for row in rows)
    table = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("mimetype", ODS)
        made.writestr("META-INF/manifest.xml", MANIFEST)
        made.writestr("content.xml", SHEET.format(table))


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
@pytest.mark.parametrize("entity", ["laughs", "outside"])
def test_entities_of_a_workbook_are_not_put_in(kind: str, entity: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("机密", encoding="utf-8")
    outside = f'<!DOCTYPE a [<!ENTITY h SYSTEM "file://{secret}">]>'
    book = tmp_path / f"居民户.{kind}"
    rows: list[list[object]] = [
        ["户编号", "经度", "纬度"],
        ["H1", 106.3, 38.1],
        ["HOLE", 106.4, 38],
    ]
    write_book(rows, book)
    parts = {}
    with zipfile.ZipFile(book) as old:
        for name in old.namelist():
            text = old.read(name)
            if b"HOLE" in text:
                head, _, body = text.partition(b"?>")
                entities = (LAUGHS if entity == "laughs" else outside).encode()
                text = head + b"?>" + entities + body.replace(b"HOLE", b"&h;")
            parts[name] = text
    with zipfile.ZipFile(book, "w") as new:
        for name, text in parts.items():
            new.writestr(name, text)
    try:
        text = caged.read_file(book, Claims(), LIMITS)[0].frame.to_csv()
    except InputError as said:
        text = str(said)
    assert "机密" not in text
    assert book.name in text or "H1" in text
    assert len(text) < 10_000
