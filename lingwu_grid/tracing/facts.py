"""Facts: what a plan comes to, counted anew from the households, their zones and the polygons.

Nothing that makes plans or papers is imported; the policy's numbers are written here once more, so
that a slip in the one shows against the other.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.drivers import read_layer
from lingwu_grid.ingest.tables import UNREADABLE

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from lingwu_grid.ingest.study import Study

SEATS = (5, 7, 9)
SERVICE_YUAN = (170_000, 180_000, 200_000)
PARTY_YUAN = {"党委": 100_000, "党总支": 60_000, "党支部": 40_000}
"""By the kind of the community's organisation (§15, §16); 党总支 before 党支部, before 党委."""
PARTIES = ("党总支", "党支部", "党委")
HEAD_YUAN, MEMBER_YUAN, RESIDENT_YUAN = 300 * 12, 100 * 12, 5
RESERVE = (3, 5)
CLASSES = (3000, 5000)


class Facts:
    """
    A plan counted anew.

    Parameters
    ----------
    folder
        An output folder: ``assignment.csv``, ``plan.gpkg`` and what the program recorded.
    study
        The households the plan was made from.

    Raises
    ------
    InputError
        If a file is missing, or the households are not those of the plan.
    """

    def __init__(self, folder: Path, study: Study) -> None:
        try:
            rows = read_table(folder / "assignment.csv")
            self.layers = {
                name: read_layer(folder / "plan.gpkg", name) for name in ("grids", "communities")
            }
            self.units = read_layer(folder / "plan.gpkg", "units")
            self.register = read_table(folder / "code_register.csv")
            self.stories = read_table(folder / "stories.csv")
            self.buildings = read_table(folder / "buildings.csv")
            self.findings = read_table(folder / "findings.csv")
            self.summary, self.run, self.certificate = (
                json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
                for name in ("summary", "run", "certificate")
            )
            minutes = folder / "coverage.csv"
            self.walks = read_table(minutes) if minutes.is_file() else None
            told = folder / "coverage.json"
            self.coverage = json.loads(told.read_text("utf-8")) if told.is_file() else {}
        except (InputError, *UNREADABLE) as error:
            raise InputError(
                f"读不全方案：{error}", where=str(folder),
                remedy="先运行 python -m lingwu_grid.partition，保留其全部输出",
            ) from error  # fmt: skip
        self.rules: dict[str, Any] = self.run["rules"]
        self.study = study
        homes = study.households
        people = homes[["household_id", "residents", "elderly", "building_id"]].assign(
            x=np.round(homes.geometry.x), y=np.round(homes.geometry.y)
        )
        people["household_id"] = people["household_id"].astype(str)
        self.rows = rows.merge(people, on="household_id", how="left", validate="one_to_one")
        if self.rows["residents"].isna().any() or len(homes) != len(rows):
            raise InputError(
                "研究里的居民户与方案里的不是同一批", where="assignment.csv",
                remedy="给出划分时用的研究文件夹",
            )  # fmt: skip
        self.recoded = {
            old: new
            for old, new in zip(
                self.layers["grids"]["recoded_from"].fillna(""),
                self.layers["grids"]["grid_id"], strict=True,
            )
            if old
        }  # fmt: skip
        building = self.rows["building_id"].fillna("").astype(str)
        here = self.rows["x"].astype(str) + "," + self.rows["y"].astype(str)
        self.rows = self.rows.assign(
            residents=self.rows["residents"].astype(int),
            elderly=self.rows["elderly"].fillna(0).astype(int),
            building=building,
            place=building.where(building != "", self.rows["unit_id"]),
            spot=building.where(building != "", "@" + here),
            stays_in=self.rows["previous_grid_id"].replace(self.recoded),
        )

    @cached_property
    def names(self) -> dict[str, str]:
        """Name of every grid and community, living or not, by code."""
        table = self.register.drop_duplicates("code")
        return dict(zip(table["code"], table["name"], strict=True))

    @cached_property
    def streets(self) -> dict[str, str]:
        """Name of every street by code."""
        table = self.study.table("subdistricts")
        return dict(
            zip(table["subdistrict_id"].astype(str), table["name"].astype(str), strict=True)
        )

    @cached_property
    def changes(self) -> dict[str, pd.Series]:
        """Households whose grid changes, and those whose community does, by level."""
        rows = self.rows
        today = {"grid": rows["stays_in"], "community": rows["previous_community_id"]}
        return {level: (was != rows[f"{level}_id"]) & (was != "") for level, was in today.items()}

    @cached_property
    def affected(self) -> pd.Series:
        """Households whose grid or community changes."""
        return self.changes["grid"] | self.changes["community"]

    @cached_property
    def metres(self) -> dict[str, gpd.GeoSeries]:
        """Shapes of the plan by layer and code, in metres."""
        return {
            name: layer.set_index(f"{key}_id").geometry.to_crs(self.rules_crs)
            for (name, layer), key in zip(self.layers.items(), ("grid", "community"), strict=True)
        }

    @cached_property
    def grids(self) -> pd.DataFrame:
        """Grids of the plan by code."""
        rows = self.rows
        layer = self.layers["grids"].set_index("grid_id")
        out = self._counted("grid_id", "stays_in", layer.index)
        return out.assign(
            km2=self.metres["grids"].area / 1e6,
            community_id=layer["community_id"],
            spots=rows.groupby("grid_id")["spot"].nunique().reindex(layer.index).fillna(0),
        )

    @property
    def rules_crs(self) -> str:
        """The system in metres the plan was made in."""
        return str(self.run["crs"])

    @cached_property
    def communities(self) -> pd.DataFrame:
        """Communities of the plan and of today by code, with posts and funds of both days."""
        rows = self.rows
        layer = self.layers["communities"].set_index("community_id")
        today = set(rows["previous_community_id"]) | set(
            self.study.table("communities")["community_id"].astype(str)
        )
        codes = pd.Index(sorted((today | set(layer.index)) - {""}))
        out = self._counted("community_id", "previous_community_id", codes)
        km2 = self.grids.groupby("community_id")["km2"].sum()
        lived = rows.loc[
            rows["previous_grid_id"] != "", ["previous_grid_id", "previous_community_id"]
        ]
        drawn = self.study.table("grids")[["grid_id", "community_id"]].astype(str)
        drawn = drawn[~drawn["grid_id"].isin(lived["previous_grid_id"])].drop_duplicates("grid_id")
        grids_now = (
            lived.drop_duplicates("previous_grid_id").groupby("previous_community_id").size()
            .add(drawn.groupby("community_id").size(), fill_value=0)
        )  # fmt: skip
        party = self._parties(codes)
        out = out.assign(
            km2=km2.reindex(codes).fillna(0.0),
            grids=self.grids.groupby("community_id").size().reindex(codes).fillna(0).astype(int),
            grids_before=grids_now.reindex(codes).fillna(0).astype(int),
            is_plan=codes.isin(layer.index),
            is_today=codes.isin(today),
            party=party,
        )
        for when in ("", "_before"):
            out = self._funded(out, when)
        return out

    def _parties(self, codes: pd.Index) -> list[str]:
        table = self.study.table("communities").drop_duplicates("community_id")
        said = dict(
            zip(table["community_id"].astype(str), table["party_org"].fillna("").astype(str),
                strict=True)
        )  # fmt: skip
        return [next((p for p in PARTIES if p in said.get(c, "")), "") for c in codes]

    def _counted(self, now: str, was: str, codes: pd.Index) -> pd.DataFrame:
        rows = self.rows
        stays = rows[rows[now] == rows[was]].groupby(now).size().reindex(codes).fillna(0)
        has, had = (rows.groupby(key).size().reindex(codes).fillna(0) for key in (now, was))
        people = [rows.groupby(key)["residents"].sum().reindex(codes).fillna(0)
                  for key in (now, was)]  # fmt: skip
        built = rows[rows["building"] != ""]
        houses = [built.groupby(key)["building"].nunique().reindex(codes).fillna(0)
                  for key in (now, was)]  # fmt: skip
        return pd.DataFrame(
            {
                "households": has, "households_before": had, "joined": has - stays,
                "left": had - stays, "residents": people[0], "residents_before": people[1],
                "houses": houses[0], "houses_before": houses[1],
            }
        ).astype(int)  # fmt: skip

    def class_of(self, households: int) -> int:
        """Give the class of a community for seats and funds: 0, 1 or 2."""
        staffing = self.rules.get("staffing", {})
        low, high = CLASSES
        if households == low:
            return {"middle": 1, "low": 0}[staffing.get("at_3000", "middle")]
        if households == high:
            return {"middle": 1, "high": 2}[staffing.get("at_5000", "middle")]
        return int(households > low) + int(households > high)

    def _funded(self, table: pd.DataFrame, when: str) -> pd.DataFrame:
        staffing = self.rules.get("staffing", {})
        there = table["is_plan" if not when else "is_today"].to_numpy(bool)
        k = np.array([self.class_of(n) for n in table[f"households{when}"].tolist()], int)
        grids, residents = table[f"grids{when}"], table[f"residents{when}"]
        each = int(staffing.get("buildings_per_head", 1))
        houses = table[f"houses{when}"].to_numpy()
        heads = -(-houses // each) if each else 0 * houses
        by_grid = sum(
            int(staffing.get(key, 0))
            for key in ("branch_members_per_grid", "functional_heads_per_grid")
        )
        members = (by_grid * grids + heads) * there
        values = {
            "seats": np.array(SEATS)[k], "service": np.array(SERVICE_YUAN)[k],
            "party_yuan": table["party"].map(PARTY_YUAN).fillna(0).astype(int).to_numpy(),
            "reserve_least": RESERVE[0], "reserve_most": RESERVE[1], "one": 1,
        }  # fmt: skip
        table = table.assign(**{f"{name}{when}": value * there for name, value in values.items()})
        return table.assign(
            **{
                f"class{when}": np.where(there, k, -1),
                f"members{when}": members,
                f"members_yuan{when}": MEMBER_YUAN * members,
                f"heads_yuan{when}": HEAD_YUAN * grids * there,
                f"resident_yuan{when}": RESIDENT_YUAN * residents * there,
            }
        ).assign(
            **{
                f"yuan{when}": lambda t: t[f"service{when}"] + t[f"party_yuan{when}"]
                + t[f"heads_yuan{when}"] + t[f"members_yuan{when}"] + t[f"resident_yuan{when}"]
            }
        )  # fmt: skip

    def band(self, level: str, code: str) -> tuple[int, float]:
        """Give the least and the most households that a zone may have."""
        rules = self.certificate["rules"]
        low, high = rules["own"][level].get(code, rules[level])
        return int(low), float("inf") if high is None else float(high)

    def status(self, level: str, code: str, households: int) -> str:
        """Tell how a zone of so many households stands."""
        low, high = self.band(level, code)
        usual = self.certificate["rules"][level]
        if not low <= households <= high:
            return "超限"
        return "合规" if usual[0] <= households <= usual[1] else "例外"

    @cached_property
    def standing(self) -> dict[str, pd.Series]:
        """How each zone of the plan stands, by level and code."""
        tables = {"grid": self.grids, "community": self.communities[self.communities["is_plan"]]}
        return {
            level: pd.Series(
                [self.status(level, str(c), n) for c, n in table["households"].items()], table.index
            )
            for level, table in tables.items()
        }

    def is_tight(self, level: str, code: str, households: int) -> bool:
        """Tell whether a lawful zone is within 1 % of a bound."""
        low, high = self.band(level, code)
        near_low = low > 0 and 100 * (households - low) <= low
        near_high = high < np.inf and 100 * (high - households) <= high
        return low <= households <= high and (near_low or near_high)

    @cached_property
    def flows(self) -> dict[str, dict[tuple[str, str], int]]:
        """Households from one zone to another, today's grids under their new code."""
        pairs = {"grid": ("stays_in", "grid_id"),
                 "community": ("previous_community_id", "community_id")}  # fmt: skip
        out = {}
        for level, keys in pairs.items():
            count = self.rows.groupby(list(keys)).size()
            out[level] = {(str(a), str(b)): int(n) for (a, b), n in count.items()}
        return out

    def within(self, minutes: int, *, elderly: bool = False, of: pd.Series | None = None) -> float:
        """Give the share of households, or of the elderly, within so many minutes of a station."""
        rows = self.walked if of is None else self.walked[of.to_numpy()]
        weight = rows["elderly"] if elderly else pd.Series(1, index=rows.index)
        speed = float(self.coverage["elderly_speed_m_s" if elderly else "speed_m_s"])
        near = rows["metres"] <= minutes * 60 * speed
        total = int(weight.sum())
        return float(weight[near].sum()) / total if total else float("nan")

    @cached_property
    def walked(self) -> pd.DataFrame:
        """Households with the metres to their station; without a way, infinite."""
        if self.walks is None:
            return self.rows.assign(metres=np.inf)
        metres = pd.to_numeric(self.walks["metres"], errors="coerce").fillna(np.inf)
        by_id = pd.Series(metres.to_numpy(), index=self.walks["household_id"])
        return self.rows.assign(metres=by_id.reindex(self.rows["household_id"]).to_numpy())


def read_table(path: Path) -> pd.DataFrame:
    """
    Read one of our tables as text; what a sheet would take for a formula has an apostrophe.

    Parameters
    ----------
    path
        CSV file of the output.
    """
    table = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    return table.apply(lambda column: column.str.removeprefix("'"))
