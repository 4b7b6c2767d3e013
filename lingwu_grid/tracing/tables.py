"""Tables of the papers: what each of their cells must be, by sheet or by column names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from lingwu_grid.tracing.words import around

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lingwu_grid.tracing.ledgers import Ledgers
    from lingwu_grid.tracing.numbers import Expected

Row = dict[str, str]
HEIR = re.compile(r"([^、（]+)（[\d,]+ 户）")


class Form(NamedTuple):
    """A kind of table."""

    mark: tuple[str, ...]
    """Columns that tell it."""
    cells: Mapping[str, Any]
    """What the cells of a column must be: from the facts, the row by column names, its number."""


def _community(column: str) -> Any:  # noqa: ANN401 - a rule of a cell
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        code = row.get("社区编码") or f.codes.get(row.get("社区", ""), "")
        if code:
            return float(f.communities.loc[code, column])
        mine = f.communities[f.communities["is_plan"]]
        return float(mine[column].sum())

    return worked


def _grid(column: str, key: str = "网格编码") -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        return float(f.grids.loc[row[key], column]) if row[key] else float(f.grids[column].sum())

    return worked


def _seat(column: str) -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        layer = f.layers["grids"].set_index("grid_id")
        return int(layer.loc[row["网格编码"].split("、")[0], column])

    return worked


def _backed(f: Ledgers, row: Row) -> list[str]:
    """Give the grids that a member of the committees backs; all in the row of sums."""
    codes = row["网格编码"].split("、") if row["网格编码"] else f.grids.index.astype(str)
    return list(codes)


def _funds(column: str) -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        table = f.communities
        mine = table.loc[[row["社区编码"]]] if row["社区编码"] else table
        was, now = (float(mine[f"{column}{when}"].sum()) for when in ("_before", ""))
        return {"现状": was, "方案": now, "增减": now - was}[row["情形"]]

    return worked


def _item(when: str) -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        pair = f.money(row["项目"], row.get("出资", ""))
        if pair is None:
            return None
        return {"现状": pair[0], "方案": pair[1], "增减": pair[1] - pair[0]}[when]

    return worked


def _own(column: str) -> Any:  # noqa: ANN401
    return lambda f, row, _: (
        float(f.communities.loc[f.codes[row["社区"]], column]) if row["社区"] else None
    )


def _rise(column: str) -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        table = f.communities
        rise = table[column] - table[f"{column}_before"]
        return float(rise[f.codes[row["社区"]]] if row["社区"] else rise.sum())

    return worked


def _story(column: str) -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, at: int) -> Expected:
        parts = [f.story_rows[at]] if row["序号"] else f.story_rows
        return sum(len(p) if column == "households" else int(p["elderly"].sum()) for p in parts)

    return worked


def _houses(f: Ledgers, row: Row, at: int) -> Expected:
    """Count the buildings of a story; where it lies is a name."""
    del row
    return int(f.story_rows[at]["place"].nunique())


def _zone(f: Ledgers, row: Row) -> pd.Series:
    """Give the homes of a row of the service circle."""
    rows = f.rows
    if row["级别"] == "全部":
        return pd.Series(data=True, index=rows.index)
    key = {"社区": "community_id", "网格": "grid_id"}.get(row["级别"])
    if key:
        return rows[key] == row["编码"]
    street = f.layers["communities"].set_index("community_id")["subdistrict_id"].astype(str)
    return rows["community_id"].map(street) == row["编码"]


def _near(minutes: int, kind: str) -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        own = _zone(f, row)
        if own is None or not own.any():
            return 0.0 if kind == "count" else None
        if kind == "count":
            return round(f.within(minutes, of=own) * int(own.sum()))
        return f.within(minutes, elderly=kind == "elderly", of=own)

    return worked


def _near_before(f: Ledgers, row: Row, _: int) -> Expected:
    rows = f.rows
    if row["级别"] not in ("社区", "网格"):
        return f.within(15, of=_zone(f, row))
    key = "previous_community_id" if row["级别"] == "社区" else "stays_in"
    own = rows[key] == row["编码"]
    return f.within(15, of=own) if own.any() else None


def _median(f: Ledgers, row: Row, _: int) -> Expected:
    own = _zone(f, row)
    return f.median_minutes(own) if own is not None and own.any() else None


def _share(minutes: int, kind: str = "") -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        code = f.codes[row["社区"]]
        key = "previous_community_id" if kind == "before" else "community_id"
        own = f.rows[key] == code
        return f.within(minutes, elderly=kind == "elderly", of=own) if own.any() else None

    return worked


def _change(f: Ledgers, row: Row, _: int) -> Expected:
    """Count the households of a row of the register of changes."""
    rows = f.housed[f.affected.to_numpy()]
    if not any(row[k] for k in ("小区", "楼栋", "新网格编码")):
        return len(rows)
    own = (rows["previous_grid_id"] == row["原网格编码"]) & (rows["grid_id"] == row["新网格编码"])
    own &= rows["community_id"].map(f.names) == row["新社区"]
    own &= rows["previous_community_id"].map(lambda c: f.names.get(c, c)) == row["原社区"]
    mine = rows[own & (rows["compound"] == row["小区"])]
    # Compounds may be called alike: one of them has a row of its own.
    counts = mine.groupby("compound_id").size().tolist()
    return next((n for n in counts if str(n) == row["户数"]), counts[0] if counts else 0)


def _compound(column: str) -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        rows = f.housed[f.housed["compound_id"] != ""]
        if row["小区编码"]:
            rows = rows[rows["compound_id"] == row["小区编码"]]
        if column == "grids":
            return int(rows["grid_id"].nunique())
        if column == "houses":
            return int(rows.groupby("compound_id")["place"].nunique().sum())
        return len(rows)

    return worked


def _building(f: Ledgers, row: Row, _: int) -> Expected:
    if not row["楼栋编码"]:
        return len(f.rows)
    key = (row["楼栋编码"], row["网格编码"], row["原网格编码"], row["小区"])
    return f.by_building.get(key, 0)


def _loose(column: str) -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        rows = f.housed[f.housed["compound_id"] == ""]
        if row["网格编码"]:
            rows = rows[rows["grid_id"] == row["网格编码"]]
        if column == "houses":
            return int(rows.groupby("grid_id")["place"].nunique().sum())
        return len(rows)

    return worked


def _flow(level: str, column: str) -> Any:  # noqa: ANN401
    word = {"grid": "网格", "community": "社区"}[level]

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        rows = f.housed[f.passing.to_numpy()]
        old, new = f"previous_{level}_id", f"{level}_id"
        if level == "community":
            rows = rows[rows[old] != rows[new]]
        if row[f"新{word}编码"]:
            rows = rows[(rows[old] == row[f"原{word}编码"]) & (rows[new] == row[f"新{word}编码"])]
            if level == "grid":
                home = rows["previous_community_id"].map(f.names).fillna("")
                rows = rows[
                    (home == row["原社区"]) & (rows["community_id"].map(f.names) == row["新社区"])
                ]
            return len(rows) if column == "households" else rows["place"].nunique()
        if column == "households":
            return len(rows)
        keys = (
            [old, new]
            if level == "community"
            else [old, new, "previous_community_id", "community_id"]
        )
        return int(rows.groupby(keys)["place"].nunique().sum())

    return worked


def _address(f: Ledgers, row: Row, _: int) -> Expected:
    rows = f.housed[f.passing.to_numpy()]
    if not row["楼栋编号"]:
        return len(rows)
    own = (rows["place"] == row["楼栋编号"]) & (rows["compound"] == row["小区"])
    own &= (rows["previous_grid_id"] == row["原网格编码"]) & (rows["grid_id"] == row["新网格编码"])
    return int(own.sum())


def _paired(f: Ledgers, row: Row, _: int) -> Expected:
    rows = f.housed[(f.housed["previous_community_id"] != f.housed["community_id"]).to_numpy()]
    rows = rows[rows["compound_id"] != ""]
    if row["小区编号"]:
        rows = rows[rows["compound_id"] == row["小区编号"]]
        home = rows["previous_community_id"].map(f.names).fillna("")
        rows = rows[(home == row["原社区"]) & (rows["community_id"].map(f.names) == row["新社区"])]
    return len(rows)


def _ended(f: Ledgers, row: Row, _: int) -> Expected:
    return f.size_today(row["编码"])


def _heirs(f: Ledgers, row: Row, _: int) -> list[Expected]:
    """Count who takes over the households of a zone that ends, in the order they are named."""
    flow = f.flows["community" if row["级别"] == "社区" else "grid"]
    known = {new: n for (old, new), n in flow.items() if old == row["编码"]}
    told = [f.codes.get(name, name) for name in HEIR.findall(row["并入"])]
    # Who is left out makes the list too short for what is printed.
    left_out: list[Expected] = [n for code, n in known.items() if code not in told]
    return [*(known.get(code, 0) for code in told), *left_out]


def _standing_out(f: Ledgers, row: Row, _: int) -> Expected:
    return f.size(row.get("编码") or f.codes[row["名称"]])


def _overview(f: Ledgers, row: Row, _: int) -> Expected:
    known: list[Expected] = f.overview.get(row["指标"], [None])
    # Two rows are called 其中合规: of grids and of communities, told apart by the range beside.
    low = f.usual("community")[0]
    return known[-1] if row["说明"].startswith(f"{low}—") else known[0]


def _turned(column: str) -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        if not row["社区"]:
            return float(f.turned[column].sum())
        return float(f.communities.loc[f.codes[row["社区"]], column])

    return worked


def _grid_row(column: str) -> Any:  # noqa: ANN401
    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        code = row.get("网格编码") or row["编码"]
        if code in f.grids.index:
            return float(f.grids.loc[code, column])
        lived = f.size_today(code)
        return {"before": lived, "joined": 0, "left": lived, "households": 0}[column]

    return worked


MONEY = {
    "两委职数": "seats", "社区服务经费(元/年)": "service", "党建经费(元/年)": "party_yuan",
    "网格党支部书记(人)": "grids", "书记补贴(元/年)": "heads_yuan",
    "支委、功能组长、楼栋长(人)": "members", "支委等补贴(元/年)": "members_yuan",
    "网格党支部工作经费(元/年)": "resident_yuan", "经费合计(元/年)": "yuan", "网格数": "grids",
    "专职网格员": "grids", "法律顾问": "one", "后备干部(至少)": "reserve_least",
    "后备干部(至多)": "reserve_most", "常住人口": "residents",
}  # fmt: skip

FORMS = (
    Form(("社区编码", "所属街道", "党组织"), {
        "常住户数": _community("households"), "常住人口": _community("residents"),
        "网格数": _community("grids"), "两委职数": _community("seats"),
        "社区服务经费(元/年)": _community("service"),
        "15分钟覆盖": lambda f, row, _: f.within(15, of=f.rows["community_id"] == row["社区编码"]),
    }),
    Form(("席位", "包联网格"), {
        "两委职数": _community("seats"), "席位": _seat("committee_seat"),
        "网格数": lambda f, row, _: len(_backed(f, row)),
        "常住户数": lambda f, row, _: sum(f.size(g) for g in _backed(f, row)),
        "替补席位": _seat("reserve_seat"),
    }),
    Form(("网格编码", "四至", "涉及户数"), {
        "面积(km²)": lambda f, row, at: around(
            _grid("km2")(f, row, at), 1 if row["网格编码"] else len(f.grids)
        ),
        "楼栋数": _grid("spots"), "常住户数": _grid("households"),
        "常住人口": _grid("residents"), "B岗": _seat("committee_seat"),
        "涉及户数": lambda f, row, _: _grid("joined")(f, row, 0) + _grid("left")(f, row, 0),
        "步行分钟": lambda f, row, _: f.median_minutes(f.rows["grid_id"] == row["网格编码"]),
    }),
    Form(("小区", "楼栋", "原网格编码", "原因"), {"户数": _change}),
    Form(("序号", "何处", "户数"), {
        "序号": lambda _f, _row, at: at + 1, "何处": _houses, "户数": _story("households"),
        "老年人": _story("elderly"),
    }),
    Form(("社区编码", "情形", "档次"), {
        "常住户数": lambda f, row, _: f.counted_in(row),
        **{name: _funds(column) for name, column in MONEY.items()},
    }),
    Form(("项目", "依据", "现状"), {when: _item(when) for when in ("现状", "方案", "增减")}),
    Form(("社区", "现状档次", "方案档次"), {
        "现状户数": _own("before"), "方案户数": _own("households"),
        **dict.fromkeys(("职数增减", "职数"), _rise("seats")),
        **dict.fromkeys(("服务经费增减(元/年)", "服务经费"), _rise("service")),
    }),
    Form(("小区编码", "分属几个网格"), {
        "楼栋数": _compound("houses"), "常住户数": _compound("households"),
        "分属几个网格": _compound("grids"),
    }),
    Form(("楼栋编码", "网格编码", "常住户数"), {"常住户数": _building}),
    Form(("网格编码", "楼栋", "楼栋数"), {
        "楼栋数": _loose("houses"), "常住户数": _loose("households"),
    }),
    Form(("街道", "社区党组织", "网格编码"), {
        "楼栋数": _grid("spots"), "常住户数": _grid("households"),
    }),
    Form(("级别", "编码", "状态", "理由"), {"常住户数": _standing_out}),
    Form(("级别", "名称", "状态", "理由"), {"户数": _standing_out}),
    Form(("级别", "编码", "5分钟内户数"), {
        "常住户数": lambda f, row, _: int(_zone(f, row).sum()),
        **{f"{m}分钟内户数": _near(m, "count") for m in (5, 10, 15)},
        **{f"{m}分钟": _near(m, "all") for m in (5, 10, 15)},
        **{f"老年人{m}分钟": _near(m, "elderly") for m in (5, 10, 15)},
        "调整前15分钟": _near_before, "中位分钟": _median,
    }),
    Form(("社区", "5分钟", "老年人15分钟"), {
        "户数": _own("households"), **{f"{m}分钟": _share(m) for m in (5, 10, 15)},
        "老年人15分钟": _share(15, "elderly"), "调整前15分钟": _share(15, "before"),
    }),
    Form(("社区", "常住户数", "网格数", "说明"), {
        "常住户数": _own("before"), "网格数": _own("grids_before"),
        "说明": lambda f, row, _: f.out_by(f.codes[row["社区"]]),
    }),
    Form(("指标", "数值", "说明"), {
        "数值": _overview,
        "说明": lambda f, row, _: f.moves[2] if row["说明"].startswith("占") else None,
    }),
    Form(("级别", "编码", "原户数", "并入"), {"原户数": _ended, "并入": _heirs}),
    Form(("编码", "网格", "调入", "调出"), {
        "户数": _grid("households", "编码"), "调入": _grid("joined", "编码"),
        "调出": _grid("left", "编码"),
    }),
    Form(("社区", "原户数", "网格数"), {
        "原户数": _turned("before"), "划入": _turned("joined"), "划出": _turned("left"),
        "现户数": _turned("households"), "网格数": _turned("grids"),
    }),
    Form(("网格编码", "类型", "原户数"), {
        "原户数": _grid_row("before"), "划入": _grid_row("joined"), "划出": _grid_row("left"),
        "现户数": _grid_row("households"),
    }),
    Form(("原网格编码", "新网格编码", "移交人"), {
        "楼栋数": _flow("grid", "houses"), "户数": _flow("grid", "households"),
    }),
    Form(("原社区编码", "新社区编码", "移交人"), {
        "楼栋数": _flow("community", "houses"), "户数": _flow("community", "households"),
    }),
    Form(("楼栋编号", "门牌"), {"户数": _address}),
    Form(("小区编号", "包抓部门"), {"户数": _paired}),
)  # fmt: skip
"""Kinds of tables; the first whose columns are all there."""

REASON = "不这样划会怎样"
"""Column of what a story is for."""


def form_of(headers: tuple[str, ...]) -> Form | None:
    """Give the kind of a table by the names of its columns."""
    return next((form for form in FORMS if set(form.mark) <= set(headers)), None)
