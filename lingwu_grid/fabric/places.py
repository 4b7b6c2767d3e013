"""Places: the ids of grids, communities and streets, and which lies in which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.fabric.enclosures import label_by

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study


@dataclass(frozen=True)
class Places:
    """
    Ids, sorted, and the codes that stand for them.

    Parameters
    ----------
    grid_ids, community_ids, subdistrict_ids
        The code of an id is its place in the list.
    grid_community
        Community of each grid; -1 where unknown.
    community_subdistrict
        Street of each community.
    grid_is_special, grid_is_locked, community_is_village, community_is_locked
        As the office's tables say.
    """

    grid_ids: tuple[str, ...]
    community_ids: tuple[str, ...]
    subdistrict_ids: tuple[str, ...]
    grid_community: NDArray[np.int64]
    community_subdistrict: NDArray[np.int64]
    grid_is_special: NDArray[np.bool_]
    grid_is_locked: NDArray[np.bool_]
    community_is_village: NDArray[np.bool_]
    community_is_locked: NDArray[np.bool_]

    def grid_code(self, ids: pd.Series) -> NDArray[np.int64]:
        """Give the code of each grid id; -1 for an unknown or empty one."""
        return codes_of(ids, self.grid_ids)

    def of_points(
        self, study: Study, points: NDArray[np.object_]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """
        Tell today's grid, community and street of points on the ground.

        Parameters
        ----------
        study
            The polygons.
        points
            Points, shape (n,).

        Returns
        -------
        tuple
            Three arrays of codes, shape (n,); -1 for none. A street is always given.
        """
        grid = _by_polygon(study.table("grids"), "grid_id", self.grid_ids, points)
        community = _by_polygon(
            study.table("communities"), "community_id", self.community_ids, points
        )
        by_grid = np.append(self.grid_community, -1)[grid]
        community = np.where(by_grid >= 0, by_grid, community)
        return grid, community, self._street(study, points, community)

    def _street(
        self, study: Study, points: NDArray[np.object_], community: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        street = np.append(self.community_subdistrict, -1)[community]
        table = study.table("subdistricts")
        drawn = _by_polygon(table, "subdistrict_id", self.subdistrict_ids, points)
        street = np.where(street >= 0, street, drawn)
        lost = street < 0
        if lost.any() and len(self.subdistrict_ids) > 1 and len(table):
            # Ground that no street claims goes to the nearest one.
            near = shapely.STRtree(table.geometry.to_numpy()).nearest(points[lost])
            street[lost] = codes_of(table["subdistrict_id"], self.subdistrict_ids)[near]
        known: NDArray[np.int64] = np.maximum(street, 0)
        return known


def codes_of(ids: pd.Series, known: tuple[str, ...]) -> NDArray[np.int64]:
    """Give the place of each id in a list; -1 where it is not in it."""
    codes: NDArray[np.int64] = pd.Index(known).get_indexer(pd.Index(ids)).astype(np.int64)
    return codes


def _by_polygon(
    table: gpd.GeoDataFrame, key: str, known: tuple[str, ...], points: NDArray[np.object_]
) -> NDArray[np.int64]:
    if not len(table):
        return np.full(len(points), -1, np.int64)
    row = label_by(points, table.geometry.to_numpy())
    return np.append(codes_of(table[key], known), -1)[row]


def name_places(study: Study) -> Places:
    """
    List the places of a study.

    Parameters
    ----------
    study
        Grids, communities and streets as polygons, or as columns of the households.

    Returns
    -------
    Places
        At least one street, so that every community has one.
    """
    grids, communities = study.table("grids"), study.table("communities")
    homes = study.households
    grid_ids = _ids(grids["grid_id"] if len(grids) else homes["grid_id"])
    community_ids = _ids(
        pd.concat(
            [communities["community_id"]]
            + ([grids["community_id"]] if len(grids) else [homes["community_id"]])
        )
    )
    streets = study.table("subdistricts")
    subdistrict_ids = _ids(pd.concat([communities["subdistrict_id"], streets["subdistrict_id"]]))
    subdistrict_ids = subdistrict_ids or ("",)
    first = communities.drop_duplicates("community_id").set_index("community_id")
    first = first.reindex(community_ids)
    return Places(
        grid_ids=grid_ids,
        community_ids=community_ids,
        subdistrict_ids=subdistrict_ids,
        grid_community=_grid_community(study, grid_ids, community_ids),
        community_subdistrict=_street_of_community(study, first, subdistrict_ids),
        grid_is_special=_flag(grids, grid_ids, "grid_id", "kind", value="special"),
        grid_is_locked=_flag(grids, grid_ids, "grid_id", "locked", value=True),
        community_is_village=(first["kind"] == "village").to_numpy(bool),
        community_is_locked=first["locked"].eq(other=True).to_numpy(bool),  # None is not locked
    )


def _ids(values: pd.Series) -> tuple[str, ...]:
    return tuple(sorted({str(v) for v in values if pd.notna(v) and str(v)}))


def _flag(
    table: gpd.GeoDataFrame, ids: tuple[str, ...], key: str, column: str, *, value: object
) -> NDArray[np.bool_]:
    first = table.drop_duplicates(key).set_index(key)[column].reindex(ids)
    flags: NDArray[np.bool_] = (first == value).to_numpy(bool)
    return flags


def _grid_community(
    study: Study, grid_ids: tuple[str, ...], community_ids: tuple[str, ...]
) -> NDArray[np.int64]:
    grids = study.table("grids")
    if not len(grids):
        homes = study.households[study.households["grid_id"] != ""]
        often = homes.groupby(["grid_id", "community_id"]).size().reset_index(name="n")
        often = often.sort_values(["grid_id", "n", "community_id"], ascending=[True, False, True])
        first = often.drop_duplicates("grid_id").set_index("grid_id")["community_id"]
        return codes_of(first.reindex(grid_ids), community_ids)
    first = grids.drop_duplicates("grid_id").set_index("grid_id").reindex(grid_ids)
    code = codes_of(first["community_id"], community_ids)
    points = shapely.point_on_surface(first.geometry.to_numpy())
    drawn = _by_polygon(study.table("communities"), "community_id", community_ids, points)
    return np.where(code >= 0, code, drawn)


def _street_of_community(
    study: Study, communities: gpd.GeoDataFrame, subdistrict_ids: tuple[str, ...]
) -> NDArray[np.int64]:
    code = codes_of(communities["subdistrict_id"], subdistrict_ids)
    shapes = communities.geometry.to_numpy()
    has = ~shapely.is_missing(shapes)
    drawn = np.full(len(code), -1, np.int64)
    drawn[has] = _by_polygon(
        study.table("subdistricts"),
        "subdistrict_id",
        subdistrict_ids,
        shapely.point_on_surface(shapes[has]),
    )
    return np.maximum(np.where(code >= 0, code, drawn), 0)
