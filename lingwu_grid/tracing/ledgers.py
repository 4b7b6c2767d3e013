"""Figures that tables of the papers have, beyond those of sentences."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from lingwu_grid.tracing.claims import FIXED_FUNDS, FUNDS, Claims

if TYPE_CHECKING:
    from lingwu_grid.tracing.numbers import Expected

ITEMS = {
    "社区服务经费": "service", "社区党建经费": "party_yuan",
    "网格党支部书记补贴（每月300元）": "heads_yuan",
    "支委、功能组长、楼栋长补贴（每月100元）": "members_yuan",
    "网格党支部工作经费（每居民每年5元）": "resident_yuan",
    "两委职数": "seats", "专职网格员": "grids",
    "AB岗结对（网格员与两委成员，每个网格一对）": "grids",
    "社区法律顾问": "one", "后备干部（至少）": "reserve_least", "后备干部（至多）": "reserve_most",
}  # fmt: skip
"""Fact of each item of money and posts."""

PAYERS = {"heads_yuan": "银川市", "members_yuan": "灵武市"}
SETTINGS = {"service": "service_fund_payer", "party_yuan": "party_fund_payer",
            "resident_yuan": "resident_fund_payer"}  # fmt: skip
UNSAID = "政策未写明"


class Ledgers(Claims):
    """A plan counted anew, as tables show it."""

    @cached_property
    def housed(self) -> pd.DataFrame:
        """Households with the compound and the name of their building, as ``buildings.csv`` has."""
        keys = ["community_id", "grid_id", "previous_community_id", "previous_grid_id"]
        table = self.buildings.rename(columns={"building_id": "place", "compound_name": "compound",
                                               "building_name": "house"})  # fmt: skip
        table = table.drop_duplicates([*keys, "place"])
        known = table[[*keys, "place", "compound_id", "compound", "house"]]
        return self.rows.merge(known, on=[*keys, "place"], how="left").fillna(
            {"compound_id": "", "compound": "", "house": ""}
        )

    @cached_property
    def by_building(self) -> dict[tuple[str, str, str, str], int]:
        """Households by building, grid, today's grid and compound."""
        keys = ["place", "grid_id", "previous_grid_id", "compound"]
        count = self.housed.groupby(keys).size()
        return {tuple(map(str, key)): int(n) for key, n in count.items()}  # type: ignore[misc]

    @cached_property
    def passing(self) -> pd.Series:
        """Households whose grid or community has another code, or who had none."""
        rows = self.rows
        grid = rows["previous_grid_id"] != rows["grid_id"]
        return grid | (rows["previous_community_id"] != rows["community_id"])

    def money(self, item: str, payer: str) -> tuple[int, int]:
        """Give an item of funds or posts today and in the plan; a sum by its payer, or of all."""
        if item in ITEMS:
            return self.yuan([ITEMS[item]])
        sums = {"小计": [f for f in FUNDS if self._payer(f) == payer], "合计": FUNDS}
        return self.yuan(sums.get(item, FIXED_FUNDS))

    def _payer(self, fund: str) -> str:
        setting = SETTINGS.get(fund)
        said = self.rules.get("staffing", {}).get(setting, "") if setting else PAYERS[fund]
        return said or UNSAID

    @cached_property
    def overview(self) -> dict[str, list[Expected]]:
        """The rows of the table of main results by their names; some names come twice."""
        result, moves = self.result, self.moves
        return {
            "常住户数": [len(self.rows)], "常住人口": [int(self.rows["residents"].sum())],
            "网格数（现状）": [len(self.today_grids)], "网格数（方案）": [result[1]],
            "其中合规": [result[2], result[3]], "社区数": [result[0]],
            "登记的例外": [result[4]], "受影响的户数": [moves[0]],
            "为边界和余地多动": [self.defence[2]], "贴近上下限": [result[5]],
            "换网格的户数": [moves[1]], "换社区的户数": [moves[3]],
            "至少须变动的户数": [self.defence[0]], "改动的网格": [self.touched],
            "撤销的网格": [len(self.retired[1])],
            "改属另一社区、编码改编的网格": [len(self.recoded)],
        }  # fmt: skip

    @cached_property
    def turned(self) -> pd.DataFrame:
        """Communities that a request lists: their households or their ground change."""
        table = self.communities
        gone = ~table["is_plan"] & table["is_today"]
        moved = (table["joined"] > 0) | (table["left"] > 0)
        ground = pd.Series(
            [self._ground_changes(str(c)) for c in table.index], table.index, dtype=bool
        )
        return table[gone | moved | ground]

    def _ground_changes(self, code: str) -> bool:
        today, layer = self.communities_today, self.metres["communities"]
        if code not in today.index or code not in layer.index:
            return True
        differs = shapely.symmetric_difference(shapely.make_valid(today[code]), layer[code])
        return bool(shapely.area(differs) > SAME_M2)

    def out_by(self, code: str) -> int:
        """Tell by how many households a community of today is out of the usual range."""
        low, high = self.certificate["rules"]["community"]
        had = self.size_today(code)
        return int(max(low - had, had - high))

    def median_minutes(self, own: pd.Series) -> float:
        """Give the median of the minutes on foot of some households."""
        minutes = self.walked.loc[own.to_numpy(), "metres"] / self.coverage["speed_m_s"] / 60
        return float(minutes.median())


SAME_M2 = 100.0
"""Ground that differs by no more is the same: a hand-drawn border that was closed."""
