"""A place of a few lines and points, in memory: what a test is about and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from lingwu_grid.contract.findings import Findings
from lingwu_grid.contract.rules import Rules
from lingwu_grid.contract.schema import TABLES
from lingwu_grid.contract.walking import Walking
from lingwu_grid.ingest.study import SOURCE_COLUMNS, Study

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = CRS.from_epsg(4544)


def table(_of: str, shapes: Sequence[shapely.Geometry], **columns: Any) -> gpd.GeoDataFrame:  # noqa: ANN401 - any column
    """Give a table of the contract; columns not told are empty."""
    of = {c: "" for c in TABLES[_of].columns if c not in SOURCE_COLUMNS} | columns
    frame = pd.DataFrame(of, index=range(len(shapes)))
    made = gpd.GeoDataFrame(frame, geometry=list(shapes), crs=HERE)
    for flag in ("bridge", "tunnel"):
        if flag in made and flag not in columns:
            made[flag] = False
    return made


def street(*points: tuple[float, float]) -> gpd.GeoDataFrame:
    """Give one street."""
    return table("roads", [shapely.LineString(points)], name="直街")


def place(homes: Sequence[tuple[float, float]], each: int = 20, **tables: Any) -> Study:  # noqa: ANN401 - tables
    """Give a study of buildings with so many households each; an elderly person in every one."""
    points = [shapely.Point(xy) for xy in homes for _ in range(each)]
    building = [f"L{i}" for i in range(len(homes)) for _ in range(each)]
    households = table(
        "households", points, building_id=building, residents=2, elderly=1,
        household_id=[f"H{i}" for i in range(len(points))],
    ).assign(origin="")  # fmt: skip
    return Study(
        name="小地方",
        rules=Rules(),
        crs=HERE,
        households=households,
        excluded=pd.DataFrame(columns=["household_id", "origin", "status", "reason"]),
        tables=tables,
        outline=shapely.buffer(shapely.multipoints(points), 3000),
        findings=Findings(),
        sources=(),
    )


def stations(*points: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:  # noqa: ANN401 - any column
    """Give stations."""
    ids = [f"ZJ{i}" for i in range(len(points))]
    return table("stations", [shapely.Point(p) for p in points], **({"station_id": ids} | columns))


def premises(*points: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:  # noqa: ANN401 - any column
    """Give premises."""
    ids = [f"YF{i}" for i in range(len(points))]
    return table("premises", [shapely.Point(p) for p in points], **({"premise_id": ids} | columns))


def settled(study: Study, **walking: Any) -> Study:  # noqa: ANN401 - any setting
    """Give the same place with how people walk there told."""
    return replace(study, rules=study.rules.with_(walking=Walking(**walking)))


CANAL = table(
    "barriers", [shapely.LineString([(500, -900), (500, 900)])], name="秦渠", kind="canal"
)


def round_canal(homes: Sequence[tuple[float, float]], each: int = 20, **tables: Any) -> Study:  # noqa: ANN401 - tables
    """A street over the canal at 500 m, and one round its end; the station is at 0."""
    roads = table(
        "roads",
        [shapely.LineString([(0, 0), (900, 0)]),
         shapely.LineString([(0, 0), (0, 1000), (900, 1000), (900, 0)])],
        name="街",
    )  # fmt: skip
    return place(homes, each, **({"roads": roads, "stations": stations((0, 0))} | tables))


def across_yard(
    homes: Sequence[tuple[float, float]] = ((900, 10), (500, 10), (420, 10)),
    **tables: Any,  # noqa: ANN401 - tables
) -> Study:
    """A street of 1,000 m with a compound across it, and one round it of 1,600 m more."""
    yard = table("compounds", [shapely.box(400, -300, 600, 300)], compound_id="X", name="西苑")
    gates = table("gates", [shapely.Point(400, 0), shapely.Point(600, 0)], compound_id="X")
    roads = table(
        "roads",
        [shapely.LineString([(0, 0), (1000, 0)]),
         shapely.LineString([(0, 0), (0, 800), (1000, 800), (1000, 0)])],
        name="街",
    )  # fmt: skip
    known = {"compounds": yard, "gates": gates, "roads": roads, "stations": stations((0, 0))}
    return place(homes, **(known | tables))
