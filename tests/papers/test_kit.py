"""The legal chain: what it says reconciles, what leaves tells no count, its form is the norm's."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import docx
import openpyxl
import pandas as pd
import pytest

from lingwu_grid.disclosure.telling import INTERNAL, UNCOUNTED
from lingwu_grid.papers import legal_words
from lingwu_grid.papers.filling import blank
from lingwu_grid.papers.kit import _passes, write_kit
from lingwu_grid.papers.legal import CHANGED, GONE, NEW, Legal
from lingwu_grid.papers.legal_words import in_order
from lingwu_grid.papers.picture import SYNTHETIC, missing_glyphs
from lingwu_grid.papers.plates import notice_plate
from lingwu_grid.papers.scenery import Ground
from tests.papers.printing import converted, pdf_text

if TYPE_CHECKING:
    from pathlib import Path

    import lingwu_grid as lg
    from lingwu_grid.planning.record import PlanRecord

COUNT = re.compile(r"([\d,，．.]+)\s*(?:多)?户")
FIRST_ROW = 4


@pytest.fixture(scope="module")
def rebuilt(small_plan: lg.Plan) -> PlanRecord:
    """
    The small town where one community of today is another's by now, and one is new.

    Made by renaming: the first community's households lived in one that is no more, and the
    second has a code that nobody had.
    """
    first, second = small_plan.communities["community_id"].astype(str).iloc[:2]
    gone, new = f"{first[:9]}098", f"{second[:9]}099"

    def renamed(table: pd.DataFrame) -> pd.DataFrame:
        out = table.copy()
        if "previous_community_id" in out:
            out["previous_community_id"] = out["previous_community_id"].replace(first, gone)
        if "community_id" in out:
            out["community_id"] = out["community_id"].replace(second, new)
        return out

    impact = small_plan.impact.copy()
    was = impact["when"] == "现状"
    impact.loc[was, "community_id"] = impact.loc[was, "community_id"].replace(first, gone)
    impact.loc[~was, "community_id"] = impact.loc[~was, "community_id"].replace(second, new)
    register = small_plan.code_register
    rows = [{"level": "社区", "code": gone, "name": "老、街（西）社区"},
            {"level": "社区", "code": new, "name": "新社区"}]  # fmt: skip
    tables = {name: renamed(table) for name, table in small_plan.tables.items()}
    tables |= {
        "impact": impact,
        "code_register": pd.concat([register, pd.DataFrame(rows)], ignore_index=True).fillna(""),
    }
    plan = replace(
        small_plan,
        grids=renamed(small_plan.grids),
        communities=renamed(small_plan.communities),
        tables=tables,
    )
    return plan.with_long(
        **{n: renamed(getattr(plan, n)) for n in ("assignment", "buildings", "units", "moves")}
    )


def words_of(path: Path) -> str:
    document = docx.Document(str(path))
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_each_changed_community_reconciles(small_plan: lg.Plan, rebuilt: PlanRecord) -> None:
    for plan in (small_plan, rebuilt):
        legal = Legal.of(plan, blank(plan))
        rows = plan.assignment
        for one in legal.turned:
            assert one.before + one.came - one.left == one.after, one
            assert one.before == (rows["previous_community_id"] == one.code).sum()
            assert one.after == (rows["community_id"] == one.code).sum()
        assert all(one.came or one.left or one.old_km2 != one.new_km2 for one in legal.turned)
        other = rows["previous_community_id"] != rows["community_id"]
        touched = set(rows.loc[other, "community_id"])
        touched |= set(rows.loc[other, "previous_community_id"]) - {""}
        assert {one.code for one in legal.turned if one.came or one.left} == touched
        assert sum(one.came for one in legal.turned) == other.sum()
        *each, sums = legal_words.summary_rows(legal)
        for column in range(2, 7):
            numbers = [int(row[column].replace(",", "")) for row in each]
            assert int(sums[column].replace(",", "")) == sum(numbers)


def test_what_becomes_of_each_community(rebuilt: PlanRecord, small_plan: lg.Plan) -> None:
    legal = Legal.of(rebuilt, blank(rebuilt))
    kinds = {one.code[-3:]: one.kind for one in legal.turned}
    assert kinds["098"] == GONE
    assert kinds["099"] == NEW
    first = str(small_plan.communities["community_id"].iloc[0])
    assert legal.of_kind(NEW)[-1].code == f"{first[:9]}099"
    said = legal_words.measures(legal)
    assert any(line.startswith("撤销老、街（西）社区（") for line in said)
    (old,) = (one for one in legal.of_kind(GONE) if one.code.endswith("098"))
    gone = legal_words.notice(legal, old)
    heir = rebuilt.communities.set_index("community_id").loc[first, "community_name"]
    assert f"住户归{heir}" in gone[2]
    assert "原四至：无（新设）" in "".join(legal_words.notice(legal, legal.of_kind(NEW)[-1]))


@pytest.mark.parametrize(
    ("households", "said"),
    [(2999, "3000户以下"), (3000, "3000—5000户"), (5000, "3000—5000户"), (5001, "5000户以上")],
)
def test_the_public_is_told_a_class(small_plan: lg.Plan, households: int, said: str) -> None:
    run = small_plan.run | {
        "rules": small_plan.run["rules"] | {"community": {"lower": 3000, "upper": 5000}}
    }
    legal = Legal.of(replace(small_plan, run=run), blank(small_plan))
    assert legal_words.size_class(legal, households) == said


@pytest.mark.parametrize(
    ("day", "said"),
    [("2027-01-05", "2027年1月5日"), ("", "（启用日期，待填）"), ("明年初", "明年初"),
     ("2027-1", "2027-1")],
)  # fmt: skip
def test_the_day_is_written_out(small_plan: lg.Plan, day: str, said: str) -> None:
    run = small_plan.run | {"rules": small_plan.run["rules"] | {"effective_date": day}}
    plan = replace(small_plan, run=run)
    assert Legal.of(plan, blank(plan)).effective == said


def test_what_leaves_tells_no_count_of_households(kit: Path, small_plan: lg.Plan) -> None:
    public = [*(kit / "notices").glob("*.docx"), *(kit / "residents").glob("*.docx")]
    assert len(public) > 2
    for path in public:
        for said in COUNT.findall(words_of(path)):
            assert said in ("5000", "3000"), (path.name, said)
        head = docx.Document(str(path)).sections[0].header.paragraphs[0].text
        assert UNCOUNTED in head
        assert SYNTHETIC in head
        assert INTERNAL not in head
    for name in ("request.docx", "reply.docx"):
        assert (
            INTERNAL
            in docx.Document(str(kit / name)).sections[0].even_page_header.paragraphs[0].text
        )
    ids = set(small_plan.assignment["household_id"])
    everything = " ".join(words_of(p) for p in kit.rglob("*.docx"))
    assert not ids & set(re.findall(r"[A-Za-z0-9_-]+", everything))


def test_no_picture_of_a_notice_tells_a_count(small_plan: lg.Plan) -> None:
    ground = Ground(small_plan)
    for one in Legal.of(small_plan, blank(small_plan)).turned:
        figure = notice_plate(ground, one.code)
        words = [t.get_text() for axes in figure.axes for t in axes.texts]
        words += [t.get_text() for t in figure.texts]
        assert any(UNCOUNTED in word for word in words)
        assert not [w for w in words if INTERNAL in w or re.search(r"\d 户", w)]
    with pytest.raises(ValueError, match="no community"):
        notice_plate(ground, "nowhere")


def test_everybody_affected_is_told_once_and_handed_over_once(
    kit: Path, small_plan: lg.Plan
) -> None:
    rows = small_plan.buildings
    rows = rows[rows["households"] > 0]
    other = rows["previous_community_id"] != rows["community_id"]
    moved = rows[(rows["previous_grid_id"] != rows["grid_id"]) | other]
    legal = Legal.of(small_plan, blank(small_plan))
    told = legal_words.told_residents(legal)["buildings"].str.split("、 ").explode()
    called = moved["building_name"].where(moved["building_name"] != "", moved["building_id"])
    assert sorted(told) == sorted(called.groupby(
        [moved[c] for c in ("community_id", "compound_name", "previous_grid_id", "grid_id",
                            "previous_community_id")]).unique().explode())  # fmt: skip
    papers = "\n".join(words_of(p) for p in sorted((kit / "residents").glob("*.docx")))
    assert all(name in papers for name in set(called))
    book = openpyxl.load_workbook(kit / "handover.xlsx")
    for sheet, expected in (
        ("网格交接", small_plan.summary["affected"]),
        ("社区交接", small_plan.summary["households_moved_community"]),
        ("门牌对照", small_plan.summary["affected"]),
    ):
        page = book[sheet]
        heads = [c.value for c in page[FIRST_ROW - 1]]
        values = [row[heads.index("户数")].value for row in page.iter_rows(min_row=FIRST_ROW)]
        assert sum(v for v in values if isinstance(v, int)) == expected, sheet
    assert INTERNAL in book.worksheets[0].cell(2, 1).value


def test_the_form_is_that_of_the_standard(kit: Path) -> None:
    document = docx.Document(str(kit / "request.docx"))
    section = document.sections[0]
    assert [round(m.mm) for m in (section.page_width, section.page_height)] == [210, 297]
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(m.mm) for m in margins] == [37, 35, 28, 26]
    title, body = document.paragraphs[0], document.paragraphs[2]
    assert (title.runs[0].font.size.pt, title.runs[0].font.name) == (22, "方正小标宋简体")
    assert (body.runs[0].font.size.pt, body.runs[0].font.name) == (16, "仿宋")
    assert body.paragraph_format.first_line_indent.pt == 32
    heads = [p.text for p in document.paragraphs if p.runs and p.runs[0].font.name == "黑体"]
    assert [h[:2] for h in heads] == ["一、", "二、", "三、", "四、"]
    with zipfile.ZipFile(kit / "request.docx") as inside:
        feet = [inside.read(n).decode() for n in inside.namelist() if "footer" in n]
    assert sum("PAGE" in foot for foot in feet) == 2
    assert missing_glyphs(words_of(kit / "request.docx")) == set()


def test_libreoffice_reads_each_kind(kit: Path, tmp_path: Path) -> None:
    notice = next((kit / "notices").glob("*.docx"))
    for path, said in (
        (kit / "request.docx", "妥否，请批示"), (kit / "reply.docx", "现批复如下"),
        (notice, "特此公告"), (next((kit / "residents").glob("*.docx")), "居民告知单"),
    ):  # fmt: skip
        assert said in pdf_text(converted(path, "pdf", tmp_path), tmp_path), path.name


def test_the_same_plan_gives_the_same_bytes_and_no_notice_of_another_stays(
    kit: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    stale = tmp_path / "kit" / "notices" / "640181009999.docx"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"x")
    write_kit(small_plan, blank(small_plan), tmp_path / "kit", lambda _: None)
    files = {p.relative_to(tmp_path / "kit") for p in (tmp_path / "kit").rglob("*") if p.is_file()}
    assert len(files) > 4
    assert files == {p.relative_to(kit) for p in kit.rglob("*") if p.is_file()}
    for path in files:
        assert (kit / path).read_bytes() == (tmp_path / "kit" / path).read_bytes(), path


def test_names_from_the_data_are_text(small_plan: lg.Plan, tmp_path: Path) -> None:
    bad = small_plan.buildings.assign(compound_name="<w:b/>\x00{{ 1 }}=1+1", building_name="")
    plan = small_plan.with_long(buildings=bad)
    write_kit(plan, blank(plan), tmp_path / "kit", lambda _: None)
    said = words_of(next((tmp_path / "kit" / "residents").glob("*.docx")))
    assert "<w:b/>{{ 1 }}=1+1各位住户" in said
    page = openpyxl.load_workbook(tmp_path / "kit" / "handover.xlsx")["门牌对照"]
    kinds = {c.data_type for row in page.iter_rows(min_row=FIRST_ROW, max_col=3) for c in row}
    assert "f" not in kinds


def test_a_community_whose_ground_changes_is_told_though_nobody_moves(
    small_plan: lg.Plan,
) -> None:
    code = str(small_plan.communities["community_id"].iloc[-1])
    rows = small_plan.assignment.assign(
        previous_community_id=small_plan.assignment["community_id"],
        previous_grid_id=small_plan.assignment["grid_id"],
    )
    still = small_plan.with_long(assignment=rows)
    today = {"communities": still.communities[["community_id", "community_name", "geometry"]]}
    same = replace(still, backdrop=still.backdrop | today)
    assert Legal.of(same, blank(same)).turned == ()
    moved = today["communities"].copy()
    at = moved["community_id"] == code
    moved.loc[at, "geometry"] = moved.loc[at, "geometry"].translate(0.001, 0.0)
    other = replace(still, backdrop=still.backdrop | {"communities": moved})
    (one,) = Legal.of(other, blank(other)).turned
    assert (one.code, one.kind, one.came, one.left) == (code, CHANGED, 0, 0)
    (said,) = legal_words.measures(Legal.of(other, blank(other)))
    assert "户数没有变动，管辖面积由" in said


def test_the_grids_reconcile_and_a_plan_of_grids_only_is_a_paper(small_plan: lg.Plan) -> None:
    legal = Legal.of(small_plan, blank(small_plan))
    for row in legal_words.grid_rows(legal):
        before, came, left, after = (int(n.replace(",", "")) for n in row[4:])
        assert before + came - left == after, row
    alone = Legal(small_plan, blank(small_plan), ())
    assert "居民委员会组织法" not in legal_words.basis(alone)
    assert "居民委员会组织法" in legal_words.basis(legal)
    assert legal_words.of_grids(legal).startswith("网格有变动的")


def test_who_is_still_out_of_range_is_named(small_plan: lg.Plan) -> None:
    said = legal_words.still_outside(Legal.of(small_plan, blank(small_plan)))
    out = small_plan.communities[small_plan.communities["status"] != "合规"]
    assert len(out)
    assert all(f"{row.community_name}（{row.households:,}户）" in said for row in out.itertuples())
    grids = small_plan.grids.assign(status="合规", reason="")
    fine = replace(
        small_plan, grids=grids,
        communities=small_plan.communities.assign(status="合规", reason=""),
    )  # fmt: skip
    assert legal_words.still_outside(Legal.of(fine, blank(fine))) == ""


def test_what_was_typed_ends_no_sentence_twice(small_plan: lg.Plan) -> None:
    filling = blank(small_plan)
    filling.grids["四至补正"] = "东至A路，\n南至B路。"
    filling.communities["办公地址"] = " 人民街12号。"
    filling.grids["网格长/专职网格员（A岗）"] = "张三。"
    legal = Legal.of(small_plan, filling)
    assert legal.worker(str(small_plan.grids["grid_id"].iloc[0])) == "张三"
    for one in legal.turned:
        said = "".join(legal_words.notice(legal, one))
        assert "。。" not in said
        assert "。；" not in said
        assert "\n" not in said
        if one.kind != GONE:
            assert "办公地址：人民街12号，面积" in said


@pytest.mark.parametrize(
    ("row", "recoded", "said"),
    [
        ({"previous_grid_id": "", "grid_id": "2"}, {}, "划归丙（乙网格）"),
        ({"previous_grid_id": "1", "grid_id": "1"}, {}, "随所在的甲网格由甲改属丙"),
        ({"previous_grid_id": "1", "grid_id": "2"}, {}, "由甲（甲网格）调整为丙（乙网格）"),
        ({"previous_grid_id": "1", "grid_id": "2"}, {"1": "2"},
         "随所在的甲网格由甲改属丙，改称乙网格"),
        ({"previous_grid_id": "1", "grid_id": "2"}, {"1": "3"}, "由甲（甲网格）调整为丙（乙网格）"),
    ],
)  # fmt: skip
def test_how_a_building_passes(row: dict[str, str], recoded: dict[str, str], said: str) -> None:
    names = {"grid": "乙网格", "previous_grid": "甲网格", "community": "丙"}
    assert _passes(row | names | {"previous_community": "甲"}, recoded) == said


def test_names_are_ordered_by_their_numbers() -> None:
    names = ["10号楼", "2号楼", "1号楼", "甲", "B2", "B10"]
    assert sorted(names, key=in_order) == ["1号楼", "2号楼", "10号楼", "B2", "B10", "甲"]
