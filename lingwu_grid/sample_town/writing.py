"""Write the synthetic town as an office would send it: GBK CSV, XLSX, GPKG, GeoJSON, Shapefile."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pyogrio

from lingwu_grid.sample_town import names

if TYPE_CHECKING:
    import geopandas as gpd

    from lingwu_grid.sample_town.town import Town

SYNTHETIC = "合成数据"
STAMP = datetime(2026, 1, 1, tzinfo=UTC)
"""Files carry this date, so that the same seed gives the same bytes."""

FORMATS = {
    "grids": "gpkg",
    "communities": "geojson",
    "subdistricts": "geojson",
    "outline": "geojson",
    "roads": "geojson",
    "barriers": "geojson",
    "crossings": "geojson",
    "compounds": "shp",
    "gates": "geojson",
    "buildings": "gpkg",
    "stations": "geojson",
    "premises": "geojson",
}

RULES = """\
# 灵武市合成示例城镇的设置。所有数据均为程序合成，不是灵武市的真实数据。
# 每个设置都有默认值；写错名字会报错。政策依据：灵党办〔2020〕65号。
study_name = "合成示例城镇"
synthetic = true          # 所有地图和报告都标明“合成数据”

margin = 0                # 安全余量：10 表示按 310—490 户划分
communities = "adjust"    # 社区：fixed 不变，adjust 微调（默认），redraw 重划
scenario = "signable"     # signable 变动少界线清，minimal 变动最少，balanced 均衡，redraw 重划

[grid]                    # 网格常住户数（§4）
lower = 300
upper = 500

[community]               # 社区常住户数（§4）
lower = 3000
upper = 5000
"""


def write_town(town: Town, folder: str | Path) -> None:
    """
    Write the town as a study folder.

    Parameters
    ----------
    town
        What to write.
    folder
        Gets `households/`, `boundaries/`; files of the same name are replaced.
    """
    folder = Path(folder)
    boundaries, households = folder / "boundaries", folder / "households"
    boundaries.mkdir(parents=True, exist_ok=True)
    households.mkdir(parents=True, exist_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": STAMP.strftime("%Y-%m-%dT%H:%M:%S.000Z")})
    for name, table in town.tables.items():
        _write_layer(table.assign(source=SYNTHETIC), boundaries, name)
    growth = town.growth.assign(来源=SYNTHETIC)
    growth.to_csv(
        boundaries / "growth.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n"
    )
    (boundaries / "rules.toml").write_text(RULES, encoding="utf-8", newline="\n")
    rows = _as_office(town.households)
    in_village = town.households.community_id.str.startswith(names.TOWN[0])
    rows[~in_village].to_csv(
        households / "households_chengqu.csv",
        index=False,
        encoding="gb18030",
        lineterminator="\r\n",
    )
    _write_sheet(rows[in_village], households / "households_dongta.xlsx")


def _as_office(table: gpd.GeoDataFrame) -> pd.DataFrame:
    degrees = table.geometry.to_crs(4490)
    return pd.DataFrame(
        {
            "户编号": table.household_id,
            "经度": degrees.x.round(7),
            "纬度": degrees.y.round(7),
            "楼栋编号": table.building_id,
            "状态": table.status,
            "常住人口": table.residents,
            "老年人": table.elderly,
            "来源": "合成",
        }
    )


def _write_layer(table: gpd.GeoDataFrame, folder: Path, name: str) -> None:
    kind = FORMATS[name]
    path = folder / f"{name}.{kind}"
    path.unlink(missing_ok=True)
    if kind == "geojson":
        table = table.to_crs(4490)
        pyogrio.write_dataframe(table, path, driver="GeoJSON", COORDINATE_PRECISION="8")
    elif kind == "gpkg":
        pyogrio.write_dataframe(table, path, driver="GPKG", layer=name)
    else:
        chinese = {
            "compound_id": "小区编码",
            "name": "小区名称",
            "manager": "物业",
            "source": "来源",
        }
        pyogrio.write_dataframe(table.rename(columns=chinese), path, encoding="GB18030")
        # Office software leaves the encoding out; so does the sample.
        path.with_suffix(".cpg").unlink(missing_ok=True)


def _write_sheet(table: pd.DataFrame, path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    book.properties.created = book.properties.modified = STAMP.replace(tzinfo=None)
    book.properties.title = SYNTHETIC
    sheet = book.create_sheet("居民户")
    sheet.append(list(table.columns))
    for row in table.itertuples(index=False):
        sheet.append(list(row))
    draft = path.with_suffix(".draft")
    book.save(draft)
    with zipfile.ZipFile(draft) as old, zipfile.ZipFile(path, "w") as new:
        for item in old.infolist():
            fixed = zipfile.ZipInfo(item.filename, STAMP.timetuple()[:6])
            content = old.read(item)
            if item.filename == "docProps/core.xml":
                content = _undated(content)
            new.writestr(fixed, content, zipfile.ZIP_DEFLATED)
    draft.unlink()


def _undated(core: bytes) -> bytes:
    # openpyxl writes the hour of saving, whatever the property says.
    text = core.decode()
    head, tag, rest = text.partition("<dcterms:modified")
    if not tag:
        return core
    inside, _, tail = rest.partition("</dcterms:modified>")
    start = inside.partition(">")[0]
    stamp = STAMP.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{head}{tag}{start}>{stamp}</dcterms:modified>{tail}".encode()
