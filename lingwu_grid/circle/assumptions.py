"""Assumptions: what nobody has told of a walk, and the network under each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.network import NODE_M, Network, split_edges
from lingwu_grid.ingest.columns import TRUE_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lingwu_grid.circle.streets import Streets
    from lingwu_grid.circle.walls import Walls
    from lingwu_grid.contract.walking import Walking
    from lingwu_grid.ingest.study import Study

WIDE = ("trunk", "primary", "secondary")
"""Classes of roads at which somebody on foot may have to wait."""

WAIT_S = 30.0
"""Seconds before a wide road, where the worst is assumed: half of a signal of a minute."""

STEPS = "steps"
"""Class of stairs (OSM highway value)."""

ON_M = 10 * NODE_M
"""Nearer than this, a node lies on an outline."""

STEP_M = 0.05
"""A step behind a gate: where strangers are stopped, and nobody's door is."""

INSIDE_M = 3 * NODE_M
"""A step whose middle is nearer to the outline runs along it."""

OPEN_WORDS = (*TRUE_WORDS, "开放", "开放式", "可以", "可", "允许", "开", "open")
CLOSED_WORDS = (
    "否", "0", "0.0", "f", "false", "n", "no", "无", "封闭", "封闭式", "不开放", "不可以",
    "不允许", "关", "关闭", "closed",
)  # fmt: skip

STEEPEST = 50.0
"""Per cent; nobody walks a steeper street."""


class Assumed(NamedTuple):
    """One set of assumptions."""

    strangers_pass: bool
    """Whether compounds of which nothing is known are open to strangers."""
    crossing_s: Mapping[str, float]
    """Seconds lost at crossing a road of a class."""


def usual(walking: Walking) -> Assumed:
    """Give the assumptions of the figures: of what is not known, the kindest."""
    return Assumed(walking.compounds != "closed", walking.crossing_s)


def hardest(walking: Walking) -> Assumed:
    """Give the worst of what is not known: compounds closed, a wait before every wide road."""
    waits = dict.fromkeys(WIDE, WAIT_S) | dict(walking.crossing_s)
    return Assumed(walking.compounds == "open", waits)


class Ways(NamedTuple):
    """The network with what assumptions may change on it."""

    streets: Streets
    enters: NDArray[np.int64]
    """Compound into which the walk along each edge leads, shape (2, n_edges): from start to end
    and back; -1 for none."""
    road: NDArray[np.object_]
    """Class of each edge, where it matters."""
    told_open: NDArray[np.object_]
    """Whether each compound is open to strangers, None where no table and no station tells it."""

    def passed(self, assumed: Assumed) -> NDArray[np.bool_]:
        """Tell which compounds strangers may walk through."""
        told = [assumed.strangers_pass if o is None else bool(o) for o in self.told_open]
        return np.array(told, bool)

    def under(self, assumed: Assumed, speed: float, taken: frozenset[int] = frozenset()) -> Network:
        """
        Give the network under assumptions.

        Parameters
        ----------
        assumed
            What is assumed.
        speed
            Metres a second: a wait counts for the metres that are walked in it.
        taken
            Obstacles that are thought away.
        """
        inward = (self.enters >= 0) & ~np.append(self.passed(assumed), True)[self.enters]
        network = self.streets.without(taken).barred(*inward)
        return replace(network, toll=_tolls(network, self.road, assumed.crossing_s, speed))


def ways_of(study: Study, streets: Streets, stations: NDArray[np.object_]) -> Ways:
    """
    Mark on the streets where compounds are entered, and their classes, stairs and slopes.

    Parameters
    ----------
    study
        Its roads and settings.
    streets
        Of the study.
    stations
        Points: people must come to them, so that a compound that holds one is open.
    """
    network = streets.whole
    told, strange = _told_open(streets.compounds, stations)
    grades, steep = _grades(study)
    streets = streets._replace(told=[*streets.told, *strange, *steep])
    if not len(network.line):
        return Ways(streets, np.full((2, 0), -1, np.int64), np.empty(0, object), told)
    streets = _split_at_outlines(streets)
    network = streets.whole
    of, grade = _drawn_as(study, network, grades)
    rate = np.ones((2, len(network.line)))
    rate[:, of == STEPS] = study.rules.walking.stairs
    rate *= np.stack([_slower(grade), _slower(-grade)])
    streets = streets._replace(whole=replace(network, rate=rate))
    return Ways(streets, _entering(network, streets.compounds), of, told)


def _told_open(
    compounds: Walls, stations: NDArray[np.object_]
) -> tuple[NDArray[np.object_], list[str]]:
    """Tell which compounds are said to be open, or must be; and the words nobody can read."""
    rows = compounds.compounds
    words = rows["open"].fillna("").astype(str).str.strip().str.lower()
    known = dict.fromkeys(OPEN_WORDS, True) | dict.fromkeys(CLOSED_WORDS, False)
    told = np.array([known.get(word) for word in words], object)
    strange = sorted(set(words) - set(known) - {""})
    if len(stations) and len(rows):
        told[shapely.STRtree(rows.geometry.to_numpy()).query(stations, "intersects")[1]] = True
    return told, [
        f"看不懂小区“开放”列的“{'、'.join(strange[:5])}”，按没有说明算；写 是 或 否"
    ] if strange else []  # fmt: skip


def _grades(study: Study) -> tuple[NDArray[np.float64], list[str]]:
    """Give the grade of each road in per cent; and say which were not believed."""
    text = study.table("roads")["grade"].fillna("").astype(str).str.strip()
    value = pd.to_numeric(text.str.rstrip("%％").str.strip(), errors="coerce")
    value = value.where(value.abs() <= STEEPEST)
    wrong = sorted(set(text[(text != "") & value.isna()]))
    return value.fillna(0.0).to_numpy(float), [
        f"道路坡度“{'、'.join(wrong[:5])}”不是 {STEEPEST:g}% 以内的数，按平路算；改正“坡度”列或高程"
    ] if wrong else []  # fmt: skip


def _split_at_outlines(streets: Streets) -> Streets:
    """Cut a step out of every way where it enters a compound: strangers are stopped on it."""
    network, stands = streets.whole, streets.compounds.compounds
    if not len(stands):
        return streets
    outline = shapely.boundary(stands.geometry.to_numpy())
    row, edge = shapely.STRtree(network.line).query(outline, "intersects")
    met = shapely.intersection(network.line[edge], outline[row])
    parts, of = shapely.get_parts(met, return_index=True)
    at = shapely.get_type_id(parts) == 0
    points, edge = parts[at], edge[of[at]]
    place = shapely.line_locate_point(network.line[edge], points)
    cuts: dict[int, list[float]] = {}
    for e, m in zip(edge.tolist(), place.tolist(), strict=True):
        if network.length[e] > 4 * STEP_M:
            cuts.setdefault(e, []).extend((m - STEP_M, m, m + STEP_M))
    ends = np.stack([network.node[network.start], network.node[network.end]], axis=1)
    nodes = shapely.points(ends.reshape(-1, 2))
    on = np.unique(shapely.STRtree(outline).query(nodes, "dwithin", distance=ON_M)[0])
    for e, is_end in zip((on // 2).tolist(), (on % 2).tolist(), strict=True):
        if network.length[e] > 4 * STEP_M:
            cuts.setdefault(e, []).append(network.length[e] - STEP_M if is_end else STEP_M)
    whole, source = split_edges(network, cuts)
    return streets._replace(whole=whole, lock=streets.lock[source])


def _entering(network: Network, compounds: Walls) -> NDArray[np.int64]:
    """Tell into which compound the walk along each edge leads from its outline inwards."""
    enters = np.full((2, len(network.line)), -1, np.int64)
    ground = compounds.compounds.geometry.to_numpy()
    if not len(ground):
        return enters
    middle = shapely.line_interpolate_point(network.line, 0.5, normalized=True)
    edge, row = shapely.STRtree(ground).query(middle, "intersects")
    outline = shapely.boundary(ground)[row]
    # What runs along the outline leads nowhere into the yard.
    inside = shapely.distance(middle[edge], outline) > INSIDE_M
    edge, row, outline = edge[inside], row[inside], outline[inside]
    for way, node in ((0, network.start), (1, network.end)):
        on = shapely.distance(shapely.points(network.node[node[edge]]), outline) <= ON_M
        enters[way, edge[on]] = row[on]
    return enters


def _drawn_as(
    study: Study, network: Network, given: NDArray[np.float64]
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Give the class of the road each edge is of, and its grade in per cent along the edge."""
    roads = study.table("roads")
    of, grade = np.full(len(network.line), "", object), np.zeros(len(network.line))
    wanted = (roads["class"].isin([*WIDE, STEPS, *study.rules.walking.crossing_s])) | (given != 0)
    rows = np.flatnonzero(wanted.to_numpy(bool))
    if not len(rows):
        return of, grade
    shapes = roads.geometry.to_numpy()[rows]
    middle = shapely.line_interpolate_point(network.line, 0.5, normalized=True)
    edge, near = shapely.STRtree(shapes).query(middle, "dwithin", distance=ON_M)
    of[edge] = roads["class"].to_numpy(object)[rows[near]]
    at = [shapely.points(network.node[node[edge]]) for node in (network.start, network.end)]
    first, last = (shapely.line_locate_point(shapes[near], points) for points in at)
    grade[edge] = given[rows[near]] * np.sign(last - first)
    return of, grade


def _slower(grade: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the metres a metre counts for at a grade in per cent (Tobler 1993), level being one."""
    return np.exp(3.5 * (np.abs(grade / 100 + 0.05) - 0.05))


def _tolls(
    network: Network, of: NDArray[np.object_], crossing_s: Mapping[str, float], speed: float
) -> NDArray[np.float64]:
    """
    Give the metres that waits before wide roads count for, at both ends of each edge.

    Who comes from a lane to a node through which a wide road passes either crosses it or turns
    into it, on this side as often as on that: half of the wait stands at the end of each lane, so
    that crossing costs all of it.
    """
    toll = np.zeros((2, len(network.line)))
    wait = np.zeros(len(network.line))
    for road, seconds in crossing_s.items():
        wait[of == road] = seconds
    if not wait.any():
        return toll
    passes = np.zeros(len(network.node))
    for seconds in np.unique(wait[wait > 0]):
        wide = wait == seconds
        met = np.bincount(
            np.concatenate([network.start[wide], network.end[wide]]), minlength=len(network.node)
        )
        passes[met > 1] = np.maximum(passes[met > 1], seconds)
    for way, node in ((0, network.start), (1, network.end)):
        toll[way] = np.where(wait < passes[node], passes[node] * speed / 2, 0.0)
    return toll
