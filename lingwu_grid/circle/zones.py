"""Shares within 5, 10 and 15 minutes: by town, street, community and grid, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from lingwu_grid.contract.policy import SERVICE_MINUTES
from lingwu_grid.fabric.places import name_places
from lingwu_grid.lawful import followed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.walks import Speeds
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.record import PlanRecord

SHARE_DIGITS = 10
"""Of shares: enough that one printed with three is not rounded twice, up to five million homes."""

BANDS = (5, 10, 15)
LEVELS = ("全部", "街道", "社区", "网格")
COUNTS = ("households", "residents", "elderly", "within")
Keys = dict[str, "NDArray[np.object_]"]


class Timed(NamedTuple):
    """How far each household walks, metres, shape (n_households,)."""

    metres: NDArray[np.float64]
    elderly: NDArray[np.float64]
    """Of its elderly: more where a wait costs them fewer metres."""
    worst: NDArray[np.float64]
    """Under the least kind of the assumptions that nobody has told."""
    speeds: Speeds


def share_table(
    study: Study,
    plan: PlanRecord | None,
    walked: Timed,
    space: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """
    Count who is within each band, zone by zone.

    Parameters
    ----------
    study
        Households, in the order of `walked`.
    plan
        Gives the zones, and today's beside them; without it the zones are today's.
    walked
        Walk of each household.
    space
        Floor space each household can count on; its mean goes beside the shares.

    Returns
    -------
    pandas.DataFrame
        level, zone_id, zone_name; households, residents, elderly; households, residents and
        elderly within 5, 10 and 15 minutes and the shares, share_15_least under the least kind of
        assumptions beside it; the median walk in minutes; and, with
        a plan, households_before, share_15_before and share_15_change of the zone of the same
        code. A zone that is no more has no households after.
    """
    now, before = _keys(study, plan)
    table = _counted(study, now, walked)
    if space is not None:
        table["floor_m2_per_100"] = _means(now, space)
    if before is None:
        return _named(study, plan, table)
    old = _counted(study, before, walked)
    old = old[["level", "zone_id", "households", "share_15"]]
    old = old.rename(columns={"households": "households_before", "share_15": "share_15_before"})
    both = table.merge(old, on=["level", "zone_id"], how="outer")
    counts = [c for c in both.columns if c.startswith(COUNTS) and "share" not in c]
    both[counts] = both[counts].fillna(0).astype(np.int64)
    both["share_15_change"] = (both["share_15"] - both["share_15_before"]).round(SHARE_DIGITS)
    rank = both["level"].map({level: i for i, level in enumerate(LEVELS)})
    both = both.iloc[np.lexsort((both["zone_id"].to_numpy(str), rank))].reset_index(drop=True)
    return _named(study, plan, both)


def _named(study: Study, plan: PlanRecord | None, table: pd.DataFrame) -> pd.DataFrame:
    """Set the name of each zone beside its code: the plan's, else today's; empty for none."""
    today = {
        "街道": (study.table("subdistricts"), "subdistrict_id", "name"),
        "社区": (study.table("communities"), "community_id", "community_name"),
        "网格": (study.table("grids"), "grid_id", "grid_name"),
    }
    names = {("全部", ""): "全部"}
    for level, (rows, key, name) in today.items():
        names |= {(level, str(i)): str(n) for i, n in zip(rows[key], rows[name], strict=True)}
    if plan is not None:
        for level, rows, stem in (
            ("社区", plan.communities, "community"), ("网格", plan.grids, "grid"),
        ):  # fmt: skip
            told = zip(rows[f"{stem}_id"], rows[f"{stem}_name"], strict=True)
            names |= {(level, str(i)): str(n) for i, n in told if n}
    keys = zip(table["level"], table["zone_id"], strict=True)
    table.insert(2, "zone_name", [names.get((str(lv), str(i)), "") for lv, i in keys])
    return table


def _keys(study: Study, plan: PlanRecord | None) -> tuple[Keys, Keys | None]:
    """Give the zone of each household at each level: the plan's, and today's."""
    homes = study.households
    if plan is None:
        places = name_places(study)
        grid, community, street = places.of_points(study, homes.geometry.to_numpy())
        return {
            "街道": np.array([*places.subdistrict_ids, ""], object)[street],
            "社区": np.array([*places.community_ids, ""], object)[community],
            "网格": np.array([*places.grid_ids, ""], object)[grid],
        }, None
    rows = plan.assignment.set_index("household_id").loc[homes["household_id"]]
    street_of = plan.communities.set_index("community_id")["subdistrict_id"]
    street = rows["community_id"].map(street_of).fillna("").to_numpy(object)
    return (
        {
            "街道": street,
            "社区": rows["community_id"].to_numpy(object),
            "网格": rows["grid_id"].to_numpy(object),
        },
        {
            "街道": street,  # nobody changes street
            "社区": rows["previous_community_id"].to_numpy(object),
            "网格": followed(rows["previous_grid_id"], plan.recoded),
        },
    )


def _counted(study: Study, keys: Keys, walked: Timed) -> pd.DataFrame:
    homes, speeds, metres = study.households, walked.speeds, walked.metres
    old = homes["elderly"].to_numpy(float)
    people = homes["residents"].to_numpy(float)
    base = pd.DataFrame({"households": 1, "residents": people, "elderly": old}, index=homes.index)
    for minutes in BANDS:
        near = metres <= minutes * 60 * speeds[0]
        base[f"within_{minutes}"] = near
        base[f"residents_within_{minutes}"] = people * near
        base[f"elderly_within_{minutes}"] = old * (walked.elderly <= minutes * 60 * speeds[1])
    base["within_15_least"] = walked.worst <= SERVICE_MINUTES * 60 * speeds[0]
    base = base.fillna(0).astype(np.int64)
    walk = pd.Series(metres / speeds[0] / 60, index=homes.index)
    frames = []
    for level, key in {"全部": np.full(len(homes), "", object), **keys}.items():
        total = base.groupby(key, sort=True).sum()
        total["minutes_median"] = walk.groupby(key).median().round(2)
        frames.append(total.rename_axis("zone_id").reset_index().assign(level=level))
    out = pd.concat(frames, ignore_index=True)
    # A median beyond every street is no number of minutes.
    out["minutes_median"] = out["minutes_median"].where(np.isfinite(out["minutes_median"]))
    for minutes in BANDS:
        out[f"share_{minutes}"] = (out[f"within_{minutes}"] / out["households"]).round(SHARE_DIGITS)
        share = out[f"elderly_within_{minutes}"] / out["elderly"].where(out["elderly"] > 0)
        out[f"elderly_share_{minutes}"] = share.round(SHARE_DIGITS)
    out["share_15_least"] = (out["within_15_least"] / out["households"]).round(SHARE_DIGITS)
    first = ["level", "zone_id", "households", "residents", "elderly"]
    return out[[*first, *[c for c in out.columns if c not in first]]]


def _means(keys: Keys, space: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mean of every zone, in the order of :func:`_counted`."""
    everybody = [np.array([space.mean() if len(space) else 0.0])]
    rest = [pd.Series(space).groupby(key, sort=True).mean().to_numpy() for key in keys.values()]
    return np.concatenate([*everybody, *rest]).round(2)
