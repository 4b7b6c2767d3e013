"""Optima are those of trying every choice."""

from __future__ import annotations

import warnings
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingwu_grid.circle.catchment import floor_within_reach
from lingwu_grid.circle.median import least_walking
from lingwu_grid.circle.models import Demand, Rows, Sited, Terms, lifted
from lingwu_grid.circle.siting import fewest_sites, most_covered, patterns
from lingwu_grid.contract.errors import InputError

HOMES, SITES = 14, 7


def demand(seed: int, reach: float = 0.35) -> Demand:
    rng = np.random.default_rng(seed)
    away = rng.random((HOMES, SITES))
    home, site = np.nonzero(away < reach)
    return Demand(rng.integers(1, 50, HOMES), home, site, away[home, site], SITES)


def covered(d: Demand, chosen: tuple[int, ...]) -> int:
    homes = np.unique(d.home[np.isin(d.site, chosen)])
    return int(d.households[homes].sum())


@given(st.integers(0, 9999), st.integers(1, 3), st.booleans())
@settings(max_examples=40, deadline=None)
def test_most_covered_is_that_of_every_choice(seed: int, count: int, keep: bool) -> None:  # noqa: FBT001
    d = demand(seed)
    required = np.zeros(SITES, bool)
    required[2] = keep
    kept = tuple(np.flatnonzero(required))
    others = [s for s in range(SITES) if s not in kept]
    best = max(covered(d, (*kept, *c)) for c in combinations(others, count))
    sited = most_covered(d, Terms(required, today=required, count=count))
    assert sited.objective == pytest.approx(best)
    assert sited.bound == pytest.approx(best)
    assert sited.status == "optimal"
    assert covered(d, tuple(np.flatnonzero(sited.chosen))) == best
    assert sited.chosen[required].all()


@given(st.integers(0, 9999))
@settings(max_examples=30, deadline=None)
def test_fewest_sites_is_that_of_every_choice_and_the_lost_are_named(seed: int) -> None:
    d = demand(seed)
    every = covered(d, tuple(range(SITES)))
    fewest = next(
        k for k in range(SITES + 1)
        if any(covered(d, c) == every for c in combinations(range(SITES), k))
    )  # fmt: skip
    sited, lost = fewest_sites(d, Terms(np.zeros(SITES, bool)))
    assert sited.objective == pytest.approx(fewest)
    assert set(lost) == set(range(HOMES)) - set(d.home)


@given(st.integers(0, 9999), st.booleans())
@settings(max_examples=30, deadline=None)
def test_the_cheapest_for_all_is_that_of_every_choice(seed: int, keep: bool) -> None:  # noqa: FBT001
    """With costs: the least yuan, and of equally cheap choices the fewest sites."""
    d = demand(seed)
    cost = np.random.default_rng(seed).integers(1, 4, SITES) * 10_000.0
    today = np.zeros(SITES, bool)
    today[1] = keep
    cost[today] = 0.0
    every = covered(d, tuple(range(SITES)))
    best = min(
        (cost[list(c)].sum(), len(set(c) - set(np.flatnonzero(today))))
        for k in range(SITES + 1)
        for c in combinations(range(SITES), k)
        if covered(d, (*c, *np.flatnonzero(today))) == every
    )
    sited, _ = fewest_sites(d, Terms(today, today=today, cost=cost, priced=True))
    assert sited.objective == pytest.approx(best[0])
    assert sited.status == "optimal"
    assert cost[sited.chosen].sum() == best[0]
    assert (sited.chosen & ~today).sum() == best[1]


@pytest.mark.parametrize("seed", range(20))
def test_refuting_one_number_after_another_ends_at_the_fewest(seed: int) -> None:
    """From an answer that opens everything and knows no bound, and from the fewest itself."""
    d = demand(seed)
    terms = Terms(np.zeros(SITES, bool))
    fewest, _ = fewest_sites(d, terms)
    cover, _ = patterns(d.home, d.site, d.households, d.n_sites)
    rows = [Rows(cover, np.ones(cover.shape[0]), np.full(cover.shape[0], np.inf))]
    everything = np.ones(SITES)
    for start in (everything, fewest.chosen.astype(float)):
        begun = Sited(start > 0, float(start.sum()), 0.0, "feasible", start)
        ended = lifted(everything, rows, terms, 20.0, begun)
        assert ended.status == "optimal"
        assert ended.objective == ended.bound == pytest.approx(fewest.objective)
        assert (cover @ ended.chosen.astype(float) >= 1).all()
    late = lifted(everything, rows, terms, 0.0, begun)
    assert (late.bound, late.status) == (0.0, "feasible"), "without time nothing is claimed"


@given(st.integers(0, 9999), st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_least_walking_is_that_of_every_choice(seed: int, count: int) -> None:
    d = demand(seed, reach=2.0)
    away = np.full((HOMES, SITES), np.inf)
    away[d.home, d.site] = d.metres
    best = min(
        (d.households * away[:, list(c)].min(axis=1)).sum()
        for c in combinations(range(SITES), count)
    )
    sited = least_walking(d, Terms(np.zeros(SITES, bool), count=count), outside_m=2.0)
    assert sited.objective == pytest.approx(best)


def choices(count: int) -> list[tuple[int, ...]]:
    return [c for k in range(count + 1) for c in combinations(range(SITES), k)]


@given(st.integers(0, 9999))
@settings(max_examples=30, deadline=None)
def test_money_and_communities_are_respected_at_the_optimum(seed: int) -> None:
    d, rng = demand(seed), np.random.default_rng(seed)
    cost, group = rng.integers(1, 9, SITES).astype(float), np.array([0, 0, 1, 1, 1, -1, -1])
    terms = Terms(np.zeros(SITES, bool), count=3, cost=cost, budget=14.0, group=group)
    lawful = [
        c for c in choices(3)
        if cost[list(c)].sum() <= 14 and {0, 1} <= set(group[list(c)].tolist())
    ]  # fmt: skip
    sited = most_covered(d, terms)
    assert sited.objective == pytest.approx(max(covered(d, c) for c in lawful))
    assert tuple(np.flatnonzero(sited.chosen)) in lawful


def test_conditions_that_exclude_each_other_are_a_sentence() -> None:
    terms = Terms(np.zeros(SITES, bool), count=1, group=np.array([0, 0, 1, 1, 2, 2, 2]))
    with pytest.raises(InputError, match="不能同时满足"):
        most_covered(demand(3), terms)


def served(d: Demand, chosen: tuple[int, ...], capacity: np.ndarray) -> float:
    """Give the most households that flow from homes to open sites: NetworkX, not our model."""
    flow = nx.DiGraph()
    flow.add_nodes_from(["from", "to"])
    for h, n in enumerate(d.households.tolist()):
        flow.add_edge("from", ("h", h), capacity=n)
    for s in chosen:
        flow.add_edge(("s", s), "to", capacity=capacity[s])
    for h, s in zip(d.home.tolist(), d.site.tolist(), strict=True):
        flow.add_edge(("h", h), ("s", s))
    return nx.maximum_flow_value(flow, "from", "to")


@given(st.integers(0, 9999), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_no_room_takes_more_than_its_floor_allows(seed: int, count: int) -> None:
    d = demand(seed)
    capacity = np.random.default_rng(seed).integers(20, 90, SITES).astype(float)
    capacity[[1, 4]] = np.inf  # a building without a floor area is not limited
    best = max(served(d, c, capacity) for c in combinations(range(SITES), count))
    terms = Terms(np.zeros(SITES, bool), count=count, capacity=capacity)
    sited = most_covered(d, terms)
    assert sited.objective == pytest.approx(best)


def test_enough_rooms_for_everybody_within_their_floor() -> None:
    """Two homes of 30, three sites of 30 reach both: one room covers, two have the floor."""
    home, site = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 0, 1, 2])
    d = Demand(np.array([30, 30]), home, site, np.ones(6), 3)
    none = np.zeros(3, bool)
    assert fewest_sites(d, Terms(none))[0].objective == 1
    assert fewest_sites(d, Terms(none, capacity=np.full(3, 30.0)))[0].objective == 2


@pytest.mark.parametrize("count", [3, 6])
def test_medium_cases_have_the_objective_of_spopt(count: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the other library are not ours
        import pulp  # noqa: PLC0415
        from spopt.locate import LSCP, MCLP, PMedian  # noqa: PLC0415

        homes, sites = 300, 40
        rng = np.random.default_rng(count)
        at, to = rng.random((homes, 2)), rng.random((sites, 2))
        away = np.hypot(*(at[:, None] - to[None]).transpose(2, 0, 1))
        weight = rng.integers(1, 60, homes)
        solver = pulp.PULP_CBC_CMD(msg=False)
        mclp = MCLP.from_cost_matrix(away, weight, 0.15, p_facilities=count).solve(solver)
        lscp = LSCP.from_cost_matrix(away, 0.35).solve(solver)
        median = PMedian.from_cost_matrix(away, weight, p_facilities=count).solve(solver)
    none = np.zeros(sites, bool)

    def within(reach: float) -> Demand:
        home, site = np.nonzero(away <= reach)
        return Demand(weight, home, site, away[home, site], sites)

    ours = most_covered(within(0.15), Terms(none, count=count))
    assert ours.objective == pytest.approx(pulp.value(mclp.problem.objective))
    ours, _ = fewest_sites(within(0.35), Terms(none))
    assert ours.objective == pytest.approx(pulp.value(lscp.problem.objective))
    ours = least_walking(within(9.0), Terms(none, count=count), outside_m=9.0)
    assert ours.objective == pytest.approx(pulp.value(median.problem.objective))


def test_floor_is_shared_by_all_within_reach() -> None:
    """60 m2 for homes of 10 and 20, 40 m2 for the home of 20 alone: 2 and 2 + 2 a household."""
    d = Demand(np.array([10, 20, 5]), np.array([0, 1, 1]), np.array([0, 0, 1]), np.ones(3), 2)
    assert floor_within_reach(d, np.array([60.0, 40.0])).tolist() == [200.0, 400.0, 0.0]
    assert floor_within_reach(d, np.array([np.nan, 40.0])).tolist() == [0.0, 200.0, 0.0]


def pairs(*reached: tuple[int, ...], households: int = 10) -> Demand:
    """Give one home a tuple, of the sites within its reach."""
    home = np.repeat(np.arange(len(reached)), [len(r) for r in reached])
    site = np.array([s for r in reached for s in r], np.int64)
    n_sites = int(site.max()) + 1
    return Demand(np.full(len(reached), households), home, site, np.ones(len(home)), n_sites)


def test_what_the_office_insists_on_counts_and_costs() -> None:
    """Site 0 is open today; 1 is insisted on and takes the number and most of the money."""
    d = pairs((0,), (1,), (2,), (3,))
    today, required = np.array([1, 0, 0, 0], bool), np.array([1, 1, 0, 0], bool)
    one = most_covered(d, Terms(required, today=today, count=1))
    assert one.chosen.tolist() == [True, True, False, False]
    cost = np.array([900.0, 60.0, 50.0, 30.0])
    paid = most_covered(d, Terms(required, today=today, count=3, cost=cost, budget=100.0))
    assert paid.chosen.tolist() == [True, True, False, True], "60 + 30, today's for nothing"


def test_a_home_whose_only_site_stays_closed_walks_the_limit() -> None:
    """Ten homes at site 0, one at site 1: one may open; the other home is sent nowhere."""
    d = Demand(np.array([10, 1]), np.array([0, 1]), np.array([0, 1]), np.array([5.0, 7.0]), 2)
    sited = least_walking(d, Terms(np.zeros(2, bool), count=1), outside_m=100.0)
    assert sited.chosen.tolist() == [True, False]
    assert sited.objective == pytest.approx(10 * 5 + 1 * 100)
    assert sited.served == 10


@pytest.mark.parametrize("capacity", [None, np.array([30.0, 30.0, 30.0, np.inf])])
def test_a_site_that_adds_nobody_stays_closed(capacity: np.ndarray | None) -> None:
    """Site 0 alone reaches everybody; site 3 does too, for more money."""
    d = pairs((0, 1, 3), (0, 2, 3), (0, 3))
    cost = np.array([10.0, 1.0, 1.0, 90.0])
    terms = Terms(np.zeros(4, bool), count=4, cost=cost, capacity=capacity)
    sited = most_covered(d, terms)
    assert sited.objective == pytest.approx(30)
    assert np.flatnonzero(sited.chosen).tolist() == [0]


def test_an_impossible_request_names_what_was_asked_and_nothing_else() -> None:
    d = pairs((0,), (1,))
    terms = Terms(np.zeros(2, bool), capacity=np.array([5.0, 5.0]))
    with pytest.raises(InputError, match="这个条件不能满足：容量") as alone:
        fewest_sites(d, terms)
    assert not any(word in str(alone.value) for word in ("预算", "个数", "每社区"))
    with pytest.raises(InputError, match="不能同时满足：预算、每社区至少一处") as both:
        most_covered(
            d,
            Terms(np.zeros(2, bool), cost=np.full(2, 9.0), budget=1.0, group=np.array([0, 1])),
        )
    assert "容量" not in str(both.value)


@pytest.mark.parametrize("model", ["cover", "median"])
def test_out_of_time_there_is_an_answer_with_its_gap(model: str) -> None:
    rng = np.random.default_rng(3)
    away = rng.random((400, 80))
    home, site = np.nonzero(away < 0.3)
    d = Demand(rng.integers(1, 50, 400), home, site, away[home, site], 80)
    terms = Terms(np.zeros(80, bool), count=5, capacity=rng.integers(100, 900, 80).astype(float))
    if model == "cover":
        sited = most_covered(d, terms, seconds=1e-4)
        assert 0 <= sited.objective <= sited.bound
    else:
        sited = least_walking(d, terms, outside_m=0.3, seconds=1e-4)
        assert sited.objective >= sited.bound > 0
        assert sited.served > 0
    assert sited.status == "feasible"
    assert np.isfinite(sited.gap)
    assert sited.chosen.sum() <= 5
