"""The verifier finds what is wrong in a written plan, from its files alone."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from lingwu_grid.contract.errors import InputError
from lingwu_grid.plan import read_plan
from lingwu_grid.recounting import unconditional_bound
from lingwu_grid.verification import verify
from tests.commands import verify as main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lingwu_grid.plan import Plan


@pytest.fixture(scope="module")
def written(small_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_plan.save(tmp_path_factory.mktemp("verify") / "plan")


@pytest.fixture
def copy(written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written, tmp_path / "copy")


def test_a_plan_that_was_just_made_holds(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(written).faults == []
    assert main([str(written)]) == 0
    assert "成立" in capsys.readouterr().out


def _edit_rows(folder: Path, edit: object) -> None:
    path = folder / "assignment.csv"
    rows = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    edit(rows).to_csv(path, index=False, encoding="utf-8-sig")  # type: ignore[operator]


def _edit_json(folder: Path, name: str, *keys: str, value: object) -> None:
    path = folder / f"{name}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    at = content
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = value
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_household_moved_by_hand_is_found(copy: Path) -> None:
    def edit(rows: pd.DataFrame) -> pd.DataFrame:
        other = rows["grid_id"][rows["grid_id"] != rows["grid_id"].iloc[0]].iloc[0]
        rows.loc[0, "grid_id"] = other
        return rows

    _edit_rows(copy, edit)
    assert any("每户一个网格" in fault for fault in verify(copy).faults)
    assert main([str(copy)]) == 3


def test_a_repeated_household_is_found(copy: Path) -> None:
    _edit_rows(copy, lambda rows: pd.concat([rows, rows.iloc[:1]]))
    assert any("重复" in fault for fault in verify(copy).faults)


def test_a_bound_that_was_pushed_up_is_found(copy: Path) -> None:
    _edit_json(copy, "certificate", "bounds", "unconditional", value=10**6)
    _edit_json(copy, "certificate", "bounds", "within_plan", value=10**6)
    faults = verify(copy).faults
    assert any("无条件下限" in fault for fault in faults)
    assert any("方案内下限" in fault for fault in faults)


@pytest.mark.parametrize("more", [1, 10**6])
def test_a_global_bound_raised_by_one_household_is_found(copy: Path, more: int) -> None:
    least = json.loads((copy / "certificate.json").read_text("utf-8"))["bounds"]["global"]
    _edit_json(copy, "certificate", "bounds", "global", value=least + more)
    _edit_json(copy, "summary", "lower_bound", "global", value=least + more)
    assert any("全局下限应不超过" in fault for fault in verify(copy).faults)


def test_a_plan_of_an_older_version_is_a_sentence(copy: Path) -> None:
    certificate = json.loads((copy / "certificate.json").read_text("utf-8"))
    del certificate["needs"]
    (copy / "certificate.json").write_text(json.dumps(certificate), encoding="utf-8")
    with pytest.raises(InputError, match="旧版本") as told:
        verify(copy)
    assert "重新运行" in told.value.remedy


def test_a_gap_to_another_bound_is_found(copy: Path) -> None:
    _edit_json(copy, "summary", "gap", value=0.0016)
    assert any("差距应为" in fault for fault in verify(copy).faults)


def test_a_wrong_count_of_moves_is_found(copy: Path) -> None:
    _edit_json(copy, "summary", "households_moved_grid", value=1)
    assert any("households_moved_grid" in fault for fault in verify(copy).faults)


def test_a_grid_in_pieces_is_found(copy: Path) -> None:
    layers = {name: gpd.read_file(copy / "plan.gpkg", layer=name) for name in
              ("grids", "communities", "units", "moves")}  # fmt: skip
    units = layers["units"]
    # An empty unit goes to a grid that it does not touch.
    at = units.index[units["households"] == 0][0]
    near = set(units.loc[units.intersects(units.geometry[at]), "grid_id"])
    other = units[~units["grid_id"].isin(near)].iloc[0]
    far = other["grid_id"]
    units.loc[at, ["grid_id", "community_id"]] = [far, other["community_id"]]
    (copy / "plan.gpkg").unlink()
    for name, layer in layers.items():
        layer.to_file(copy / "plan.gpkg", layer=name, driver="GPKG")
    assert any(fault == f"连片：{far} 不连片" for fault in verify(copy).faults)


def test_files_that_are_not_there_get_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "先运行" in capsys.readouterr().err


def test_the_bound_by_hand() -> None:
    """
    Grids A 600, B 100, C 200 of 50-household units, range 300–500.

    A must let 100 go. B and C lack 200 and 100. Closing B moves 100 + 100 and C still receives
    100 of it; closing both moves 400; closing none asks for 300: the least is 200.
    """
    sizes = {"A": 600, "B": 100, "C": 200}
    rows = [(grid, f"{grid}{i // 50}") for grid, n in sizes.items() for i in range(n)]
    table = pd.DataFrame(rows, columns=["previous_grid_id", "unit_id"])
    rules = {"grid": [300, 500], "margin": 0, "own": {"grid": {}}}
    assert unconditional_bound(table, rules, set()) == 200
    assert unconditional_bound(table, rules, {"A"}) == 100
    assert np.isscalar(unconditional_bound(table, rules | {"margin": 50}, set()))


@pytest.mark.parametrize("reader", [verify, read_plan], ids=["verify", "read_plan"])
def test_layers_of_another_format_are_not_opened(copy: Path, reader: Callable[[Path], Any]) -> None:
    """The bytes of a virtual source in the place of the plan's layers: no other file is read."""
    outside = copy.parent / "outside.gpkg"
    shutil.copyfile(copy / "plan.gpkg", outside)
    (copy / "plan.gpkg").write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="grids"><SrcDataSource>'
        f"{outside}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match=r"plan\.gpkg 的内容不是 GeoPackage"):
        reader(copy)
