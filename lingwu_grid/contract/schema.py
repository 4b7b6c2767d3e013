"""The input contract: tables, their file names, columns and aliases.

A table is found by the stem of its file (``households_城区.csv`` is ``households``), a column by
its header. Headers are compared without spaces, full-width forms and case.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

Geometry = Literal["point", "line", "polygon", "any", "none"]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the contract."""

    name: str
    file_names: tuple[str, ...]
    geometry: Geometry
    columns: dict[str, tuple[str, ...]]
    required: tuple[str, ...] = ()
    codes: tuple[str, ...] = field(default=())
    """Columns that are codes: always text."""

    @property
    def title(self) -> str:
        """What a planner calls it."""
        return self.file_names[0]


_COORDINATES = {
    "lon": ("经度", "lng", "longitude", "经度坐标"),
    "lat": ("纬度", "latitude", "纬度坐标"),
    "x": ("x坐标", "横坐标", "东坐标", "easting"),
    "y": ("y坐标", "纵坐标", "北坐标", "northing"),
    "lonlat": ("经纬度", "坐标", "location", "lnglat"),
}

_GRID = ("网格编码", "现网格", "网格编号", "所属网格", "网格代码", "网格")
_COMMUNITY = ("社区编码", "所属社区", "现社区", "社区编号", "社区代码", "社区")
_STREET = ("街道编码", "所属街道", "街道编号", "街道代码", "街道", "乡镇", "镇街")
_COMPOUND = ("小区编码", "小区编号", "小区代码", "所属小区", "小区")
_BUILDING = ("楼栋编码", "楼栋编号", "楼栋", "楼号", "幢号", "栋号")

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        Table(
            "households",
            ("居民户", "户", "住户", "常住户", "household"),
            "point",
            {
                "household_id": ("户编号", "户号", "住户编号", "户编码", "编号", "id"),
                **_COORDINATES,
                "building_id": _BUILDING,
                "compound_id": _COMPOUND,
                "address": ("地址", "住址", "门牌"),
                "status": (
                    "状态",
                    "居住状态",
                    "户类型",
                    "性质",
                    "是否常住",
                    "常住情况",
                    "居住情况",
                    "居住性质",
                    "户籍状态",
                ),
                "residents": ("常住人口", "人口", "人数", "居住人数"),
                "elderly": ("老年人", "老人", "60岁以上", "老年人数"),
                "party_members": ("党员", "党员数"),
                "grid_id": _GRID,
                "community_id": _COMMUNITY,
            },
            required=("household_id",),
            codes=("household_id", "building_id", "compound_id", "grid_id", "community_id"),
        ),
        Table(
            "grids",
            ("网格", "现状网格", "现网格", "grid"),
            "polygon",
            {
                "grid_id": ("网格编码", "网格编号", "网格代码", "编码", "id"),
                "grid_name": ("网格名称", "名称", "name"),
                "community_id": _COMMUNITY,
                "kind": ("类型", "网格类型"),
                "locked": ("锁定", "保持不变"),
            },
            required=("grid_id",),
            codes=("grid_id", "community_id"),
        ),
        Table(
            "communities",
            ("社区", "社区边界", "现状社区", "community"),
            "polygon",
            {
                "community_id": ("社区编码", "社区编号", "社区代码", "编码", "id"),
                "community_name": ("社区名称", "名称", "name", "社区"),
                "subdistrict_id": _STREET,
                "kind": ("类型", "社区类型"),
                "party_org": ("党组织", "党组织类型"),
                "locked": ("锁定", "保持不变"),
            },
            required=("community_id",),
            codes=("community_id", "subdistrict_id"),
        ),
        Table(
            "subdistricts",
            ("街道", "镇街", "街道边界", "subdistrict"),
            "polygon",
            {
                "subdistrict_id": ("街道编码", "街道编号", "街道代码", "编码", "id"),
                "name": ("街道名称", "名称", "街道"),
            },
            required=("subdistrict_id",),
            codes=("subdistrict_id",),
        ),
        Table(
            "levels",
            ("层级", "微网格", "现状微网格", "level"),
            "polygon",
            {
                "level": ("级别",),
                "zone_id": ("编码", "微网格编码", "编号", "id"),
                "zone_name": ("名称", "微网格名称", "name"),
                "parent_id": ("上级编码", *_GRID),
            },
            required=("zone_id",),
            codes=("zone_id", "parent_id"),
        ),
        Table("outline", ("范围", "研究范围", "边界"), "polygon", {"name": ("名称",)}),
        Table(
            "roads",
            ("道路", "路网", "road"),
            "line",
            {
                "name": ("名称", "道路名称", "路名"),
                "class": ("等级", "道路等级", "道路级别", "级别", "类型", "highway", "fclass"),
                "bridge": ("桥梁", "桥"),
                "tunnel": ("隧道", "涵洞"),
                "foot": ("步行", "可步行"),
                "grade": ("坡度", "纵坡"),
            },
        ),
        Table(
            "barriers",
            ("障碍", "阻隔", "barrier"),
            "any",
            {"name": ("名称",), "kind": ("类型", "障碍类型")},
        ),
        Table("crossings", ("跨越点", "通道", "crossing"), "any", {"name": ("名称",)}),
        Table(
            "compounds",
            ("小区", "居民小区", "楼盘", "compound"),
            "polygon",
            {
                "compound_id": ("小区编码", "小区编号", "小区代码", "编码", "编号", "id"),
                "name": ("名称", "小区名称", "楼盘名称", "楼盘名"),
                "manager": ("物业", "物业公司"),
                "open": ("开放", "是否开放", "对外开放"),
            },
            required=("compound_id",),
            codes=("compound_id",),
        ),
        Table(
            "gates",
            ("大门", "小区大门", "出入口", "gate"),
            "point",
            {
                **_COORDINATES,
                "compound_id": _COMPOUND,
                "name": ("名称",),
                "hours": ("开放时间", "开门时间"),
            },
            codes=("compound_id",),
        ),
        Table(
            "buildings",
            ("楼栋", "建筑", "building"),
            "polygon",
            {
                "building_id": (*_BUILDING, "id"),
                "name": ("名称",),
                "compound_id": _COMPOUND,
                "levels": ("层数", "楼层"),
            },
            required=("building_id",),
            codes=("building_id", "compound_id"),
        ),
        Table(
            "stations",
            ("邻里驿家", "驿站", "station"),
            "point",
            {
                **_COORDINATES,
                "station_id": ("驿站编码", "编号", "编码", "id"),
                "name": ("名称",),
                "floor_area_m2": ("面积", "建筑面积", "使用面积"),
                "services": ("服务", "服务内容"),
            },
            codes=("station_id",),
        ),
        Table(
            "premises",
            ("备选用房", "候选用房", "premise"),
            "point",
            {
                **_COORDINATES,
                "premise_id": ("用房编号", "编号", "编码", "id"),
                "name": ("名称",),
                "kind": ("类型", "用房类型"),
                "floor_area_m2": ("面积", "建筑面积"),
                "cost": ("费用", "成本", "年租金"),
            },
            codes=("premise_id",),
        ),
        Table(
            "growth",
            ("增长", "交付计划", "规划增长"),
            "none",
            {
                "compound_id": _COMPOUND,
                "households": ("户数", "增加户数"),
                "date": ("日期", "交付日期"),
            },
            codes=("compound_id",),
        ),
        Table(
            "code_register",
            ("编码登记", "编码登记册"),
            "point",
            {
                "lon": _COORDINATES["lon"],
                "lat": _COORDINATES["lat"],
                "level": ("级别",),
                "code": ("编码", "代码"),
                "name": ("名称",),
                "community_id": _COMMUNITY,
                "status": ("状态",),
                "lineage": ("变更类型",),
                "predecessors": ("前身",),
                "successors": ("后继",),
                "valid_from": ("启用日期",),
                "valid_to": ("终止日期",),
            },
            required=("code", "level", "status"),
            codes=("code", "community_id", "predecessors", "successors"),
        ),
        Table(
            "control",
            ("控制数", "核对数", "街道上报"),
            "none",
            {
                "subdistrict_id": _STREET,
                "community_id": _COMMUNITY,
                "grid_id": _GRID,
                "households": ("户数", "常住户数", "上报户数"),
            },
            required=("households",),
            codes=("subdistrict_id", "community_id", "grid_id"),
        ),
    )
}


def table_named(stem: str) -> str | None:
    """
    Tell which table a file, layer or sheet name stands for.

    Examples
    --------
    >>> table_named("households_城区"), table_named("现状网格"), table_named("readme")
    ('households', 'grids', None)
    """
    plain = unicodedata.normalize("NFKC", stem).strip().lower()
    head = re.split(r"[\s_.\-（(]", plain, maxsplit=1)[0]
    for name, table in TABLES.items():
        if plain in (name, *table.file_names) or head in (name, *table.file_names):
            return name
    return None


STATUS_WORDS: dict[str, tuple[str, ...]] = {
    "resident": ("常住", "在住", "自住", "租住", "实住", "居住", "是", "常住户"),
    "registered_only": (
        "空挂",
        "空挂户",
        "户籍空挂",
        "户籍",
        "仅户籍",
        "人户分离",
        "否",
        "非常住",
        "不常住",
        "户在人不在",
        "未居住",
        "未入住",
        "不在住",
    ),
    "vacant": ("空置", "空置房", "空房", "无人", "空关", "空关户", "闲置", "空户"),
    "shop": ("商铺", "商户", "门面", "店铺"),
    "collective": ("集体", "集体户", "宿舍"),
}
"""Words an office uses for a household's status; empty counts as resident."""

STATUS_REASONS: dict[str, str] = {
    "registered_only": "空挂户：只有户籍，不在此常住，不计入网格户数（政策§4 以常住户为准）",
    "vacant": "空置住房：无人常住，不计入网格户数（政策§4 以常住户为准）",
    "shop": "商铺：不是居民户，不计入网格户数（政策§4 以常住户为准）",
    "collective": "集体户：不是家庭户，不计入网格户数（政策§4 以常住户为准）",
}

GRID_KINDS: dict[str, tuple[str, ...]] = {
    "basic": ("基础", "基础网格", "普通"),
    "special": ("专属", "专属网格", "特殊"),
    "micro": ("微", "微网格"),
}

COMMUNITY_KINDS: dict[str, tuple[str, ...]] = {
    "urban": ("城市社区", "社区", "城市"),
    "village": ("村", "行政村", "城中村"),
}

MEASURES = ("elderly", "party_members")
"""Columns of households that are counts of people: each may be the second measure of a plan."""
