"""``borders.xlsx``: every border as points, bearings and metres, to draw it again from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.papers.worksheet import Column, Sheet
from lingwu_grid.planning.border_walk import Landmarks
from lingwu_grid.planning.boundary_text import NAMELESS
from lingwu_grid.planning.traverse import make_traverse

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from lingwu_grid.papers.scenery import Ground
    from lingwu_grid.planning.traverse import Traverse

LEVELS = (("grids", "grid", "网格"), ("communities", "community", "社区"))
DEGREE, MINUTE = 3600, 60
"""Seconds."""


class Borders:
    """
    The borders of a plan as surveyors write them.

    Parameters
    ----------
    ground
        The plan, in metres.
    """

    def __init__(self, ground: Ground) -> None:
        self._system = ground.system
        landmarks = Landmarks.of(ground.back)
        self._zones = {
            key: getattr(ground, layer).sort_values(f"{key}_id") for layer, key, _ in LEVELS
        }
        self._made = {
            key: make_traverse(zones.geometry.to_numpy(), zones[f"{key}_name"].tolist(), landmarks)
            for key, zones in self._zones.items()
        }

    def sheets(self) -> list[Sheet]:
        """Lay out the points of grids and of communities, and the walk round each."""
        return [
            sheet
            for _, key, word in LEVELS
            for sheet in (
                self._points(self._made[key], word),
                self._legs(self._zones[key], self._made[key], key, word),
            )
        ]

    def of_community(self, code: str) -> list[list[str]]:
        """Give the walk round a community as rows of text: what a notice prints."""
        zones, made = self._zones["community"], self._made["community"]
        number = zones["community_id"].tolist().index(code)
        legs = made.legs[made.legs["zone"] == number]
        place = made.points.set_index("number").loc[legs["start"]]
        return [
            [f"J{leg.start}", f"{x:.2f}", f"{y:.2f}", bearing_said(leg.bearing),
             f"{leg.metres:.2f}", leg.name or NAMELESS]
            for leg, x, y in zip(legs.itertuples(index=False, name="Leg"), place["x"], place["y"],
                                 strict=True)
        ]  # fmt: skip

    def _points(self, made: Traverse, word: str) -> Sheet:
        points = made.points
        return Sheet(
            f"{word}界址点",
            f"{word}界址点坐标",
            [
                Column("点号", [f"J{n}" for n in points["number"]], width=10),
                Column("X（北，米）", [f"{v:.2f}" for v in points["x"]], width=16),
                Column("Y（东，米）", [f"{v:.2f}" for v in points["y"]], width=16),
            ],
            note=f"坐标系 {self._system}；由方案图形算得，未经实地勘测",
            frozen=1,
        )

    def _legs(self, zones: gpd.GeoDataFrame, made: Traverse, key: str, word: str) -> Sheet:
        legs = made.legs
        rows: pd.DataFrame = zones.iloc[legs["zone"]]
        ring = legs.groupby("zone")["ring"].transform(lambda r: r.rank(method="dense"))
        return Sheet(
            f"{word}界线走向",
            f"{word}界线走向：由起点按方位角、距离逐点回到起点",
            [
                Column(f"{word}编码", rows[f"{key}_id"].astype(str).tolist(), "code", 18),
                Column(word, rows[f"{key}_name"].tolist(), width=20),
                Column("第几圈", ring.astype(int).tolist(), "count", 8),
                Column("内外", ["内" if hole else "外" for hole in legs["is_hole"]], width=6),
                Column("起点", [f"J{n}" for n in legs["start"]], width=10),
                Column("止点", [f"J{n}" for n in legs["end"]], width=10),
                Column("方位角", [bearing_said(b) for b in legs["bearing"]], width=14),
                Column("距离（米）", [f"{m:.2f}" for m in legs["metres"]], width=12),
                Column("沿", [name or NAMELESS for name in legs["name"]], width=26),
            ],
            note="方位角自坐标北顺时针；外圈由东北角起顺时针，内圈（其内除外的地）逆时针",
        )


def bearing_said(degrees: float) -> str:
    """
    Write a bearing in degrees, minutes and seconds.

    Examples
    --------
    >>> bearing_said(193.772273), bearing_said(359.99999)
    ('193°46′20″', '0°00′00″')
    """
    seconds = round(degrees * DEGREE) % (360 * DEGREE)
    return f"{seconds // DEGREE}°{seconds % DEGREE // MINUTE:02d}′{seconds % MINUTE:02d}″"
