"""Layers of the service circle: bands, isochrones, gaps, catchments, proposed stations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from lingwu_grid.contract.kinds import MINUTES
from lingwu_grid.contract.policy import FLOOR_M2_PER_100_HOUSEHOLDS
from lingwu_grid.disclosure.telling import told
from lingwu_grid.maps import layers as draw
from lingwu_grid.maps.elements import FeatureGroup, Tooltip
from lingwu_grid.planning.service import Service

if TYPE_CHECKING:
    from collections.abc import Hashable

    import geopandas as gpd


"""Within 5, 10 and 15 minutes, beyond, and no way at all."""

COARSE = 3e-5
"""Degrees, about three metres: bands and catchments are looked at from far."""

BAND_FIELDS = {"label": "步行到最近驿站", "households": "户数（逐户计）"}
COUNTS = ("households", "households_15", "elderly", "added_households")
CATCHMENT_FIELDS = {"name": "最近的驿站", "households": "户数"}
GAP_FIELDS = {
    "place": "缺口",
    "households": "超过 15 分钟的户数",
    "elderly": "老年人",
    "reason": "原因",
}
SITE_FIELDS = {
    "name": "建议新开",
    "kind": "用房",
    "floor_area_m2": "面积（平方米）",
    "added_households": "多覆盖的户数",
}


STATION_FIELDS = {
    "households": "最近的户数",
    "households_15": "其中 15 分钟内",
    "floor_area_m2": "面积（平方米）",
    "m2_per_100": "每百户平方米",
}
REMEDY_FIELDS = {
    "name": "建议改建",
    "kind": "办法",
    "cost": "费用（元，假定）",
    "added_households": "多覆盖的户数",
}


def service_layers(service: Service) -> dict[str, FeatureGroup]:
    """
    Draw what a coverage found.

    Parameters
    ----------
    service
        Of the plan.

    Returns
    -------
    dict
        Layers by name, those below first; off until they are asked for.
    """
    of = service.layers
    drawn: dict[str, FeatureGroup] = {}
    if "catchments" in of:
        table = _coarser(of["catchments"])
        drawn["catchments"] = draw.area_layer(
            table, "驿站服务区", CATCHMENT_FIELDS, show=False,
            paint=draw.neighbour_colours(table, "name"),
            style={"color": "#6d4c41", "weight": 1.5, "fillOpacity": 0.35},
        )  # fmt: skip
    if "bands" in of:
        drawn["bands"] = draw.area_layer(
            _coarser(of["bands"]), "步行分钟", BAND_FIELDS, show=False,
            paint={
                draw.escape(row.label): MINUTES[row.band] for row in of["bands"].itertuples()
            },
            style={"color": "#ffffff", "weight": 0.4, "fillOpacity": 0.65},
        )  # fmt: skip
    if "isochrones" in of:
        rings = of["isochrones"].assign(
            label=of["isochrones"]["minutes"].astype(str) + " 分钟等时圈"
        )
        drawn["isochrones"] = draw.area_layer(
            rings.set_geometry(rings.geometry.boundary), "等时圈", {"label": "沿街道"}, show=False,
            style={"color": "#1b5e20", "weight": 1.5, "dashArray": "6 4", "opacity": 0.8},
        )  # fmt: skip
    if "circles" in of:
        drawn["circles"] = draw.area_layer(
            of["circles"].set_geometry(of["circles"].geometry.boundary),
            "直线画圈（对照）", {"label": "对照"}, show=False,
            style={"color": "#c2185b", "weight": 2, "dashArray": "2 6"},
        )  # fmt: skip
    if "gaps" in of:
        drawn["gaps"] = draw.area_layer(
            of["gaps"], "服务缺口", GAP_FIELDS, show=False,
            paint={draw.escape(p): "#d50000" for p in of["gaps"]["place"]},
            style={"color": "#b71c1c", "weight": 2.5, "fillOpacity": 0.15},
        )  # fmt: skip
    if "stations" in of:
        drawn["service_stations"] = _stations(of["stations"])
    if "proposed_stations" in of:
        drawn["proposed"] = _proposed(of["proposed_stations"])
    if "remedies" in of:
        drawn["remedies"] = draw.area_layer(
            of["remedies"], "建议改建", REMEDY_FIELDS, show=False, pane=draw.MARKS,
            style={"color": "#0d47a1", "weight": 5, "fillOpacity": 0.2},
        )  # fmt: skip
    return drawn


def _coarser(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give ground that is cut into parts in fewer points: neighbours keep one border."""
    shapes = shapely.coverage_simplify(table.geometry.to_numpy(), COARSE)
    return table.set_geometry(shapes, crs=table.crs)


def shared_service(service: Service) -> Service:
    """
    Give a service circle as it may leave the office.

    Parameters
    ----------
    service
        With counts of households and of the elderly.

    Returns
    -------
    Service
        Counts told in tens, shares in whole percent, no walk of anybody.
    """
    summary = service.summary
    proposal = summary.get("proposal")
    return Service(
        layers={name: _layer_in_tens(table) for name, table in service.layers.items()},
        zones=service.zones.assign(share_15=service.zones["share_15"].round(2)),
        households=service.households.iloc[:0],
        summary=summary
        | {
            "share": _whole(summary["share"]),
            "elderly_share": _whole(summary["elderly_share"]),
            "hidden_by_circles": _in_tens(summary["hidden_by_circles"]),
            "hidden_causes": {
                cause: _in_tens(n) for cause, n in summary.get("hidden_causes", {}).items()
            },
            "hidden_told": _figures_in_tens(summary["hidden_told"]),
            "share_15_range": [round(share, 2) for share in summary["share_15_range"]],
            "within_15_if": {word: _in_tens(n) for word, n in summary["within_15_if"].items()},
            "notes": [_figures_in_tens(note) for note in summary["notes"]],
            "gaps": [
                gap
                | {name: _in_tens(gap[name]) for name in ("households", "elderly")}
                | {"reason": _figures_in_tens(gap["reason"])}
                for gap in summary["gaps"]
            ],
            "proposal": proposal
            and proposal
            | {
                "covered": _in_tens(proposal["covered"]),
                "remedies": [
                    item | {"added_households": _in_tens(item["added_households"])}
                    for item in proposal["remedies"]
                ],
                "ranked": [],
                "curve": [],
            },
        },
    )


def _layer_in_tens(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    # Floor by a hundred households would give the households back.
    table = table.drop(columns=["m2_per_100"], errors="ignore")
    columns = {name: table[name].map(_in_tens) for name in COUNTS if name in table}
    if "reason" in table:  # of a gap: its causes, each with its households
        columns["reason"] = table["reason"].map(_figures_in_tens)
    return table.assign(**columns)


def _figures_in_tens(text: str) -> str:
    """Tell every count of households in a sentence in tens."""
    return re.sub(r"\d+(?= 户)", lambda n: told(int(n[0])), text)


def _in_tens(count: float) -> str:
    return "" if pd.isna(count) else told(int(count))


def _whole(shares: dict[str, float | None]) -> dict[str, float | None]:
    return {minutes: s if s is None else round(s, 2) for minutes, s in shares.items()}


def _stations(table: gpd.GeoDataFrame) -> FeatureGroup:
    """Draw today's stations; those without the floor for their households stand out."""
    group = FeatureGroup(name="邻里驿家（负荷）", show=False)
    for row, point in zip(table.to_dict("records"), table.geometry, strict=True):
        known = {f: w for f, w in STATION_FIELDS.items() if f in row and not pd.isna(row[f])}
        rows = _rows(row, known)
        name = draw.escape(row["name"] or row["station_id"])
        state = f"不到每百户 {FLOOR_M2_PER_100_HOUSEHOLDS} 平方米" if row["overloaded"] else ""
        words = Tooltip(f"<table><tr><th>{name}</th><td>{state}</td></tr>{rows}</table>")
        look = ("#b71c1c", 4, "#ffab00", 9) if row["overloaded"] else ("#ffffff", 2, "#d81b60", 6)
        draw.dot(point, look[3], line=look[:2], fill=look[2], tooltip=words).add_to(group)
    return group


def _proposed(sites: gpd.GeoDataFrame) -> FeatureGroup:
    group = FeatureGroup(name="建议新开的驿站", show=False)
    for number, (row, point) in enumerate(
        zip(sites.to_dict("records"), sites.geometry, strict=True), start=1
    ):
        rows = _rows(row, SITE_FIELDS)
        words = Tooltip(f"<table><tr><th>次序</th><td>{number}</td></tr>{rows}</table>")
        draw.dot(point, 9, line=("#0d47a1", 3), fill="#ffeb3b", tooltip=words).add_to(group)
    return group


def _rows(row: dict[Hashable, Any], fields: dict[str, str]) -> str:
    """Tell some fields of a row as rows of a table, each with its word."""
    return "".join(
        f"<tr><th>{word}</th><td>{draw.escape(_shown(row[name]))}</td></tr>"
        for name, word in fields.items()
    )


def _shown(value: object) -> object:
    return "" if pd.isna(value) else value
