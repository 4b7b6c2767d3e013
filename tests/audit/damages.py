"""Damaged studies: each names its damage, the finding expected, and where."""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import shapely
from pyproj import Transformer

from lingwu_grid.ingest.datum import to_bd09, to_gcj02
from tests.audit.office import HOMES, Office, squares

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Damage:
    """One way an office's files go wrong."""

    name: str
    do: Callable[[Office, Path], object]
    """Damages the office before it is written, or the files; gives what the place must name."""
    code: str
    """The finding expected; empty where the files must simply read."""
    after: bool = False
    """True for a damage to the files."""
    severity: str = ""
    table: str = ""
    stops: bool = False
    """True where nothing can be read: the sentence itself must name the place."""


ALL: list[Damage] = []


def damage(
    code: str, *, after: bool = False, severity: str = "", table: str = "", stops: bool = False
) -> Callable:
    """Enter a function into the list of damages."""

    def enter(do: Callable) -> Callable:
        ALL.append(Damage(do.__name__, do, code, after, severity, table, stops))
        return do

    return enter


# ---- text files -------------------------------------------------------------------------------


def _recode(folder: Path, change: Callable[[str], bytes]) -> None:
    path = folder / HOMES
    path.write_bytes(change(path.read_text("utf-8")))


@damage("encoding", after=True)
def gb18030(_: Office, folder: Path) -> str:
    _recode(folder, lambda t: t.encode("gb18030"))
    return HOMES


@damage("", after=True)
def utf_16(_: Office, folder: Path) -> None:
    _recode(folder, lambda t: t.encode("utf-16"))


@damage("", after=True)
def utf_16_without_mark_and_tabs(_: Office, folder: Path) -> None:
    _recode(folder, lambda t: t.replace(",", "\t").encode("utf-16-le"))


@damage("", after=True)
def semicolons(_: Office, folder: Path) -> None:
    _recode(folder, lambda t: t.replace(",", ";").encode())


@damage("乱码", after=True, stops=True)
def utf_8_read_as_gbk(_: Office, folder: Path) -> str:
    _recode(folder, lambda t: t.encode().decode("gb18030", errors="ignore").encode())
    return HOMES


@damage("text_restored")
def names_read_as_gbk(office: Office, _: Path) -> str:
    address = office.homes["楼栋编号"].map(lambda b: f"灵州大街{b}".encode().decode("gb18030"))
    office.homes = office.homes.assign(地址=address)
    return HOMES


@damage("户编号", after=True, stops=True)
def no_column_of_ids(_: Office, folder: Path) -> str:
    _recode(folder, lambda t: t.replace("户编号", "某列", 1).encode())
    return HOMES


@damage("看不出", stops=True)
def numbers_of_no_system(office: Office, _: Path) -> str:
    office.homes = office.homes.assign(经度=1e9, 纬度=1e9, 楼栋编号="")
    return "坐标"


@damage("所有行都被排除", stops=True)
def nobody_counts(office: Office, _: Path) -> str:
    office.homes = office.homes.assign(状态="空置")
    return "空置住房"


@damage("text_restored", after=True)
def gbk_read_as_latin(_: Office, folder: Path) -> str:
    _recode(folder, lambda t: t.encode("gb18030").decode("latin-1").encode())
    return HOMES


@damage("text_lost", after=True)
def letters_lost(_: Office, folder: Path) -> str:
    _recode(folder, lambda t: t.replace("灵州街", "???", 50).encode())
    return HOMES


@damage("text_lost", after=True)
def a_few_broken_bytes(_: Office, folder: Path) -> str:
    _recode(folder, lambda t: t.encode().replace("灵州街B000003".encode(), b"\xff\xfeB000003", 1))
    return "第"


@damage("header_found", after=True)
def a_title_above_the_headers(_: Office, folder: Path) -> str:
    _recode(folder, lambda t: ("某某社区居民户台账\n填表单位：民政局\n\n" + t).encode())
    return HOMES


@damage("column_repeated", after=True)
def a_column_twice(_: Office, folder: Path) -> str:
    _recode(
        folder,
        lambda t: (
            t.replace("户编号,经度,纬度", "户编号,经度,经度", 1).replace("地址", "纬度", 1).encode()
        ),
    )
    return HOMES


@damage("row_broken", after=True)
def a_row_with_too_many_fields(_: Office, folder: Path) -> str:
    lines = (folder / HOMES).read_text("utf-8").split("\n")
    lines[7] += ",多出来的,两列"
    (folder / HOMES).write_text("\n".join(lines), encoding="utf-8")
    return "第 8 行"


@damage("row_empty", after=True)
def empty_rows_at_the_end(_: Office, folder: Path) -> str:
    lines = (folder / HOMES).read_text("utf-8").count("\n")
    _recode(folder, lambda t: (t + ",,,,,,,,,\n" * 30).encode())
    return f"第 {lines + 1} 行"


@damage("", after=True)
def a_workbook_named_csv(office: Office, folder: Path) -> None:
    (folder / HOMES).unlink()
    office.homes.to_excel(folder / "居民户.xlsx", index=False)
    (folder / "居民户.xlsx").rename(folder / HOMES)


@damage("", after=True)
def a_text_named_xls(_: Office, folder: Path) -> None:
    _recode(folder, lambda t: t.replace(",", "\t").encode("gb18030"))
    (folder / HOMES).rename(folder / "居民户.xls")


@damage("", after=True)
def two_household_files(office: Office, folder: Path) -> None:
    half = len(office.homes) // 2
    office.homes[:half].to_csv(folder / HOMES, index=False)
    office.homes[half:].to_csv(folder / "居民户_二.csv", index=False, encoding="gb18030")


@damage("code_scientific", after=True, severity="error")
def codes_in_scientific_form(_: Office, folder: Path) -> str:
    _recode(folder, lambda t: t.replace("640181001001001", "6.40181E+14").encode())
    return HOMES


@damage("columns_unused")
def a_column_nobody_knows(office: Office, _: Path) -> str:
    office.homes["网格长电话"] = "123"
    return HOMES


@damage("file_unusable", after=True, severity="error")
def an_empty_file(_: Office, folder: Path) -> str:
    (folder / "道路.csv").write_bytes(b"")
    return "道路.csv"


@damage("file_unusable", after=True, severity="error")
def a_broken_geopackage(_: Office, folder: Path) -> str:
    (folder / "grids.gpkg").write_bytes(b"SQLite format 3\x00 not really")
    return "grids.gpkg"


@damage("file_unusable", after=True, severity="error")
def a_zip_without_a_shapefile(_: Office, folder: Path) -> str:
    with zipfile.ZipFile(folder / "小区.zip", "w") as made:
        made.writestr("说明.txt", "空的")
    return "小区.zip"


@damage("file_unusable", after=True, severity="error")
def a_zip_that_grows(_: Office, folder: Path) -> str:
    with zipfile.ZipFile(folder / "小区.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("小区.shp", b"\0" * 60_000_000)
    return "小区.zip"


@damage("file_unusable", after=True, severity="error")
def roads_without_geometry(_: Office, folder: Path) -> str:
    (folder / "roads.gpkg").unlink()
    (folder / "道路.csv").write_text("名称,等级\n中山街,primary\n", encoding="utf-8")
    return "道路.csv"


# ---- workbooks and shapefiles -------------------------------------------------------------------


def _book(office: Office, folder: Path) -> openpyxl.Workbook:
    (folder / HOMES).unlink()
    book = openpyxl.Workbook()
    book.active.title = "填表说明"
    book.active.append(["请勿删除本页"])
    sheet = book.create_sheet("居民户")
    sheet.append(["东塔镇居民户台账"])
    sheet.append([*office.homes.columns])
    for row in office.homes.itertuples(index=False):
        sheet.append([str(v) if isinstance(v, str) else v for v in row])
    return book


@damage("header_found", after=True)
def a_book_with_a_title_and_two_sheets(office: Office, folder: Path) -> str:
    _book(office, folder).save(folder / "居民户.xlsx")
    return "居民户.xlsx"


@damage("cells_merged", after=True)
def merged_cells(office: Office, folder: Path) -> str:
    office.homes = office.homes.sort_values("楼栋编号", kind="stable")
    book = _book(office, folder)
    sheet = book["居民户"]
    first = office.homes["楼栋编号"].iloc[0]
    last = int((office.homes["楼栋编号"] == first).sum()) + 2
    sheet.merge_cells(start_row=3, end_row=last, start_column=4, end_column=4)
    book.save(folder / "居民户.xlsx")
    return "居民户"


@damage("code_rounded", after=True)
def long_codes_as_numbers(office: Office, folder: Path) -> str:
    office.homes["户编号"] = 640181001001000000 + 1000 * np.arange(len(office.homes))
    book = _book(office, folder)
    book.save(folder / "居民户.xlsx")
    return "户编号"


@damage("encoding", after=True, table="compounds")
def a_gbk_shapefile_without_cpg(office: Office, folder: Path) -> str:
    _shapefile(office, folder, "GB18030")
    (folder / "小区.cpg").unlink(missing_ok=True)
    return "小区.shp"


@damage("cpg_wrong", after=True)
def a_shapefile_with_a_wrong_cpg(office: Office, folder: Path) -> str:
    _shapefile(office, folder, "GB18030")
    (folder / "小区.cpg").write_text("UTF-8", encoding="ascii")
    return "小区.shp"


@damage("", after=True)
def a_zipped_shapefile_with_a_gbk_name(office: Office, folder: Path) -> None:
    _shapefile(office, folder, "UTF-8")
    parts = [p for p in folder.iterdir() if p.stem == "小区"]
    with zipfile.ZipFile(folder / "资料.zip", "w") as made:
        for part in parts:
            made.writestr(part.name.encode("gbk").decode("cp437"), part.read_bytes())
            part.unlink()


def _shapefile(office: Office, folder: Path, encoding: str) -> None:
    (folder / "compounds.gpkg").unlink()
    named = office.tables["compounds"].rename(
        columns={"compound_id": "小区编码", "name": "小区名称", "manager": "物业"}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the driver cuts names at ten bytes, and says so
        pyogrio.write_dataframe(named, folder / "小区.shp", encoding=encoding)


# ---- coordinates --------------------------------------------------------------------------------


def _projected(office: Office, epsg: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    to = Transformer.from_crs(4490, epsg, always_xy=True)
    x, y = to.transform(office.homes["经度"].to_numpy(), office.homes["纬度"].to_numpy())
    return np.round(x, 2), np.round(y, 2)


def _as_metres(office: Office, epsg: int, *, turned: bool = False, prefix: int = 0) -> str:
    x, y = _projected(office, epsg)
    x = x + prefix * 1e6
    names = ("y", "x") if turned else ("x", "y")
    office.homes = office.homes.drop(columns=["经度", "纬度"]).assign(
        **dict(zip(names, (x, y), strict=True))
    )
    return HOMES


@damage("crs_assumed")
def longitude_and_latitude_exchanged(office: Office, _: Path) -> str:
    office.homes = office.homes.rename(columns={"经度": "纬度", "纬度": "经度"})
    return HOMES


@damage("row_turned")
def some_rows_exchanged(office: Office, _: Path) -> str:
    at = office.rows(5)
    lon, lat = office.homes["经度"].to_numpy().copy(), office.homes["纬度"].to_numpy().copy()
    lon[at], lat[at] = lat[at], lon[at].copy()
    office.homes = office.homes.assign(经度=lon, 纬度=lat)
    return f"第 {at[0] + 2} 行"


@damage("coordinates_rewritten")
def degrees_and_minutes(office: Office, _: Path) -> str:
    def dms(v: float) -> str:
        return f"{int(v)}°{int(v % 1 * 60)}′{v * 60 % 1 * 60:.4f}″"

    office.homes = office.homes.assign(
        经度=office.homes["经度"].map(dms), 纬度=office.homes["纬度"].map(dms)
    )
    return HOMES


@damage("coordinates_rewritten")
def full_width_digits(office: Office, _: Path) -> str:
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    office.homes = office.homes.assign(经度=office.homes["经度"].astype(str).str.translate(wide))
    return HOMES


@damage("crs_assumed")
def metres_without_a_zone(office: Office, _: Path) -> str:
    return _as_metres(office, 4544)


@damage("crs_assumed")
def metres_of_the_next_zone_without_its_number(office: Office, _: Path) -> str:
    return _as_metres(office, 4545)


@damage("crs_assumed")
def metres_with_zone_35(office: Office, _: Path) -> str:
    return _as_metres(office, 4544, prefix=35)


@damage("crs_assumed")
def metres_with_zone_36(office: Office, _: Path) -> str:
    return _as_metres(office, 4545, prefix=36)


@damage("crs_assumed")
def northing_and_easting_exchanged(office: Office, _: Path) -> str:
    return _as_metres(office, 4544, turned=True)


@damage("crs_assumed")
def web_mercator(office: Office, _: Path) -> str:
    return _as_metres(office, 3857)


@damage("crs_wrong", after=True, table="grids")
def metres_declared_as_degrees(office: Office, folder: Path) -> str:
    (folder / "grids.gpkg").unlink()
    wrong = office.tables["grids"].set_crs(4490, allow_override=True)
    pyogrio.write_dataframe(wrong, folder / "grids.gpkg", layer="grids")
    return "grids.gpkg"


@damage("crs_wrong", after=True, table="grids")
def a_wrong_central_meridian(office: Office, folder: Path) -> str:
    (folder / "grids.gpkg").unlink()
    wrong = office.tables["grids"].set_crs(4547, allow_override=True)
    pyogrio.write_dataframe(wrong, folder / "grids.gpkg", layer="grids")
    return "grids.gpkg"


@damage("table_far", severity="error", table="roads")
def roads_of_another_city(office: Office, _: Path) -> str:
    office.tables["roads"] = office.tables["roads"].set_geometry(
        office.tables["roads"].geometry.translate(300_000, -200_000)
    )
    return "roads.gpkg"


def _shift(office: Office, name: str, shift: Callable) -> None:
    table = office.tables[name].to_crs(4490)
    moved = shapely.transform(table.geometry.to_numpy(), shift)
    office.tables[name] = table.set_geometry(moved, crs=4490)


@damage("datum_suspected", severity="error", table="households")
def households_from_a_web_map(office: Office, _: Path) -> str:
    moved = to_gcj02(office.homes[["经度", "纬度"]].to_numpy())
    office.homes = office.homes.assign(经度=moved[:, 0], 纬度=moved[:, 1])
    return HOMES


@damage("datum_suspected", severity="error", table="households")
def households_from_baidu_without_buildings_named(office: Office, _: Path) -> str:
    moved = to_bd09(office.homes[["经度", "纬度"]].to_numpy())
    office.homes = office.homes.assign(经度=moved[:, 0], 纬度=moved[:, 1], 楼栋编号="")
    return HOMES


@damage("datum_suspected", severity="error", table="grids")
def grids_from_a_web_map(office: Office, _: Path) -> str:
    _shift(office, "grids", to_gcj02)
    return "grids.gpkg"


@damage("datum_suspected", severity="error", table="roads")
def roads_from_baidu(office: Office, _: Path) -> str:
    _shift(office, "roads", to_bd09)
    return "roads.gpkg"


@damage("datum_suspected", severity="error", table="buildings")
def buildings_from_a_web_map(office: Office, _: Path) -> str:
    _shift(office, "buildings", to_gcj02)
    return "buildings.gpkg"


# ---- household rows -----------------------------------------------------------------------------


def _set(office: Office, column: str, value: object, count: int = 3) -> str:
    at = office.rows(count)
    values = office.homes[column].astype(object).to_numpy().copy()
    values[at] = value
    office.homes = office.homes.assign(**{column: values})
    return f"第 {at[0] + 2} 行"


@damage("place_missing")
def no_coordinates_and_no_building(office: Office, _: Path) -> str:
    _set(office, "楼栋编号", "")
    return _set(office, "经度", "")


@damage("placed_by_building")
def no_coordinates_but_a_building(office: Office, _: Path) -> str:
    _set(office, "经度", "")
    return "3 行"


@damage("place_missing")
def coordinates_of_zero(office: Office, _: Path) -> str:
    _set(office, "楼栋编号", "")
    _set(office, "纬度", 0)
    return _set(office, "经度", 0)


@damage("coordinates_unreadable")
def words_for_coordinates(office: Office, _: Path) -> str:
    _set(office, "经度", "见附图")
    return HOMES


@damage("outside_outline")
def outside_the_study_area(office: Office, _: Path) -> str:
    return _set(office, "纬度", float(office.homes["纬度"].max()) + 0.02)


@damage("on_water")
def on_the_water(office: Office, _: Path) -> str:
    barriers = office.tables["barriers"]
    wet = barriers["kind"] == "canal"
    shapes = barriers.geometry.to_numpy().copy()
    shapes[wet] = shapely.buffer(shapes[wet], 6.0)
    office.tables["barriers"] = barriers.set_geometry(shapes, crs=barriers.crs)
    middle = gpd.GeoSeries(shapely.point_on_surface(shapes[wet]), crs=barriers.crs).to_crs(4490)
    _set(office, "纬度", float(middle.y.iloc[0]), 1)
    return _set(office, "经度", float(middle.x.iloc[0]), 1)


@damage("residents_none")
def nobody_at_home(office: Office, _: Path) -> str:
    return _set(office, "常住人口", -1)


@damage("residents_many")
def too_many_at_home(office: Office, _: Path) -> str:
    return _set(office, "常住人口", 88)


@damage("not_a_number")
def words_for_residents(office: Office, _: Path) -> str:
    return _set(office, "常住人口", "三口人")


@damage("duplicate_row")
def a_row_twice(office: Office, _: Path) -> str:
    again = office.homes.iloc[[office.rows(1)[0]]]
    office.homes = pd.concat([office.homes, again], ignore_index=True)
    return f"第 {len(office.homes) + 1} 行"


@damage("duplicate_conflict")
def an_id_of_two_households(office: Office, _: Path) -> str:
    a, b = office.rows(2)
    again = office.homes.iloc[[b]].assign(户编号=office.homes["户编号"].iloc[a])
    office.homes = pd.concat([office.homes, again], ignore_index=True)
    return f"第 {len(office.homes) + 1} 行"


@damage("same_household")
def a_household_under_two_ids(office: Office, _: Path) -> str:
    again = office.homes.iloc[[office.rows(1)[0]]].assign(户编号="新编号")
    office.homes = pd.concat([office.homes, again], ignore_index=True)
    return "新编号"


@damage("far_from_building")
def far_from_its_building(office: Office, _: Path) -> str:
    other = office.homes["楼栋编号"].iloc[-1]
    return _set(office, "楼栋编号", other)


@damage("building_unknown")
def a_building_nobody_knows(office: Office, _: Path) -> str:
    return _set(office, "楼栋编号", "B999999")


@damage("grid_differs")
def another_grid_by_register(office: Office, _: Path) -> str:
    at = office.rows(3)[0]
    other = next(
        g for g in office.homes["网格编码"] if g and g != office.homes["网格编码"].iloc[at]
    )
    return _set(office, "网格编码", other, 1)


@damage("grid_unknown")
def a_grid_nobody_knows(office: Office, _: Path) -> str:
    return _set(office, "网格编码", "640181001001999")


@damage("community_unknown", table="households")
def a_community_nobody_knows(office: Office, _: Path) -> str:
    return _set(office, "社区编码", "640181001777")


@damage("community_differs")
def another_community_by_register(office: Office, _: Path) -> str:
    at = office.rows(1)[0]
    mine = office.homes["社区编码"].iloc[at]
    other = next(c for c in office.homes["社区编码"] if c and c != mine)
    return _set(office, "社区编码", other, 1)


@damage("id_missing", table="households")
def a_row_without_an_id(office: Office, _: Path) -> str:
    return _set(office, "户编号", "")


@damage("status_unknown")
def a_status_nobody_knows(office: Office, _: Path) -> str:
    _set(office, "状态", "长期外出务工")
    return "3 行"


# ---- polygons -----------------------------------------------------------------------------------


def _reshape(office: Office, table: str, row: int, shape: shapely.Geometry) -> str:
    zones = office.tables[table]
    shapes = zones.geometry.to_numpy().copy()
    shapes[row] = shape
    office.tables[table] = zones.set_geometry(shapes, crs=zones.crs)
    return str(zones.iloc[row, 0])


def _grid(office: Office, row: int) -> shapely.Geometry:
    return office.tables["grids"].geometry.iloc[row]


@damage("id_twice", table="grids")
def an_id_of_two_grids(office: Office, _: Path) -> str:
    ids = office.tables["grids"]["grid_id"].to_numpy().copy()
    ids[3] = ids[2]
    office.tables["grids"] = office.tables["grids"].assign(grid_id=ids)
    return str(ids[3])


@damage("shape_mended")
def a_bow_tie(office: Office, _: Path) -> str:
    x, y = shapely.get_coordinates(_grid(office, 4).centroid)[0]
    ring = [(x, y), (x + 80, y + 80), (x + 80, y), (x, y + 80)]
    _reshape(office, "grids", 4, shapely.Polygon(ring))
    return "第 5 个图形"


@damage("gap")
def a_hole(office: Office, _: Path) -> str:
    shape = _grid(office, 4)
    x, y = shapely.get_coordinates(shape.centroid)[0]
    _reshape(office, "grids", 4, shapely.difference(shape, squares(x, y, 30)))
    return "空地 1"


@damage("gap")
def ground_of_no_grid(office: Office, _: Path) -> str:
    _reshape(office, "grids", 4, shapely.buffer(_grid(office, 4), -12))
    return "空地 1"


@damage("overlap")
def two_grids_overlap(office: Office, _: Path) -> str:
    return _reshape(office, "grids", 4, shapely.buffer(_grid(office, 4), 12))


@damage("overlap_sliver")
def two_borders_drawn_twice(office: Office, _: Path) -> str:
    return _reshape(office, "grids", 4, shapely.buffer(_grid(office, 4), 0.3))


@damage("gap_sliver")
def a_strip_of_no_grid(office: Office, _: Path) -> str:
    _reshape(office, "grids", 4, shapely.buffer(_grid(office, 4), -0.3))
    return "空地 1"


@damage("multipart", table="grids")
def a_grid_in_two_pieces(office: Office, _: Path) -> str:
    a, b = _grid(office, 2), _grid(office, 9)
    x, y = shapely.get_coordinates(b.centroid)[0]
    part = shapely.intersection(b, squares(x, y, 60))
    _reshape(office, "grids", 9, shapely.difference(b, part))
    return _reshape(office, "grids", 2, shapely.union(a, part))


@damage("enclave", table="grids")
def a_grid_inside_another(office: Office, _: Path) -> str:
    host = _grid(office, 6)
    x, y = shapely.get_coordinates(host.representative_point())[0]
    inner = shapely.intersection(host, squares(x - 15, y - 15, 30))
    guest = _grid(office, 7)
    _reshape(office, "grids", 6, shapely.union(shapely.difference(host, inner), guest))
    return _reshape(office, "grids", 7, inner)


@damage("zone_outside", table="grids")
def a_grid_beyond_the_outline(office: Office, _: Path) -> str:
    outline = office.tables["outline"].geometry.iloc[0]
    at = int(np.argmin(shapely.bounds(office.tables["grids"].geometry.to_numpy())[:, 0]))
    west = shapely.box(outline.bounds[0] - 40, outline.bounds[1], outline.bounds[0] + 5,
                       _grid(office, at).bounds[3])  # fmt: skip
    return _reshape(office, "grids", at, shapely.union(_grid(office, at), west))


@damage("ring_reversed")
def a_ring_the_other_way_round(office: Office, _: Path) -> str:
    _reshape(office, "grids", 4, shapely.reverse(_grid(office, 4)))
    return "第 5 个图形"


@damage("height_dropped")
def heights(office: Office, _: Path) -> str:
    zones = office.tables["grids"]
    office.tables["grids"] = zones.set_geometry(
        shapely.force_3d(zones.geometry.to_numpy(), 1100.0), crs=zones.crs
    )
    return "grids.gpkg"


@damage("line_closed")
def a_border_drawn_as_a_line(office: Office, _: Path) -> str:
    ring = shapely.get_coordinates(_grid(office, 4).exterior)
    _reshape(office, "grids", 4, shapely.LineString(ring[:-1]).segmentize(1.0))
    shapes = office.tables["grids"].geometry.to_numpy()
    line = shapely.get_coordinates(shapes[4])
    closed = np.vstack([line, ring[0] + (line[-1] - ring[0]) * 0.02])
    _reshape(office, "grids", 4, shapely.LineString(closed))
    return "第 5 个图形"


@damage("ring_unclosed", after=True)
def a_ring_left_open(office: Office, folder: Path) -> str:
    (folder / "grids.gpkg").unlink()
    path = folder / "grids.geojson"
    pyogrio.write_dataframe(office.tables["grids"].to_crs(4490), path, driver="GeoJSON")
    import json  # noqa: PLC0415

    content = json.loads(path.read_text("utf-8"))
    shape = content["features"][4]["geometry"]
    rings = shape["coordinates"][0] if shape["type"] == "MultiPolygon" else shape["coordinates"]
    rings[0] = rings[0][:-1]
    path.write_text(json.dumps(content), encoding="utf-8")
    return "第 5 个图形"


@damage("shape_missing")
def a_grid_without_a_shape(office: Office, _: Path) -> str:
    _reshape(office, "grids", 4, None)
    return "第 5 个图形"


@damage("community_unknown", table="grids")
def a_grid_of_an_unknown_community(office: Office, _: Path) -> str:
    ids = office.tables["grids"]["community_id"].to_numpy().copy()
    ids[4] = "640181001888"
    office.tables["grids"] = office.tables["grids"].assign(community_id=ids)
    return str(office.tables["grids"]["grid_id"].iloc[4])


@damage("not_nested")
def a_grid_in_the_wrong_community(office: Office, _: Path) -> str:
    zones = office.tables["grids"]
    ids = zones["community_id"].to_numpy().copy()
    ids[4] = next(c for c in office.tables["communities"]["community_id"] if c != ids[4])
    office.tables["grids"] = zones.assign(community_id=ids)
    return str(zones["grid_id"].iloc[4])


# ---- lines and sites ----------------------------------------------------------------------------


@damage("road_nearly_meets")
def a_road_that_ends_short(office: Office, _: Path) -> str:
    roads = office.tables["roads"]
    shapes = roads.geometry.to_numpy().copy()
    shapes[0] = shapely.ops.substring(shapes[0], 2.5, shapely.length(shapes[0]))
    office.tables["roads"] = roads.set_geometry(shapes, crs=roads.crs)
    return "roads.gpkg"


@damage("cut_off")
def a_canal_without_a_bridge(office: Office, _: Path) -> str:
    office.tables.pop("crossings")
    office.tables["roads"] = office.tables["roads"].assign(bridge="")
    return "户"


@damage("compound_cut_by_community")
def a_compound_of_two_communities(office: Office, _: Path) -> str:
    compounds, (a, b) = office.tables["compounds"], office.tables["communities"].geometry
    border = shapely.intersection(shapely.boundary(a), shapely.boundary(b))
    x, y = shapely.get_coordinates(shapely.line_interpolate_point(
        max(shapely.get_parts(shapely.line_merge(border)), key=shapely.length), 0.5, normalized=True
    ))[0]  # fmt: skip
    return _reshape(office, "compounds", len(compounds) - 1, squares(x - 60, y - 60, 120))


@damage("building_cut_by_grid")
def a_building_of_two_grids(office: Office, _: Path) -> str:
    shape = _grid(office, 4)
    x, y = shapely.get_coordinates(shapely.line_interpolate_point(shape.exterior, 50.0))[0]
    return _reshape(office, "buildings", 0, squares(x - 10, y - 10, 20))


@damage("station_outside")
def a_station_outside(office: Office, _: Path) -> str:
    west, south, _, _ = office.tables["outline"].total_bounds
    return _reshape(office, "stations", 0, shapely.Point(west - 300, south - 300))


@damage("gate_away")
def a_gate_in_a_field(office: Office, _: Path) -> str:
    west, south, _, _ = office.tables["outline"].total_bounds
    return _reshape(office, "gates", 0, shapely.Point(west - 200, south))


@damage("control_differs", after=True)
def another_figure_by_the_street(office: Office, folder: Path) -> str:
    grid = office.tables["grids"]["grid_id"].iloc[3]
    (folder / "控制数.csv").write_text(f"网格编码,户数\n{grid},99999\n", encoding="utf-8")
    return str(grid)


@damage("grid_over")
def a_grid_over_the_limit(office: Office, _: Path) -> str:
    a, b = _grid(office, 2), _grid(office, 3)
    zones = office.tables["grids"]
    kept = str(zones["grid_id"].iloc[2])
    _reshape(office, "grids", 2, shapely.union(a, b))
    office.tables["grids"] = office.tables["grids"].drop(index=3).reset_index(drop=True)
    office.homes = office.homes.drop(columns=["网格编码", "社区编码"])
    return kept
