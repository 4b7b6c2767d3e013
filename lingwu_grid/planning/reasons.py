"""Reasons: what a change is for is what would be wrong without it, everything else as planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from lingwu_grid.graph import linked
from lingwu_grid.lawful import Bands, community_bands, followed, grid_bands, stays
from lingwu_grid.planning.drawn import communities_of_units
from lingwu_grid.planning.goings import besides, goals_of, stayed_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.fabric.adjacency import Borders
    from lingwu_grid.planning.drawn import Drawn

CLEARER_M = 5.0
"""Border off every line, metres, that a change must save to be called clearer."""


class Story(Protocol):
    """What goes from where to where: a row of the stories."""

    previous_grid_id: str
    grid_id: str
    previous_community_id: str
    community_id: str
    households: int


@dataclass(frozen=True)
class Undoing:
    """
    A plan in which one story at a time is taken back.

    Parameters
    ----------
    grid_of_unit
        Code of each unit's grid in the plan, shape (n_units,).
    households
        Of each unit.
    borders
        Of the units.
    today, plan
        Households of every grid and community by code, today and in the plan.
    grids, communities
        What each may have.
    community_of_grid
        Of the plan.
    called
        Names by code.
    recoded
        New code of each grid of today that passes to another community; counts stand under it.
    goals
        Households that each grid, and each community, of today sends to each of the plan.
    stayed
        Households of every grid and community that have it today and in the plan.
    grid_today
        Code of each unit's grid of today, as the plan has it, shape (n_units,).
    community_of_unit
        Of the plan, shape (n_units,).
    """

    grid_of_unit: NDArray[np.object_]
    households: NDArray[np.int64]
    borders: Borders
    today: dict[str, int]
    plan: dict[str, int]
    grids: Bands
    communities: Bands
    called: dict[str, str]
    recoded: dict[str, str]
    goals: dict[str, dict[str, int]]
    stayed: dict[str, int]
    grid_today: NDArray[np.object_]
    community_of_unit: NDArray[np.object_]

    @classmethod
    def of(cls, drawn: Drawn, called: dict[str, str]) -> Undoing:
        """Take a plan."""
        rows, rules = drawn.assignment, drawn.study.rules
        sizes = [
            rows.groupby(f"{when}{level}_id").size()
            for when in ("previous_", "")
            for level in ("grid", "community")
        ]
        grid, community, grid_now, community_now = (
            {str(code): int(n) for code, n in size.items() if code} for size in sizes
        )
        recoded = drawn.names.recoded
        grid |= {new: grid[old] for old, new in recoded.items() if old in grid}
        return cls(
            drawn.names.grid_of_unit,
            drawn.fabric.units["households"].to_numpy(np.int64),
            drawn.fabric.borders,
            grid | community,
            grid_now | community_now,
            grid_bands(rules, drawn.names.special_grids),
            community_bands(rules, drawn.names.villages),
            called,
            recoded,
            goals_of(rows),
            stayed_in(rows, recoded),
            followed(drawn.fabric.codes_today(), recoded),
            communities_of_units(drawn),
        )

    def is_passing(self, story: Story) -> bool:
        """Tell whether a story is a grid that passes to another community as a whole."""
        return stays(story.previous_grid_id, story.grid_id, self.recoded)

    def _now(self, grid: str) -> str:
        return self.recoded.get(grid, grid)

    def named(self, zone: str) -> str:
        """Name a zone of the plan; one that has a new code with the name it has today, too."""
        old = next((before for before, now in self.recoded.items() if now == zone), "")
        name = self.called.get(zone, zone)
        return f"{name}（原{self.called.get(old, old)}）" if old else name

    def counted(self, grid: str) -> str:
        """Name a grid with its households today and in the plan."""
        grid = self._now(grid)
        name = self.named(grid)
        if grid not in self.plan:
            return f"{name}（现状 {self.today.get(grid, 0)} 户，撤销）"
        if grid not in self.today:
            return f"{name}（新设，{self.plan[grid]} 户）"
        return f"{name}（{self.today[grid]}→{self.plan[grid]} 户）"

    def reason(self, units: NDArray[np.int64], story: Story) -> str:
        """
        Say what would be wrong if these units stayed where they are today.

        Parameters
        ----------
        units
            Numbers of a story's units, shape (k,).
        story
            Its zones before and after, and its households.
        """
        if not story.households:
            return self.ground_reason(units, story.previous_grid_id, story.grid_id)
        broken = self._out_of_range(units, story)
        if self.is_passing(story):
            return "；".join(broken) or "单独不改属，户数也都在范围内：与别处的调整是一起定的"
        broken += self._in_pieces(units, story)
        if broken:
            return "；".join(dict.fromkeys(broken))
        left = self._now(story.previous_grid_id)
        saved = self._saved(self.borders.off_line_m, units, left, self.grid_of_unit)
        if saved >= CLEARER_M:
            return f"不划也都合规；划了以后，不沿路、墙、水的边界少 {saved:.0f} 米"
        return "单独不划也都合规：与别处的调整是一起定的"

    def ground_reason(self, units: NDArray[np.int64], was: str, now: str) -> str:
        """
        Say what would be worse if ground without homes stayed where it is today.

        Parameters
        ----------
        units
            Numbers of its units, shape (k,).
        was, now
            Grid of today and of the plan.
        """
        kept = np.setdiff1d(np.flatnonzero(self.grid_of_unit == now), units)
        if self._pieces(kept) > 1:
            return f"如果不划，{self.named(now)}就不再连片"
        worse = self._worse(units, self._now(was), self.grid_of_unit, "网格")
        across = self._across(units, was)
        told = [f"如果不划，{worse}" for worse in (across, worse) if worse]
        told += [
            f"如果改划入{self.named(other)}，{self._instead(units, other)}"
            for other in sorted(self._beside(units, self.grid_of_unit) - {now, self._now(was)})
        ]
        return "；".join(told) or "与相邻住户的调整是一起定的"

    def _instead(self, units: NDArray[np.int64], other: str) -> str:
        """Tell what ground would change in another grid beside it: more border, less, or a grid."""
        worse = self._worse(units, other, self.grid_of_unit, "网格")
        if worse:
            return worse
        less = -self._saved(self.borders.length_m, units, other, self.grid_of_unit)
        said = f"网格界少 {less:.0f} 米" if less >= CLEARER_M else "网格界一样长"
        is_as_today = ((self.grid_of_unit == other) == (self.grid_today == other)).all()
        return f"{said}，但要改动一个现在一处不变的网格" if is_as_today else said

    def _across(self, units: NDArray[np.int64], was: str) -> str:
        """Tell how much more border of communities there would be if ground stayed in its grid."""
        back = self.community_of_unit[self.grid_of_unit == self._now(was)]
        if not len(back) or back[0] == self.community_of_unit[units[0]]:
            return ""
        return self._worse(units, back[0], self.community_of_unit, "社区")

    def _out_of_range(self, units: NDArray[np.int64], story: Story) -> list[str]:
        """Tell which zones would be out of range, with their counts, and why these zones."""
        grid, households = story.grid_id, story.households
        whole = np.flatnonzero(self.grid_of_unit == grid)
        said = []
        for old, new, bands, ground, goes in (
            (self._now(story.previous_grid_id), grid, self.grids, units, households),
            (
                story.previous_community_id,
                story.community_id,
                self.communities,
                # A grid lies in one community: where another is asked for, it goes as a whole.
                whole if self.is_passing(story) else whole[:0],
                self.plan.get(grid, 0),
            ),
        ):
            if old == new:
                continue
            leaves = []
            if old in self.plan:
                leaves = self._over(old, households, bands)
            elif old:
                leaves = [self._ended(old, bands)]
            # What is short by other moves alone is no reason where these must go in any case.
            is_short = self.today.get(new, 0) < bands.of(new).lower
            needed = self._under(new, households, bands) if is_short or not leaves else []
            said += leaves + needed
            if leaves and not needed and len(ground):
                said += self._elsewhere(ground, old, new, goes, bands)
        return said

    def _elsewhere(
        self, units: NDArray[np.int64], old: str, new: str, households: int, bands: Bands
    ) -> list[str]:
        """
        Tell why what leaves its zone goes to this one: what would be wrong with each beside it.

        A grid's others are those of its own community; to another one it is no nearer.
        """
        is_grid = bands is self.grids
        zones = self.grid_of_unit if is_grid else self.community_of_unit
        left, least = self.plan[new] - households, bands.of(new).lower
        short = f"{self.named(new)}只有 {left} 户，比下限少 {least - left} 户"
        if not is_grid and left < least:
            grid = self.grid_of_unit[units[0]]
            joined = "连同划入的共 " if self.stayed.get(grid, 0) < households else ""
            return [f"这个网格（{joined}{households} 户）如果改属别的社区，{short}"]
        others = self._beside(units, zones)
        if is_grid:
            others &= set(zones[self.community_of_unit == self.community_of_unit[units[0]]])
        others -= {old, new}
        kind = "网格" if is_grid else "社区"
        if not others:
            return [f"这里相邻的{'本社区' if is_grid else ''}{kind}只有{self.named(new)}"]
        said = []
        for zone in sorted(others):
            # A grid of a factory's ground has no households, and stands in no count.
            n, upper = self.plan.get(zone, 0) + households, bands.of(zone).upper
            if n > upper:
                what = f"那里有 {n} 户，比上限多 {n - upper} 户{self._changes_of(zone)}"
            elif left < least:
                what = short
            else:
                what = self._worse(units, zone, zones, kind) or "户数也合规"
            said.append(f"如果改划入{self.named(zone)}，{what}")
        return said

    def _changes_of(self, zone: str) -> str:
        """Tell what a zone has today and what comes and goes in the plan, where anything does."""
        today, stayed = self.today.get(zone, 0), self.stayed.get(zone, 0)
        return besides(today, self.plan.get(zone, 0) - stayed, today - stayed) if today else ""

    def _beside(self, units: NDArray[np.int64], zones: NDArray[np.object_]) -> set[str]:
        """Give the zones that one can pass to from these units."""
        mine = np.zeros(len(zones), bool)
        mine[units] = True
        a, b = self.borders.a, self.borders.b
        across = (mine[a] != mine[b]) & self.borders.is_open
        return set(np.where(mine[a], zones[b], zones[a])[across]) - {""}

    def _ended(self, zone: str, bands: Bands) -> str:
        name, households = self.called.get(zone, zone), self.today.get(zone, 0)
        least, kind = bands.of(zone).lower, "网格" if bands is self.grids else "社区"
        short = f"现状只有 {households} 户，不足下限 {least} 户，" if households < least else ""
        return f"{name}{short}撤销，各户划入相邻{kind}{self._for_whom(zone, bands)}"

    def _for_whom(self, zone: str, bands: Bands) -> str:
        """Tell which zones would be short without the households of one that ends."""
        least = bands.of(zone).lower
        short = [
            goal
            for goal, n in sorted(
                self.goals.get(zone, {}).items(), key=lambda way: (-way[1], way[0])
            )
            if self.today.get(goal, bands.of(goal).lower) < bands.of(goal).lower
            and self.plan[goal] - n < bands.of(goal).lower <= self.plan[goal]
        ]
        if not short:
            return ""
        name, names = self.called.get(zone, zone), "、".join(map(self.named, short))
        said = f"，其中{names}没有{name}划入的户就不足下限"
        every = sum(self.today.get(one, 0) for one in (zone, *short))
        if least and every < least * (len(short) + 1):
            kind = "网格" if bands is self.grids else "社区"
            enough = f"每个至少 {least} 户，只够 {every // least} 个{kind}"
            which = "撤哪个取求得受影响的户和界线合计最省的"
            said += f"；{name}和{names}现状共 {every} 户，{enough}，{which}"
        return said

    def _over(self, zone: str, leaving: int, bands: Bands) -> list[str]:
        most, households = bands.of(zone).upper, self.plan[zone] + leaving
        if households <= most:
            return []
        over = f"如果不划出，{self.named(zone)}有 {households} 户，比上限多 {households - most} 户"
        today, joined = self.today.get(zone, 0), self.plan[zone] - self.stayed.get(zone, 0)
        left = today - self.stayed.get(zone, 0) - leaving
        return [over + besides(today, joined, left)]

    def _under(self, zone: str, coming: int, bands: Bands) -> list[str]:
        least, households = bands.of(zone).lower, self.plan.get(zone, 0) - coming
        if households >= least:
            return []
        if zone not in self.today:
            return [f"新设{self.called.get(zone, zone)}"]
        under = (
            f"如果不划入，{self.named(zone)}只有 {households} 户，比下限少 {least - households} 户"
        )
        today, stayed = self.today[zone], self.stayed.get(zone, 0)
        return [under + besides(today, self.plan[zone] - stayed - coming, today - stayed)]

    def _in_pieces(self, units: NDArray[np.int64], story: Story) -> list[str]:
        """Tell which of the two grids would fall into pieces, and why what must go goes here."""
        kept = np.setdiff1d(np.flatnonzero(self.grid_of_unit == story.grid_id), units)
        left = self._now(story.previous_grid_id)
        back = np.union1d(np.flatnonzero(self.grid_of_unit == left), units)
        said, parted = [], []
        for zone, ground in ((story.grid_id, kept), (left, back)):
            if zone in self.plan and self._pieces(ground) > 1:
                parted.append(zone)
                is_new = self._pieces(np.flatnonzero(self.grid_today == zone)) <= 1
                then = "如果不划，{}就不再连片" if is_new else "{}现状就不连片，如果不划，仍不连片"
                said.append(then.format(self.named(zone)))
        if parted == [left]:
            said += self._elsewhere(units, left, story.grid_id, story.households, self.grids)
        return said

    def _pieces(self, units: NDArray[np.int64]) -> int:
        """Count the pieces with households that units make where one can pass between them."""
        number = np.full(len(self.grid_of_unit), -1, np.int64)
        number[units] = np.arange(len(units))
        a, b = number[self.borders.a], number[self.borders.b]
        inside = (a >= 0) & (b >= 0) & self.borders.is_open
        piece = linked(len(units), a[inside], b[inside])
        return len(np.unique(piece[self.households[units] > 0]))

    def _worse(
        self, units: NDArray[np.int64], other: str, zones: NDArray[np.object_], kind: str
    ) -> str:
        """Tell how many metres of border more there would be if units were in another zone."""
        borders = self.borders
        for metres, of in ((borders.off_line_m, "不沿路、墙、水的"), (borders.length_m, "")):
            saved = self._saved(metres, units, other, zones)
            if saved >= CLEARER_M:
                return f"{of}{kind}界多 {saved:.0f} 米"
        return ""

    def _saved(
        self,
        metres: NDArray[np.float64],
        units: NDArray[np.int64],
        other: str,
        zones: NDArray[np.object_],
    ) -> float:
        """Give the metres of border, of each pair of units, that there are more in another zone."""
        mine = np.zeros(len(zones), bool)
        mine[units] = True
        a, b = self.borders.a, self.borders.b
        near = mine[a] | mine[b]
        a, b, metres = a[near], b[near], metres[near]
        undone = np.where(mine, other, zones)
        return float(metres[undone[a] != undone[b]].sum() - metres[zones[a] != zones[b]].sum())
