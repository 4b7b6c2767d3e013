"""Reasons: what would be wrong without a change, at every edge of a count and a length."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from lingwu_grid.contract.rules import Rules
from lingwu_grid.fabric.adjacency import Borders
from lingwu_grid.lawful import community_bands, grid_bands
from lingwu_grid.planning.reasons import Undoing


def _undoing(today: dict[str, int], plan: dict[str, int], units: list[str]) -> Undoing:
    n = len(units)
    line = np.arange(n - 1)
    borders = Borders(
        line, line + 1, np.full(n - 1, 40.0), np.full(n - 1, 40.0), np.full(n - 1, 40.0),
        np.zeros(n - 1, bool), np.zeros(n - 1),
    )  # fmt: skip
    return Undoing(
        np.array(units, object), np.full(n, 50), borders, today, plan,
        grid_bands(Rules(), ()), community_bands(Rules(), ()), {}, {}, {},
        {zone: min(n, today.get(zone, 0)) for zone, n in plan.items()},
        np.full(n, "", object), np.full(n, "c", object),
    )  # fmt: skip


def _story(old: str, new: str, n: int, was: str = "c", now: str = "c") -> SimpleNamespace:
    return SimpleNamespace(
        previous_grid_id=old, grid_id=new, previous_community_id=was, community_id=now, households=n
    )


@pytest.mark.parametrize(
    ("left", "goal", "words"),
    [
        (450, 350, []),
        (451, 350, ["如果不划出，a有 501 户，比上限多 1 户", "这里相邻的本社区网格只有b"]),
        (450, 349, ["如果不划入，b只有 299 户，比下限少 1 户"]),
        (
            451,
            349,
            ["如果不划出，a有 501 户，比上限多 1 户", "如果不划入，b只有 299 户，比下限少 1 户"],
        ),
    ],
)
def test_grids_at_the_edges_of_their_range(left: int, goal: int, words: list[str]) -> None:
    """Fifty households go from a to b; the plan's sizes are given."""
    undoing = _undoing({"a": left + 50, "b": goal - 50}, {"a": left, "b": goal}, list("aaaabbbb"))
    reason = undoing.reason(np.array([4]), _story("a", "b", 50))
    assert (reason.split("；") if words else []) == words
    if not words:
        # Undone, the border lies one pair on: as long, so nothing is saved and nothing claimed.
        assert reason == "单独不划也都合规：与别处的调整是一起定的"


@pytest.mark.parametrize(
    ("left", "goal", "words"),
    [
        (4950, 3050, "单独不改属，户数也都在范围内：与别处的调整是一起定的"),
        (4951, 3050, "如果不划出，c有 5001 户，比上限多 1 户；这里相邻的社区只有d"),
        (4950, 3049, "如果不划入，d只有 2999 户，比下限少 1 户"),
    ],
)
def test_communities_at_the_edges_of_their_range(left: int, goal: int, words: str) -> None:
    undoing = _undoing(
        {"c": left + 50, "d": goal - 50}, {"c": left, "d": goal, "a": 50}, list("aa")
    )
    assert undoing.reason(np.array([0, 1]), _story("a", "a", 50, "c", "d")) == words


def test_a_grid_that_ends_a_new_one_and_one_in_pieces() -> None:
    gone = _undoing({"a": 299, "b": 400}, {"b": 450}, list("bbbb"))
    assert gone.reason(np.array([0]), _story("a", "b", 50)) == (
        "a现状只有 299 户，不足下限 300 户，撤销，各户划入相邻网格；这里相邻的本社区网格只有b"
    )
    enough = _undoing({"a": 300, "b": 400}, {"b": 450}, list("bbbb"))
    reason = enough.reason(np.array([0]), _story("a", "b", 50))
    assert reason == "a撤销，各户划入相邻网格；这里相邻的本社区网格只有b"
    new = _undoing({"a": 800}, {"a": 400, "b": 340}, list("aaaabbbb"))
    assert "新设b" in new.reason(np.array([4]), _story("a", "b", 50))
    # b b [b] b b: without the middle one b is two pieces; a takes it back far from its own.
    cut = _undoing({"a": 400, "b": 400}, {"a": 400, "b": 400}, list("aaabbbbb"))
    reason = cut.reason(np.array([5]), _story("a", "b", 50))
    assert reason == "如果不划，b就不再连片；如果不划，a就不再连片"
    # Where a grid is in two pieces today, nothing falls apart that was whole.
    parted = replace(cut, grid_today=np.array(list("aaabbabb"), object))
    reason = parted.reason(np.array([5]), _story("a", "b", 50))
    assert reason == "b现状就不连片，如果不划，仍不连片；a现状就不连片，如果不划，仍不连片"


def test_what_a_grid_in_pieces_must_give_up_says_why_it_goes_where_it_goes() -> None:
    # a a b [b] c: taken back, the unit is a piece of its own; c lies beside it, too.
    undoing = _undoing(
        {"a": 450, "b": 350, "c": 450}, {"a": 400, "b": 400, "c": 451}, list("aabbc")
    )
    reason = undoing.reason(np.array([3]), _story("a", "b", 50))
    assert reason == (
        "如果不划，a就不再连片；"
        "如果改划入c，那里有 501 户，比上限多 1 户（现状 450 户，另有 1 户划入）"
    )
    # Where b would be in pieces as well, it is for b, and nothing else is asked.
    both = replace(undoing, grid_of_unit=np.array(list("aabbb"), object))
    assert both.reason(np.array([3]), _story("a", "b", 50)) == (
        "如果不划，b就不再连片；如果不划，a就不再连片"
    )


@pytest.mark.parametrize(
    ("other", "metres", "said"),
    [
        (451, 40.0, "如果改划入x，那里有 501 户，比上限多 1 户"),
        (450, 44.9, "如果改划入x，户数也合规"),
        (450, 45.0, "如果改划入x，网格界多 5 米"),
        (450, 35.0, "如果改划入x，户数也合规"),
    ],
)
def test_why_to_this_grid_and_not_to_another_beside_it(
    other: int, metres: float, said: str
) -> None:
    """Fifty households leave a, which ends, for b; x is on their other side: a a [b] x x."""
    undoing = _undoing({"a": 299, "b": 400, "x": other}, {"b": 450, "x": other}, list("bbbxx"))
    borders = undoing.borders._replace(
        length_m=np.array([40.0, metres, 40.0, 40.0]), off_line_m=np.zeros(4)
    )
    undoing = replace(undoing, borders=borders)
    story = _story("a", "b", 50)
    assert undoing.reason(np.array([2]), story).split("；")[1] == said
    if other == 450:  # nor does it matter that nobody lives there
        empty = replace(undoing, today={"a": 299, "b": 400}, plan={"b": 450})
        assert empty.reason(np.array([2]), story).split("；")[1] == said
    # A grid of another community is no choice; nor is one across a canal.
    apart = replace(undoing, community_of_unit=np.array(list("cccdd"), object))
    only = "这里相邻的本社区网格只有b"
    assert apart.reason(np.array([2]), story).split("；")[1] == only
    shut = replace(undoing, borders=borders._replace(clear_m=np.array([40.0, 40.0, 0.0, 40.0])))
    assert shut.reason(np.array([2]), story).split("；")[1] == only
    # Off a line counts before the length.
    off = replace(undoing, borders=borders._replace(off_line_m=np.array([0.0, 30.0, 20.0, 0.0])))
    if other == 450:
        assert "不沿路、墙、水的网格界多 10 米" in off.reason(np.array([2]), story)
    # A zone that is short today needs them, and that is enough; one that other moves alone would
    # leave short is no reason for these.
    worse = said if other == 451 else "如果改划入x，b只有 299 户，比下限少 1 户"
    for today, told in ((299, "如果不划入，b只有 299 户，比下限少 1 户"), (300, worse)):
        short = replace(
            undoing, today={"a": 299, "b": today, "x": other}, plan={"b": 349, "x": other}
        )
        assert short.reason(np.array([2]), story).split("；")[1].startswith(told)


@pytest.mark.parametrize(
    ("goal", "other", "said"),
    [
        (
            3299,
            4701,
            "这个网格（连同划入的共 300 户）如果改属别的社区，d只有 2999 户，比下限少 1 户",
        ),
        (3300, 4701, "如果改划入x，那里有 5001 户，比上限多 1 户"),
        (3300, 4700, "如果改划入x，户数也合规"),
    ],
)  # fmt: skip
def test_why_a_grid_passes_to_this_community_and_not_to_another(
    goal: int, other: int, said: str
) -> None:
    """Grid n passes from c, which ends, to d with 200 households and has 300 in the plan."""
    undoing = _undoing({"c": 2000}, {"d": goal, "x": other, "n": 300}, list("enx"))
    undoing = replace(undoing, community_of_unit=np.array(list("ddx"), object), recoded={"a": "n"})
    story = _story("a", "n", 200, "c", "d")
    ended = "c现状只有 2000 户，不足下限 3000 户，撤销，各户划入相邻社区"
    assert undoing.reason(np.array([1]), story) == f"{ended}；{said}"
    # What only joins a grid of another community goes where the grid is.
    part = _story("b", "n", 50, "c", "d")
    assert said not in undoing.reason(np.array([1]), part)


def test_a_clearer_border_is_a_reason_only_where_it_is_clearer() -> None:
    undoing = _undoing({"a": 400, "b": 400}, {"a": 400, "b": 400}, list("aaabbb"))
    borders = undoing.borders._replace(off_line_m=np.array([40.0, 40.0, 0.0, 40.0, 40.0]))
    clear = Undoing(**{**undoing.__dict__, "borders": borders})
    reason = clear.reason(np.array([3]), _story("a", "b", 50))
    assert reason == "不划也都合规；划了以后，不沿路、墙、水的边界少 40 米"


def test_what_else_changes_a_zone_is_told_where_another_move_is_why() -> None:
    """Fifty households go from a to b; ten come to a, twenty leave b, by other moves."""
    units = list("aaaabbbb")
    for today, said in (
        (491, "（现状 491 户，另有 10 户划入）"),
        (493, "（现状 493 户，另有 10 户划入、2 户划出）"),
    ):
        undoing = _undoing({"a": today, "b": 350}, {"a": 451, "b": 350}, units)
        undoing = replace(undoing, stayed={"a": 441, "b": 300})
        words = f"如果不划出，a有 501 户，比上限多 1 户{said}；这里相邻的本社区网格只有b"
        assert undoing.reason(np.array([4]), _story("a", "b", 50)) == words
    for today, stayed, said in (
        (319, 299, "（现状 319 户，另有 20 户划出）"),
        (319, 296, "（现状 319 户，另有 3 户划入、23 户划出）"),
        (299, 299, ""),
    ):
        undoing = _undoing({"a": 400, "b": today}, {"a": 400, "b": 349}, units)
        undoing = replace(undoing, stayed={"a": 400, "b": stayed})
        words = f"如果不划入，b只有 299 户，比下限少 1 户{said}"
        assert undoing.reason(np.array([4]), _story("a", "b", 50)) == words


def test_who_would_be_short_without_the_households_of_one_that_ends() -> None:
    """Community x of 2,000 ends: y needs what it gets, z does not."""
    today, plan = {"x": 2000, "y": 2500, "z": 3000}, {"y": 3499, "z": 4001}
    undoing = _undoing(today, plan, list("aabb"))
    undoing = replace(
        undoing,
        goals={"x": {"y": 999, "z": 1001}},
        called={"y": "乙", "x": "甲"},
        community_of_unit=np.full(4, "z", object),
    )
    story = _story("a", "a", 50, was="x", now="z")
    ended = "甲现状只有 2000 户，不足下限 3000 户，撤销，各户划入相邻社区"
    said = f"{ended}，其中乙没有甲划入的户就不足下限"
    few = "；甲和乙现状共 4500 户，每个至少 3000 户，只够 1 个社区"
    few += "，撤哪个取求得受影响的户和界线合计最省的"
    only = "；这里相邻的社区只有z"
    assert undoing.reason(np.array([0]), story) == said + few + only
    # Both could stay with what they have: that they are short is no matter of their number.
    for more, told in ((5999, few.replace("4500", "5999")), (6000, "")):
        together = replace(undoing, today={"x": 2000, "y": 2500, "z": 3000} | {"x": more - 2500})
        gone = "甲" + ended.removeprefix("甲现状只有 2000 户，不足下限 3000 户，")
        short = gone + said.removeprefix(ended)
        assert together.reason(np.array([0]), story) == short + told + only
    enough = replace(undoing, goals={"x": {"y": 499, "z": 1001}})
    assert enough.reason(np.array([0]), story) == ended + only


def test_ground_beyond_a_barrier_does_not_join() -> None:
    """Of b's two units that stay, the border between them is a canal."""
    undoing = _undoing({"a": 400, "b": 400}, {"a": 400, "b": 400}, list("aaabbb"))
    borders = undoing.borders._replace(clear_m=np.array([40.0, 40.0, 40.0, 40.0, 0.0]))
    cut = Undoing(**{**undoing.__dict__, "borders": borders})
    assert cut.reason(np.array([3]), _story("a", "b", 50)) == "如果不划，b就不再连片"


def test_a_grid_with_a_new_code_is_called_by_both_names() -> None:
    plain = _undoing({"a": 678, "n": 678, "b": 299}, {"n": 451, "b": 349}, list("nnbb"))
    undoing = Undoing(**{**plain.__dict__, "called": {"a": "旧", "n": "新"}, "recoded": {"a": "n"}})
    assert undoing.counted("a") == undoing.counted("n") == "新（原旧）（678→451 户）"
    reason = undoing.reason(np.array([1]), _story("a", "b", 50))
    assert reason.startswith("如果不划出，新（原旧）有 501 户，比上限多 1 户")


def test_why_ground_without_homes_changes() -> None:
    """A row a a b P b: without the park, b falls apart; at its end only the border counts."""
    called = {"a": "甲", "b": "乙"}

    def why(units: str, park: int, **metres: list[float]) -> str:
        plain = _undoing({}, {"a": 100, "b": 100}, list(units))
        homes = np.where(np.arange(len(units)) == park, 0, 50)
        lengths = {key: np.array(value) for key, value in metres.items()}
        borders = plain.borders._replace(**lengths)
        fields = {"borders": borders, "households": homes, "called": called}
        return replace(plain, **fields).ground_reason(np.array([park]), "a", "b")

    assert why("aabbb", 3) == "如果不划，乙就不再连片"
    # The border goes from between a and the park to between the park and b.
    even, saved, less = [40.0] * 4, [40.0, 40.0, 45.0, 40.0], [40.0, 40.0, 44.9, 40.0]
    clearer, shorter = "如果不划，不沿路、墙、水的网格界多 5 米", "如果不划，网格界多 5 米"
    together = "与相邻住户的调整是一起定的"
    assert why("aabbb", 2, off_line_m=saved) == clearer
    assert why("aabbb", 2, off_line_m=less, length_m=saved) == shorter
    assert why("aabbb", 2, off_line_m=even, length_m=less) == together


@pytest.mark.parametrize(
    ("beyond", "more"),
    [
        (45.0, "网格界多 5 米"), (44.9, "网格界一样长"), (35.1, "网格界一样长"),
        (35.0, "网格界少 5 米"),
    ],
)  # fmt: skip
def test_why_ground_without_homes_does_not_go_to_another_grid(beyond: float, more: str) -> None:
    """A row a b P x: the park is of b, between b and x, whose ground was the same today."""
    plain = _undoing({}, {"a": 100, "b": 100, "x": 100}, list("abbx"))
    lengths = np.array([40.0, beyond, 40.0])
    borders = plain.borders._replace(length_m=lengths, off_line_m=np.zeros(3))
    undoing = replace(
        plain, borders=borders, households=np.array([50, 50, 0, 50]),
        grid_today=np.array(list("abax"), object),
    )  # fmt: skip
    kept = "" if "多" in more else "，但要改动一个现在一处不变的网格"
    said = undoing.ground_reason(np.array([2]), "a", "b").split("；")
    assert said[-1] == f"如果改划入x，{more}{kept}"
    changed = replace(undoing, grid_today=np.array(list("aaax"), object))
    assert changed.ground_reason(np.array([2]), "a", "b").split("；")[-1] == said[-1]
    moved = replace(undoing, grid_today=np.array(list("abxx"), object))
    assert moved.ground_reason(np.array([2]), "a", "b").split("；")[-1] == f"如果改划入x，{more}"
