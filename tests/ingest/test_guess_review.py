"""What a review of the guess found: small folders, and what a careful clerk would say of each."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.ingest.datum import to_gcj02
from tests import commands
from tests.audit.office import office

if TYPE_CHECKING:
    from pathlib import Path


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


def test_where_no_file_is_of_households_the_remedy_is_not_to_guess_again(tmp_path: Path) -> None:
    rows = _homes(40).drop(columns="状态").rename(columns={"户编号": "编号"})
    rows.assign(店名="甲").to_csv(tmp_path / "走访点.csv", index=False)
    guess = lg.guess(tmp_path)
    assert guess.study is None
    assert "--guess" not in guess.trouble
    assert '[files] 里写明哪一份是，例如 "2026年核查.csv" = "居民户"' in guess.trouble
    # What is said to help does.
    told = '[files]\n"走访点.csv" = "居民户"\n[columns.households]\nhousehold_id = "编号"\n'
    (tmp_path / "rules.toml").write_text(told, encoding="utf-8")
    assert len(lg.read_study(tmp_path).households) == 40
