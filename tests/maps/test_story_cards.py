"""What the walk tells and draws of each story, from the plan: no browser is needed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import polyline
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from lingwu_grid.maps.lookup import PASSES, lookup
from lingwu_grid.maps.page import planner_map
from lingwu_grid.maps.sharing import Shared
from lingwu_grid.maps.stories import _along, across_said, drawn_cards, story_cards
from lingwu_grid.maps.story_lines import Lines

if TYPE_CHECKING:
    from lingwu_grid.plan import Plan


def test_ground_without_homes_is_drawn_apart_from_homes(small_plan: Plan) -> None:
    units = small_plan.units.set_index("unit_id")
    # A park that goes with the homes of a story that does not pass as a whole.
    stories = small_plan.stories.copy()
    stays = stories["previous_grid_id"].replace(small_plan.recoded) == stories["grid_id"]
    row = stories.index[~stays][0]
    stories.loc[row, "units"] += f" {units.index[units['households'] == 0][0]}"
    plan = replace(small_plan, tables=small_plan.tables | {"stories": stories})
    parks = 0
    for card, story in zip(drawn_cards(plan), stories.itertuples(index=False), strict=True):
        mine = units.loc[story.units.split(" ")]
        # Of a grid that passes all ground passes, and nothing of it is drawn apart.
        passes = plan.recoded.get(story.previous_grid_id) == story.grid_id
        is_bare = (mine["households"] == 0) & (not passes)
        parks += is_bare.sum()
        for rings, shapes in (
            (card["rings"], mine.geometry[~is_bare]), (card["parks"], mine.geometry[is_bare])
        ):  # fmt: skip
            ground = shapely.union_all(
                [Polygon(polyline.decode(ring, 6, geojson=True)) for ring in rings]
            )
            # Holes are not drawn: nothing of the ground is missing, and nothing lies outside it.
            filled = [Polygon(part.exterior) for part in shapely.get_parts(shapes.union_all())]
            assert shapely.symmetric_difference(ground, shapely.union_all(filled)).area < 5e-9
    assert parks


def test_a_grid_that_passes_to_another_community_has_a_mark(small_plan: Plan) -> None:
    marks = lookup(small_plan)["marks"]["after"]
    passing = set(small_plan.recoded.values())
    assert passing
    assert {code for code, mark in marks.items() if mark.endswith(PASSES)} == passing


def test_a_card_counts_all_of_a_compound_that_is_parted(small_plan: Plan) -> None:
    rows = small_plan.buildings
    rows = rows.assign(way=rows["previous_grid_id"] + rows["grid_id"])
    rows = rows[rows["compound_name"] != ""]
    ways = rows.groupby("compound_name")["way"].nunique()
    built = rows.groupby("compound_name")["building_id"].nunique()
    lived = rows.groupby("compound_name")["households"].sum()
    for card, story in zip(story_cards(small_plan), small_plan.stories.itertuples(), strict=True):
        named = [c for c in ways.index if c in story.place and ways[c] > 1]
        here = rows[rows["way"] == f"{story.previous_grid_id}{story.grid_id}"]
        named = [c for c in named if c in set(here["compound_name"])]
        assert card["shared"] == "、".join(
            f"{c}共 {built[c]} 栋 {lived[c]} 户"
            + ("，多于一个网格的上限 500 户" if lived[c] > 500 else "")
            for c in sorted(named)
        )


def test_who_stays_where_the_rest_of_a_grid_leaves_is_told(small_plan: Plan) -> None:
    grids, names = small_plan.grids, small_plan.names
    stories = small_plan.stories
    row = stories[
        (stories["previous_community_id"] == stories["community_id"])
        & (stories["previous_grid_id"] != "")
    ].iloc[0]
    other = next(c for c in small_plan.communities["community_id"] if c != row["community_id"])
    new = f"{other}777"
    moved = grids.iloc[:1].assign(grid_id=new, community_id=other)
    recoded = small_plan.recoded | {row["previous_grid_id"]: new}
    plan = replace(
        small_plan,
        grids=pd.concat([grids, moved], ignore_index=True),
        summary=small_plan.summary | {"grids_recoded": recoded},
    )
    card = story_cards(plan, stories.loc[[row.name]])[0]
    here, there = names[row["community_id"]], names[other]
    assert card["still"] == f"不变，仍属{here}；原网格的其余部分改属{there}"
    assert story_cards(small_plan, stories.loc[[row.name]])[0]["still"] == ""


def test_no_story_leaves_the_office(small_plan: Plan) -> None:
    shared = Shared(small_plan)
    for community in small_plan.communities["community_id"]:
        shown = planner_map(shared.part("community_id", community))
        assert "story-open" not in shown
        assert "lingwu.stories" not in shown


def test_a_card_counts_both_communities_and_names_what_the_border_runs_along(
    small_plan: Plan,
) -> None:
    rows, names = small_plan.assignment, small_plan.names
    today = rows["previous_community_id"].value_counts()
    after = rows["community_id"].value_counts()
    units = small_plan.units.set_index("unit_id").geometry
    crossing, named = 0, 0
    cards = drawn_cards(small_plan)
    for card, story in zip(cards, small_plan.stories.itertuples(index=False), strict=True):
        was, now = story.previous_community_id, story.community_id
        if was in ("", now):
            assert across_said(card) == ""
        else:
            told = []
            for c, own in ((was, -story.households), (now, story.households)):
                if c not in after:
                    told.append(f"{names[c]}（{today[c]} → 撤销）")
                    continue
                rest = int(after[c]) - int(today.get(c, 0)) - own
                parts = f"本项 {own:+d}" + (f"，其他各项 {rest:+d}" if rest else "")
                told.append(f"{names[c]}（{today.get(c, 0)} → {after[c]} 户：{parts}）")
            assert across_said(card).replace("−", "-") == " → ".join(told)
            crossing += 1
        ground = units[story.units.split(" ")].union_all()
        for _, name, lat, lng, _ in card["along"]:
            far = ground.distance(Point(lng, lat))
            # A border runs along it within some 30 m, or the place is told by it within 250.
            assert far < (3e-4 if name in story.border else 2.5e-3)
            assert name in f"{story.border}、{story.place}"
            named += 1
    assert crossing
    assert named
    # An end that has a new code is called by both names, on either side of an arrow.
    for old, new in small_plan.recoded.items():
        for card in cards:
            if card["goal"]["code"] == new and (card["left"] or {}).get("code") != new:
                assert card["goal"]["name"] == f"{names[new]}（原{names[old]}）"


def test_a_line_is_named_where_the_border_changes_and_not_elsewhere_along_the_ground(
    small_plan: Plan,
) -> None:
    """A street that passes both ends of the ground, and is a new border at one of them only."""
    ground = box(0, 0, 0.01, 0.001)
    rim = LineString([(0, 0), (0, 0.001)])
    street = gpd.GeoDataFrame(
        {"name": ["育才街", "育才街"]},
        geometry=[LineString([(x, -0.001), (x, y)]) for x, y in ((0, 0.0005), (0.01, 0.009))],
    )
    backdrop = {"roads": street}
    story = SimpleNamespace(border="改沿育才街", place="")
    for edge, east in ((rim, 0.0), (LineString(), 0.01)):
        ((_, name, _, lng, _),) = _along(backdrop, (edge, ground), story)
        assert (name, lng) == ("育才街", east)
    story.border = "各户不换网格；社区界改沿民生路；原沿育才街一段的社区界不再是社区界"
    assert [line[1] for line in _along(backdrop, (rim, ground), story)] == ["育才街"]
    assert _along(small_plan.backdrop, (rim, ground), story) == []


def test_a_grid_that_passes_whole_is_said_to_and_not_to_change_ground_alone(
    small_plan: Plan,
) -> None:
    cards = lookup(small_plan)["cards"]
    names = dict(zip(small_plan.grids["grid_id"], small_plan.grids["community_name"], strict=True))
    passed = set(small_plan.recoded.values())
    assert passed
    for code, card in cards.items():
        change = dict(card["rows"])["变更"]
        assert (f"整个网格改属{names[code]}" in change) == (code in passed)
        assert not (code in passed and "只动无人地块" in change)


def test_new_border_parts_what_was_together_and_what_ends_parted_what_is_one(
    small_plan: Plan,
) -> None:
    """Told anew, from the units on both sides of the middle of every line."""
    units = small_plan.units
    shapes = units.geometry.to_numpy()
    plan = small_plan.grids.set_index("grid_id")["community_id"]
    today = small_plan.backdrop["grids"].set_index("grid_id")["community_id"]
    seen = {"fresh": 0, "ended": 0, "faded": 0, "between": 0}
    for card, story in zip(
        drawn_cards(small_plan), small_plan.stories.itertuples(index=False), strict=True
    ):
        is_whole = small_plan.recoded.get(story.previous_grid_id) == story.grid_id
        for what in seen:
            for text in card[what]:
                line = LineString(polyline.decode(text, 6, geojson=True))
                beside = units[
                    shapely.dwithin(shapes, line.interpolate(0.5, normalized=True), 3e-6)
                ]
                was, now = beside["previous_grid_id"], beside["grid_id"]
                if what == "between":
                    assert now.map(plan).nunique() > 1, "communities meet"
                    assert any(
                        LineString(polyline.decode(f, 6, geojson=True)).dwithin(line, 1e-6)
                        for f in card["fresh"]
                    )
                if what == "faded":
                    assert now.nunique() > 1, "grids meet still"
                communities = was.map(today), now.map(plan)
                levels = [communities] if is_whole or what == "faded" else [(was, now)]
                if card["communities"]:  # a border of either is meant
                    levels.append(communities)
                is_new = what in ("fresh", "between")
                sides = [pair if is_new else pair[::-1] for pair in levels]
                assert any(
                    before.duplicated().any() and after.nunique() > 1 for before, after in sides
                ), "two of one zone, in two"
                seen[what] += 1
    assert seen["fresh"] > seen["between"] > 0
    assert seen["ended"] + seen["faded"]


@pytest.mark.parametrize(("width", "lines"), [(2.9e-5, 0), (3.1e-5, 1)])
def test_a_border_that_only_shifts_is_neither_new_nor_gone(width: float, lines: int) -> None:
    """A strip beside the border of a and b goes from b to a: the border is a strip farther."""
    edges = [0.0, 1e-3, 1e-3 + width, 2e-3]
    units = gpd.GeoDataFrame(
        {"unit_id": ["A", "S", "B"], "grid_id": list("aab"), "previous_grid_id": list("abb")},
        geometry=[shapely.box(w, 0, e, 1e-3) for w, e in pairwise(edges)],
    )
    grids = pd.DataFrame({"grid_id": ["a", "b"], "community_id": ["c", "c"]})
    strip = Lines(SimpleNamespace(units=units, grids=grids, backdrop={}))
    found = strip.of(["S"], units.geometry[1], is_whole=False)
    told = {what: len(drawn) for what, drawn in found.items()}
    assert told == {"fresh": lines, "ended": lines, "faded": 0, "between": 0}


def test_a_community_border_that_grids_still_meet_at_fades_and_does_not_end() -> None:
    """A row S A B: S goes from community d to A's, c, as a grid or into A itself."""
    for plan, ended, faded in (("sab", 0, 1), ("aab", 1, 0)):
        units = gpd.GeoDataFrame(
            {"unit_id": list("SAB"), "grid_id": list(plan), "previous_grid_id": list("sab")},
            geometry=[shapely.box(k * 1e-3, 0, (k + 1) * 1e-3, 1e-3) for k in range(3)],
        )
        now = pd.DataFrame({"grid_id": list("sab"), "community_id": list("cce")})
        was = pd.DataFrame({"grid_id": list("sab"), "community_id": list("dce")})
        lines = Lines(SimpleNamespace(units=units, grids=now, backdrop={"grids": was}))
        found = lines.of(["S"], units.geometry[0], is_whole=plan == "sab", is_across=plan == "aab")
        told = {what: len(drawn) for what, drawn in found.items()}
        assert told == {"fresh": 0, "ended": ended, "faded": faded, "between": 0}, plan


@pytest.mark.parametrize(("community", "between"), [("c", 0), ("d", 1)])
def test_a_new_border_of_communities_is_told_apart(community: str, between: int) -> None:
    """Of grid a, S goes to grid b, of the same community or of another."""
    units = gpd.GeoDataFrame(
        {"unit_id": list("ASB"), "grid_id": list("abb"), "previous_grid_id": list("aab")},
        geometry=[shapely.box(k * 1e-3, 0, (k + 1) * 1e-3, 1e-3) for k in range(3)],
    )
    grids = pd.DataFrame({"grid_id": list("ab"), "community_id": ["c", community]})
    lines = Lines(SimpleNamespace(units=units, grids=grids, backdrop={"grids": grids}))
    found = lines.of(["S"], units.geometry[1], is_whole=False, is_across=community == "d")
    told = {what: len(drawn) for what, drawn in found.items()}
    assert told == {"fresh": 1, "ended": 1, "faded": 0, "between": between}
