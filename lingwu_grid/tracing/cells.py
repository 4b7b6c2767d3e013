"""Cells of the papers' tables: rules that work out what a cell must be from its row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from lingwu_grid.tracing.ledgers import Ledgers
    from lingwu_grid.tracing.numbers import Expected

Row = dict[str, str]
"""A row of a table by the names of its columns."""
HEIR = re.compile(r"([^、（]+)（[\d,]+ 户）")


def community(column: str) -> Any:  # noqa: ANN401 - a rule of a cell
    """Take a fact of the row's community; of all in the row of sums."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        code = row.get("社区编码") or f.codes.get(row.get("社区", ""), "")
        if code:
            return float(f.communities.loc[code, column])
        mine = f.communities[f.communities["is_plan"]]
        return float(mine[column].sum())

    return worked


def grid(column: str, key: str = "网格编码") -> Any:  # noqa: ANN401
    """Take a fact of the row's grid; of all in the row of sums."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        return float(f.grids.loc[row[key], column]) if row[key] else float(f.grids[column].sum())

    return worked


def level(column: str) -> Any:  # noqa: ANN401
    """Take a fact of the row's zone of a level; of all its zones in the row of sums."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        ids = {one["name"]: one["id"] for one in f.rules["levels"]}
        own = f.rows[f.rows[f"{ids[row['级别']]}_id"] == row["编码"]] if row["编码"] else f.rows
        return len(own) if column == "households" else int(own[column].sum())

    return worked


def seat(column: str) -> Any:  # noqa: ANN401
    """Take the seat that backs the row's grids."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        layer = f.layers["grids"].set_index("grid_id")
        return int(layer.loc[row["网格编码"].split("、")[0], column])

    return worked


def backed(f: Ledgers, row: Row) -> list[str]:
    """Give the grids that a member of the committees backs; all in the row of sums."""
    codes = row["网格编码"].split("、") if row["网格编码"] else f.grids.index.astype(str)
    return list(codes)


def funds(column: str) -> Any:  # noqa: ANN401
    """Take a fund or post of the row's community: today, in the plan, or what it rises by."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        table = f.communities
        mine = table.loc[[row["社区编码"]]] if row["社区编码"] else table
        was, now = (float(mine[f"{column}{when}"].sum()) for when in ("_before", ""))
        return {"现状": was, "方案": now, "增减": now - was}[row["情形"]]

    return worked


def item(when: str) -> Any:  # noqa: ANN401
    """Take an item of money or posts: today, in the plan, or what it rises by."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        was, now = f.money(row["项目"], row.get("出资", ""))
        return {"现状": was, "方案": now, "增减": now - was}[when]

    return worked


def own(column: str) -> Any:  # noqa: ANN401
    """Take a fact of the community that the row names."""
    return lambda f, row, _: (
        float(f.communities.loc[f.codes[row["社区"]], column]) if row["社区"] else None
    )


def rise(column: str) -> Any:  # noqa: ANN401
    """Take what a fact of the community that the row names rises by."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        table = f.communities
        rise = table[column] - table[f"{column}_before"]
        return float(rise[f.codes[row["社区"]]] if row["社区"] else rise.sum())

    return worked


def story(column: str) -> Any:  # noqa: ANN401
    """Take the households or the elderly of the story with the row's number."""

    def worked(f: Ledgers, row: Row, at: int) -> Expected:
        parts = [f.story_rows[at]] if row["序号"] else f.story_rows
        return sum(len(p) if column == "households" else int(p["elderly"].sum()) for p in parts)

    return worked


CHOICE = {
    "受影响": "受影响户数", "换网格": "换网格户数", "换社区": "换社区户数",
    "不沿线（公里）": "不沿线的边界（公里）", "瓶颈": "有瓶颈的网格", "贴近上下限": "贴近上下限",
    "职数": "两委职数", "多影响": "比上一个多影响（户）",
    "少不沿线（公里）": "比上一个少不沿线（公里）",
}  # fmt: skip
"""What plans are compared by: the column of the paper, and that of the run."""


def choice(head: str) -> Any:  # noqa: ANN401
    """Take a figure of the plans compared: of the one chosen, households are counted anew."""

    def worked(f: Ledgers, row: Row, at: int) -> Expected:
        told = f.run["frontier"]
        moves = dict(zip(("受影响", "换网格", "", "换社区"), f.moves, strict=True))
        if row["方案"] == told["chosen"] and head in moves:
            return moves[head]
        return told["rows"][at][CHOICE[head]]  # type: ignore[no-any-return]

    return worked


HECTARE_M2 = 10_000


def houses(f: Ledgers, row: Row, at: int) -> list[Expected]:
    """Count the buildings of a story, or measure its ground; where it lies is a name."""
    rows = f.story_rows[at]
    if len(rows):
        return [int(rows["place"].nunique())]
    metres = f.bare(at)
    return [round(metres / HECTARE_M2, 1) if "公顷" in row["何处"] else round(metres)]


def zone(f: Ledgers, row: Row) -> pd.Series:
    """Give the homes of a row of the service circle."""
    rows = f.rows
    if row["级别"] == "全部":
        return pd.Series(data=True, index=rows.index)
    key = {"社区": "community_id", "网格": "grid_id"}.get(row["级别"])
    if key:
        return rows[key] == row["编码"]
    street = f.layers["communities"].set_index("community_id")["subdistrict_id"].astype(str)
    return rows["community_id"].map(street) == row["编码"]


def near(minutes: int, kind: str) -> Any:  # noqa: ANN401
    """Take who is within so many minutes: how many, which share, which share of the elderly."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        own = zone(f, row)
        if not own.any():
            return 0.0 if kind == "count" else None
        if kind == "count":
            return round(f.within(minutes, of=own) * int(own.sum()))
        return f.within(minutes, elderly=kind == "elderly", of=own)

    return worked


def near_before(f: Ledgers, row: Row, _: int) -> Expected:
    """Take the share within fifteen minutes of those who lived in the zone of the row."""
    rows = f.rows
    if row["级别"] not in ("社区", "网格"):
        return f.within(15, of=zone(f, row))
    key = "previous_community_id" if row["级别"] == "社区" else "stays_in"
    own = rows[key] == row["编码"]
    return f.within(15, of=own) if own.any() else None


def median(f: Ledgers, row: Row, _: int) -> Expected:
    """Take the median of the minutes of the row's zone."""
    own = zone(f, row)
    return f.median_minutes(own) if own.any() else None


def share(minutes: int, kind: str = "") -> Any:  # noqa: ANN401
    """Take the share within so many minutes of the community that the row names."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        code = f.codes[row["社区"]]
        key = "previous_community_id" if kind == "before" else "community_id"
        own = f.rows[key] == code
        return f.within(minutes, elderly=kind == "elderly", of=own) if own.any() else None

    return worked


def change(f: Ledgers, row: Row, _: int) -> Expected:
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


def compound(column: str) -> Any:  # noqa: ANN401
    """Take the buildings, households or grids of the row's compound."""

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


def building(f: Ledgers, row: Row, _: int) -> Expected:
    """Take the households of the row's building."""
    if not row["楼栋编码"]:
        return len(f.rows)
    key = (row["楼栋编码"], row["网格编码"], row["原网格编码"], row["小区"])
    return f.by_building.get(key, 0)


def loose(column: str) -> Any:  # noqa: ANN401
    """Take the buildings or households of the row's grid that are in no compound."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        rows = f.housed[f.housed["compound_id"] == ""]
        if row["网格编码"]:
            rows = rows[rows["grid_id"] == row["网格编码"]]
        if column == "houses":
            return int(rows.groupby("grid_id")["place"].nunique().sum())
        return len(rows)

    return worked


def flow(level: str, column: str) -> Any:  # noqa: ANN401
    """Take the buildings or households that a grid or community hands over to another."""
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


def address(f: Ledgers, row: Row, _: int) -> Expected:
    """Take the households of the row's building that go the row's way."""
    rows = f.housed[f.passing.to_numpy()]
    if not row["楼栋编号"]:
        return len(rows)
    own = (rows["place"] == row["楼栋编号"]) & (rows["compound"] == row["小区"])
    own &= (rows["previous_grid_id"] == row["原网格编码"]) & (rows["grid_id"] == row["新网格编码"])
    return int(own.sum())


def paired(f: Ledgers, row: Row, _: int) -> Expected:
    """Take the households of the row's compound that change community."""
    rows = f.housed[(f.housed["previous_community_id"] != f.housed["community_id"]).to_numpy()]
    rows = rows[rows["compound_id"] != ""]
    if row["小区编号"]:
        rows = rows[rows["compound_id"] == row["小区编号"]]
        home = rows["previous_community_id"].map(f.names).fillna("")
        rows = rows[(home == row["原社区"]) & (rows["community_id"].map(f.names) == row["新社区"])]
    return len(rows)


def ended(f: Ledgers, row: Row, _: int) -> Expected:
    """Take the households of a zone of today."""
    return f.size_today(row["编码"])


def heirs(f: Ledgers, row: Row, _: int) -> list[Expected]:
    """Count who takes over the households of a zone that ends, in the order they are named."""
    flow = f.flows["community" if row["级别"] == "社区" else "grid"]
    known = {new: n for (old, new), n in flow.items() if old == row["编码"]}
    told = [f.codes.get(name, name) for name in HEIR.findall(row["并入"])]
    # Who is left out makes the list too short for what is printed.
    left_out: list[Expected] = [n for code, n in known.items() if code not in told]
    return [*(known.get(code, 0) for code in told), *left_out]


def standing_out(f: Ledgers, row: Row, _: int) -> Expected:
    """Take the households of a zone that is out of the usual range."""
    return f.size(row.get("编码") or f.codes[row["名称"]])


def overview(f: Ledgers, row: Row, _: int) -> Expected:
    """Take the main result that the row names."""
    known: list[Expected] = f.overview.get(row["指标"], [None])
    # Two rows are called 其中合规: of grids and of communities, told apart by the range beside.
    low = f.usual("community")[0]
    return known[-1] if row["说明"].startswith(f"{low}—") else known[0]


def turned(column: str) -> Any:  # noqa: ANN401
    """Take a fact of a community that changes; of all of them in the row of sums."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        if not row["社区"]:
            return float(f.turned[column].sum())
        return float(f.communities.loc[f.codes[row["社区"]], column])

    return worked


def grid_row(column: str) -> Any:  # noqa: ANN401
    """Take a fact of a grid that changes; of one that ends, what it had."""

    def worked(f: Ledgers, row: Row, _: int) -> Expected:
        code = row.get("网格编码") or row["编码"]
        if code in f.grids.index:
            return float(f.grids.loc[code, column])
        lived = f.size_today(code)
        return {"households_before": lived, "joined": 0, "left": lived, "households": 0}[column]

    return worked
