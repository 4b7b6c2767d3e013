"""What the office fills in by hand, and how it comes back from a filled ledger."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.rules import Rules
from lingwu_grid.ingest.books import fill_merged
from lingwu_grid.ingest.caged import read_sheets
from lingwu_grid.ingest.files import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.ingest.books import Block
    from lingwu_grid.planning.record import PlanRecord

    Sheets = dict[str, tuple[list[list[str]], list[Block]]]

GRID_SHEET, COMMUNITY_SHEET = "网格填报", "社区填报"
GRID_KEY, COMMUNITY_KEY = "网格编码", "社区编码"
REGISTERED, WORKER, DEPUTY, BRANCH = "户籍户数", "网格长/专职网格员（A岗）", "B岗", "党支部"
BOUNDARY, NOTE = "四至补正", "备注"
OFFICE, ADVISER = "办公地址", "法律顾问"
GRID_FIELDS = (REGISTERED, WORKER, DEPUTY, BRANCH, BOUNDARY, NOTE)
COMMUNITY_FIELDS = (OFFICE, ADVISER, NOTE)
COUNT = re.compile(r"\d{0,7}")
"""What may stand for a number of households: nothing, or a whole number."""

LONGEST = 2_000
"""Characters of one entry; a spreadsheet cell holds 32,767."""


@dataclass(frozen=True)
class Filling:
    """
    Entries of the office, by code.

    Parameters
    ----------
    grids, communities
        Indexed by code, columns ``GRID_FIELDS`` and ``COMMUNITY_FIELDS``, text; codes that the
        plan does not have any more are kept at the end.
    """

    grids: pd.DataFrame
    communities: pd.DataFrame

    def of_grid(self, grid_id: str, field: str) -> str:
        """Give an entry of a grid; empty for none."""
        return str(self.grids[field].get(grid_id, ""))

    def of_community(self, community_id: str, field: str) -> str:
        """Give an entry of a community; empty for none."""
        return str(self.communities[field].get(community_id, ""))


def blank(record: PlanRecord) -> Filling:
    """Give an empty form for every grid and community of a plan."""
    return Filling(
        _form(record.grids["grid_id"], GRID_KEY, GRID_FIELDS),
        _form(record.communities["community_id"], COMMUNITY_KEY, COMMUNITY_FIELDS),
    )


def _form(codes: pd.Series, key: str, fields: tuple[str, ...]) -> pd.DataFrame:
    index = pd.Index(codes.astype(str), name=key)
    return pd.DataFrame("", index=index, columns=list(fields))


def read_filling(path: Path, record: PlanRecord) -> Filling:
    """
    Read a filled ledger back.

    Parameters
    ----------
    path
        ``ledger.xlsx`` as we wrote it, filled in Excel, WPS or LibreOffice.
    record
        The plan: entries go to its codes; those of codes it has no more are kept.

    Returns
    -------
    Filling
        Every entry of the two forms.

    Raises
    ------
    InputError
        If the file cannot be read, a form or one of its columns is gone, a code stands twice, or
        an entry's code is neither of the plan, nor of its register, nor of the form of its codes.
    """
    empty = blank(record)
    known = set(record.code_register["code"].astype(str))
    try:
        sheets = read_sheets(path, (GRID_SHEET, COMMUNITY_SHEET), Limits.of(Rules()))
    except InputError as error:
        raise InputError(
            f"读不出台账：{error.what}",
            where=str(path),
            remedy="在 Excel 或 WPS 里打开确认完好、去掉密码，另存为 XLSX；不要了就删去或移走它",
        ) from error
    grids = _read(sheets, path, GRID_SHEET, GRID_KEY, GRID_FIELDS)
    communities = _read(sheets, path, COMMUNITY_SHEET, COMMUNITY_KEY, COMMUNITY_FIELDS)
    return Filling(
        _merged(empty.grids, grids, known, path, GRID_SHEET),
        _merged(empty.communities, communities, known, path, COMMUNITY_SHEET),
    )


def _read(
    sheets: Sheets, path: Path, sheet: str, key: str, fields: tuple[str, ...]
) -> pd.DataFrame:
    if sheet not in sheets:
        raise InputError(
            f"台账里没有工作表“{sheet}”",
            where=str(path),
            remedy="从最近的 ledger.xlsx 另存一份，在原来的工作表里填写",
        )
    cells, blocks = sheets[sheet]
    head = next((i for i, row in enumerate(cells) if key in row), None)
    missing = [h for h in (key, *fields) if head is None or h not in cells[head]]
    if head is None or missing:
        raise InputError(
            f"工作表“{sheet}”里没有列 {'、'.join(missing)}",
            where=str(path),
            remedy="不要改动表头的文字",
        )
    at = [cells[head].index(name) for name in (key, *fields)]
    _refuse_merged_counts(blocks, cells, head, path, sheet)
    fill_merged(cells, blocks, head)
    found = [[row[i] for i in at] for row in cells[head + 1 :]]
    table = pd.DataFrame(found, columns=[key, *fields], dtype=object)
    table["row"] = range(head + 2, head + 2 + len(table))
    blank_rows = (table.drop(columns="row") == "").all(axis=1)
    table = table[~blank_rows]
    if REGISTERED in fields:
        table[REGISTERED] = table[REGISTERED].map(
            lambda said: unicodedata.normalize("NFKC", said).replace(",", "")
        )
    _refuse(table, key, path, sheet)
    return table.set_index(key)


def _refuse_merged_counts(
    blocks: list[Block], cells: list[list[str]], head: int, path: Path, sheet: str
) -> None:
    """Refuse one number for several grids: it is nobody's; a name in such cells is that of all."""
    for (top, left), (bottom, right) in blocks:
        is_count = REGISTERED in cells[head][left : right + 1]
        if is_count and bottom > max(top, head) and top < len(cells) and cells[top][left]:
            raise InputError(
                f"工作表“{sheet}”第 {top + 1}—{bottom + 1} 行的“{REGISTERED}”合并成了一格",
                where=str(path),
                remedy="取消合并，每个网格各填各的户数",
            )


def _refuse(table: pd.DataFrame, key: str, path: Path, sheet: str) -> None:
    """Refuse entries that belong to no one code, and those no cell should hold."""
    is_count = (
        table[REGISTERED].str.fullmatch(COUNT.pattern).astype(bool)
        if REGISTERED in table
        else pd.Series(data=True, index=table.index)
    )
    for rows, why, remedy in (
        (table[table[key] == ""], "没有编码", "补上编码，或删去这一行"),
        (table[table[key].duplicated()], "编码重复", "同一编码只留一行"),
        (
            table[(table.drop(columns="row").map(len) > LONGEST).any(axis=1)],
            f"有一格超过 {LONGEST} 字", "缩短",
        ),
        (
            table[~is_count], f"的“{REGISTERED}”不是户数",
            "填 0 或正整数（“400”），不写“约”和单位；不知道的空着",
        ),
    ):  # fmt: skip
        if len(rows):
            first = rows.iloc[0]
            raise InputError(
                f"工作表“{sheet}”第 {first['row']} 行{why}"
                + (f"（共 {len(rows)} 行）" if len(rows) > 1 else ""),
                where=f"{path} {first[key]}",
                remedy=remedy,
            )


def _merged(
    form: pd.DataFrame, filled: pd.DataFrame, known: set[str], path: Path, sheet: str
) -> pd.DataFrame:
    entries = filled.drop(columns="row")
    filled = filled[(entries != "").any(axis=1) | filled.index.isin(form.index)]
    # A code of an earlier plan is whole; one that Excel has made a number of is not.
    lengths = {len(c) for c in form.index}
    strange = [
        c
        for c in filled.index
        if c not in form.index and c not in known and not (c.isdigit() and len(c) in lengths)
    ]
    if strange:
        raise InputError(
            f"工作表“{sheet}”第 {filled.loc[strange[0], 'row']} 行的编码 {strange[0]} 不在本方案里",
            where=str(path),
            remedy="核对编码（不要让 Excel 把它变成数字），或删去这一行",
        )
    gone = [c for c in filled.index if c not in form.index and (entries.loc[c] != "").any()]
    order = pd.Index([*form.index, *gone], name=form.index.name)
    return entries.reindex(order, fill_value="")[list(form.columns)]
