"""The legal chain of a plan as files: request, reply, notices, what residents are told, lists."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from lingwu_grid.disclosure.telling import INTERNAL, UNCOUNTED
from lingwu_grid.lawful import stays
from lingwu_grid.papers import legal_words
from lingwu_grid.papers.borders import Borders
from lingwu_grid.papers.handover import handover_sheets
from lingwu_grid.papers.ledger import write_book
from lingwu_grid.papers.legal import CHANGED, GONE, NEW, TO_FILL, Legal
from lingwu_grid.papers.official import OfficialPaper
from lingwu_grid.papers.picture import SYNTHETIC
from lingwu_grid.papers.plates import notice_plate, overview
from lingwu_grid.papers.scenery import Ground
from lingwu_grid.papers.written import numeral

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from lingwu_grid.papers.filling import Filling
    from lingwu_grid.papers.legal import Turned
    from lingwu_grid.planning.record import PlanRecord

WHO, WHEN, WHERE_TO = "（印章）", "　　　　年　　月　　日", "市人民政府"
OF_COMMUNITIES, OF_BORDERS, OF_GRIDS, WHOLE = (
    "调整社区一览表", "新旧四至对照表", "调整网格一览表", "调整后社区和网格总图",
)  # fmt: skip


WALK_HEADS = ["点号", "X（北）", "Y（东）", "方位角", "距离（米）", "沿"]
WALK_WIDTHS = [1.5, 2.7, 2.5, 2.9, 1.9, 4.1]


def write_kit(
    record: PlanRecord, filling: Filling, folder: Path, watch: Callable[[str], None]
) -> None:
    """
    Write the papers of the legal chain.

    Parameters
    ----------
    record
        The plan.
    filling
        Entries of the office.
    folder
        ``request.docx``, ``reply.docx``, ``handover.xlsx`` with exact counts, for the offices;
        ``notices/`` and ``residents/``, one file a changed community, and ``borders.xlsx``,
        without any, for the public.
    watch
        Told how far the work is.
    """
    legal, ground = Legal.of(record, filling), Ground(record)
    lines = Borders(ground)
    shutil.rmtree(folder, ignore_errors=True)  # a notice of an earlier plan must not stay
    folder.mkdir()
    marks = [SYNTHETIC] if record.summary["synthetic"] else []
    write_book(
        folder / "borders.xlsx", f"{legal.study} 界线走向和界址点", lines.sheets(),
        [f"{UNCOUNTED}。", *(f"【{mark}】" for mark in marks)],
    )  # fmt: skip
    watch("请示、批复")
    _request(legal, ground).save(folder / "request.docx")
    _reply(legal).save(folder / "reply.docx")
    write_book(
        folder / "handover.xlsx", f"{legal.study} 交接清单", handover_sheets(legal),
        [f"{INTERNAL}。", *(f"【{mark}】" for mark in marks)],
    )  # fmt: skip
    for number, one in enumerate(legal.turned):
        watch(f"公告 {number + 1}/{len(legal.turned)}")
        paper = OfficialPaper(_title(one), _banner(legal, UNCOUNTED))
        for line in legal_words.notice(legal, one):
            paper.text(line)
        paper.text("特此公告。")
        annexes = [f"{one.name}新旧界线图", *([f"{one.name}界线走向表"] if one.after else [])]
        paper.annexes(annexes)
        paper.signed(WHO, WHEN)
        paper.page()
        paper.title(f"附件{'1' if one.after else ''}　{annexes[0]}")
        paper.picture(notice_plate(ground, one.code))
        if one.after:
            paper.page()
            paper.title(f"附件2　{annexes[1]}")
            paper.text(f"由下表的点起，按方位角、距离逐点回到起点。坐标系为{ground.system}。")
            paper.table(WALK_HEADS, lines.of_community(one.code), WALK_WIDTHS)
        paper.save(folder / "notices" / f"{one.code}.docx")
    told = legal_words.told_residents(legal)
    for code, rows in told.groupby("community_id"):
        _residents(legal, rows.to_dict("records")).save(folder / "residents" / f"{code}.docx")


def _banner(legal: Legal, may_leave: str) -> str:
    marks = [SYNTHETIC] if legal.record.summary["synthetic"] else []
    return " · ".join([*marks, may_leave, "草稿，未经批准"])


def _title(one: Turned) -> str:
    extent = "管辖范围" if one.kind == CHANGED else ""
    return f"关于{one.kind}{one.name}{extent}的公告"


def _request(legal: Legal, ground: Ground) -> OfficialPaper:
    paper = OfficialPaper(f"{_subject(legal)}的请示", _banner(legal, INTERNAL))
    paper.addressed(WHERE_TO)
    paper.text("现将有关事项请示如下。")
    paper.head("一、调整依据")
    paper.text(legal_words.basis(legal))
    paper.head("二、现状")
    paper.text(legal_words.situation(legal))
    paper.head("三、调整内容")
    paper.text(legal_words.whole(legal) + legal_words.still_outside(legal))
    lines = [*legal_words.measures(legal), legal_words.of_grids(legal)]
    for number, line in enumerate(lines, start=1):
        paper.text(f"{number}．{line}")
    paper.head("四、组织实施")
    paper.text(
        f"批准后予以公告，公示期{TO_FILL}，自{legal.effective}起施行；档案、台账、公章和资产按交接"
        f"清单移交，社会稳定风险评估{TO_FILL}。"
    )
    paper.text("妥否，请批示。")
    annexes = [*((OF_COMMUNITIES, OF_BORDERS) if legal.turned else ()), OF_GRIDS, WHOLE]
    paper.annexes(annexes)
    paper.signed(WHO, WHEN)
    paper.text(f"（联系人：{TO_FILL}，电话：{TO_FILL}）")
    for number, name in enumerate(annexes, start=1):
        paper.page()
        paper.title(f"附件{number}　{name}")
        if name == WHOLE:
            paper.picture(overview(ground))
        else:
            paper.table(*_annex(legal, name))
    return paper


def _annex(legal: Legal, name: str) -> tuple[list[str], list[list[str]], list[float]]:
    """Give the headers, rows and widths of an annex that is a table."""
    if name == OF_COMMUNITIES:
        heads = ["社区", "类型", "原户数", "划入", "划出", "现户数", "网格数"]
        return heads, legal_words.summary_rows(legal), [3.2, 1.8, 2.2, 2.0, 2.0, 2.2, 1.8]
    if name == OF_BORDERS:
        return ["社区", "原四至", "现四至"], legal_words.borders(legal), [2.8, 6.2, 6.2]
    heads = ["网格编码", "网格", "社区", "类型", "原户数", "划入", "划出", "现户数"]
    return heads, legal_words.grid_rows(legal), [3.9, 2.8, 2.1, 1.2, 1.4, 1.4, 1.4, 1.4]


def _subject(legal: Legal) -> str:
    return f"关于调整{legal.study}{'社区和' if legal.turned else ''}网格设置"


def _reply(legal: Legal) -> OfficialPaper:
    paper = OfficialPaper(
        f"{_subject(legal).replace('关于', '关于同意')}的批复（代拟稿）", _banner(legal, INTERNAL)
    )
    paper.addressed("（请示单位）")
    paper.text(f"《{_subject(legal)}的请示》收悉。经研究，现批复如下：")
    items: list[Iterable[str]] = [
        (f"同意撤销{one.name}。" for one in legal.of_kind(GONE)),
        (f"同意设立{one.name}，四至为：{one.new_border}。" for one in legal.of_kind(NEW)),
        (
            f"同意调整{one.name}管辖范围，调整后四至为：{one.new_border}。"
            for one in legal.of_kind(CHANGED)
        ),
        [f"同意网格设置的调整：{legal_words.of_grids(legal).replace('，见附件', '')}"],
    ]
    heads = ("撤销的社区", "设立的社区", "调整管辖范围的社区", "网格")
    there = [(head, list(lines)) for head, lines in zip(heads, items, strict=True)]
    there = [(head, lines) for head, lines in there if lines]
    for number, (head, lines) in enumerate(there):
        paper.head(f"{numeral(number + 1)}、{head}")
        for line in lines:
            paper.text(line)
    paper.head(f"{numeral(len(there) + 1)}、有关要求")
    paper.text(
        f"以上调整自{legal.effective}起施行。请依法做好公告、移交和两委职数核定，停用的编码不再使用。"
    )
    paper.signed(WHO, WHEN)
    return paper


def _residents(legal: Legal, rows: list[dict[str, str]]) -> OfficialPaper:
    """Write a page for each place whose buildings go together."""
    title = "居民告知单"
    paper = OfficialPaper(title, _banner(legal, UNCOUNTED))
    for number, row in enumerate(rows):
        if number:
            paper.page()
            paper.title(title)
        paper.addressed(f"{row['place'] or '下列楼栋'}各位住户")
        passes = _passes(row, legal.record.recoded)
        paper.text(f"按照{legal_words.POLICY}，您所在的楼栋自{legal.effective}起{passes}。")
        paper.text(f"适用楼栋：{row['buildings']}。")
        paper.text(
            f"今后的网格员：{legal.worker(row['grid_id'])}，社区办公地址："
            f"{legal.office(row['community_id'])}，电话：{TO_FILL}。"
        )
        paper.signed(WHO, WHEN)
    return paper


def _passes(row: dict[str, str], recoded: Mapping[str, str]) -> str:
    """Say from where to where; of a grid that passes to another community, that it does."""
    to = f"{row['community']}（{row['grid']}）"
    if not row["previous_grid_id"]:
        return f"划归{to}"
    was = row["previous_grid_id"]
    if stays(was, row["grid_id"], recoded):
        called = f"，改称{row['grid']}" if was in recoded else ""
        return (
            f"随所在的{row['previous_grid']}由{row['previous_community']}改属{row['community']}"
            f"{called}"
        )
    return f"由{row['previous_community']}（{row['previous_grid']}）调整为{to}"
