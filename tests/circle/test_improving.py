"""Rooms, gates, bridges and openings as an office asks for them, on towns of a few lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyogrio
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.circle.remedies import BRIDGE, GATE, OPENING
from tests.circle.tiny import across_yard, place, premises, settled, stations, table
from tests.commands import coverage as main

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.ingest.study import Study


def banks(**tables: Any) -> Study:  # noqa: ANN401 - any table
    """A canal between the station's street and a street of homes; the bridge is far off."""
    canal = table(
        "barriers", [shapely.LineString([(-500, 50), (3000, 50)])], name="秦渠", kind="canal"
    )
    roads = table(
        "roads",
        [shapely.LineString([(0, 0), (3000, 0)]), shapely.LineString([(0, 100), (3000, 100)]),
         shapely.LineString([(3000, 0), (3000, 100)])],
        name=["南街", "北街", "东街"],
    )  # fmt: skip
    bridge = table("crossings", [shapely.Point(3000, 50)])
    known = {"barriers": canal, "roads": roads, "crossings": bridge, "stations": stations((0, 0))}
    return place([(100, 105), (600, 105), (2200, 105)], **(known | tables))


ROOMS = premises((600, 100), (2200, 100), cost=[300_000.0, 60_000.0])


def test_a_bridge_is_chosen_where_it_brings_more_for_the_yuan_than_a_room() -> None:
    measured = lg.coverage(settled(banks(premises=ROOMS), bridge_yuan=200_000))
    assert measured.summary["within"]["15"] == 0
    assert measured.summary["hidden_causes"] == {"街道绕行": 40}, "no street was ever drawn across"
    best = lg.remedy_gaps(measured, budget=260_000)
    assert best.covered == 60
    assert best.sites["site_id"].tolist() == ["YF1"]
    assert best.remedies is not None
    assert best.remedies["kind"].tolist() == [BRIDGE]
    assert "秦渠" in best.remedies["name"].iloc[0]
    assert best.remedies["added_households"].iloc[0] == 40
    assert best.optimum["status"] == "optimal"
    assert best.optimum["unit"] == "户"
    poor = lg.remedy_gaps(measured, budget=100_000)
    assert (poor.covered, poor.sites["site_id"].tolist()) == (20, ["YF1"])
    dear = lg.remedy_gaps(
        lg.coverage(settled(banks(premises=ROOMS), bridge_yuan=2e6)), budget=400_000
    )
    assert dear.remedies is not None
    assert not len(dear.remedies)
    assert dear.covered == 60
    free = lg.remedy_gaps(measured)
    assert free.covered == 60
    assert free.sites["cost"].sum() + free.remedies["cost"].sum() == 260_000, "the cheapest"


def test_candidates_are_ranked_by_what_they_bring_for_the_yuan() -> None:
    measured = lg.coverage(settled(banks(premises=ROOMS), bridge_yuan=200_000))
    ranked = lg.remedy_gaps(measured, budget=260_000).ranked
    assert ranked is not None
    assert ranked["per_10000_yuan"].is_monotonic_decreasing
    first = ranked.iloc[0]
    assert (first["site_id"], first["households"], first["per_10000_yuan"]) == ("YF1", 20, 3.33)
    bridge = ranked[ranked["kind"] == BRIDGE].iloc[0]
    assert (bridge["households"], bridge["per_10000_yuan"]) == (40, 2.0)


def test_a_gate_is_proposed_where_a_wall_is_the_cause() -> None:
    yard = table("compounds", [shapely.box(300, -90, 500, 90)], compound_id="X", name="西苑")
    gates = table("gates", [shapely.Point(500, 0)], compound_id="X")
    roads = table(
        "roads",
        [shapely.LineString([(0, 0), (290, 0)]),
         shapely.LineString([(0, 0), (0, 900), (520, 900), (520, 0)])],
        name=["西街", "环路"],
    )  # fmt: skip
    study = place([(320, 5)], compounds=yard, gates=gates, roads=roads, stations=stations((0, 0)))
    measured = lg.coverage(settled(study, gate_yuan=30_000))
    assert measured.summary["hidden_causes"] == {"西苑围墙隔断": 20}
    best = lg.remedy_gaps(measured, budget=30_000)
    assert best.covered == 20
    assert best.remedies is not None
    assert best.remedies["kind"].tolist() == [GATE]
    assert best.remedies["name"].iloc[0].startswith("西苑围墙开门（近")
    assert best.uncovered["households"] == 0
    nothing = lg.remedy_gaps(measured, budget=29_999)
    assert nothing.covered == 0
    assert not len(nothing.remedies)


def test_opening_a_closed_compound_is_a_remedy() -> None:
    study = across_yard([(900, 10)])
    measured = lg.coverage(settled(study, compounds="closed", opening_yuan=10_000))
    assert measured.summary["within"]["15"] == 0
    best = lg.remedy_gaps(measured, budget=20_000)
    assert best.remedies is not None
    assert best.remedies["kind"].tolist() == [OPENING]
    assert best.remedies["name"].tolist() == ["西苑向外人开放"]
    assert best.covered == 20


def test_what_cannot_be_asked_together_is_a_sentence() -> None:
    measured = lg.coverage(banks(premises=ROOMS))
    with pytest.raises(lg.InputError, match="预算须是大于 0"):
        lg.remedy_gaps(measured, budget=-1)
    with pytest.raises(lg.InputError, match="新开站数不能小于 0"):
        lg.remedy_gaps(measured, count=-1)
    with pytest.raises(lg.InputError, match="没有编号为 谁 的备选用房"):
        lg.remedy_gaps(measured, required=("谁",))
    no_cost = banks(premises=premises((600, 100)))
    with pytest.raises(lg.InputError, match="没有费用"):
        lg.remedy_gaps(lg.coverage(no_cost), budget=1000)
    bare = place([(0, 10)], stations=stations((0, 0)))
    with pytest.raises(lg.InputError, match="没有道路"):
        lg.remedy_gaps(lg.coverage(bare))


def test_no_answer_costs_more_than_an_equal_one(small_study: lg.Study) -> None:
    measured = lg.coverage(small_study)
    every = lg.site_stations(measured, model="all")
    count = len(every.sites)
    cover = lg.site_stations(measured, count=count)
    assert cover.covered == every.covered
    assert every.sites["cost"].sum() == cover.sites["cost"].sum()
    assert every.optimum["unit"] == "元"
    assert every.optimum["objective"] == every.sites["cost"].sum()
    free = lg.remedy_gaps(measured)
    assert free.covered >= every.covered


def test_a_budget_that_is_too_small_is_told_what_would_do() -> None:
    measured = lg.coverage(banks(premises=ROOMS))
    with pytest.raises(
        lg.InputError, match="预算 100,000 元够不到所有能到达的户，至少要 360,000 元"
    ):
        lg.site_stations(measured, model="all", budget=100_000)
    assert lg.site_stations(measured, model="all", budget=360_000).covered == 60


def test_a_budget_alone_is_spent_and_what_is_required_is_counted() -> None:
    rooms = premises((100, 100), (600, 100), (2200, 100), cost=[50_000.0, 60_000.0, 70_000.0])
    measured = lg.coverage(banks(premises=rooms))
    assert lg.site_stations(measured).covered == 40, "one, where nothing is said"
    assert lg.site_stations(measured, budget=130_000).covered == 60
    assert lg.site_stations(measured, budget=60_000).covered == 40
    both = lg.site_stations(measured, required=("YF0", "YF2"))
    assert sorted(both.sites["site_id"]) == ["YF0", "YF2"]


def test_the_command_writes_what_was_chosen(
    small_folder: Path, small_plan: lg.Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = small_plan.save(tmp_path / "out")
    given = [str(out), "--study", str(small_folder), "--quiet"]
    assert main([*given, "--remedies", "--budget", "900000"]) == 0
    said = capsys.readouterr().out
    assert "费用是设置 [walking] 里的假定" in said
    proposal = json.loads((out / "coverage.json").read_text("utf-8"))["proposal"]
    assert proposal["ranked"]
    spent = sum(r["cost"] for r in proposal["remedies"])
    layers = set(pyogrio.list_layers(out / "plan.gpkg")[:, 0])
    assert ("remedies" in layers) == bool(proposal["remedies"])
    rooms = pyogrio.read_dataframe(out / "plan.gpkg", layer="proposed_stations")
    assert spent + rooms["cost"].sum() <= 900_000
    for more in (["--capacity"], ["--each-community"], ["--model", "all"]):
        assert main([*given, "--remedies", *more]) == 2
        assert "不能和 --remedies 一起用" in capsys.readouterr().err
    assert main([*given, "--model", "center", "--capacity"]) == 2
    assert "不按面积算容量" in capsys.readouterr().err


def test_a_plan_has_its_service_circle_from_the_start(small_plan: lg.Plan) -> None:
    assert small_plan.service is not None
    assert small_plan.service.summary["within"]["15"] > 0
    assert (small_plan.grids["station_id"] != "").any()
    assert set(small_plan.service.layers["routes"]["unit_id"]) <= set(small_plan.units["unit_id"])
