"""Sixty and more damaged studies: each damage is found, in its place, and no row is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lingwu_grid
from lingwu_grid.api import check
from lingwu_grid.contract.catalogue import TITLES
from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.delimited import EMPTY
from lingwu_grid.ingest.study import read_study
from tests.audit.damages import ALL, Damage
from tests.audit.office import office

TODAY = {"grid_over", "grid_under", "community_over", "community_under", "cut_by_barrier",
         "multipart", "compound_cut_by_community"}  # fmt: skip
"""What the town itself has wrong: its grids are to be redrawn, that is the job."""


def test_there_are_enough_damages_and_each_has_a_name_of_its_own() -> None:
    assert len(ALL) >= 60
    assert len({d.name for d in ALL}) == len(ALL)


def test_a_clean_study_has_no_error_and_no_warning_about_its_data(tmp_path: Path) -> None:
    whole = office()
    whole.write(tmp_path)
    found = check(read_study(tmp_path))
    assert found.errors == 0
    assert {f.code for f in found.findings if f.severity == "warning"} <= TODAY
    assert len(found.study.households) + len(found.study.excluded) == len(whole.homes)


@pytest.mark.parametrize("damage", ALL, ids=lambda d: d.name)
def test_a_damage_is_found_where_it_is(damage: Damage, tmp_path: Path) -> None:
    damaged = office()
    if damage.after:
        damaged.write(tmp_path)
        place = damage.do(damaged, tmp_path)
    else:
        place = damage.do(damaged, tmp_path)
        damaged.write(tmp_path)
    if damage.stops:
        with pytest.raises(InputError, match=damage.code) as stopped:
            read_study(tmp_path)
        assert str(place) in str(stopped.value)
        return
    found = check(read_study(tmp_path))
    told = [f"{f.severity} {f.code} {f.table} {f.place}" for f in found.findings]
    if damage.code:
        mine = [
            f for f in found.findings
            if f.code == damage.code and damage.table in ("", f.table) and str(place) in f.place
        ]  # fmt: skip
        assert mine, told
        assert damage.severity in ("", mine[0].severity)
    wrong = {f.code for f in found.findings if f.severity == "error"} - {damage.code}
    assert not wrong, told
    empty = (found.study.excluded["reason"] == EMPTY).sum()
    rows = len(found.study.households) + len(found.study.excluded)
    assert rows == len(damaged.homes) + empty


def test_every_kind_of_finding_has_a_title_and_a_line_in_the_manual() -> None:
    root = Path(lingwu_grid.__file__).parent
    quoted = {
        w for p in root.rglob("*.py") for w in re.findall(r'"([a-z_]+)"', p.read_text("utf-8"))
    }
    manual = (root.parent / "docs" / "findings.md").read_text("utf-8")
    made = {"grid_over", "grid_under", "community_over", "community_under", "grid_unknown",
            "grid_differs", "community_unknown", "community_differs", "subdistrict_unknown",
            "compound_cut_by_community", "compound_cut_by_grid", "building_cut_by_community",
            "building_cut_by_grid", "station_outside", "premise_outside"}  # fmt: skip
    assert set(TITLES) <= quoted | made, "a title without a finding"
    assert {d.code for d in ALL if d.code and not d.stops} <= set(TITLES)
    for code, title in TITLES.items():
        assert f"| `{code}` | {title} |" in manual
