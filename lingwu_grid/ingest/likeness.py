"""Likeness: which table of the contract something looks like, by name, columns and shapes."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from lingwu_grid.contract.schema import TABLES, table_named
from lingwu_grid.ingest.files import PEEK_ROWS
from lingwu_grid.ingest.headers import in_full, plain
from lingwu_grid.ingest.places_guessed import coordinate_columns
from lingwu_grid.ingest.status_guessed import status_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

ENOUGH = 1.0
"""Points of evidence for a table; less is no guess."""
SURE = 3.0
"""Points from which a guess is called sure."""

BY_NAME, BY_STATUS, BY_PART_OF_NAME, BY_WORDS, BY_MANY = 4.0, 3.0, 2.0, 2.0, 1.0
GENERAL = frozenset(
    map(plain, ("id", "name", "名称", "编号", "编码", "代码", "类型", "序号", "地址"))
)
"""Headers that any table may have: they tell nothing of which it is."""

ENDINGS = {
    "grids": ("网格",),
    "communities": ("社区", "村", "居委会", "村委会"),
    "subdistricts": ("街道", "镇", "乡", "街道办"),
    "compounds": (
        "小区", "家园", "园", "苑", "公寓", "新村", "院", "府", "城", "里", "庭", "郡", "居", "轩",
        "湾", "公馆", "名都", "庄园", "宿舍", "楼",
    ),
    "roads": ("路", "街", "巷", "大道", "胡同", "高速"),
    "barriers": ("河", "渠", "沟", "铁路", "线", "墙"),
    "stations": ("驿家", "驿站", "服务站", "服务中心"),
    "crossings": ("桥", "涵洞", "通道", "天桥"),
    "gates": ("门", "大门", "出入口"),
}  # fmt: skip
"""How the names of the things in a table end."""

NO_HOMES = re.compile(
    "商铺|商户|商家|店铺|门店|企业|poi|监控|摄像|点位|统计|汇总|网格员|网格长|干部|工作人员|设施|井盖|路灯"
)
"""In the name of a file or sheet: places and lists that are no households."""
NO_HOME_HEADERS = re.compile("店名|店铺名|商户名|企业名|监控|摄像|点位|poi")
"""In a header: of a place that is no home."""

MOSTLY = 0.4
"""Share of names with such an ending that tells a table."""
MANY = 200
"""Points from which households are likelier than stations, gates or premises."""
HOUSE_M2 = 3000.0
"""Half of the areas of a table of buildings are smaller (a slab of six units: about 800 m²)."""
METRES_A_DEGREE = 111_000.0
CODE_DIGITS = {"subdistricts": 9, "communities": 12, "grids": 15}
"""Digits of a code: county six, street nine, community twelve (GB/T 10114), grid fifteen."""
OF_ABOVE = "000"
"""A code of a community ends otherwise: with these it is a street's, or a county's, filled up."""

FITS = {"point": ("point",), "line": ("line",), "polygon": ("polygon",), "none": ("none",),
        "any": ("line", "polygon", "point")}  # fmt: skip


class Likely(NamedTuple):
    """A guess."""

    table: str
    points: float
    """Of evidence."""
    why: str

    @property
    def name(self) -> str:
        """What the contract calls the table, in Chinese."""
        return TABLES[self.table].title

    @property
    def is_sure(self) -> bool:
        """Tell whether the evidence is strong."""
        return self.points >= SURE


class _Seen(NamedTuple):
    """What there is to go by, made once for all tables."""

    stem: str
    headers: frozenset[str]
    shape: str
    rows: int
    texts: list[pd.Series]
    area_m2: float
    """Half of the polygons are smaller; 0 for none."""
    tells_status: bool


def likely_table(label: str, frame: pd.DataFrame) -> Likely | None:
    """
    Guess which table something is; None where nothing tells.

    Parameters
    ----------
    label
        Its file, or ``file:sheet``; of these the sheet's own name counts.
    frame
        Its rows, or the first of them, with the office's own headers.

    Returns
    -------
    Likely or None
        The table with the most evidence that its shapes allow, and the evidence in words.
    """
    if not len(frame):
        return None
    seen = _seen(label, frame)
    guesses = [
        _evidence(name, seen)
        for name, table in TABLES.items()
        if seen.shape in (*FITS[table.geometry], *(("none",) if name == "households" else ()))
    ]
    best = max(guesses, key=lambda g: g.points, default=None)
    return best if best is not None and best.points >= ENOUGH else None


def _seen(label: str, frame: pd.DataFrame) -> _Seen:
    headers = {plain(c) for c in frame.columns if c != "geometry"}
    headers |= {plain(full) for c in headers if (full := in_full(c))}
    shape = shape_of(frame)
    return _Seen(
        plain(label.rsplit(":", 1)[-1].rsplit(".", 1)[0]),
        frozenset(headers),
        shape,
        len(frame),
        [_words(frame[c]) for c in frame.columns if c != "geometry"],
        float(np.median(_areas(frame))) if shape == "polygon" else 0.0,
        shape in ("point", "none")
        and bool(status_columns(frame, [str(c) for c in frame.columns if c != "geometry"])),
    )


def shape_of(frame: pd.DataFrame) -> str:
    """Tell what stands in a table: `point`, `line`, `polygon`, or `none` without a place."""
    if not isinstance(frame, gpd.GeoDataFrame) or not frame.active_geometry_name:
        return "point" if coordinate_columns(frame) else "none"
    kinds = Counter(_KINDS.get(k, "none") for k in shapely.get_type_id(frame.geometry).tolist())
    return kinds.most_common(1)[0][0] if kinds else "none"


_KINDS = {0: "point", 1: "line", 2: "line", 3: "polygon", 4: "point", 5: "line", 6: "polygon"}


@cache
def _weights() -> dict[str, dict[str, float]]:
    """Give, by table, what each header says: the fewer tables have it, the more."""
    tables = {
        name: {plain(a) for column, aliases in table.columns.items() for a in (column, *aliases)}
        for name, table in TABLES.items()
    }
    often = Counter(header for headers in tables.values() for header in headers)
    return {
        name: {h: 1 / often[h] for h in headers if h not in GENERAL}
        for name, headers in tables.items()
    }


def _evidence(name: str, seen: _Seen) -> Likely:
    is_other = bool(NO_HOMES.search(seen.stem))
    is_other |= any(map(NO_HOME_HEADERS.search, seen.headers))
    is_other |= seen.rows < MANY and any(h.endswith("户数") for h in seen.headers)
    if name == "households" and is_other:
        return Likely(name, 0.0, "")
    reasons: list[tuple[float, str]] = []
    called = [plain(a) for a in (name, *TABLES[name].file_names) if len(a) > 1]
    if table_named(seen.stem) == name:
        reasons.append((BY_NAME, f"名字就是{TABLES[name].title}"))
    elif any(a in seen.stem for a in called):
        longest = max((a for a in called if a in seen.stem), key=len)
        reasons.append((BY_PART_OF_NAME + len(longest) / 10, f"名字里有“{longest}”"))
    weights = _weights()[name]
    known = sorted(seen.headers & set(weights), key=lambda h: (-weights[h], h))
    if known:
        reasons.append((sum(weights[h] for h in known), "列名有" + "、".join(known[:4])))
    reasons += _by_values(name, seen, is_told=bool(known))
    return Likely(name, sum(p for p, _ in reasons), "，".join(why for _, why in reasons))


def _by_values(name: str, seen: _Seen, *, is_told: bool) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    if name in ENDINGS and seen.shape != "none":
        share = max((_share(t, ENDINGS[name]) for t in seen.texts), default=0.0)
        if share >= MOSTLY:
            found.append((BY_WORDS * share, f"名称多以“{ENDINGS[name][0]}”一类的字结尾"))
    digits = CODE_DIGITS.get(name)
    if digits and seen.shape == "polygon" and any(_are_codes(t, digits) for t in seen.texts):
        found.append((BY_WORDS, f"有一列是 {digits} 位编码"))
    if name == "households" and seen.tells_status:
        found.append((BY_STATUS, "有一列写着常住、空挂"))
    if name == "households" and (is_told or seen.tells_status) and seen.rows >= MANY:
        more = "以上" * (seen.rows >= PEEK_ROWS)
        found.append((BY_MANY, f"有 {seen.rows} 行{more}"))
    if name == "buildings" and seen.rows >= 20 and 0 < seen.area_m2 < HOUSE_M2:
        found.append((BY_WORDS, f"图形多只有 {seen.area_m2:.0f} 平方米，是房屋的大小"))
    return found


def _areas(frame: pd.DataFrame) -> NDArray[np.float64]:
    shapes = frame.geometry.to_numpy()
    areas: NDArray[np.float64] = shapely.area(shapes)
    west, south, east, north = shapely.total_bounds(shapes)
    if max(abs(west), abs(east), abs(south), abs(north)) > 360:
        return areas
    at = np.cos(np.radians((south + north) / 2))
    return areas * float(METRES_A_DEGREE**2 * at)


def _words(values: pd.Series) -> pd.Series:
    text = values.iloc[:2000].dropna().astype(str).str.strip()
    return text[text != ""].drop_duplicates()


def _share(words: pd.Series, endings: Iterable[str]) -> float:
    return float(words.str.endswith(tuple(endings)).mean()) if len(words) else 0.0


def _are_codes(words: pd.Series, digits: int) -> bool:
    own = rf"\d{{{digits}}}" if digits == 9 else rf"\d{{{digits - 3}}}(?!{OF_ABOVE})\d{{3}}"
    return len(words) > 0 and bool(words.str.fullmatch(own).all())
