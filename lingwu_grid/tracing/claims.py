"""Claims: the figures that sentences of the papers make of the facts, each by its name."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS

from lingwu_grid.tracing.ahead import leaving
from lingwu_grid.tracing.facts import CLASSES, SEATS, SERVICE_YUAN, Facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from lingwu_grid.tracing.numbers import Expected

ABOUT = re.compile(r"约(\d+)米")
ROUND = 0.05
"""Legs are told to ten metres: their sum may be off the border's length by so much."""
NAMELESS = "（无名边界，待补）"
UNCHANGED = "不变"
FUNDS = ("service", "party_yuan", "heads_yuan", "members_yuan", "resident_yuan")
ASSUMED = "members_yuan"
FIXED_FUNDS = [fund for fund in FUNDS if fund != ASSUMED]


class Claims(Facts):
    """A plan counted anew, as sentences speak of it."""

    @cached_property
    def codes(self) -> dict[str, str]:
        """Code of every zone by its name; a living one before one that ended."""
        table = self.register.assign(turn=(self.register["status"] != "在用").astype(int))
        table = table.sort_values("turn", ascending=False, kind="stable")
        streets = {name: code for code, name in self.streets.items()}
        return streets | dict(zip(table["name"], table["code"], strict=True)) | {
            code: code for code in table["code"]
        }  # fmt: skip

    @cached_property
    def alike(self) -> dict[str, list[str]]:
        """Codes of living zones by their name, where several have the same."""
        table = self.register[self.register["status"] == "在用"]
        return {str(n): list(g) for n, g in table.groupby("name")["code"] if len(g) > 1}

    def code_in(self, name: str, community: str) -> str:
        """Give the code of a name; of several that are alike, the one in a community."""
        for code in self.alike.get(name, ()):
            if code in self.grids.index and self.grids.loc[code, "community_id"] == community:
                return code
        return self.codes.get(name, name)

    @cached_property
    def today_grids(self) -> set[str]:
        """Codes of today's grids, drawn or lived in."""
        drawn = self.study.table("grids")["grid_id"].astype(str)
        return (set(drawn) | set(self.rows["previous_grid_id"])) - {""}

    @cached_property
    def situation(self) -> list[Expected]:
        """Households, residents, grids and communities of today."""
        today = self.communities["is_today"]
        return [len(self.rows), int(self.rows["residents"].sum()), len(self.today_grids),
                int(today.sum())]  # fmt: skip

    @cached_property
    def outside_today(self) -> list[Expected]:
        """Grids and communities out of range today; an exception on record is not."""
        grids = self.rows.loc[self.rows["stays_in"] != "", "stays_in"].value_counts()
        communities = self.communities.loc[self.communities["is_today"], "households_before"]
        return [
            sum(self._is_out(level, str(code), n) for code, n in lived.items())
            for level, lived in (("grid", grids), ("community", communities))
        ]

    def _is_out(self, level: str, code: str, households: int) -> bool:
        is_excused = self.standing[level].get(code) == "例外"
        return self.status(level, code, households) == "超限" and not is_excused

    @cached_property
    def result(self) -> list[Expected]:
        """Communities, grids, lawful grids, lawful communities, exceptions, tight zones."""
        grids, communities = self.standing["grid"], self.standing["community"]
        tight = sum(
            self.is_tight(level, str(code), self.size(str(code)))
            for level, table in (("grid", grids), ("community", communities))
            for code in table.index
        )
        return [len(communities), len(grids), int((grids == "合规").sum()),
                int((communities == "合规").sum()),
                int((grids == "例外").sum() + (communities == "例外").sum()), tight]  # fmt: skip

    @cached_property
    def moves(self) -> list[Expected]:
        """Affected, those who change grid, their share, those who change community."""
        grid, community = (int(self.changes[level].sum()) for level in ("grid", "community"))
        return [int(self.affected.sum()), grid, grid / len(self.rows), community]

    @cached_property
    def told(self) -> list[Expected]:
        """What a request says comes of it as a whole."""
        affected, grid, _, community = self.moves
        share = int(self.affected.sum()) / len(self.rows)
        return [self.result[0], self.result[1], affected, share, grid, community]

    @cached_property
    def cover(self) -> list[Expected]:
        """Households, communities, grids, grids of today."""
        return [len(self.rows), self.result[0], self.result[1], len(self.today_grids)]

    @cached_property
    def touched(self) -> int:
        """Grids that change: households, ground, or code."""
        return int((self.layers["grids"]["lineage"] != UNCHANGED).sum())

    @cached_property
    def defence(self) -> list[Expected]:
        """The bound that ``verify`` works out anew, the affected, the price of clear borders."""
        price = self.summary["price_of_clear_borders"]
        return [self.certificate["bounds"]["global"], self.moves[0], price]

    def usual(self, level: str) -> list[Expected]:
        """Give the usual range of a level."""
        low, high = self.certificate["rules"][level]
        return [low, high]

    @cached_property
    def retired(self) -> tuple[set[str], set[str]]:
        """Communities and grids of today that the plan has no more."""
        table = self.communities
        communities = set(table.index[table["is_today"] & ~table["is_plan"]])
        return communities, self.today_grids - set(self.grids.index) - set(self.recoded)

    @cached_property
    def ended(self) -> list[Expected]:
        """How many communities and grids are retired."""
        return [len(codes) for codes in self.retired]

    @cached_property
    def kinds(self) -> dict[str, int]:
        """Grids that change by what becomes of them."""
        layer = self.layers["grids"].set_index("grid_id")["lineage"]
        counted = self.grids
        changes = (layer != UNCHANGED) | (counted["joined"] > 0) | (counted["left"] > 0)
        return dict(Counter(layer[changes])) | {"撤销": len(self.retired[1])}

    def size(self, code: str) -> int:
        """Give the households of a zone of the plan."""
        table = self.grids if code in self.grids.index else self.communities
        return int(table.loc[code, "households"])

    def size_today(self, code: str) -> int:
        """Give the households of a zone of today."""
        if code in self.communities.index:
            return int(self.communities.loc[code, "households_before"])
        return int((self.rows["previous_grid_id"] == code).sum())

    def besides(self, code: str) -> list[int]:
        """Give the households of a zone today, and how many come to it and leave it."""
        level = "community" if code in self.communities.index else "grid"
        own = self.recoded.get(code, code)
        flows = self.flows[level]
        today, stays = sum(n for (a, _), n in flows.items() if a == own), flows.get((own, own), 0)
        return [today, self.size(own) - stays, today - stays]

    def bounds(self, code: str) -> list[float]:
        """Give what a zone may have."""
        level = "community" if code in self.communities.index else "grid"
        return list(self.band(level, self.recoded.get(code, code)))

    @cached_property
    def service(self) -> list[Expected]:
        """Stations, speed, shares in 5, 10, 15 minutes; speed and share of the elderly."""
        if not self.coverage:
            return [None] * 7
        shares = [self.within(m) for m in (5, 10, 15)]
        speeds = [float(self.coverage[key]) for key in ("speed_m_s", "elderly_speed_m_s")]
        elderly = self.within(15, elderly=True)
        return [len(self.study.table("stations")), speeds[0], *shares, speeds[1], elderly]

    @cached_property
    def unreachable(self) -> int:
        """Households without a way to any station."""
        return int(np.isinf(self.walked["metres"]).sum())

    def yuan(self, columns: Sequence[str]) -> tuple[int, int]:
        """Add facts of all communities up, today and in the plan."""
        table = self.communities
        before, after = (
            int(sum(table[f"{c}{when}"].sum() for c in columns)) for when in ("_before", "")
        )
        return before, after

    @cached_property
    def fixed(self) -> tuple[int, int]:
        """Yuan a year that the policy fixes, today and in the plan."""
        return self.yuan(FIXED_FUNDS)

    @cached_property
    def assumed(self) -> tuple[int, int]:
        """Yuan a year whose persons no policy numbers."""
        return self.yuan([ASSUMED])

    @cached_property
    def total(self) -> tuple[int, int]:
        """Yuan a year in all."""
        return self.yuan(FUNDS)

    @cached_property
    def villages(self) -> list[Expected]:
        """Villages of the plan, their seats and what the policy would fix for them."""
        layer = self.layers["communities"].set_index("community_id")
        mine = self.communities.loc[layer.index[layer["kind"] == "village"]]
        return [len(mine), int(mine["seats"].sum()), int(mine[FIXED_FUNDS].to_numpy().sum())]

    @cached_property
    def crossed(self) -> list[Expected]:
        """Communities that change class, are set up, are dissolved."""
        table = self.communities
        was, now = table["class_before"], table["class"]
        both = (was >= 0) & (now >= 0)
        return [int((both & (was != now)).sum()), int(((was < 0) & (now >= 0)).sum()),
                int(((was >= 0) & (now < 0)).sum())]  # fmt: skip

    def on_the_line(self, bound: int) -> list[Expected]:
        """Give a bound of the classes, who stands on it, and what another reading changes."""
        table = self.communities[self.communities["is_plan"]]
        count = int((table["households"] == bound).sum())
        used = self.class_of(bound)
        outer = 0 if bound == CLASSES[0] else 2
        other = outer if used == 1 else 1
        changes = [count * (fixed[other] - fixed[used]) for fixed in (SEATS, SERVICE_YUAN)]
        return [bound if bound in CLASSES else None, count, *changes]

    @cached_property
    def nameless(self) -> int:
        """Stretches of border without a name."""
        return sum(
            str(text).count(NAMELESS)
            for layer in self.layers.values()
            for text in layer["boundary_text"]
        )

    @cached_property
    def communities_today(self) -> gpd.GeoSeries:
        """Communities as drawn today by code, in metres."""
        table = self.study.table("communities").drop_duplicates("community_id")
        return table.set_index(table["community_id"].astype(str)).geometry.to_crs(self.rules_crs)

    @property
    def area_today(self) -> dict[str, float]:
        """Square kilometres of each community as drawn today."""
        return dict(self.communities_today.area / 1e6)

    @cached_property
    def rims(self) -> list[float]:
        """Metres round the first part of each community."""
        shapes = self.metres["communities"].to_numpy()
        return shapely.length(shapely.get_exterior_ring(shapely.get_geometry(shapes, 0))).tolist()  # type: ignore[no-any-return]

    def around(self, walk: str, metres: str) -> Expected:
        """Take a leg of a walk whose legs come to the length of some community's border."""
        whole = sum(int(n) for n in ABOUT.findall(walk))
        fits = any(abs(whole - rim) <= ROUND * rim for rim in self.rims)
        return float(metres) if fits else "（总长不合）"

    @cached_property
    def detached(self) -> set[int]:
        """How many parts zones have beside the first, today and in the plan."""
        layers = [*self.layers.values(), *(self.study.table(t) for t in ("grids", "communities"))]
        count = [shapely.get_num_geometries(t.geometry.to_numpy()) for t in layers if len(t)]
        return {int(n) - 1 for n in np.unique(np.concatenate(count))}

    @cached_property
    def crs_number(self) -> int:
        """The EPSG number of the system in metres."""
        return CRS.from_user_input(self.rules_crs).to_epsg() or 0

    @cached_property
    def story_rows(self) -> list[pd.DataFrame]:
        """The households of each story."""
        rows, out = self.rows[self.affected], []
        keys = ["previous_grid_id", "grid_id", "previous_community_id", "community_id"]
        by_way = dict(iter(rows.groupby(keys)))
        for story in self.stories.to_dict("records"):
            way = by_way.get(tuple(story[k] for k in keys), rows.iloc[:0])
            out.append(way[way["unit_id"].isin(set(story["units"].split(" ")))])
        return out

    def bare(self, at: int) -> float:
        """Give the square metres of the ground without homes of a story."""
        units = self.units[self.units["unit_id"].isin(set(self.stories["units"][at].split(" ")))]
        empty = units[units["households"] == 0]
        return float(shapely.area(empty.geometry.to_crs(self.rules_crs).to_numpy()).sum())

    @cached_property
    def pieces(self) -> dict[tuple[str, str], list[tuple[int, int, int]]]:
        """Households, compounds and buildings of each story, by the names of its two grids."""
        out: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
        known = dict(zip(self.buildings["building_id"], self.buildings["compound_id"], strict=True))
        for story, rows in zip(self.stories.to_dict("records"), self.story_rows, strict=True):
            a, b = (str(story[key]) for key in ("previous_grid_id", "grid_id"))
            places = set(rows["place"])
            compounds = {known.get(place, "") for place in places} - {""}
            counts = (len(rows), len(compounds), len(places))
            out.setdefault((self.names.get(a, a), self.names.get(b, b)), []).append(counts)
        return out

    @cached_property
    def leaving(self) -> dict[str, int]:
        """Zones that leave their range within three years, and their households then."""
        return leaving(self)

    def ahead_of(self, code: str) -> tuple[Expected, Expected]:
        """Give the households that a zone will have, and the bound that it is beyond then."""
        if code not in self.leaving:
            return ("（没有这样的）",) * 2
        level = "grid" if code in self.grids.index else "community"
        low, high = self.band(level, code)
        count = self.leaving[code]
        return count, high if count > high else low

    def sheet_of(self, community: str) -> int:
        """Give the number of a community's sheet in the atlas."""
        return self.charted.index(community) + 1

    @cached_property
    def charted(self) -> list[str]:
        """Communities with a sheet in the atlas; of an update those that change."""
        table, grids = self.layers["communities"], self.layers["grids"]
        if "update" in self.run:
            touched = grids.loc[grids["lineage"] != "不变", "community_id"]
            table = table[table["community_id"].isin(touched) | (table["lineage"] != "不变")]
        return sorted(table["community_id"])

    @cached_property
    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Least and greatest easting, and northing, of the plan, metres."""
        west, south, east, north = self.metres["grids"].total_bounds.tolist()
        return (west, east), (south, north)
