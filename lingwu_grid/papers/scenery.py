"""Ground: the layers of a plan in metres, drawn onto axes, with scale bar and north arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.ticker import NullLocator

from lingwu_grid.contract.kinds import BARRIERS, STATUSES, barrier
from lingwu_grid.papers.labels import Labels, Look
from lingwu_grid.planning.identity import plan_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from lingwu_grid.planning.record import PlanRecord

STATUS_COLOURS = {word: look.paper for word, look in STATUSES.items()}
BORDER = "#4527a0"
OLD = "#e65100"
"""The border of today, dashed."""
STATION = "#d81b60"
MARGIN = 0.06
"""Ground around what is shown, as a share of its size."""

ROAD_WIDTHS = {
    "motorway": 3.2, "trunk": 3.0, "primary": 2.8, "secondary": 2.3, "tertiary": 1.8,
    "residential": 1.2, "unclassified": 1.2, "living_street": 1.0,
}  # fmt: skip
"""Points, by class of OpenStreetMap."""
LANE = 0.7
FACES, LINES, OUTLINES = 1.0, 1.2, 1.4
LINE, AREA = 1, 2
"""Shapely's type of a line, and dimension of an area."""

NICE = (1, 2, 5)
"""Lengths of a scale bar begin with one of these."""

Bounds = tuple[float, float, float, float]


class Ground:
    """
    The layers of a plan in metres, ready to be drawn a window at a time.

    Parameters
    ----------
    record
        The plan. Make one ground for many sheets: layers are projected once.
    """

    def __init__(self, record: PlanRecord) -> None:
        crs = record.work_crs
        nothing: dict[str, list[str]] = {"grid_id": [], "community_id": []}
        empty = gpd.GeoDataFrame(nothing, geometry=[], crs=record.grids.crs)
        self.record = record
        self.plan = plan_of(record)
        self.is_synthetic = bool(record.summary["synthetic"])
        self.grids = record.grids.to_crs(crs)
        self.communities = record.communities.to_crs(crs)
        self.moves = record.moves.to_crs(crs)
        self.back = {name: table.to_crs(crs) for name, table in record.backdrop.items()}
        self.today = self.back.get("grids", empty.to_crs(crs))
        self.communities_today = self.back.get("communities", empty.to_crs(crs))
        self.lived = record.assignment["previous_grid_id"].value_counts()

    @classmethod
    def of(cls, plan: PlanRecord | Ground) -> Ground:
        """Give the ground of a plan; one that is made already stays."""
        return plan if isinstance(plan, Ground) else cls(plan)

    @property
    def system(self) -> str:
        """Name the coordinate system."""
        crs = self.grids.crs
        epsg = crs.to_epsg()
        return f"{crs.name}{f'（EPSG:{epsg}）' if epsg else ''}"

    def roads(self, axes: Axes) -> None:
        """Draw the roads of the window, the greater the wider."""
        roads = self._here("roads", axes)
        if not len(roads):
            return
        kind = roads["class"].fillna("") if "class" in roads else [""] * len(roads)
        width = np.array([ROAD_WIDTHS.get(str(k).removesuffix("_link"), LANE) for k in kind])
        for wide in np.unique(width).tolist():
            draw_lines(axes, roads.geometry.to_numpy()[width == wide], "#d7d0c5", wide)

    def name_roads(self, axes: Axes, labels: Labels) -> None:
        """Write the names of roads, waters and railways along them, the longest first."""
        (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
        window = shapely.box(west, south, east, north)
        found = []
        for layer, look in (("roads", Look(6.5, "#6d6253")), ("barriers", Look(6.5, "#0d47a1"))):
            lines = self._here(layer, axes)
            if "name" not in lines:
                continue
            lines = lines[lines["name"].fillna("") != ""]
            for name, same in lines.groupby("name"):
                shapes = same.geometry.to_numpy()
                shapes = np.where(shapely.get_dimensions(shapes) == AREA, None, shapes)
                inside = shapely.intersection(shapely.union_all(shapes), window)
                parts = shapely.get_parts(shapely.line_merge(inside))
                parts = parts[shapely.get_type_id(parts) == LINE]
                if len(parts):
                    line = parts[np.argmax(shapely.length(parts))]
                    found.append((-round(shapely.length(line)), str(name), layer, look, line))
        for _, name, layer, look, line in sorted(found, key=lambda one: one[:3]):
            labels.along(line, name, look, beside=layer == "barriers")

    def marks(self, axes: Axes) -> None:
        """Draw water, railways and stations of the window."""
        barriers = self._here("barriers", axes)
        if len(barriers):
            for kind in sorted(set(barriers["kind"])):
                look = barrier(kind)
                here = barriers[barriers["kind"] == kind].geometry.to_numpy()
                draw_lines(axes, here, look.colour, look.width)
        stations = self._here("stations", axes)
        if len(stations):
            axes.scatter(
                stations.geometry.x, stations.geometry.y, s=28, color=STATION, edgecolor="white",
                zorder=5,
            )  # fmt: skip

    def compounds(self, axes: Axes) -> None:
        """Draw the compounds of the window."""
        shapes = self._here("compounds", axes).geometry.to_numpy()
        draw_areas(axes, shapes, edge="#8d6e63", width=0.6, style=":")

    def name_compounds(self, axes: Axes, labels: Labels) -> None:
        """Write the names of compounds where there is room, the largest first."""
        here = self._here("compounds", axes)
        if not len(here) or "name" not in here:
            return
        here = here[here["name"].fillna("") != ""]
        size = shapely.area(here.geometry.to_numpy())
        for i in np.lexsort((here["compound_id"].astype(str), -size)).tolist():
            point = shapely.point_on_surface(here.geometry.iloc[i])
            labels.at_point(point.x, point.y, str(here["name"].iloc[i]), Look(6, "#5d4037"))

    def keep_stations(self, axes: Axes, labels: Labels) -> None:
        """Keep labels off the stations."""
        for point in self._here("stations", axes).geometry:
            labels.keep_free(point.x, point.y, 6, 6)

    def _here(self, name: str, axes: Axes) -> gpd.GeoDataFrame:
        table = self.back.get(name)
        if table is None:
            return gpd.GeoDataFrame({"kind": []}, geometry=[])
        return in_window(table, axes)


def in_window(table: gpd.GeoDataFrame, axes: Axes) -> gpd.GeoDataFrame:
    """Give the rows of a layer that the window of a map may show, in their order."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    return table.iloc[np.sort(table.sindex.intersection((west, south, east, north)))]


def draw_areas(
    axes: Axes,
    shapes: NDArray[np.object_],
    *,
    face: object = "none",
    edge: str = "none",
    width: float = 0.0,
    style: str = "-",
    alpha: float | None = None,
) -> None:
    """
    Draw polygons, holes left open.

    Parameters
    ----------
    axes
        Where; its window is not changed.
    shapes
        Polygons in metres, shape (n,).
    face
        One colour, or one a polygon.
    edge, width, style
        Of the outline; width in points.
    alpha
        Of the face, 0 to 1.

    Notes
    -----
    Faces lie under roads, roads under outlines, whatever was drawn first.
    """
    parts, owner = shapely.get_parts(shapes, return_index=True)
    outlines = [
        PathPatch(
            Outline.make_compound_path(
                *(Outline(shapely.get_coordinates(r), closed=True) for r in shapely.get_rings(p))
            )
        )
        for p in parts
    ]
    faces = [face[i] for i in owner.tolist()] if isinstance(face, list) else face
    if alpha is not None:
        axes.add_collection(
            PatchCollection(outlines, facecolor=faces, edgecolor="none", alpha=alpha, zorder=FACES)
        )
        faces = "none"
    if edge == "none" and faces == "none":
        return
    level = OUTLINES if faces == "none" else FACES
    axes.add_collection(
        PatchCollection(
            outlines,
            facecolor=faces,
            edgecolor=edge,
            linewidth=width,
            linestyle=style,
            zorder=level,
        )
    )


def draw_lines(
    axes: Axes, shapes: NDArray[np.object_], colour: str, width: float, *, style: str = "-"
) -> None:
    """Draw lines, width in points; areas among them are filled."""
    is_area = shapely.get_dimensions(shapes) == AREA
    draw_areas(axes, shapes[is_area], face=colour)
    parts = shapely.get_parts(shapely.get_parts(shapes[~is_area]))
    runs = [shapely.get_coordinates(part) for part in parts if shapely.get_type_id(part) == LINE]
    level = LINES if style == "-" else OUTLINES
    axes.add_collection(
        LineCollection(runs, colors=colour, linewidths=width, linestyles=style, zorder=level)
    )


def line_keys() -> list[Line2D]:
    """Give the legend of what every map shows."""
    return [
        Line2D([], [], color=BORDER, linewidth=2, label="社区界"),
        Line2D([], [], color="#424242", linewidth=1, label="网格界"),
        Line2D([], [], color="#8d6e63", linewidth=0.8, linestyle=":", label="小区"),
        *(
            Line2D([], [], color=kind.colour, linewidth=2, label=label)
            for label, kind in {k.legend: k for k in BARRIERS.values()}.items()
            if label in ("水系", "铁路")
        ),
        Line2D([], [], color=STATION, marker="o", linewidth=0, label="邻里驿家"),
    ]


def old_key() -> Line2D:
    """Give the legend of today's borders."""
    return Line2D([], [], color=OLD, linestyle="--", linewidth=1.8, label="原界线")


def frame(axes: Axes, bounds: Bounds, *, margin: float = MARGIN) -> None:
    """Set the window to bounds and some ground around them."""
    west, south, east, north = bounds
    pad = margin * max(east - west, north - south)
    _window(axes, (west - pad, south - pad, east + pad, north + pad))


def frame_at(axes: Axes, middle: tuple[float, float], size: tuple[float, float]) -> None:
    """Set the window to a size in metres around a point."""
    (x, y), (wide, high) = middle, size
    _window(axes, (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2))


def _window(axes: Axes, bounds: Bounds) -> None:
    axes.set_xlim(bounds[0], bounds[2])
    axes.set_ylim(bounds[1], bounds[3])
    axes.set_autoscale_on(False)
    axes.set_aspect("equal")
    axes.set_axis_off()
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(NullLocator())  # ticks that are off are made all the same


def scale_bar(axes: Axes) -> None:
    """Draw a bar of a round number of metres, about a fifth of the width, in the lower left."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    about = (east - west) / 5
    power = 10 ** int(np.floor(np.log10(about)))
    metres = max(n * power for n in NICE if n * power <= about)
    y = south + 0.02 * (north - south)
    x = west + 0.02 * (east - west)
    axes.plot([x, x + metres], [y, y], color="black", linewidth=3, solid_capstyle="butt", zorder=7)
    axes.annotate(
        f"{metres:,} 米", (x + metres / 2, y), (0, 3.5), textcoords="offset points", fontsize=8,
        ha="center", va="bottom", zorder=7,
        bbox={"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 0.5},
    )  # fmt: skip
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)


def north_arrow(axes: Axes) -> None:
    """Draw an arrow to the north; every sheet has north at the top."""
    axes.annotate(
        "北", xy=(0.97, 0.99), xytext=(0.97, 0.91), xycoords="axes fraction", ha="center",
        fontsize=10, zorder=7,
        arrowprops={"arrowstyle": "-|>", "color": "black", "linewidth": 1.5},
    )  # fmt: skip


def labels_of(ground: Ground, axes: Axes) -> Labels:
    """Begin the labels of a map: off its stations, its scale bar and its arrow."""
    labels = Labels(axes)
    ground.keep_stations(axes, labels)
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    wide, high = east - west, north - south
    labels.keep_area(shapely.box(west, south, west + 0.27 * wide, south + 0.05 * high))
    labels.keep_area(shapely.box(east - 0.06 * wide, north - 0.11 * high, east, north))
    return labels
