"""The planner's map."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

import folium

from lingwu_grid.contract.kinds import MINUTES, MOVED, SIDES, STATUSES
from lingwu_grid.contract.rules import INTERNAL_NOTICE
from lingwu_grid.disclosure.telling import INTERNAL, OUTGOING
from lingwu_grid.maps import layers as draw
from lingwu_grid.maps.ahead import AHEAD, AHEAD_FIELDS, leaving_zones
from lingwu_grid.maps.elements import Data, FeatureGroup, LayerControl, Page, Script
from lingwu_grid.maps.labels import labels
from lingwu_grid.maps.lookup import PASSES, lookup
from lingwu_grid.maps.service import service_layers
from lingwu_grid.maps.shell import new_page, rendered
from lingwu_grid.maps.stories import drawn_cards
from lingwu_grid.maps.texts import filled, module_text, words
from lingwu_grid.maps.walks import walk_tree
from lingwu_grid.planning.handed_round import without_ids
from lingwu_grid.planning.identity import plan_of

if TYPE_CHECKING:
    from lingwu_grid.contract.kinds import Look
    from lingwu_grid.planning.record import PlanRecord


LEVEL = "#00695c"
LEVEL_FIELDS = {
    "zone_id": "编码", "zone_name": "名称", "parent_name": "所在", "households": "常住户数",
    "residents": "常住人口", "status": "状态", "reason": "理由",
}  # fmt: skip

VIEWS = {
    "before": ("now_grids", "now_communities", "barriers", "stations"),
    "swipe": (
        "plan_grids",
        "plan_communities",
        "now_grids",
        "now_communities",
        "barriers",
        "stations",
    ),
    "after": ("plan_grids", "moves", "causes", "plan_communities", "barriers", "stations"),
    "story": ("plan_grids", "plan_communities", "barriers", "stations"),
    "service": (
        "bands",
        "gaps",
        "plan_communities",
        "barriers",
        "service_stations",
        "proposed",
        "remedies",
    ),
}
"""Layers that are on in each view, those below first."""


PANES = {"now": 401, draw.MARKS: 450}
"""Today has a pane of its own, to be wiped over the plan; marks stand above both."""


def planner_map(record: PlanRecord, *, notice: str = "", title: str = "", tiles: str = "") -> str:
    """
    Draw the planner's map.

    Parameters
    ----------
    record
        The plan, or the part of it that a street may have.
    notice
        Printed under the title; empty for none.
    title
        Of the page; that of the study where not given.
    tiles
        Address of tiles below; the page then asks for them, and only for them.

    Returns
    -------
    str
        One HTML page; nothing outside it is needed.

    Raises
    ------
    ValueError
        If the page would ask for another file: a fault of ours, never of the data.
    """
    page = new_page(tuple(record.grids.total_bounds), PANES)
    page.add_child(Script("panes.js", map=page.get_name()))
    if tiles:
        folium.TileLayer(tiles=tiles, attr="底图", name="底图").add_to(page)
    layers = _add_layers(page, record)
    LayerControl(collapsed=True).add_to(page)
    names = {k: v.get_name() for k, v in layers.items()}
    views = {view: [names[k] for k in wanted if k in names] for view, wanted in VIEWS.items()}
    page.add_child(Script("page.js", map=page.get_name(), views=views))
    title = title or f"{record.summary.get('study', '')} 社区网格方案"
    page.add_child(Data("lookup", lookup(record)))
    if "figures" in record.summary:
        page.add_child(Data("figures", record.summary["figures"]))
    page.add_child(Data("bounds", [float(v) for v in record.grids.total_bounds]))
    page.add_child(Data("labels", labels(record)))
    fold = module_text("review/fold.js")
    moves = names.get("moves")
    page.add_child(Script("tools.js", words=words(), moves=moves, moved=MOVED, fold=fold))
    page.add_child(Script("labels.js", labels=module_text("review/labels.js")))
    if record.service is not None:
        walks = walk_tree(record)
        if walks is not None:
            page.add_child(Data("walks", walks))
        page.add_child(Script("walks.js"))
    stories = drawn_cards(record)
    if stories:
        page.add_child(Data("stories", stories))
        page.add_child(Script("stories.js", moved=MOVED, moves=moves))
    proof = _proof(record)
    if proof is not None:
        page.add_child(Data("proof", proof))
        page.add_child(Script("proof.js"))
    panel = _panel(record, title, notice, len(stories))
    return rendered(page, title=title, panel=panel, css=("page.css", "fold.css"))


def _add_layers(page: Page, record: PlanRecord) -> dict[str, FeatureGroup]:
    back = record.backdrop
    if "roads" in back:
        draw.road_layer(back["roads"]).add_to(page)
    switched: dict[str, FeatureGroup] = {}
    if "grids" in back:
        now = draw.with_count(back["grids"], record, "grid_id")
        now = draw.with_standing(now, record)
        switched["now_grids"] = draw.area_layer(
            now,
            "现状网格",
            draw.OLD_GRID_FIELDS,
            show=False,
            pane="now",
            paint={
                draw.escape(g): SIDES[s].colour
                for g, s in zip(now["grid_id"], now["standing"], strict=True)
            },
            style={"color": "#616161", "weight": 1.5, "fillOpacity": 0.35, "dashArray": "4 3"},
        )
    switched["plan_grids"] = draw.area_layer(
        record.grids,
        "方案网格",
        draw.GRID_FIELDS,
        paint=draw.neighbour_colours(record.grids, "grid_id"),
        style={"color": "#424242", "weight": 1.5, "fillOpacity": 0.35},
    )
    switched |= _changes(record)
    # As lines: an area, even unfilled, would take the pointer from the grids below it.
    outline = {"weight": 4}
    if "communities" in back:
        now = draw.with_count(back["communities"], record, "community_id")
        now = now.set_geometry(now.geometry.boundary)
        switched["now_communities"] = draw.area_layer(
            now,
            "现状社区",
            draw.OLD_COMMUNITY_FIELDS,
            show=False,
            pane="now",
            style={"weight": 3, "color": "#7e57c2"},
        )
    switched["plan_communities"] = draw.area_layer(
        record.communities.set_geometry(record.communities.geometry.boundary),
        "方案社区",
        draw.COMMUNITY_FIELDS,
        style={**outline, "color": "#4527a0"},
    )
    switched |= _levels(record)
    if record.service is not None:
        switched |= service_layers(record.service)
    for group in switched.values():
        group.add_to(page)
    return switched | _add_marks(page, record)


def _levels(record: PlanRecord) -> dict[str, FeatureGroup]:
    """Draw the zones inside grids, a layer each, to be switched on."""
    drawn = {}
    for level in record.summary.get("levels", []):
        zones = record.levels[record.levels["level"] == level["id"]]
        drawn[f"level_{level['id']}"] = draw.area_layer(
            zones, level["name"], LEVEL_FIELDS, show=False,
            style={"color": LEVEL, "weight": 1.5, "fillOpacity": 0.06},
            paint=dict.fromkeys(map(draw.escape, zones["zone_id"]), LEVEL),
        )  # fmt: skip
    return drawn


def _changes(record: PlanRecord) -> dict[str, FeatureGroup]:
    """Draw what a reader looks for first: who moves, and what could not be made lawful."""
    drawn: dict[str, FeatureGroup] = {}
    if len(record.moves):
        drawn["moves"] = draw.area_layer(
            draw.lightened(record.moves),
            "变动单元",
            draw.MOVE_FIELDS,
            style={"color": "#e65100", "weight": 1, "fillOpacity": 0.45},
            paint={draw.escape(u): MOVED for u in record.moves["unit_id"]},
        )
    ahead = leaving_zones(record)
    if len(ahead):
        drawn["ahead"] = draw.area_layer(
            ahead, "三年内会超出范围", AHEAD_FIELDS,
            style={"color": AHEAD, "weight": 6, "dashArray": "1 9", "lineCap": "round"},
        )  # fmt: skip
    causes = draw.cause_table(record)
    if len(causes):
        drawn["causes"] = draw.area_layer(
            causes,
            "未能合规之处",
            draw.CAUSE_FIELDS,
            style={"color": "#b71c1c", "weight": 4, "dashArray": "2 7", "fillOpacity": 0.4},
            paint=dict.fromkeys(causes["number"], "#ff1744"),
        )
    return drawn


def _add_marks(page: Page, record: PlanRecord) -> dict[str, FeatureGroup]:
    """Draw what people find their way by: water, railway and stations."""
    back = record.backdrop
    marks: dict[str, FeatureGroup] = {}
    if "barriers" in back:
        marks["barriers"] = draw.barrier_layer(back["barriers"], 4, pane=draw.MARKS)
    if "stations" in back:
        marks["stations"] = draw.station_layer(back["stations"])
    for group in marks.values():
        group.add_to(page)
    return marks


def _proof(record: PlanRecord) -> dict[str, Any] | None:
    """Give the bound and what it is worked out from; None for a part of a plan, or without one."""
    certificate, bound = record.certificate, record.summary.get("lower_bound")
    if not bound or not bound["global"] or not certificate.get("needs"):
        return None
    parts = certificate.get("parts") or [certificate["bounds"]]
    return {
        "bound": bound["global"],
        "weights": [part["global_weight"] for part in parts],
        "needs": certificate["needs"],
        "rules": {key: certificate["rules"][key] for key in ("grid", "community", "own", "margin")},
    }


def _panel(record: PlanRecord, title: str, notice: str, stories: int) -> str:
    is_outgoing = "figures" in record.summary
    return filled(
        "panel.html",
        title=title,
        notice="" if is_outgoing and notice == INTERNAL_NOTICE else notice,
        outgoing=is_outgoing,
        passing=PASSES if record.recoded else "",
        may_leave=OUTGOING if is_outgoing else INTERNAL,
        drawn=datetime.date.today().isoformat(),
        plan=plan_of(record),
        summary=record.summary,
        legend=status_counts(record),
        service=_service_figures(record),
        stories=stories,
        before=SIDES if "grids" in record.backdrop else {},
        ahead=AHEAD,
        communities_today=_there_today(record),
        moved=MOVED,
        findings=_findings(record),
        frontier=None if is_outgoing else record.run.get("frontier"),
        lineage=lineage_counts(record),
        made=str(record.run.get("seed", 0)),
    )


def _there_today(record: PlanRecord) -> int | None:
    """Count the communities of today; None where they are not known."""
    today = record.backdrop.get("communities")
    return None if today is None else len(today)


def status_counts(record: PlanRecord) -> list[tuple[Look, str, int, int]]:
    """Count grids and communities by status: look, word, grids, communities."""
    grids = record.grids["status"].value_counts()
    communities = record.communities["status"].value_counts()
    return [
        (look, word, int(grids.get(word, 0)), int(communities.get(word, 0)))
        for word, look in STATUSES.items()
    ]


def lineage_counts(record: PlanRecord) -> dict[str, int]:
    """Count what becomes of grids; those that are retired are on no layer of the plan."""
    count = {str(k): int(n) for k, n in record.grids["lineage"].value_counts().items()}
    retired = len(record.summary.get("grids_retired", []))
    return count | ({"撤销": retired} if retired else {})


def _service_figures(record: PlanRecord) -> dict[str, Any] | None:
    """Give the panel what it tells of the service circle."""
    if record.service is None:
        return None
    zones = record.service.zones
    names = record.communities.set_index("community_id")["community_name"]
    rows = zones[(zones["level"] == "社区") & zones["zone_id"].isin(names.index)]
    of = record.service.layers
    bands, gaps, stations = of.get("bands"), of.get("gaps"), of.get("stations")
    boxes = [] if gaps is None else gaps.bounds.round(6).to_numpy().tolist()
    return {
        "summary": record.service.summary,
        "gaps": list(zip(record.service.summary["gaps"], boxes, strict=False)),
        "has_walks": "routes" in of and len(of["routes"]) > 0,
        "overloaded": 0 if stations is None else int(stations["overloaded"].sum()),
        "bands": [] if bands is None else [
            (MINUTES[b.band], b.label, b.households) for b in bands.itertuples()
        ],
        "communities": [
            (names[r.zone_id], r.share_15, r.minutes_median)
            for r in rows.sort_values(["share_15", "zone_id"]).itertuples()
        ],
    }  # fmt: skip


def _findings(record: PlanRecord) -> list[tuple[str, str]]:
    """Give what the data did that a planner should look into; mere notices are left out."""
    table = without_ids(record.findings)
    if not len(table):
        return []
    told = table[table["severity"] != "notice"]
    names = dict(record.names)
    if "compounds" in record.backdrop:
        compounds = record.backdrop["compounds"]
        names |= dict(zip(compounds["compound_id"].astype(str), compounds["name"], strict=True))

    def named(text: object) -> str:
        return re.sub(r"[0-9A-Za-z]+", lambda word: names.get(word[0]) or word[0], str(text))

    return [(named(p), named(m)) for p, m in zip(told["place"], told["message"], strict=True)]
