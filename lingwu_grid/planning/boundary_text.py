"""四至: what a zone's border runs on, side by side, in the order 东南西北; and the traverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.planning.border_walk import STEP_M, walk_borders

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.planning.border_walk import Landmarks

SIDES = ("东", "南", "西", "北")
WAYS = ("东", "东北", "北", "西北", "西", "西南", "南", "东南")
NAMELESS = "（无名边界，待补）"
LEAST_SHARE = 0.15
"""A stretch under this share of its side is a corner of the neighbouring side."""
MAIN_NAME, TAIL_M = 0.5, 60.0
"""A line that is this share of a side is no name of the opposite one for less than so much."""
NO_SIDE = 0.04
"""A side shorter than this share of the ring may be a corner: a triangle has three sides."""
END_M = 15.0
"""A short side has edges of its own that face its way, of this length at least: a narrow end."""
NEAR_TIP = 4
"""Steps to either side of a tip in which the lines that meet there are looked for."""
RIBBON_M = 8.0
"""Ground less than twice this wide is a strip along a road, not a side: it is opened away."""
STRIP_M2 = 100.0
"""A zone that loses less with its strips is walked as it was drawn."""
MAIN_SHARE = 0.2
"""What is left of a zone is walked where it holds more than this share of its area."""
SHORT_M = 20.0
"""A run shorter than this is not worth a clause of a traverse."""


def boundary_texts(
    shapes: NDArray[np.object_], names: list[str], landmarks: Landmarks
) -> list[str]:
    """
    Describe the outer border of each zone by its four sides.

    Strips along a road, such as a ribbon a few metres wide round the next block, are opened away
    first. The ring is walked in steps of 12 m; a step belongs to the side it faces, after small
    notches are smoothed and the lean of the whole is taken out, and has a name as in
    :func:`~lingwu_grid.planning.border_walk.walk_borders`. Names of a side stand in the order in
    which they begin, from the north or from the west; a stretch without one is flagged for filling
    in by hand. Where a zone comes to a point, the side is the meeting of the two lines there.

    Parameters
    ----------
    shapes
        Zones, metres, shape (n,).
    names
        What each is called.
    landmarks
        What a border may run on.

    Returns
    -------
    list[str]
        One text a zone, in the order 东南西北; with a note on holes and detached parts.
    """
    if not len(shapes):
        return []
    whole = steps = walk_borders(_opened(shapes), names, landmarks)
    steps["side"] = _quarter(steps["outward"])
    steps = steps[_is_of_side(steps)]
    sides = _named_sides(steps)
    tree = shapely.STRtree(shapes)
    texts = []
    for z, ring in whole.groupby("zone"):
        words = [sides.get((z, s)) or _corner(ring, s) for s in range(4)]
        said = "，".join(f"{word}至{what}" for word, what in zip(SIDES, words, strict=True))
        texts.append(said + _notes(shapes[z], z, names, tree))
    return texts


def nameless_sides(text: str) -> list[str]:
    """
    Tell the sides of a text that have a stretch without a name.

    Examples
    --------
    >>> nameless_sides("东至甲路，南至（无名边界，待补），西至乙路、（无名边界，待补），北至丙街")
    ['南', '西']
    """
    kept = text.replace(NAMELESS, "\0")
    return [part[0] for part in kept.split("，") if "\0" in part]


def _opened(zones: NDArray[np.object_]) -> NDArray[np.object_]:
    """
    Take strips off zones, and keep the parts that make a zone up.

    A morphological opening (shrink, then grow; Serra 1982) with mitre joins leaves corners as
    they are. A zone without strips, or one that is a strip throughout, stays as it was drawn.
    """
    mitre = {"join_style": "mitre", "mitre_limit": 10.0}
    core = shapely.buffer(shapely.buffer(zones, -RIBBON_M, **mitre), RIBBON_M, **mitre)
    # Mitres may reach out of the zone where a strip was cut off.
    core = shapely.intersection(core, zones)
    parts, zone = shapely.get_parts(core, return_index=True)
    size = shapely.area(zones)
    has_strips = size - shapely.area(core) >= STRIP_M2
    is_main = has_strips[zone] & (shapely.area(parts) > MAIN_SHARE * size[zone])
    out = zones.copy()
    for z in np.unique(zone[is_main]).tolist():
        out[z] = shapely.multipolygons(parts[is_main & (zone == z)])
    return out


def _quarter(angle: pd.Series) -> NDArray[np.int64]:
    """Tell which of the four sides a direction faces."""
    turned = np.round(angle.to_numpy() / (np.pi / 2)).astype(int) % 4
    side: NDArray[np.int64] = np.array([0, 3, 2, 1])[turned]
    return side


def _is_of_side(steps: pd.DataFrame) -> NDArray[np.bool_]:
    """
    Tell the steps that make up a side.

    Of a long side all do. A short one is a tip, where smoothing alone faces that way, unless
    there are edges that do: then these are the side.
    """
    share = steps.groupby(["zone", "side"])["length_m"].transform("sum")
    is_long = share >= NO_SIDE * steps.groupby("zone")["length_m"].transform("sum")
    faces = steps["side"].to_numpy() == _quarter(steps["facing"])
    own = steps["length_m"].where(faces, 0.0)
    own = own.groupby([steps["zone"], steps["side"]]).transform("sum")
    kept: NDArray[np.bool_] = (is_long | (faces & (own >= END_M))).to_numpy()
    return kept


def _is_tail(count: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell the short, lesser stretches along the main line of the opposite side: a tail's back."""
    main = {
        (row.zone, row.side, row.name): row.length_m
        for row in count[count["share"] >= MAIN_NAME].itertuples(index=False)
    }
    return np.array(
        [
            row.name != "" and row.share < MAIN_NAME
            and row.length_m < min(TAIL_M, main.get((row.zone, (row.side + 2) % 4, row.name), 0))
            for row in count.itertuples(index=False)
        ],
        np.bool_,
    )  # fmt: skip


def _named_sides(steps: pd.DataFrame) -> dict[tuple[int, int], str]:
    """Name each side in the order in which its lines begin, from the north or from the west."""
    keys = ["zone", "side"]
    along = np.where(steps["side"] % 2 == 0, -steps["y"], steps["x"])
    count = steps.assign(along=along).groupby([*keys, "name"])
    count = count.agg(length_m=("length_m", "sum"), along=("along", "min")).reset_index()
    whole = count.groupby(keys)["length_m"].transform("sum")
    count["share"] = count["length_m"] / whole
    count = count[(count["share"] >= LEAST_SHARE) & ~_is_tail(count)]
    # Two that begin as good as together: the longer first, wherever the zone lies.
    late = count["along"] - count.groupby(keys)["along"].transform("min")
    count["turn"] = (late / (2 * STEP_M)).round()
    count["metres"] = -count["length_m"].round()
    count = count.sort_values([*keys, "turn", "metres", "name"])
    count["name"] = count["name"].where(count["name"] != "", NAMELESS)
    said: dict[tuple[int, int], str] = count.groupby(keys)["name"].agg("、".join).to_dict()
    return said


def _corner(ring: pd.DataFrame, side: int) -> str:
    """Name a side that is a point: the two lines that meet there."""
    across, along = np.array([(1, 0), (0, -1), (-1, 0), (0, 1)])[side]
    first = ring[ring["ring"] == ring["ring"].iloc[0]]
    tip = int(np.argmax(across * first["x"].to_numpy() + along * first["y"].to_numpy()))
    name = first["name"].to_numpy(object)
    near = sorted(range(-NEAR_TIP, NEAR_TIP + 1), key=lambda far: (abs(far), far))
    met: dict[str, int] = {}
    for far in near:
        met.setdefault(str(name[(tip + far) % len(name)]), far)
    met.pop("", None)
    two = sorted(list(met)[:2], key=lambda said: met[said])
    return f"{two[0]}与{two[1]}交汇处" if len(two) == 2 else two[0] if two else NAMELESS


def _notes(shape: shapely.Geometry, zone: int, names: list[str], tree: shapely.STRtree) -> str:
    parts = shapely.get_parts(shape)
    holes = np.concatenate([shapely.get_rings(p)[1:] for p in parts])
    inner = shapely.point_on_surface(shapely.polygons(holes)) if len(holes) else holes
    within = [z for p in inner for z in tree.query(p, predicate="within").tolist() if z != zone]
    called = "、".join(dict.fromkeys(names[z] for z in within))
    said = f"（其内的{called}除外）" if called else "（其内有一处不属于它）" if len(holes) else ""
    return said + (f"（另有飞地{len(parts) - 1}处）" if len(parts) > 1 else "")


def traverses(shapes: NDArray[np.object_], names: list[str], landmarks: Landmarks) -> list[str]:
    """
    Describe the outer border of each zone as a walk, clockwise from the north-east corner.

    Parameters
    ----------
    shapes, names, landmarks
        As in :func:`boundary_texts`.

    Returns
    -------
    list[str]
        One text a zone: what is followed, which way, how many metres.
    """
    if not len(shapes):
        return []
    steps = walk_borders(shapes, names, landmarks)
    texts = []
    for _, ring in steps.groupby("zone"):
        first = ring[ring["ring"] == ring["ring"].iloc[0]].iloc[::-1]
        start = int(np.argmax((first["x"] + first["y"]).to_numpy()))
        texts.append(_walked(pd.concat([first.iloc[start:], first.iloc[:start]])))
    return texts


def _walked(steps: pd.DataFrame) -> str:
    xy = steps[["x", "y"]].to_numpy()
    ahead = np.roll(xy, -2, axis=0) - np.roll(xy, 2, axis=0)
    way = np.round(np.arctan2(ahead[:, 1], ahead[:, 0]) / (np.pi / 4)).astype(int) % 8
    run = steps.assign(way=way)
    turn = (run["name"] != run["name"].shift()) | (run["way"] != run["way"].shift())
    runs = run.groupby(turn.cumsum()).agg(
        name=("name", "first"), way=("way", "first"), metres=("length_m", "sum")
    )
    # What is too short for a clause goes with the run before it; the walk begins with a long one.
    keep = (runs["metres"] >= SHORT_M).to_numpy()
    first = int(np.argmax(keep))
    runs, keep = pd.concat([runs.iloc[first:], runs.iloc[:first]]), np.roll(keep, -first)
    runs = runs.groupby(np.cumsum(keep)).agg(
        name=("name", "first"), way=("way", "first"), metres=("metres", "sum")
    )
    again = (runs["name"] != runs["name"].shift()) | (runs["way"] != runs["way"].shift())
    runs = runs.groupby(again.cumsum()).agg(
        name=("name", "first"), way=("way", "first"), metres=("metres", "sum")
    )
    clauses = [
        f"沿{r.name or '无名界线（待补）'}向{WAYS[r.way]}约{10 * round(r.metres / 10)}米"
        for r in runs.itertuples(index=False, name="Run")
    ]
    return "自东北角起，" + "，".join(clauses) + "，回到起点。"
