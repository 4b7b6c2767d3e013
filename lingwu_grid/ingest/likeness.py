"""Likeness: which table of the contract something looks like, by name, columns and shapes."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from lingwu_grid.contract.schema import TABLES, table_named
from lingwu_grid.ingest.headers import in_full, plain
from lingwu_grid.ingest.numbers import as_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

ENOUGH = 1.0
"""Points of evidence for a table; less is no guess."""
SURE = 3.0
"""Points from which a guess is called sure."""

BY_NAME, BY_PART_OF_NAME, BY_WORDS, BY_MANY = 4.0, 2.0, 2.0, 1.0
GENERAL = frozenset(map(plain, ("id", "name", "名称", "编号", "编码", "代码", "类型", "序号")))
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

MOSTLY = 0.4
"""Share of names with such an ending that tells a table."""
MANY = 200
"""Points from which households are likelier than stations, gates or premises."""
HOUSE_M2 = 3000.0
"""Half of the areas of a table of buildings are smaller (a slab of six units: about 800 m²)."""
METRES_A_DEGREE = 111_000.0
CODE_DIGITS = {"subdistricts": 9, "communities": 12, "grids": 15}
"""Digits of a code: county six, street nine, community twelve (GB/T 10114), grid fifteen."""

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
        return TABLES[self.table].file_names[0]

    @property
    def is_sure(self) -> bool:
        """Tell whether the evidence is strong."""
        return self.points >= SURE


def likely_table(label: str, frame: pd.DataFrame) -> Likely | None:
    """
    Guess which table something is; None where nothing tells.

    Parameters
    ----------
    label
        Its file, or ``file:sheet``.
    frame
        Its rows, or the first of them, with the office's own headers.

    Returns
    -------
    Likely or None
        The table with the most evidence that its shapes allow, and the evidence in words.
    """
    shape = shape_of(frame)
    headers = {plain(c) for c in frame.columns if c != "geometry"}
    headers |= {plain(full) for c in headers if (full := in_full(c))}
    guesses = [
        _evidence(name, label, headers, frame, shape)
        for name, table in TABLES.items()
        if shape in (*FITS[table.geometry], *(("none",) if name == "households" else ()))
    ]
    best = max(guesses, key=lambda g: g.points, default=None)
    return best if best is not None and best.points >= ENOUGH else None


def shape_of(frame: pd.DataFrame) -> str:
    """Tell what stands in a table: `point`, `line`, `polygon`, or `none` without a place."""
    if not isinstance(frame, gpd.GeoDataFrame) or not frame.active_geometry_name:
        return "point" if coordinate_columns(frame) else "none"
    kinds = Counter(_KINDS.get(k, "none") for k in shapely.get_type_id(frame.geometry).tolist())
    return kinds.most_common(1)[0][0] if kinds else "none"


_KINDS = {0: "point", 1: "line", 2: "line", 3: "polygon", 4: "point", 5: "line", 6: "polygon"}


def coordinate_columns(frame: pd.DataFrame) -> dict[str, str]:
    """
    Find the columns that hold coordinates, by their headers or by their numbers.

    Returns
    -------
    dict
        lon and lat, or x and y, or lonlat, to the header; empty where there is none.
    """
    table = TABLES["households"].columns
    by_header = {
        name: str(c) for name in ("lonlat", "y", "x", "lat", "lon") for c in frame.columns
        if plain(c) in {plain(name), *map(plain, table[name])}
    }  # fmt: skip
    for pair in (("lon", "lat"), ("x", "y")):
        if set(pair) <= set(by_header):
            return {name: by_header[name] for name in pair}
    if "lonlat" in by_header:
        return {"lonlat": by_header["lonlat"]}
    return _by_numbers(frame)


RANGES = (("lon", "lat", (73.0, 136.0), (3.0, 54.0)), ("x", "y", (1e5, 1e8), (3e5, 6.2e6)))
"""Degrees of China, and metres of its projected systems (a zone number may stand before x)."""


def _by_numbers(frame: pd.DataFrame) -> dict[str, str]:
    """Find two columns of numbers, none of them whole, that lie close together as a town does."""
    columns = [c for c in frame.columns if c != "geometry"]
    numbers = {str(c): as_number(frame[c].iloc[:2000])[0] for c in columns}
    for east, north, x_range, y_range in RANGES:
        xs = [c for c, v in numbers.items() if _are_places(v, x_range)]
        ys = [c for c, v in numbers.items() if _are_places(v, y_range) and c not in xs[:1]]
        if len(xs) >= 1 and len(ys) >= 1:
            return {east: xs[0], north: ys[0]}
    return {}


def _are_places(values: NDArray[np.float64], within: tuple[float, float]) -> bool:
    known = values[np.isfinite(values)]
    if len(known) < max(3, len(values) / 2):
        return False
    low, high = np.quantile(known, [0.05, 0.95])
    is_broken = bool((known != np.round(known)).mean() > MOSTLY)  # a count is a whole number
    is_near = bool(high - low < (2.0 if within[1] < 1000 else 2e5))
    return within[0] <= low and high <= within[1] and is_broken and is_near


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


def _evidence(name: str, label: str, headers: set[str], frame: pd.DataFrame, shape: str) -> Likely:
    reasons: list[tuple[float, str]] = []
    stem = label.rsplit(":", 1)[-1].rsplit(".", 1)[0].lower()
    called = [a.lower() for a in (name, *TABLES[name].file_names) if len(a) > 1]
    if any(table_named(part.rsplit(".", 1)[0]) == name for part in label.split(":")):
        reasons.append((BY_NAME, f"名字就是{TABLES[name].file_names[0]}"))
    elif any(a in stem for a in called):
        longest = max((a for a in called if a in stem), key=len)
        reasons.append((BY_PART_OF_NAME + len(longest) / 10, f"名字里有“{longest}”"))
    weights = _weights()[name]
    known = sorted(headers & set(weights), key=lambda h: -weights[h])
    if known:
        reasons.append((sum(weights[h] for h in known), "列名有" + "、".join(known[:4])))
    reasons += _by_values(name, frame, shape)
    return Likely(name, sum(p for p, _ in reasons), "，".join(why for _, why in reasons))


def _by_values(name: str, frame: pd.DataFrame, shape: str) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    texts = [_words(frame[c]) for c in frame.columns if c != "geometry"]
    if name in ENDINGS and shape != "none":
        share = max((_share(t, ENDINGS[name]) for t in texts), default=0.0)
        if share >= MOSTLY:
            found.append((BY_WORDS * share, f"名称多以“{ENDINGS[name][0]}”一类的字结尾"))
    digits = CODE_DIGITS.get(name)
    if digits and shape == "polygon" and any(_are_codes(t, digits) for t in texts):
        found.append((BY_WORDS, f"有一列是 {digits} 位编码"))
    if name == "households" and shape in ("point", "none") and len(frame) >= MANY:
        found.append((BY_MANY, f"有 {len(frame)} 行以上" if len(frame) >= 20_000 else
                      f"有 {len(frame)} 行"))  # fmt: skip
    if name == "buildings" and shape == "polygon" and len(frame) >= 20:
        area = float(np.median(_areas(frame)))
        if area < HOUSE_M2:
            found.append((BY_WORDS, f"图形多只有 {area:.0f} 平方米，是房屋的大小"))
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
    return text[text != ""]


def _share(words: pd.Series, endings: Iterable[str]) -> float:
    distinct = words.drop_duplicates()
    return float(distinct.str.endswith(tuple(endings)).mean()) if len(distinct) else 0.0


def _are_codes(words: pd.Series, digits: int) -> bool:
    return len(words) > 0 and bool(words.str.fullmatch(rf"\d{{{digits}}}").all())
