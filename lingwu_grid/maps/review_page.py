"""The review map: one page for a street office to change the plan on and send its wishes back."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.kinds import barrier
from lingwu_grid.disclosure.telling import INTERNAL
from lingwu_grid.maps import layers as draw
from lingwu_grid.maps.labels import named_lines, named_places
from lingwu_grid.maps.packing import MICRO
from lingwu_grid.maps.review_ground import ground_of
from lingwu_grid.maps.shell import plain_page
from lingwu_grid.maps.stories import across_said, story_cards, way_said
from lingwu_grid.maps.texts import as_script, filled, module_text
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.numbers import town_numbers
from lingwu_grid.planning.streets import street_name

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from lingwu_grid.planning.record import PlanRecord

MODULES = (
    "core.js",
    "patch.js",
    "desk.js",
    "dom.js",
    "fold.js",
    "labels.js",
    "view.js",
    "stories.js",
    "score.js",
    "zones.js",
    "versions.js",
    "host.js",
    "main.js",
)
"""In the order in which they need each other."""

WHOLE = 10.0**MICRO
"""Places are whole millionths of a degree."""

AROUND = 0.004
"""How far beyond the street roads and water are drawn, degrees."""


def review_page(record: PlanRecord, street: str, *, notice: str = "", hosted: bool = False) -> str:
    """
    Draw the review map of one street.

    Parameters
    ----------
    record
        The plan.
    street
        Its `subdistrict_id`.
    notice
        Printed under the title; empty for none.
    hosted
        It stands in a notebook, whose kernel solves what it asks for.

    Returns
    -------
    str
        One HTML page; nothing outside it is needed. It knows units and their counts, no
        household.
    """
    town = town_of(record, street) | {"hosted": hosted}
    title = f"{street_name(record, street)} 网格方案审议"
    panel = filled(
        "review/page.html",
        may_leave=INTERNAL,
        title=title,
        synthetic=bool(record.summary.get("synthetic")),
        notice=notice,
        hosted=hosted,
        plan=town["plan"],
        drawn=datetime.date.today().isoformat(),
        grid_range=town["gridRange"],
        community_range=town["communityRange"],
    )
    script = "".join(module_text(f"review/{name}") for name in MODULES)
    body = (
        f'{panel}<script type="application/json" id="town">{as_script(town)}</script>'
        f"<script>(function () {{ 'use strict';\n{script}}})();</script>"
    )
    return plain_page(title, body, css=("review/page.css", "fold.css"))


def town_of(record: PlanRecord, street: str) -> dict[str, Any]:
    """
    Give a street as plain numbers and names, as the page reads them.

    Parameters
    ----------
    record
        The plan.
    street
        Its `subdistrict_id`.

    Returns
    -------
    dict
        Keys as in ``core.js``, with what is drawn: rings, lines, places.
    """
    communities = record.communities[record.communities["subdistrict_id"].astype(str) == street]
    grids = record.grids[record.grids["community_id"].isin(communities["community_id"])]
    units = record.units[record.units["grid_id"].isin(grids["grid_id"])]
    code = {g: i for i, g in enumerate(grids["grid_id"])}
    west, south, east, north = (int(v) for v in np.round(units.total_bounds * WHOLE))
    colours = draw.neighbour_colours(grids, "grid_id")
    lines = _lines(record, grids, communities, (west, south, east, north))
    points = shapely.get_coordinates(shapely.point_on_surface(units.geometry.to_numpy()))
    return town_numbers(record, units, grids, communities) | {
        "plan": plan_of(record),
        "street": street,
        "unitIds": units["unit_id"].tolist(),
        "ground": ground_of(record, units),
        "was": _was(record, units, code, communities["community_id"].tolist()),
        "colours": [draw.COLOURS.index(colours[draw.escape(g)]) for g in grids["grid_id"]],
        "origin": [west, south],
        "bounds": [west, south, east, north],
        "rings": [_rings(shape, west, south) for shape in draw.lightened(units).geometry],
        "points": np.round(points * WHOLE).astype(int).tolist(),
        "placeOf": _place_of(record, points),
        "lines": lines,
        "styles": {
            kind: {"color": barrier(kind).colour, "weight": 2 * barrier(kind).width}
            for kind in sorted({str(row[0]) for row in lines} - {"road", "grid", "community"})
        },
        "stories": _stories(record, units, grids),
        "labels": named_places({"communities": communities, "grids": grids}),
        "along": named_lines(record.backdrop),
        "places": _places(record, (west, south, east, north)),
    }


def _was(
    record: PlanRecord, units: gpd.GeoDataFrame, code: dict[str, int], communities: list[str]
) -> list[list[int]]:
    """
    Tell where the households of each unit are today.

    Returns
    -------
    list
        For each unit grid, community, households, and again; -1 for none, -2 for a grid or
        community that the plan has no more.
    """
    rows = record.assignment[record.assignment["unit_id"].isin(set(units["unit_id"]))]
    keys = ["unit_id", "previous_grid_id", "previous_community_id"]
    count = rows.groupby(keys, sort=True).size().rename("n").reset_index()
    owner = {c: i for i, c in enumerate(communities)}

    def coded(ids: pd.Series, known: dict[str, int]) -> pd.Series:
        return ids.map(known).fillna(ids.eq("").map({True: -1, False: -2})).astype(int)

    count["g"] = coded(count["previous_grid_id"].replace(record.recoded), code)
    count["c"] = coded(count["previous_community_id"], owner)
    place = {u: i for i, u in enumerate(units["unit_id"])}
    was: list[list[int]] = [[] for _ in place]
    for unit, g, c, n in count[["unit_id", "g", "c", "n"]].itertuples(index=False):
        was[place[unit]] += [int(g), int(c), int(n)]
    return was


def _stories(
    record: PlanRecord, units: gpd.GeoDataFrame, grids: gpd.GeoDataFrame
) -> list[dict[str, Any]]:
    """Give the stories whose ground is this street's, as ``stories.js`` reads them."""
    number = {u: i for i, u in enumerate(units["unit_id"])}
    told = record.stories
    told = told[told["grid_id"].isin(grids["grid_id"])]
    return [
        {
            "head": card["head"],
            "way": way_said(card),
            "reason": card["reason"],
            "border": card["border"],
            "elderly": card["elderly"],
            "across": f"社区：{across_said(card)}" if card["communities"] else "",
            "units": [number[u] for u in story.units.split(" ")],
            "x": round(card["from"][1] * WHOLE),
            "y": round(card["from"][0] * WHOLE),
            "aim": [round(card["to"][1] * WHOLE), round(card["to"][0] * WHOLE)],
            "grid": story.grid_id,
        }
        for card, story in zip(story_cards(record, told), told.itertuples(index=False), strict=True)
    ]


def _flat(coordinates: NDArray[np.float64], west: int, south: int) -> list[int]:
    whole = np.round(coordinates * WHOLE).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=[[west, south]])
    still = (steps == 0).all(axis=1)
    flat: list[int] = steps[~still].ravel().tolist()
    return flat


def _rings(shape: Any, west: int, south: int) -> list[list[int]]:  # noqa: ANN401 - a geometry
    rings = [r for part in shapely.get_parts(shape) for r in shapely.get_rings(part)]
    return [_flat(shapely.get_coordinates(ring), west, south) for ring in rings]


def _place_of(record: PlanRecord, points: NDArray[np.float64]) -> list[str]:
    """Give the compound each unit lies in; empty for none."""
    names = np.full(len(points), "", object)
    compounds = record.backdrop.get("compounds")
    if compounds is not None and len(compounds):
        tree = shapely.STRtree(compounds.geometry.to_numpy())
        unit, compound = tree.query(shapely.points(points), "within")
        names[unit] = compounds["name"].fillna("").astype(str).to_numpy(object)[compound]
    return list(names)


def _lines(
    record: PlanRecord,
    grids: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    bounds: tuple[int, int, int, int],
) -> list[list[Any]]:
    west, south, east, north = bounds
    frame = (
        west / WHOLE - AROUND,
        south / WHOLE - AROUND,
        east / WHOLE + AROUND,
        north / WHOLE + AROUND,
    )
    out: list[list[Any]] = []

    def add(kind: str, shape: Any, name: str) -> None:  # noqa: ANN401 - a geometry
        for part in shapely.get_parts(shape):
            rim = shapely.get_exterior_ring(part) if shapely.get_dimensions(part) == 2 else part
            line = shapely.linestrings(shapely.get_coordinates(rim))
            pieces = shapely.get_parts(shapely.clip_by_rect(line, *frame))
            is_line = shapely.get_type_id(pieces) == shapely.GeometryType.LINESTRING
            out.extend(
                [kind, _flat(shapely.get_coordinates(piece), west, south), name]
                for piece in pieces[is_line]
            )

    for row in record.backdrop.get("roads", gpd.GeoDataFrame(geometry=[])).itertuples(index=False):
        add("road", row.geometry, str(row.name or ""))
    for shape in grids.geometry:
        add("grid", shape, "")
    barriers = record.backdrop.get("barriers", gpd.GeoDataFrame(geometry=[]))
    for row in barriers.itertuples(index=False):
        add(str(row.kind), row.geometry, str(row.name or ""))
    for shape in communities.geometry:
        add("community", shape, "")
    return out


def _places(record: PlanRecord, bounds: tuple[int, int, int, int]) -> list[list[Any]]:
    compounds = record.backdrop.get("compounds")
    if compounds is None or not len(compounds):
        return []
    west, south, east, north = bounds
    middle = shapely.get_coordinates(shapely.point_on_surface(compounds.geometry.to_numpy()))
    whole = np.round(middle * WHOLE).astype(int)
    inside = (
        (whole[:, 0] >= west) & (whole[:, 0] <= east)
        & (whole[:, 1] >= south) & (whole[:, 1] <= north)
    )  # fmt: skip
    names = compounds["name"].fillna("").astype(str)
    return [
        [name, int(x), int(y)]
        for name, (x, y), here in zip(names, whole.tolist(), inside.tolist(), strict=True)
        if here and name
    ]
