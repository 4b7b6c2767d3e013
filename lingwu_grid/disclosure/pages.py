"""What an attacker reads in the pages themselves: their text, and nothing else."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import polyline
import shapely
from scipy.sparse import eye_array, vstack

from lingwu_grid.contract.errors import InputError
from lingwu_grid.disclosure.attack import SMALL, WIDTH, narrow
from lingwu_grid.disclosure.figures import COMPOUND, PAGES, Key, groups_of, printed_of
from lingwu_grid.disclosure.telling import STEP

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

FIGURES = re.compile(r"^window\.lingwu\.figures = (.*);$", re.MULTILINE)
LAYER = re.compile(r"_add\((\{\"features\": .*\})\);$", re.MULTILINE)
FIELD = re.compile(r"\"households(?:_in|_out)?\": ?(\"[^\"]*\"|\d+)")
COUNT = re.compile(r"(?<![限\d] )(?<![\d—])(少于 \d+|[\d—]+|不公布) 户")
NAME = re.compile(r"\"\w*name\": ?(\"(?:[^\"\\]|\\.)*\")")
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
SEGMENT = re.compile(r"0|少于 \d+|\d+—\d+|不公布")
MICRO = 6
"""Decimal places of a degree in a packed place."""

SLIVER = 1e-12
"""Ground in square degrees, about a hundredth of a square metre, that nobody lives on."""


class Tally(NamedTuple):
    """What came of attacking the pages of an output."""

    pages: int
    groups: int
    """Groups and sums of households that were tried."""
    recovered: int
    """Of those, how many small counts follow from the pages, or are told outright."""
    why: str = ""
    """The first of them, in words."""

    def plus(self, other: Tally) -> Tally:
        """Add those of another part of a plan, whose pages share no household with these."""
        return Tally(
            self.pages + other.pages, self.groups + other.groups,
            self.recovered + other.recovered, self.why or other.why,
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for ``certificate.json``."""
        return {"small": SMALL, "width": WIDTH, "step": STEP, "method": METHOD} | self._asdict()


METHOD = (
    "把全部外发图印出的数写成整数规划（未知数：同一小区、同一去向的每组户），逐组求最小和最大；"
    "一至四户的组和数，区间都不窄于五"
)


def faults_of(folder: Path, buildings: pd.DataFrame | None = None) -> tuple[list[str], int]:
    """
    Attack all pages of ``share/`` together, from their text alone.

    What is found is then held against ``buildings.csv``, where it is there: that at most three
    may have moved where nobody did gives nothing away.

    Parameters
    ----------
    folder
        An output folder.
    buildings
        Where households are and go; by default what ``buildings.csv`` says.

    Returns
    -------
    tuple
        A sentence for each group of households of which one to four may follow from the pages, or
        that a page tells otherwise than in segments; and how many groups and sums were tried.

    Raises
    ------
    InputError
        If there are no pages.
    """
    texts = {
        path.name: path.read_text("utf-8") for path in sorted((folder / "share").glob("*.html"))
    }
    if not texts:
        raise InputError(
            f"{folder / 'share'} 里没有外发图",
            remedy="先运行 python -m lingwu_grid.partition；运行过的，看 certificate.json 的 "
            "disclosure：推得出少于五户的页不留，why 写着是哪一处",
        )
    figures: dict[Key, str] = {}
    owners: dict[str, dict[str, str]] = {"today": {}, "plan": {}, "streets": {}, "recoded": {}}
    faults: list[str] = []
    for name, text in texts.items():
        found = FIGURES.search(text)
        told: dict[str, Any] = json.loads(found[1]) if found else {"figures": [], "owners": owners}
        own = {tuple(row[:-1]): row[-1] for row in told["figures"]}
        faults += [
            f"{name}：{' '.join(k)} 与另一页说的不同"
            for k in own
            if figures.get(k, own[k]) != own[k]
        ]
        faults += [f"{name}：写有“{n} 户”，没有分段" for n in _others(text)]
        figures |= own
        owners = {when: owners[when] | told["owners"][when] for when in owners}
    leaves = _leaves(figures, owners, *_grounds(texts.values()))
    if buildings is None and (folder / "buildings.csv").is_file():
        buildings = pd.read_csv(
            folder / "buildings.csv", dtype=dict.fromkeys(COMPOUND, str), keep_default_na=False
        )
    truth = None if buildings is None else _truth(buildings, leaves)
    every = groups_of(leaves, PAGES, owners["recoded"])
    members = {key: at for key, at in every.items() if key in figures}
    printed = printed_of(members, figures, np.zeros(len(leaves)))
    cells = vstack([printed.sums, eye_array(len(leaves), format="csr")], format="csr")
    try:
        for cell, (low, high) in narrow(printed, cells):
            inside = cells.indices[cells.indptr[cell] : cells.indptr[cell + 1]]
            if truth is not None and not 0 < int(truth[inside].sum()) < SMALL:
                continue
            names = "、".join(
                " ".join(filter(None, leaves.iloc[i][list(COMPOUND)])) for i in inside
            )
            faults.append(f"由外发图可推出 {low:.0f}—{high:.0f} 户：{names}")
    except ValueError:
        faults.append("外发图里的数不能同时成立")
    return faults, cells.shape[0]


def _truth(rows: pd.DataFrame, leaves: pd.DataFrame) -> NDArray[np.int64]:
    """Count the households of each group."""
    count = rows.groupby(list(COMPOUND))["households"].sum()
    known: NDArray[np.int64] = (
        count.reindex(pd.MultiIndex.from_frame(leaves[list(COMPOUND)])).fillna(0).to_numpy(np.int64)
    )
    return known


def _without_names(text: str) -> str:
    """Take out names that look like a count: what people call a place is not what we print."""
    names = {json.loads(name) for name in NAME.findall(text)}
    odd = [n for n in names if COUNT.search(n) and not COUNT.fullmatch(n)]
    if odd:  # they stand in the page in three ways of writing
        text = html.unescape(ESCAPED.sub(lambda found: chr(int(found[1], 16)), text))
    for name in sorted(odd, key=len, reverse=True):
        text = text.replace(name, "")
    return text


def _others(text: str) -> list[str]:
    """Give the counts of households on a page that are told otherwise than in segments."""
    found = [json.loads(n) for n in FIELD.findall(text)] + COUNT.findall(_without_names(text))
    return sorted({str(n) for n in found if not SEGMENT.fullmatch(str(n))})


def _grounds(texts: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the polygons of today's grids and of the plan's."""
    today: dict[str, Any] = {}
    plan: dict[str, Any] = {}
    for text in texts:
        for found in LAYER.finditer(text):
            for feature in json.loads(found[1])["features"]:
                fields = feature["properties"]
                if {"grid_id", "households"} <= fields.keys() and "previous_grid_id" not in fields:
                    into = today if "standing" in fields else plan
                    into[fields["grid_id"]] = _shape(feature["geometry"])
    return today, plan


def _shape(written: dict[str, Any]) -> shapely.Geometry:
    """Read a shape whose places a page has packed."""

    def opened(places: Any) -> Any:  # noqa: ANN401 - nested as GeoJSON nests
        if isinstance(places, str):
            return polyline.decode(places, MICRO, geojson=True)
        return [opened(part) for part in places]

    return shapely.geometry.shape({**written, "coordinates": opened(written["coordinates"])})


def _leaves(
    figures: dict[Key, str],
    owners: dict[str, dict[str, str]],
    today: dict[str, Any],
    plan: dict[str, Any],
) -> pd.DataFrame:
    """Give the groups that may have households: of compounds, and where two grids overlap."""
    rows = {key[1:] for key in figures if key[0] == "compound"}
    rows |= {("", "", grid, "", community) for grid, community in owners["plan"].items()}
    before, now = list(today), list(plan)
    old, new = np.array(list(today.values())), np.array(list(plan.values()))
    if len(old) and len(new):
        old, new = shapely.make_valid(old), shapely.make_valid(new)
        a, b = shapely.STRtree(new).query(old, predicate="intersects")
        shared = shapely.area(shapely.intersection(old[a], new[b])) > SLIVER
        pairs = zip(a[shared].tolist(), b[shared].tolist(), strict=True)
        rows |= {
            ("", before[i], now[j], owners["today"].get(before[i], ""), owners["plan"][now[j]])
            for i, j in pairs
        }
    table = pd.DataFrame(sorted(rows), columns=list(COMPOUND))
    return table.assign(subdistrict_id=table["community_id"].map(owners["streets"]), households=0)
