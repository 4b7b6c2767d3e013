"""Sixty and more damaged studies: each damage is found, in its place, and no row is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lingwu_grid.check import check
from lingwu_grid.errors import InputError
from lingwu_grid.study import read_study
from tests.check.damages import ALL, Damage
from tests.check.office import office

if TYPE_CHECKING:
    from pathlib import Path

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
    rows = len(found.study.households) + len(found.study.excluded)
    assert rows == len(damaged.homes)
