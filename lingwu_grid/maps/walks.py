"""Walks on a page: every unit's way to its station, as one tree that all of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord

PLACES = 5
"""Decimal places of a degree: a metre, enough for a line on a map."""


def walk_tree(record: PlanRecord) -> dict[str, Any] | None:
    """
    Give a page the walks of its units; None where none were measured.

    Ways to one station join on the street: each stretch is told once, with the point that follows.

    Parameters
    ----------
    record
        The plan, or the part of it that a street may have: its walks begin on the street.

    Returns
    -------
    dict
        `from`: index of the point that follows each, counted back from it, 0 for a station;
        `x`, `y`: steps from that point, or from the corner for a station; `corner`; `units`:
        first point, minutes, metres, station and what is gone round as indices, metres spared;
        `stations` and `round`: words.
    """
    service = record.service
    routes = None if service is None else service.layers.get("routes")
    if routes is None or not len(routes):
        return None
    shared = "figures" in record.summary
    scale = 10**PLACES
    corner = np.round(np.array(routes.total_bounds[:2]) * scale).astype(int)
    number: dict[tuple[int, int, int], int] = {}
    back: list[int] = []
    x: list[int] = []
    y: list[int] = []
    units = []
    stations, round_ = _Words(), _Words()
    for row in routes.itertuples(index=False):
        xy = np.round(shapely.get_coordinates(row.geometry) * scale).astype(int) - corner
        xy = xy[1:] if shared and len(xy) > 1 else xy
        at, before = -1, (0, 0)
        for px, py in xy[::-1].tolist():
            key = (at, px, py)
            if key not in number:
                number[key] = len(back)
                back.append(0 if at < 0 else len(back) - at)
                x.append(px - before[0])
                y.append(py - before[1])
            at, before = number[key], (px, py)
        units.append(
            [
                at, row.minutes, round(row.metres), stations(row.station_name or row.station_id),
                round_(row.goes_round or ""), round(row.spared_m),
            ]
        )  # fmt: skip
    return {
        "corner": corner.tolist(), "scale": scale, "from": back, "x": x, "y": y,
        "units": units, "stations": stations.listed, "round": round_.listed,
    }  # fmt: skip


class _Words:
    """Numbers words in the order they come."""

    def __init__(self) -> None:
        self.listed: list[str] = []
        self.number: dict[str, int] = {}

    def __call__(self, word: str) -> int:
        if word not in self.number:
            self.number[word] = len(self.listed)
            self.listed.append(word)
        return self.number[word]
