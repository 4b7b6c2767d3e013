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

from lingwu_grid.contract.kinds import BARRIERS, STATUSES, barrier
from lingwu_grid.planning.identity import plan_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from lingwu_grid.planning.record import PlanRecord

COLOURS = ("#8dd3c7", "#fdb462", "#bebada", "#fb8072", "#80b1d3", "#b3de69", "#fccde5", "#ffed6f")
STATUS_COLOURS = {word: look.paper for word, look in STATUSES.items()}
BORDER = "#4527a0"
MOVED = "#ff6d00"
STATION = "#d81b60"
MARGIN = 0.06
"""Ground around what is shown, as a share of its size."""

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
        self.lived = record.assignment["previous_grid_id"].value_counts()

    def roads(self, axes: Axes, *, named: bool = False) -> None:
        """Draw the roads of the window, and the names of those that are long in it."""
        roads = self._here("roads", axes)
        _draw_lines(axes, roads.geometry.to_numpy(), "#d7d0c5", 1.2)
        if named and "name" in roads.columns:
            self._road_names(axes, roads)

    def _road_names(self, axes: Axes, roads: gpd.GeoDataFrame) -> None:
        (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
        window = shapely.box(west, south, east, north)
        roads = roads[roads["name"].fillna("") != ""]
        for name, lines in roads.groupby("name"):
            inside = shapely.intersection(shapely.union_all(lines.geometry.to_numpy()), window)
            parts = shapely.get_parts(shapely.line_merge(inside))
            line = parts[np.argmax(shapely.length(parts))] if len(parts) else None
            if shapely.length(line) < 0.12 * (east - west) or shapely.get_type_id(line) != 1:
                continue  # too short here to carry its name
            a, b = (shapely.line_interpolate_point(line, s, normalized=True) for s in (0.4, 0.6))
            turn = np.degrees(np.arctan2(b.y - a.y, b.x - a.x))
            turn = (turn + 90) % 180 - 90
            axes.text(
                (a.x + b.x) / 2, (a.y + b.y) / 2, str(name), fontsize=6.5, color="#6d6253",
                rotation=turn, rotation_mode="anchor", ha="center", va="center", clip_on=True,
            )  # fmt: skip

    def marks(self, axes: Axes) -> None:
        """Draw water, railways and stations of the window."""
        barriers = self._here("barriers", axes)
        if len(barriers):
            for kind in sorted(set(barriers["kind"])):
                look = barrier(kind)
                here = barriers[barriers["kind"] == kind].geometry.to_numpy()
                _draw_lines(axes, here, look.colour, look.width)
        stations = self._here("stations", axes)
        if len(stations):
            axes.scatter(
                stations.geometry.x, stations.geometry.y, s=28, color=STATION, edgecolor="white",
                zorder=5,
            )  # fmt: skip

    def compounds(self, axes: Axes) -> None:
        """Draw the compounds of the window, each with its name."""
        compounds = self._here("compounds", axes)
        draw_areas(axes, compounds.geometry.to_numpy(), edge="#8d6e63", width=0.6, style=":")
        for row in compounds.itertuples(index=False):
            point = shapely.point_on_surface(row.geometry)
            axes.text(
                point.x, point.y, row.name or "", fontsize=6, color="#5d4037", ha="center",
                va="center", clip_on=True,
            )  # fmt: skip

    def _here(self, name: str, axes: Axes) -> gpd.GeoDataFrame:
        table = self.back.get(name)
        if table is None:
            return gpd.GeoDataFrame({"kind": []}, geometry=[])
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
            PatchCollection(outlines, facecolor=faces, edgecolor="none", alpha=alpha)
        )
        faces = "none"
    axes.add_collection(
        PatchCollection(outlines, facecolor=faces, edgecolor=edge, linewidth=width, linestyle=style)
    )


def _draw_lines(axes: Axes, shapes: NDArray[np.object_], colour: str, width: float) -> None:
    is_area = np.isin(shapely.get_type_id(shapes), (3, 6))
    draw_areas(axes, shapes[is_area], face=colour)
    parts = shapely.get_parts(shapes[~is_area])
    runs = [shapely.get_coordinates(part) for part in parts if shapely.get_type_id(part) != 0]
    axes.add_collection(LineCollection(runs, colors=colour, linewidths=width))


def line_keys() -> list[Line2D]:
    """Give the legend of what every map shows."""
    return [
        Line2D([], [], color=BORDER, linewidth=2, label="社区界"),
        *(
            Line2D([], [], color=kind.colour, linewidth=2, label=label)
            for label, kind in {k.legend: k for k in BARRIERS.values()}.items()
            if label in ("水系", "铁路")
        ),
        Line2D([], [], color=STATION, marker="o", linewidth=0, label="邻里驿家"),
    ]


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


def word(axes: Axes, shape: shapely.Geometry, text: str, size: float) -> None:
    """Write a label inside a polygon."""
    point = shapely.point_on_surface(shape)
    axes.text(
        point.x, point.y, text, fontsize=size, ha="center", va="center", clip_on=True, zorder=6,
        bbox={"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 1},
    )  # fmt: skip


def scale_bar(axes: Axes) -> None:
    """Draw a bar of a round number of metres, about a fifth of the width."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    about = (east - west) / 5
    power = 10 ** int(np.floor(np.log10(about)))
    metres = max(n * power for n in NICE if n * power <= about)
    y = south + 0.02 * (north - south)
    x = west + 0.02 * (east - west)
    axes.plot([x, x + metres], [y, y], color="black", linewidth=3, solid_capstyle="butt")
    axes.text(x + metres / 2, y, f"{metres:,} 米", fontsize=8, ha="center", va="bottom")
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)


def north_arrow(axes: Axes) -> None:
    """Draw an arrow to the north; every sheet has north at the top."""
    axes.annotate(
        "北", xy=(0.97, 0.99), xytext=(0.97, 0.91), xycoords="axes fraction", ha="center",
        fontsize=10, arrowprops={"arrowstyle": "-|>", "color": "black", "linewidth": 1.5},
    )  # fmt: skip
