"""What goes from hand to hand names no household."""

from __future__ import annotations

import pandas as pd

from lingwu_grid.contract.findings import Finding, Findings, each
from lingwu_grid.planning.handed_round import without_ids


def table(*found: Finding) -> pd.DataFrame:
    return pd.DataFrame(Findings(found).columns())


def test_households_are_told_by_kind_and_number() -> None:
    kind = Finding("warning", "id_repeated", "households", "", "重复", "核对")
    other = Finding("error", "point_outside", "households", "H7", "H7 在外面", "核对坐标")
    grid = Finding("warning", "multipart", "grids", "640181001001001", "飞地")
    told = without_ids(table(grid, *each(kind, [f"H{i}" for i in range(192)]), other))
    assert told["place"].tolist() == ["192 处", "1 处", "640181001001001"]
    text = told.to_csv()
    assert "H7" not in text
    assert "H1" not in text
    assert "findings.csv（保密）" in text
    assert told["remedy"].tolist() == ["核对", "核对坐标", ""]


def test_what_is_of_a_file_or_counts_rows_stays() -> None:
    places = ["463 行", "居民户.xlsx:一期", "households_a.csv", "", "居民户.csv 第 5 行"]
    rows = [Finding("notice", "status_excluded", "households", p, f"话{p}") for p in places]
    told = without_ids(table(*rows))
    assert sorted(told["place"]) == sorted(["1 处", *places[:4]])
    assert without_ids(table()).empty
