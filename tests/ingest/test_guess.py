"""The guess: a clerk's folder comes to a plan by one yes, and nothing is taken in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.contract.errors import OutputError, RulesError
from lingwu_grid.contract.settings import rules_from
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.columns_guessed import is_id
from lingwu_grid.ingest.counting import TOTAL, status_words
from lingwu_grid.ingest.datum import to_gcj02
from lingwu_grid.ingest.headers import in_full
from lingwu_grid.ingest.likeness import likely_table, shape_of
from lingwu_grid.ingest.status_guessed import status_meant
from tests import commands
from tests.audit.office import office

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ["编号", "户主姓名", "坐标", "", "是否常住", "所属网格", "所在社区", "栋", "备注"]
LOWER = ["", "", "经度", "纬度", "", "", "", "", ""]


def _rows() -> tuple[pd.DataFrame, int]:
    homes = office().homes
    home = homes["状态"] == "常住"
    word = np.where(home, "是", "空挂户（外迁）")
    rows = pd.DataFrame(
        {
            "编号": homes["户编号"], "户主姓名": "某人", "经度": homes["经度"],
            "纬度": homes["纬度"], "是否常住": word, "所属网格": homes["网格编码"],
            "所在社区": homes["社区编码"], "栋": "", "备注": "",
        }
    )  # fmt: skip
    return rows, int(home.sum())


def _workbook(rows: pd.DataFrame, path: Path) -> None:
    book = openpyxl.Workbook()
    half = len(rows) // 2
    sheets = [(book.active, rows[:half]), (book.create_sheet("二期"), rows[half:])]
    sheets[0][0].title = "一期"
    for sheet, part in sheets:
        for cells in (["某市居民户台账（合成）", *[""] * 8], HEAD, LOWER):
            sheet.append([cell or None for cell in cells])
        for cells in part.itertuples(index=False):
            sheet.append([None if cell == "" else cell for cell in cells])
        sheet.append(["合计", None, None, None, str(len(part))])
        sheet.merge_cells("A1:I1")
        sheet.merge_cells("C2:D2")
        for column in "ABEFGHI":
            sheet.merge_cells(f"{column}2:{column}3")
    note = book.create_sheet("填表说明")
    note.append(["请按要求填写"])
    note.append(["一、编号不得重复"])
    book.save(path)


def _clerk(folder: Path, ending: str) -> int:
    """Write a clerk's folder: names and headers that the contract does not know."""
    folder.mkdir()
    rows, residents = _rows()
    if ending == "xlsx":
        _workbook(rows, folder / "2026年户籍核查.xlsx")
    else:
        cells = [["某市户籍核查（合成）", *[""] * 8], list(rows.columns), *rows.to_numpy().tolist()]
        cells.append(["合计", *[""] * 8])
        path = folder / "2026年户籍核查.csv"
        pd.DataFrame(cells).to_csv(path, index=False, header=False, encoding="gb18030")
    tables = {name: table.to_crs(4490) for name, table in office().tables.items()}
    roads = tables["roads"][["name", "geometry"]].rename(columns={"name": "路名"})
    roads.to_file(folder / "lw_ln.shp", encoding="gb18030")
    (folder / "lw_ln.cpg").unlink()
    zones = {
        "wg_poly": tables["grids"][["grid_id", "grid_name", "geometry"]].set_axis(
            ["WGDM", "WGMC", "geometry"], axis=1
        ),
        "sq_poly": tables["communities"][["community_id", "community_name", "geometry"]].set_axis(
            ["SQDM", "SQMC", "geometry"], axis=1
        ),
    }
    for layer, table in zones.items():
        gpd.GeoDataFrame(table, geometry="geometry", crs=4490).to_file(
            folder / "导出.gpkg", layer=layer
        )
    houses = tables["buildings"][["building_id", "levels", "geometry"]]
    houses.rename(columns={"building_id": "FWBH", "levels": "CS"}).to_file(folder / "fw.geojson")
    return residents


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_clerks_folder_is_read_by_one_yes(ending: str, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    residents = _clerk(folder, ending)
    with pytest.raises(lg.InputError, match="--guess"):
        lg.read_study(folder)
    guess = lg.guess(folder)
    assert not (folder / "rules.toml").exists()  # nothing before the yes
    guess.accept()
    study = lg.read_study(folder)
    assert len(study.households) == residents
    totals = 2 if ending == "xlsx" else 1
    assert (study.excluded["reason"] == TOTAL).sum() == totals
    assert len(study.excluded) - totals == len(_rows()[0]) - residents
    assert {s["table"] for s in study.sources} == {
        "households", "grids", "communities", "roads", "buildings"
    }  # fmt: skip
    assert study.table("grids")["grid_name"].ne("").all()
    assert study.households["grid_id"].ne("").mean() > 0.9
    told = [f for f in study.findings.rows if f.code in ("file_unused", "status_unknown")]
    # A sheet that is no table is told of at every run, and never left out in silence.
    assert [f.place for f in told] == ["2026年户籍核查.xlsx:填表说明"] * (ending == "xlsx")


def test_the_command_asks_and_then_a_plan_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "study", tmp_path / "out"
    residents = _clerk(folder, "csv")
    arguments = [str(folder), "-o", str(out), "--guess", "--quiet"]
    monkeypatch.setattr("builtins.input", lambda _: "否")
    assert commands.check(arguments) == 0
    assert not (folder / "rules.toml").exists()
    page = (tmp_path / "out_识别" / "guess.html").read_text("utf-8")
    said = capsys.readouterr().out
    for text in ("2026年户籍核查.csv", "WGDM", "空挂户（外迁）", f"计入常住 {residents} 户"):
        assert text in page
        assert text in said
    assert "某人" not in page  # a person's name is no example
    monkeypatch.setattr("builtins.input", lambda _: "是")
    assert commands.check(arguments) == 0
    assert (out / "check.html").is_file()
    assert commands.partition([str(folder), "-o", str(tmp_path / "plan"), "--quiet",
                               "--time-limit", "5", "--no-report"]) in (0, 3)  # fmt: skip
    made = lg.read_plan(tmp_path / "plan")
    assert int(made.grids["households"].sum()) == residents


def test_nobody_to_answer_is_no(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _clerk(tmp_path / "study", "csv")

    def nobody(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    arguments = [str(tmp_path / "study"), "-o", str(tmp_path / "out"), "--guess", "--quiet"]
    assert commands.check(arguments) == 0
    assert not (tmp_path / "study" / "rules.toml").exists()
    assert commands.check([*arguments, "--yes"]) == 0
    assert (tmp_path / "study" / "rules.toml").exists()


def test_what_the_office_has_written_stays(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    _clerk(folder, "csv")
    own = '# 街道自己写的\nmargin = 5\n\n[columns.households]\naddress = "备注"  # 别改\n'
    (folder / "rules.toml").write_text(own, encoding="utf-8")
    guess = lg.guess(folder)
    guess.accept()
    text = (folder / "rules.toml").read_text("utf-8")
    assert "# 街道自己写的" in text
    assert 'address = "备注"  # 别改' in text
    assert (folder / "rules.toml.bak").read_text("utf-8") == own
    rules = lg.read_rules(folder / "rules.toml")
    assert rules == guess.rules
    assert rules.margin == 5
    assert rules.columns["households"] == {"address": "备注", "community_id": "所在社区"}
    # Said twice is said once.
    assert lg.guess(folder).text == text


def test_a_folder_that_is_in_order_gets_no_new_words(small_folder: Path) -> None:
    guess = lg.guess(small_folder)
    assert guess.study is not None
    assert all(table.table and table.is_sure for table in guess.tables)
    old = small_folder / "boundaries" / "rules.toml"
    assert guess.rules.files == {} or set(guess.rules.files.values()) == {"buildings", "grids"}
    assert guess.rules.columns == {}
    assert old.exists() <= (old.read_text("utf-8")[:40] in guess.text)


def test_shifted_coordinates_are_written_into_the_settings(tmp_path: Path) -> None:

    folder = tmp_path / "study"
    _clerk(folder, "csv")
    for name in ("导出.gpkg:wg_poly", "导出.gpkg:sq_poly"):
        file, layer = name.split(":")
        table = gpd.read_file(folder / file, layer=layer)
        moved = shapely.transform(table.geometry.to_numpy(), to_gcj02)
        table.set_geometry(gpd.GeoSeries(moved, crs=4490)).to_file(folder / file, layer=layer)
    guess = lg.guess(folder)
    assert guess.rules.datum == {"grids": "gcj02", "communities": "gcj02"}
    guess.accept()
    assert lg.read_rules(folder / "rules.toml").datum == guess.rules.datum


def test_a_column_that_asks_whether_a_home_is_empty_turns_yes_round(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {"户号": range(60), "x1": np.linspace(106.301, 106.309, 60),
         "y1": np.linspace(38.101, 38.109, 60), "是否空挂": ["否"] * 50 + ["是"] * 10}
    )  # fmt: skip
    rows.to_csv(tmp_path / "名单.csv", index=False)
    guess = lg.guess(tmp_path)
    assert guess.study is not None
    assert len(guess.study.households) == 50
    assert {c.header: c.name for c in guess.tables[0].columns} == {
        "户号": "household_id", "x1": "lon", "y1": "lat", "是否空挂": "status"
    }  # fmt: skip


def test_a_table_without_an_id_is_told_and_not_taken(tmp_path: Path) -> None:
    rows = pd.DataFrame({"经度": np.linspace(106.301, 106.309, 60), "纬度": 38.1, "楼栋": "1号楼",
                         "60岁以上": 1, "常住人口": 2})  # fmt: skip
    rows.to_csv(tmp_path / "名单.csv", index=False)
    guess = lg.guess(tmp_path)
    (table,) = guess.tables
    assert table.table == ""
    assert "户编号" in table.why
    assert guess.study is None
    assert "居民户" in guess.trouble
    assert guess.rules.files == {}  # it is told of at every run


@pytest.mark.parametrize(
    ("label", "frame", "table"),
    [
        ("a.csv", pd.DataFrame({"甲": ["1"], "乙": ["x"]}), None),
        ("点.csv", pd.DataFrame({"驿站编码": ["1"], "经度": ["106.1"], "纬度": ["38.1"],
                                 "服务内容": ["托老"]}), "stations"),
        ("交付.csv", pd.DataFrame({"小区": ["1"], "户数": ["300"], "交付日期": ["2027"]}),
         "growth"),
        ("a.csv", pd.DataFrame({"街道": ["甲"], "上报户数": ["300"]}), "control"),
        ("道路等级说明.csv", pd.DataFrame({"名称": ["甲"]}), None),
    ],
)  # fmt: skip
def test_a_table_is_told_by_its_columns(label: str, frame: pd.DataFrame, table: str | None) -> None:
    guess = likely_table(label, frame)
    assert (guess.table if guess else None) == table


def test_shapes_rule_out_what_they_cannot_be() -> None:
    lines = gpd.GeoDataFrame(
        {"WGDM": ["640181001001001"]}, geometry=[shapely.LineString([(0, 0), (1, 1)])]
    )
    assert shape_of(lines) == "line"
    guess = likely_table("网格线.shp", lines)
    assert guess is None or guess.table != "grids"


@pytest.mark.parametrize(
    ("codes", "answer"),
    [(["1", "2", "3"], True), (["1", "1", "2"], False), (["1", "2", ""], True),
     (["1", "", ""], False), (["106.31", "106.32", "106.33"], False)],
)  # fmt: skip
def test_what_can_be_an_id(codes: list[str], answer: bool) -> None:  # noqa: FBT001 - a table
    assert is_id(pd.Series(codes)) is answer


def test_words_are_told_by_the_longest_known_one_in_them() -> None:
    assert status_meant("非常住（租出）") == "registered_only"
    assert status_meant("常住人员") == "resident"
    assert status_meant("是") == ""
    assert status_meant("临街商铺") == "shop"
    assert in_full("ldbh") == "楼栋编号"
    assert in_full("xyz") == ""


def test_the_offices_own_word_counts_before_a_common_one() -> None:
    words = status_words({"是": "vacant"})
    assert "是" in words["vacant"]
    assert "是" not in words["resident"]


def test_the_settings_for_files_and_words_are_checked(tmp_path: Path) -> None:
    rules = rules_from(
        {"files": {"a.csv": "居民户", "b.csv": "不用"}, "status_words": {"搬": "空挂"}}
    )
    assert rules.files == {"a.csv": "households", "b.csv": ""}
    assert rules.status_words == {"搬": "registered_only"}
    with pytest.raises(RulesError, match="居名户"):
        rules_from({"files": {"a.csv": "居名户"}})
    with pytest.raises(RulesError, match="空卦"):
        rules_from({"status_words": {"搬": "空卦"}})
    claims = Claims.by(rules)
    assert claims.of(tmp_path / "a.csv") == "households"
    assert claims.of(tmp_path / "b.csv") is None
    assert claims.left_out_of(tmp_path / "b.csv") == ["b.csv"]
    assert claims.of_layer(tmp_path / "b.csv", "网格", None) is None
    assert claims.of_layer(tmp_path / "c.xlsx", "网格", None) == "grids"


def test_a_file_left_out_is_told(tmp_path: Path) -> None:
    office().write(tmp_path)
    (tmp_path / "名册.csv").write_text("甲\n1\n", encoding="utf-8")
    unused = [f for f in lg.read_study(tmp_path).findings.rows if f.code == "file_unused"]
    assert [f.place for f in unused] == ["名册.csv"]
    (tmp_path / "rules.toml").write_text('[files]\n"名册.csv" = "不用"\n', encoding="utf-8")
    told = {f.code: f.place for f in lg.read_study(tmp_path).findings.rows}
    assert "file_unused" not in told
    assert told["file_left_out"] == "名册.csv"


def test_a_sheet_that_no_table_claims_is_told_with_a_guess(tmp_path: Path) -> None:
    made = office()
    made.write(tmp_path, homes=False)
    with pd.ExcelWriter(tmp_path / "台账.xlsx") as book:
        made.homes.to_excel(book, sheet_name="居民户", index=False)
        pd.DataFrame({"街道": ["甲"], "上报户数": ["300"]}).to_excel(
            book, sheet_name="表二", index=False
        )
    (found,) = [f for f in lg.read_study(tmp_path).findings.rows if f.code == "file_unused"]
    assert found.place == "台账.xlsx:表二"
    assert found.table == "control"
    assert "上报户数" in found.message


def test_an_answer_that_cannot_be_written_leaves_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "study"
    _clerk(folder, "csv")
    (folder / "rules.toml").write_text("margin = 5\n", encoding="utf-8")
    guess = lg.guess(folder)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OutputError, match="No space"):
        guess.accept()
    assert (folder / "rules.toml").read_text("utf-8") == "margin = 5\n"
    assert sorted(p.name for p in folder.iterdir() if p.name.startswith(".")) == []
