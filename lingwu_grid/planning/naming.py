"""Names: each zone of a solution gets its code and its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.planning.lineage import keep_codes, new_codes
from lingwu_grid.planning.register import (
    COMMUNITY,
    GRID,
    registered,
    registered_names,
    used_codes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Solution
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study

NO_STREET = "00"
"""Communities of a study without codes are numbered from 01."""


@dataclass(frozen=True)
class Names:
    """
    Ids of every unit's grid and community, and what they are called.

    Parameters
    ----------
    grid_of_unit, community_of_unit
        Ids, shape (n_units,).
    zone_of_unit
        Grid of each unit as a number, shape (n_units,).
    previous_grid, previous_community
        Today's ids of each household, shape (n_households,); empty for none.
    grid_names, community_names, street_of_community
        By id.
    recoded
        New code of each grid of today that passes to another community.
    zone_ids, community_zone_ids
        Id of each zone number and community number of the solution.
    special_grids, villages
        Ids with an exception of their own.
    """

    grid_of_unit: NDArray[np.object_]
    community_of_unit: NDArray[np.object_]
    zone_of_unit: NDArray[np.int64]
    previous_grid: NDArray[np.object_]
    previous_community: NDArray[np.object_]
    grid_names: dict[str, str]
    community_names: dict[str, str]
    street_of_community: dict[str, str]
    zone_ids: dict[int, str]
    community_zone_ids: dict[int, str]
    special_grids: set[str]
    villages: set[str]
    recoded: dict[str, str]


class Kept(NamedTuple):
    """Ids that an earlier plan gave to zones, by number, where they are not today's."""

    grids: Mapping[int, str]
    communities: Mapping[int, str]


NOTHING_KEPT = Kept({}, {})


def name_zones(
    study: Study, fabric: Fabric, solution: Solution, kept: Kept = NOTHING_KEPT
) -> Names:
    """
    Name the zones of a solution.

    Parameters
    ----------
    study
        Today's names.
    fabric
        Today's ids.
    solution
        Numbers.
    kept
        Ids that an earlier plan gave.

    Returns
    -------
    Names
        A grid or community that lives on keeps its code; a new one, and a grid that passes to
        another community, takes the next free serial there, so that a code tells the community.
    """
    places = fabric.places
    zone = solution.grid_of_unit.astype(np.int64)
    community_number = solution.community_of_grid.astype(np.int64)[zone]
    households = fabric.units["households"].to_numpy(np.int64)
    community_ids = _community_ids(study, fabric, community_number, households, kept.communities)
    community_of_unit = np.array([community_ids[c] for c in community_number.tolist()], object)
    homes = fabric.homes
    trust = bool((zone < len(places.grid_ids)).any() or kept.grids)
    number = np.arange(int(zone.max()) + 1)
    if not trust and len(homes):
        owner = homes["unit"].to_numpy()
        number = keep_codes(
            zone,
            (owner, homes["grid"].to_numpy(np.int64)),
            homes["households"].to_numpy(np.int64),
            len(places.grid_ids),
        )
    number = _of_own_ground(fabric, zone, number)
    home = dict(zip(zone.tolist(), community_of_unit, strict=True))
    passing = _passing(study, fabric, number, home)
    zone_ids = _grid_ids(study, fabric, (zone, number, passing), home, kept.grids)
    recoded = {places.grid_ids[number[z]]: zone_ids[z] for z in sorted(passing)}
    grid_of_unit = np.array([zone_ids[z] for z in zone.tolist()], object)
    previous = _previous(fabric)
    special = {g for g, s in zip(places.grid_ids, places.grid_is_special, strict=True) if s}
    special |= {recoded[g] for g in special & set(recoded)}
    return Names(
        grid_of_unit=grid_of_unit,
        community_of_unit=community_of_unit,
        zone_of_unit=zone,
        previous_grid=previous[0],
        previous_community=previous[1],
        grid_names=_grid_names(study, grid_of_unit, community_of_unit),
        community_names=_community_names(study, set(community_of_unit)),
        street_of_community=_streets(fabric, community_of_unit),
        zone_ids=zone_ids,
        community_zone_ids=community_ids,
        special_grids=special,
        villages={
            c for c, v in zip(places.community_ids, places.community_is_village, strict=True) if v
        },
        recoded=recoded,
    )


def _of_own_ground(
    fabric: Fabric, zone: NDArray[np.int64], number: NDArray[np.int64]
) -> NDArray[np.int64]:
    """
    Take the code from zones that kept none of its households and less than most of its ground.

    The search may close a zone and open its number elsewhere: what is there is a new grid. One
    that keeps some of its households keeps the code: to the proofs those households stay.
    """
    n_now, homes = len(fabric.places.grid_ids), fabric.homes
    now = fabric.grid_now
    owner, grid = zone[homes["unit"].to_numpy()], homes["grid"].to_numpy()
    stays = number[owner] == grid
    households = homes["households"].to_numpy(np.int64)
    area = shapely.area(fabric.units.geometry.to_numpy())
    here = (now >= 0) & (number[zone] == now)
    kept_homes = np.bincount(grid[stays], households[stays], n_now)
    kept_ground = np.bincount(now[here], area[here], n_now)
    all_ground = np.bincount(now[now >= 0], area[now >= 0], n_now)
    keeps = (kept_homes > 0) | (2 * kept_ground > all_ground)
    known = number < n_now
    out = number.copy()
    out[known] = np.where(keeps[number[known]], number[known], n_now)
    return out


def _passing(
    study: Study,
    fabric: Fabric,
    number: NDArray[np.int64],
    home: Mapping[int, str],
) -> set[int]:
    """Give the zones that are a grid of today in another community; a locked one keeps its code."""
    places, out = fabric.places, set()
    for z, community in home.items():
        if number[z] >= len(places.grid_ids):
            continue
        today = int(places.grid_community[number[z]])
        is_locked = bool(places.grid_is_locked[number[z]])
        is_locked |= places.grid_ids[number[z]] in study.rules.locked_grids
        if today >= 0 and places.community_ids[today] != community and not is_locked:
            out.add(z)
    return out


def _community_ids(
    study: Study,
    fabric: Fabric,
    community: NDArray[np.int64],
    households: NDArray[np.int64],
    kept: Mapping[int, str],
) -> dict[int, str]:
    places = fabric.places
    n_now = len(places.community_ids)
    trust = bool((community < n_now).any() or kept) or not n_now
    number = np.arange(int(community.max()) + 1)
    if not trust:
        everyone = np.arange(len(community))
        number = keep_codes(community, (everyone, fabric.community_now), households, n_now)
    ids: dict[int, str] = {}
    heads: dict[str, int] = {}
    zones = np.unique(community).tolist()
    new = {c: "" for c in zones if number[c] >= n_now and c not in kept}
    kept = {**kept, **registered(study, fabric, COMMUNITY, community, new)}
    every = (*places.community_ids, *used_codes(study, COMMUNITY), *kept.values())
    for c in zones:
        if number[c] < n_now:
            ids[c] = places.community_ids[number[c]]
            continue
        if c in kept:
            ids[c] = kept[c]
            continue
        street = places.subdistrict_ids[
            int(np.bincount(fabric.subdistrict[community == c]).argmax())
        ]
        heads.setdefault(street, _highest(every, street))
        heads[street] += 1
        ids[c] = f"{street or NO_STREET}{heads[street]:03d}"
    return ids


def _highest(ids: tuple[str, ...], street: str) -> int:
    tails = [i[len(street) :] for i in ids if street and i.startswith(street)]
    return max((int(t) for t in tails if t.isdigit()), default=0)


def _grid_ids(
    study: Study,
    fabric: Fabric,
    numbered: tuple[NDArray[np.int64], NDArray[np.int64], set[int]],
    home: Mapping[int, str],
    kept: Mapping[int, str],
) -> dict[int, str]:
    places, (zone, number, passing) = fabric.places, numbered
    point = fabric.units.geometry.representative_point()
    zones = np.unique(zone)
    coded = {int(z) for z in zones if number[z] >= len(places.grid_ids)} | passing
    kept = {z: code for z, code in kept.items() if z in coded}
    unnamed = {z: home[z] for z in coded - set(kept)}
    kept = {**kept, **registered(study, fabric, GRID, zone, unnamed)}
    middle = pd.DataFrame({"z": zone, "x": point.x, "y": point.y}).groupby("z").mean()
    middle["c"] = middle.index.map(home)
    named = np.isin(zones, list(kept))
    is_new = np.isin(zones, list(coded)) & ~named
    new = middle.loc[zones[is_new]]
    # Serials run west to east, then north to south, within a community.
    new = new.assign(column=(new["x"] // 200)).sort_values(
        ["c", "column", "y"], ascending=[True, True, False]
    )
    used = [*places.grid_ids, *used_codes(study, GRID), *kept.values()]
    special = [z in passing and bool(places.grid_is_special[number[z]]) for z in new.index]
    codes = new_codes(new["c"].tolist(), used, special)
    ids = {int(z): places.grid_ids[number[z]] for z in zones[~is_new & ~named]}
    ids |= {int(z): kept[int(z)] for z in zones[named]}
    return ids | dict(zip((int(z) for z in new.index), codes, strict=True))


def _previous(fabric: Fabric) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    places = fabric.places
    grid = fabric.grid_of_household
    community = np.append(places.grid_community, -1)[grid]
    community = np.where(community >= 0, community, fabric.community_now[fabric.unit_of_household])
    return (
        np.array([*places.grid_ids, ""], object)[grid],
        np.array([*places.community_ids, ""], object)[community],
    )


def _grid_names(
    study: Study, grid: NDArray[np.object_], community: NDArray[np.object_]
) -> dict[str, str]:
    table = study.table("grids")
    today = dict(zip(table["grid_id"], table["grid_name"], strict=True))
    known = {g: str(n) for g, n in (registered_names(study, GRID) | today).items() if n}
    communities = _community_names(study, set(community))
    home = dict(zip(grid, community, strict=True))
    taken, names = set(known.values()), {}
    for g in sorted(home):
        name = f"{communities[home[g]]}第{int(g[-3:]) if g[-3:].isdigit() else g}{study.zone_word}"
        names[g] = known.get(g) or (f"{name}（{g}）" if name in taken else name)
        taken.add(names[g])
    return names


def _community_names(study: Study, ids: set[str]) -> dict[str, str]:
    table = study.table("communities")
    known = dict(zip(table["community_id"], table["community_name"], strict=True))
    return {c: str(known.get(c) or f"社区{c}") for c in ids}


def _streets(fabric: Fabric, community: NDArray[np.object_]) -> dict[str, str]:
    ids = fabric.places.subdistrict_ids
    frame = pd.DataFrame({"c": community, "s": fabric.subdistrict})
    often = frame.groupby("c")["s"].agg(lambda s: int(np.bincount(s).argmax()))
    return {str(c): ids[s] for c, s in often.items()}
