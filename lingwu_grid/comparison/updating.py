"""Updating: an adopted plan on a later file; what is lawful stays, what is not is mended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from lingwu_grid.api import partition
from lingwu_grid.audit.today import today
from lingwu_grid.comparison.arrivals import WAYS, Arrivals, arrivals
from lingwu_grid.comparison.drift import drift
from lingwu_grid.contract.errors import InputError
from lingwu_grid.engine.instance import silent
from lingwu_grid.fabric.enclosures import label_by
from lingwu_grid.ingest.study import read_study
from lingwu_grid.lawful import OVER, UNDER, UNLAWFUL, range_of
from lingwu_grid.plan import Plan, read_plan
from lingwu_grid.planning.identity import plan_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.engine.instance import Watch
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.scale.crew import Crew

BESIDE_M = 20.0
"""Communities no farther apart are neighbours: a street lies between."""


@dataclass(frozen=True)
class Updated:
    """
    An adopted plan, brought up to date.

    Parameters
    ----------
    plan
        The new plan; its "today" is the adopted one.
    found
        Who came, left and moved house.
    drift
        Every grid and community of the adopted plan: then, now, and when it leaves its range.
    opened
        Communities whose grids might change; all others are as adopted, vertex for vertex.
    adopted
        Id of the adopted plan.
    """

    plan: Plan
    found: Arrivals
    drift: pd.DataFrame
    opened: tuple[str, ...]
    adopted: str

    def save(self, folder: str | Path, **options: Any) -> Path:  # noqa: ANN401 - as Plan.save
        """
        Write the plan with ``drift.csv``; options as for :meth:`lingwu_grid.plan.Plan.save`.

        Raises
        ------
        OutputError
            If it cannot be written; the old folder is then as it was.
        """
        saved: Path = self.plan.save(folder, tables={"drift.csv": self.drift}, **options)
        return saved

    def said(self) -> str:
        """Say in a line who came and went, and how much of the plan had to move."""
        n: dict[str, int] = self.found.counts
        ways = "、".join(f"按{w} {n[f'found_by_{i + 1}']}" for i, w in enumerate(WAYS))
        return (
            f"采纳以来：新来 {n['came']} 户，离开 {n['left']} 户，换了住处 {n['moved_house']} 户，"
            f"没有动 {n['stayed']} 户（对上的：{ways}）"
        )

    def _repr_html_(self) -> str:
        table: str = self.plan.summary_table().to_html(index=False)
        return f"<p>{self.said()}</p>{table}"


def update(  # noqa: PLR0913 - what an office can choose
    plan: str | Path,
    study: str | Path,
    rules: Rules | None = None,
    *,
    before: str | Path | None = None,
    years: float = 1.0,
    seed: int = 0,
    time_limit: float | None = None,
    workers: int | str | Crew = 1,
    beside: str | Path | None = None,
    watch: Watch = silent,
) -> Updated:
    """
    Bring an adopted plan up to date with a later household file.

    Communities that are still lawful, with every grid in them, stay as adopted to the vertex;
    the others are mended. Where that alone cannot be done, the neighbours of what is not lawful
    are opened too, ring by ring; what no ring mends opens none.

    Parameters
    ----------
    plan
        The folder of the adopted plan: its grids, communities and codes are today's.
    study
        The folder with the later households, and roads, waters, compounds as ever; zones and
        codes that it holds itself do not count.
    rules
        The settings; by default the folder's own.
    before
        The folder the adopted plan was made from: with it, households whose number changed are
        found by address and place.
    years
        Between the two household files, for the forecast.
    seed, time_limit, workers, beside, watch
        As for :func:`~lingwu_grid.api.partition`; the time limit is for each ring.

    Returns
    -------
    Updated
        The new plan, who came and went, and the drift of every zone.

    Raises
    ------
    InputError
        If the folder holds no plan, or `years` is not positive.
    LingwuError
        If the study cannot be used.
    """
    if not years > 0:
        raise InputError(f"相隔的年数 {years:g} 不对", remedy="写正数，如 1 或 0.25")
    record = read_plan(plan)
    later = _on_plan(study, rules, Path(plan))
    earlier = None if before is None else read_study(before, rules)
    found = arrivals(record.assignment, later, earlier)
    watch(f"对上户编号等：{found.counts['stayed']} 户没有动，新来 {found.counts['came']} 户")
    zones = today(later).zones
    told = drift(found, zones, later.rules, years)
    opened = _unlawful(later, zones)
    tried: list[tuple[int, int, int, set[str], Plan]] = []
    while True:
        watch(f"放开 {len(opened)} 个社区" if opened else "全部仍然合规，图形不变")
        made = partition(
            _held(later, opened), seed=seed, time_limit=time_limit, workers=workers,
            beside=beside, watch=watch,
        )  # fmt: skip
        out = _out_of_range(made)
        tried.append((sum(out.values()), made.summary["affected"], len(tried), opened, made))
        wider = opened | _beside(later, set(out))
        is_stopped = not isinstance(workers, int | str) and workers.stop()
        if not out or wider == opened or is_stopped:
            break
        opened = wider
    # What no ring could mend (a village of 297 behind a canal) is no reason to move anybody.
    *_, opened, made = min(tried, key=lambda ring: ring[:3])
    about = {"adopted": plan_of(record), "opened": sorted(opened), "years": years}
    made = replace(made, run=made.run | {"update": about | found.counts})
    return Updated(Plan.of(made), found, told, tuple(sorted(opened)), plan_of(record))


def _on_plan(folder: str | Path, rules: Rules | None, plan: Path) -> Study:
    """Read the later file with the adopted plan as today's map: ground says whose a home is."""
    study = read_study(folder, rules, zones=plan)
    homes = study.households.copy()
    points = homes.geometry.to_numpy()
    for table, key in (("grids", "grid_id"), ("communities", "community_id")):
        zones = study.table(table)
        ids = np.append(zones[key].to_numpy(object), "")
        homes[key] = ids[label_by(points, zones.geometry.to_numpy())]
    return replace(study, households=homes)


def _unlawful(study: Study, zones: pd.DataFrame) -> set[str]:
    """Tell the communities that are not lawful, or hold a grid or a home that is not."""
    bad = zones[zones["standing"].isin((OVER, UNDER))]
    owner = study.table("grids").set_index("grid_id")["community_id"].to_dict()
    opened = {str(z) for z in bad.loc[bad["level"] == "社区", "zone_id"]}
    opened |= {str(owner[z]) for z in bad.loc[bad["level"] == "网格", "zone_id"]}
    homes, communities = study.households, study.table("communities")
    stray = homes.geometry[homes["grid_id"] == ""].to_numpy()
    if len(stray) and len(communities):
        near = shapely.STRtree(communities.geometry.to_numpy()).nearest(stray)
        opened |= {str(c) for c in communities["community_id"].to_numpy(object)[near]}
    return opened


def _out_of_range(plan: Plan) -> dict[str, int]:
    """Give the households out of range by community, its own and its grids' together."""
    rules = plan.certificate["rules"]
    out: dict[str, int] = {}
    for level, layer in (("grid", plan.grids), ("community", plan.communities)):
        bad = layer[layer["status"] == UNLAWFUL]
        for row in bad.itertuples(index=False):
            low, high = range_of(rules, level, getattr(row, f"{level}_id"))
            off = max(low - row.households, 0 if high is None else row.households - high)
            out[row.community_id] = out.get(row.community_id, 0) + int(off)
    return out


def _beside(study: Study, communities: set[str]) -> set[str]:
    """Give the communities of today beside some of the plan's."""
    table = study.table("communities")
    ids: NDArray[np.object_] = table["community_id"].to_numpy(object)
    shapes = table.geometry.to_numpy()
    mine = shapes[np.isin(ids, list(communities))]
    if not len(mine):
        return set()
    _, near = shapely.STRtree(shapes).query(mine, "dwithin", distance=BESIDE_M)
    return {str(c) for c in ids[near]}


def _held(study: Study, opened: set[str]) -> Study:
    """Give the study with every community locked, and every grid in it, but those opened."""
    rules, grids = study.rules, study.table("grids")
    communities = study.table("communities")["community_id"].astype(str)
    closed = sorted(set(communities) - opened)
    kept = sorted(grids.loc[grids["community_id"].astype(str).isin(closed), "grid_id"].astype(str))
    return replace(
        study,
        rules=rules.with_(
            locked_communities=tuple(dict.fromkeys((*rules.locked_communities, *closed))),
            locked_grids=tuple(dict.fromkeys((*rules.locked_grids, *kept))),
        ),
    )
