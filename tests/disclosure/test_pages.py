"""The pages that leave the office, attacked from their text alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from lingwu_grid import verify
from lingwu_grid.contract.errors import InputError
from lingwu_grid.disclosure import figures
from lingwu_grid.disclosure.pages import FIGURES, faults_of
from lingwu_grid.maps.pages import write_outgoing
from lingwu_grid.output import write_csv
from tests.disclosure import attacker

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.plan import Plan


@pytest.fixture
def out(small_plan: Plan, tmp_path: Path) -> Path:
    write_outgoing(small_plan, tmp_path)
    write_csv(small_plan.buildings, tmp_path / "buildings.csv")
    return tmp_path


def page_of(out: Path) -> Path:
    """Give the page of the street: it has all."""
    return max((out / "share").glob("*.html"), key=lambda path: path.stat().st_size)


def test_nothing_small_follows_from_all_pages_together(out: Path) -> None:
    faults, tried = faults_of(out)
    assert faults == []
    assert tried > 100


def test_what_is_told_exactly_is_found(out: Path) -> None:
    page = page_of(out)
    text = page.read_text("utf-8")
    segment = re.search(r'"households": "(\d+)—\d+"', text)
    assert segment is not None
    page.write_text(text.replace(segment[0], f'"households": {int(segment[1]) + 3}'), "utf-8")
    assert any("没有分段" in fault for fault in faults_of(out)[0])


def test_a_narrow_figure_gives_its_parts_away(small_plan: Plan, tmp_path: Path) -> None:
    """A flow of four, and somebody writes on the page that three or four come to that grid."""
    pair = ["previous_grid_id", "grid_id"]
    rows = small_plan.buildings
    first = small_plan.moves[pair].drop_duplicates().iloc[0].tolist()
    few = rows[(rows["grid_id"] == rows["previous_grid_id"]) | (rows["grid_id"] != first[1])]
    one = rows[(rows[pair] == first).all(axis=1)].iloc[:1].assign(households=4)
    made = small_plan.with_long(buildings=pd.concat([few, one]))
    write_outgoing(made, tmp_path)
    write_csv(made.buildings, tmp_path / "buildings.csv")
    assert faults_of(tmp_path)[0] == []
    told = f'["in","{first[1]}","少于 10"]'
    pages = list((tmp_path / "share").glob("*.html"))
    assert any(told in page.read_text("utf-8") for page in pages)
    for page in pages:
        text = page.read_text("utf-8")
        page.write_text(text.replace(told, told.replace("少于 10", "3—4")), "utf-8")
    assert any("可推出" in fault and first[1] in fault for fault in faults_of(tmp_path)[0])


def test_pages_that_contradict_each_other_are_told(out: Path) -> None:
    page = page_of(out)
    text = page.read_text("utf-8")
    found = FIGURES.search(text)
    assert found is not None
    told = json.loads(found[1])
    row = next(row for row in told["figures"] if row[0] == "plan")
    row[-1] = "9990—9999"
    page.write_text(text.replace(found[1], json.dumps(told, ensure_ascii=False)), "utf-8")
    faults = faults_of(out)[0]
    assert any("不同" in fault for fault in faults)
    assert "外发图里的数不能同时成立" in faults


def test_without_pages_it_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="没有外发图"):
        faults_of(tmp_path)


def test_verify_tells_of_it_where_asked(small_plan: Plan, tmp_path: Path) -> None:
    folder = small_plan.save(tmp_path / "out")
    write_outgoing(small_plan, folder)
    assert any("推不出" in told for told in verify(folder, disclosure=True).checked)
    assert not any("推不出" in told for told in verify(folder).checked)
    page = page_of(folder)
    page.write_text(page.read_text("utf-8").replace("少于 10 户", "3 户"), "utf-8")
    text = page.read_text("utf-8")
    page.write_text(re.sub(r'("households": )"\d+—\d+"', r"\g<1>313", text, count=1), "utf-8")
    assert verify(folder, disclosure=True).faults


def test_the_certificate_says_what_came_of_the_attack(small_plan: Plan, tmp_path: Path) -> None:
    out = small_plan.save(tmp_path / "out")
    told = json.loads((out / "certificate.json").read_text("utf-8"))["disclosure"]
    assert told["recovered"] == 0
    assert told["pages"] == len(list((out / "share").glob("*.html"))) > 0
    assert told["groups"] == faults_of(out)[1]
    assert (told["small"], told["width"], told["step"]) == (5, 5, 10)


def test_pages_that_give_a_count_away_do_not_stay(
    small_plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Had somebody broken the telling of counts, nothing would be there to be sent."""
    monkeypatch.setattr(figures, "told", lambda count, *_: str(count))
    monkeypatch.setattr(figures, "told_size", lambda count, *_: str(count))
    monkeypatch.setattr(figures, "exposed", lambda *_: [])
    said: list[str] = []
    out = small_plan.save(tmp_path / "out", watch=lambda text, *_, **__: said.append(text))
    assert list((out / "share").iterdir()) == []
    assert (out / "map.html").exists()
    told = json.loads((out / "certificate.json").read_text("utf-8"))["disclosure"]
    assert told["recovered"] > 0 == told["pages"]
    assert told["why"]
    assert any("没有留下" in line and told["why"] in line for line in said)
    with pytest.raises(InputError, match="没有外发图") as refused:
        verify(out, disclosure=True)
    assert "disclosure" in refused.value.remedy


def test_somebody_elses_program_reads_the_same_pages_and_recovers_nothing(
    small_plan: Plan, tmp_path: Path
) -> None:
    out = small_plan.save(tmp_path / "out")
    attack, truth, sizes = attacker.of_pages(out)
    assert truth.sum() == len(small_plan.assignment)
    assert attack.narrow(truth) == []
    assert len(sizes) > len(small_plan.grids)


def test_a_name_that_looks_like_a_count_is_a_name(small_plan: Plan, tmp_path: Path) -> None:
    named = small_plan.grids["grid_name"].iloc[0]
    odd = "北门 3 户<联防>网格"
    grids = small_plan.grids.replace({"grid_name": {named: odd}})
    tally = write_outgoing(replace(small_plan, grids=grids), tmp_path)
    assert (tally.recovered, tally.why) == (0, "")
    assert tally.pages > 0
    assert any("北门 3 户" in page.read_text("utf-8") for page in (tmp_path / "share").iterdir())


def test_a_limit_is_no_count(small_plan: Plan, tmp_path: Path) -> None:
    """A community that stays too small says by what limit; its page is kept, and is no leak."""
    table = small_plan.communities.copy()
    table.loc[table.index[0], "reason"] = "不足下限 3000 户"
    write_outgoing(replace(small_plan, communities=table), tmp_path)
    pages = [page.read_text("utf-8") for page in (tmp_path / "share").glob("*.html")]
    assert any("不足下限 3000 户" in page for page in pages)
    assert faults_of(tmp_path)[0] == []
    page = page_of(tmp_path)
    page.write_text(page.read_text("utf-8").replace("</body>", "住着 3000 户</body>"), "utf-8")
    assert any("写有“3000 户”" in fault for fault in faults_of(tmp_path)[0])
