"""The guess: a clerk's folder comes to a plan by one yes, and nothing is taken in silence."""

from __future__ import annotations

import zipfile
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


# What a review of the guess found: each a small folder, with what a careful clerk would say.


def _homes(n: int = 300, first: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(7 + first)
    return pd.DataFrame(
        {
            "户编号": [f"H{first + i:05d}" for i in range(n)],
            "经度": (106.30 + rng.random(n) / 50).round(6),
            "纬度": (38.09 + rng.random(n) / 50).round(6),
            "状态": ["常住"] * (n - 30) + ["空挂"] * 30,
        }
    )


def _counted(folder: Path) -> int:
    """Say yes, and count what is then read."""
    lg.guess(folder).accept()
    return len(lg.read_study(folder).households)


def test_two_files_with_other_headers_are_both_read(tmp_path: Path) -> None:
    _homes().to_csv(tmp_path / "居民户.csv", index=False)
    other = _homes(200, 1000).set_axis(["房屋档案码", "E", "N", "人户情形"], axis=1)
    other.to_csv(tmp_path / "入户.csv", index=False)
    guess = lg.guess(tmp_path)
    assert guess.study is not None
    assert len(guess.study.households) == 270 + 170
    assert _counted(tmp_path) == 270 + 170
    assert (
        lg.read_rules(tmp_path / "rules.toml").columns["households"]["household_id"] == "房屋档案码"
    )


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("沿街商铺.csv", ["编号", "经度", "纬度", "地址"]),
        ("走访点.csv", ["编号", "经度", "纬度", "店名"]),
        ("监控点位.csv", ["编号", "经度", "纬度", "所属社区"]),
        ("网格统计表.csv", ["网格", "经度", "纬度", "户数"]),
    ],
)
def test_places_that_are_no_homes_are_not_counted(
    name: str, columns: list[str], tmp_path: Path
) -> None:
    _homes().to_csv(tmp_path / "居民户.csv", index=False)
    _homes(250, 5000).set_axis(columns, axis=1).to_csv(tmp_path / name, index=False)
    assert _counted(tmp_path) == 270


def test_an_order_is_no_id_where_homes_have_numbers(tmp_path: Path) -> None:
    parts = [_homes(200, 0), _homes(200, 200), _homes(200, 400)]
    with pd.ExcelWriter(tmp_path / "户籍台账.xlsx") as book:
        for number, part in enumerate(parts):
            numbered = part.rename(columns={"户编号": "房屋编号"}).assign(序号=range(1, 201))
            numbered.to_excel(book, sheet_name=f"{number}组", index=False)
    guess = lg.guess(tmp_path)
    assert guess.rules.columns["households"]["household_id"] == "房屋编号"
    assert _counted(tmp_path) == 3 * 170


def test_numbers_that_begin_anew_on_every_sheet_are_doubted(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "户籍台账.xlsx") as book:
        for k in range(2):
            part = _homes(200, 200 * k).assign(户编号=range(1, 201))
            part.to_excel(book, sheet_name=f"{k}组", index=False)
    guess = lg.guess(tmp_path)
    assert any(d.is_grave and "重复" in d.text for d in guess.doubts)
    assert (
        commands.check([str(tmp_path), "-o", str(tmp_path / "o" / "out"), "--guess", "--yes"]) == 2
    )
    assert not (tmp_path / "rules.toml").exists()


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("是否办理居住证", ["是", "否"]),
        ("户口性质", ["农业", "非农业"]),
        ("审核状态", ["已审", "待审"]),
        ("备注", ["", "无人"]),
    ],
)
def test_the_column_that_tells_who_lives_there_is_taken(
    header: str, values: list[str], tmp_path: Path
) -> None:
    homes = _homes().rename(columns={"状态": "人户情形"})
    homes.insert(1, header, np.resize(values, len(homes)))
    homes.to_csv(tmp_path / "居民户.csv", index=False)
    assert _counted(tmp_path) == 270


@pytest.mark.parametrize(("yes", "no"), [("是", "否"), ("1", "0"), ("√", "×")])
@pytest.mark.parametrize(("header", "lived_in"), [("是否常住", 200), ("是否空置", 100)])
def test_a_question_answered_by_any_sign(
    yes: str, no: str, header: str, lived_in: int, tmp_path: Path
) -> None:
    homes = _homes().assign(状态=[yes] * 200 + [no] * 100).rename(columns={"状态": header})
    homes.to_csv(tmp_path / "居民户.csv", index=False)
    assert _counted(tmp_path) == lived_in


def test_two_questions_that_turn_each_other_round_are_grave(tmp_path: Path) -> None:
    for name, header, first in (("甲组.csv", "是否常住", 0), ("乙组.csv", "是否空挂", 1000)):
        homes = _homes(200, first).assign(状态=["是"] * 100 + ["否"] * 100)
        homes.rename(columns={"状态": header}).to_csv(tmp_path / f"户籍{name}", index=False)
    assert any(d.is_grave and "相反" in d.text for d in lg.guess(tmp_path).doubts)


def test_the_name_of_a_file_says_nothing_of_its_layers(tmp_path: Path) -> None:
    _homes().to_csv(tmp_path / "居民户.csv", index=False)
    for layer, x in (("park", 106.40), ("water", 106.41)):
        shape = gpd.GeoDataFrame({"no": [1]}, geometry=[shapely.box(x, 38, x + 0.001, 38.001)])
        shape.set_crs(4490).to_file(tmp_path / "边界.gpkg", layer=layer)
    assert _counted(tmp_path) == 270


def test_what_is_in_a_zip_is_read_as_it_was_guessed(tmp_path: Path) -> None:
    _homes().to_csv(tmp_path / "居民户.csv", index=False)
    (tmp_path / "parts").mkdir()
    square = shapely.box(106.29, 38.08, 106.33, 38.12)
    for name, code in (("lw_wg", "640181001001001"), ("lw_sq", "640181001001")):
        header = "WGDM" if name == "lw_wg" else "SQDM"
        shape = gpd.GeoDataFrame({header: [code]}, geometry=[square]).set_crs(4490)
        shape.to_file(tmp_path / "parts" / f"{name}.shp")
    with zipfile.ZipFile(tmp_path / "矢量.zip", "w") as packed:
        for part in sorted((tmp_path / "parts").iterdir()):
            packed.write(part, part.name)
    lg.guess(tmp_path).accept()
    tables = {s["table"] for s in lg.read_study(tmp_path).sources}
    assert tables == {"households", "grids", "communities"}


def test_settings_in_any_order_are_added_to(tmp_path: Path) -> None:
    _homes().set_axis(["房屋档案码", "E", "N", "人户情形"], axis=1).to_csv(
        tmp_path / "入户.csv", index=False
    )
    own = '[columns.grids]\ngrid_name="grid_name"\n[grid]\nlower=100\n'
    own += '[columns.communities]\ncommunity_name="community_name"\n'
    (tmp_path / "rules.toml").write_text(own, encoding="utf-8")
    assert _counted(tmp_path) == 270
    assert lg.read_rules(tmp_path / "rules.toml").grid.lower == 100


def test_another_settings_file_and_a_guess_exclude_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _homes().to_csv(tmp_path / "居民户.csv", index=False)
    (tmp_path / "x.toml").write_text("margin = 1\n", encoding="utf-8")
    arguments = [str(tmp_path), "--rules", str(tmp_path / "x.toml"), "--guess", "--yes"]
    assert commands.check(arguments) == 2
    assert "--rules" in capsys.readouterr().err


def test_a_second_yes_leaves_the_first_copy(tmp_path: Path) -> None:
    _homes().set_axis(["房屋档案码", "E", "N", "人户情形"], axis=1).to_csv(
        tmp_path / "入户.csv", index=False
    )
    (tmp_path / "rules.toml").write_text("margin = 1\n", encoding="utf-8")
    lg.guess(tmp_path).accept()
    lg.guess(tmp_path).accept()  # nothing new: nothing put aside
    assert [p.name for p in sorted(tmp_path.glob("*.bak*"))] == ["rules.toml.bak"]
    _homes(100, 900).set_axis(["户室码", "E", "N", "人户情形"], axis=1).to_csv(
        tmp_path / "户籍二.csv", index=False
    )
    lg.guess(tmp_path).accept()
    assert (tmp_path / "rules.toml.bak").read_text("utf-8") == "margin = 1\n"
    assert (tmp_path / "rules.toml.bak2").exists()


def test_a_note_with_many_commas_above_a_table(tmp_path: Path) -> None:
    text = "填表说明：一，按户填；二，不得漏；三，编号不重；四，按时报；五，加盖公章\n"
    text += _homes().to_csv(index=False)
    (tmp_path / "居民户.csv").write_text(text, encoding="utf-8")
    assert len(lg.read_study(tmp_path).households) == 270


PERSONS = {
    "姓 名": "马晓明", "公民身份号码": "64018119800101123X", "tel": "13812345678", "XM": "王建国",
    "SFZH": "640181197503054321", "业主": "李强", "微信": "wx_abc", "联络": "13998765432",
}  # fmt: skip


def test_no_persons_data_is_an_example_or_an_id(tmp_path: Path) -> None:
    homes = _homes().drop(columns="户编号")
    for header, value in PERSONS.items():
        unique = [f"{value[:-4]}{i:04d}" if value[:3].isdigit() else value for i in range(300)]
        homes[header] = unique
    homes["HH"] = [f"{i:04d}" for i in range(300)]
    homes.to_csv(tmp_path / "居民户.csv", index=False)
    guess = lg.guess(tmp_path)
    assert guess.rules.columns["households"]["household_id"] == "HH"
    page = lg.guess(tmp_path).save(tmp_path / "out").joinpath("guess.html").read_text("utf-8")
    for value in (
        "马晓明",
        "6401811980",
        "1381234",
        "王建国",
        "6401811975",
        "李强",
        "wx_abc",
        "1399876",
    ):
        assert value not in page


def test_a_table_without_headers_is_told_and_its_first_row_is_not_shown(tmp_path: Path) -> None:
    rows = _homes().assign(tel=[f"138{i:08d}" for i in range(300)])
    rows.to_csv(tmp_path / "户籍.csv", index=False, header=False)
    guess = lg.guess(tmp_path)
    (table,) = guess.tables
    assert table.table == ""
    assert "13800000000" not in str(table)


@pytest.mark.parametrize(("east", "north"), [("E坐标值", "N坐标值"), ("测量Y", "测量X")])
def test_coordinates_under_any_name(east: str, north: str, tmp_path: Path) -> None:
    homes = _homes()
    points = gpd.GeoSeries.from_xy(homes["经度"], homes["纬度"], crs=4490).to_crs(4523)
    metres = homes.assign(经度=points.x.round(), 纬度=points.y.round())
    metres = metres.rename(columns={"经度": east, "纬度": north})
    metres.insert(1, "套内面积", np.linspace(89.1, 90.9, 300).round(2))
    metres.insert(2, "公摊", np.linspace(14.1, 15.9, 300).round(2))
    metres.to_csv(tmp_path / "居民户.csv", index=False)
    assert _counted(tmp_path) == 270


def test_the_datum_of_one_file_is_not_that_of_the_next(tmp_path: Path) -> None:
    made = office()
    made.write(tmp_path, homes=False)
    homes = made.homes
    half = len(homes) // 2
    shifted = homes[:half].copy()
    moved = to_gcj02(shifted[["经度", "纬度"]].to_numpy(float))
    shifted["经度"], shifted["纬度"] = moved[:, 0].round(7), moved[:, 1].round(7)
    shifted.to_csv(tmp_path / "居民户_高德.csv", index=False)
    homes[half:].to_csv(tmp_path / "居民户_实测.csv", index=False)
    residents = int((homes["状态"] == "常住").sum())
    assert lg.guess(tmp_path).rules.datum == {"households": "auto"}
    assert _counted(tmp_path) == residents


def test_remarks_in_a_column_of_status_are_not_spread_out(tmp_path: Path) -> None:
    homes = _homes().assign(状态=["空挂"] * 30 + [f"马晓明说{i}号不在" for i in range(270)])
    homes.to_csv(tmp_path / "居民户.csv", index=False)
    guess = lg.guess(tmp_path)
    assert [w.word for w in guess.words] == ["（270 种写法，不像居住状态）"]
    assert any(d.is_grave and "270 户" in d.text for d in guess.doubts)


def test_a_known_name_without_headers_is_told_and_shows_no_row(tmp_path: Path) -> None:
    rows = _homes().assign(tel=[f"138{i:08d}" for i in range(300)])
    rows.to_csv(tmp_path / "居民户.csv", index=False, header=False)
    with pytest.raises(lg.InputError, match="没有列名") as told:
        lg.read_study(tmp_path)
    assert "138" not in str(told.value)
    assert "138" not in lg.guess(tmp_path).trouble


def test_a_rare_word_is_not_spelled_out(tmp_path: Path) -> None:
    homes = _homes()
    homes.loc[:3, "状态"] = "马晓明13812345678"
    homes.loc[4:9, "状态"] = "待核"
    homes.to_csv(tmp_path / "居民户.csv", index=False)
    words = {w.word: w.rows for w in lg.guess(tmp_path).words}
    assert words == {"待核": 6, "（另 1 种少见的写法）": 4}
