"""The walk that is drawn is the walk that is counted, and what it goes round is in its way."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.circle.journeys import routes_of
from lingwu_grid.circle.routes import Router
from tests.circle import walker
from tests.circle.tiny import CANAL, round_canal, stations
from tests.circle.towns import random_town


@pytest.mark.parametrize("seed", [0, 4, 7, 11])
def test_the_line_is_as_long_as_the_walk_and_ends_at_the_station(seed: int) -> None:
    study = random_town(seed)
    measured = lg.coverage(study)
    walks = measured.require_roads()
    router = Router(walks.network, walks.ends)
    metres = measured.homes["metres"].to_numpy()
    sites = study.table("stations").set_index("station_id").geometry
    standing = walker.walls_standing(study, frozenset())
    drawn = 0
    for home, point in enumerate(measured.homes.geometry):
        line = router.way(home)
        if line is None:
            assert np.isinf(metres[home])
            continue
        drawn += 1
        assert line.length == pytest.approx(metres[home], abs=0.05)
        assert shapely.Point(line.coords[0]).distance(point) < 1e-6
        end = sites[measured.homes["station_id"].iloc[home]]
        assert shapely.Point(line.coords[-1]).distance(end) < 1e-6
        assert not shapely.crosses(line, standing)
    assert drawn > 100


def test_what_a_walk_goes_round_makes_it_longer_by_so_much() -> None:
    study = random_town(5)
    measured = lg.coverage(study)
    walks = measured.require_roads()
    homes = np.arange(len(measured.homes))
    told = routes_of(walks, homes, measured.stations)
    names = sorted({n for text in told["goes_round"] if text for n in text.split("、")})
    assert names
    for text in [t for t in told["goes_round"].unique() if t][:6]:
        gone = frozenset(text.split("、"))
        without = walker.metres(study, gone)
        for row in told[told["goes_round"] == text].itertuples():
            # Of all ways with nothing on them, this one crosses only what is told.
            assert without[row.home] <= row.metres - row.spared_m + 0.1
            assert row.spared_m >= 0


def test_a_route_is_told_in_a_sentence_and_asked_by_household() -> None:
    west = stations((0, 0), name="西驿站")
    study = round_canal([(700, 10), (400, 10)], each=1, barriers=CANAL, stations=west)
    measured = lg.coverage(study)
    far, near = (measured.route(f"H{i}") for i in (0, 1))
    assert near.goes_round == ()
    assert near.metres == pytest.approx(410)
    assert far.goes_round == ("秦渠",)
    assert far.metres == pytest.approx(10 + 200 + 3000 - 100)
    assert far.spared_m == pytest.approx(far.metres - 710)
    assert str(far) == "到西驿站步行 43.2 分钟（3110 米），绕开秦渠，多走 2400 米"
    assert "西驿站" in near._repr_html_()
    with pytest.raises(lg.InputError, match="没有编号为 谁 的常住户"):
        measured.route("谁")
