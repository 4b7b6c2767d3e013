"""
An attacker of his own: from what is printed to what a count may be, without our code.

He knows the words of the pages ("480—489", "少于 10", "不公布"), that a compound's row is part of
its grid's, and where on the map grids overlap. What he does not know he writes as whole numbers,
and asks a solver for the least and the most of each.

    python -m tests.disclosure.attacker outputs/data
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import polyline
import shapely

UNBOUNDED = (
    highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible,
)  # fmt: skip

Leaf = tuple[str, str, str, str, str]
"""Compound or none, grid today, grid of the plan, community today, community of the plan."""

COLUMNS = (
    "compound_id", "previous_grid_id", "grid_id", "previous_community_id", "community_id",
)  # fmt: skip
FIGURES = "window.lingwu.figures = "

Figure = tuple[str, ...]
"""What is counted and of what; the last is the text."""


def span(text: str) -> tuple[float, float]:
    """Read a printed count."""
    if text == "不公布":
        return 0, highspy.kHighsInf
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    if text.startswith("少于"):
        return 1, numbers[0] - 1
    return numbers[0], numbers[-1]


def counted(figure: Figure, leaf: Leaf, street_of: dict[str, str], recoded: dict[str, str]) -> bool:
    """Tell whether a leaf is among what a figure counts."""
    compound, old, new, old_community, community = leaf
    kind, *of = figure[:-1]
    page = {"subdistrict_id": street_of.get(community), "community_id": community}
    moves = old != "" and recoded.get(old, old) != new
    return {
        "today": lambda: old == of[0],
        "plan": lambda: new == of[0],
        "community_today": lambda: old_community == of[0],
        "community": lambda: community == of[0],
        "in": lambda: new == of[0] and moves,
        "out": lambda: old == of[0] and moves,
        "flow": lambda: [old, new] == of and moves,
        "compound": lambda: list(leaf) == of and compound != "",
    }.get(
        kind,
        lambda: (
            page[kind.split("_", 1)[1]] == of[0]
            and {
                "households": True,
                "moved": moves,
                "across": old_community not in ("", community),
            }[kind.split("_", 1)[0]]
        ),
    )()


class Attack:
    """
    What is printed, as a program in whole numbers.

    Parameters
    ----------
    figures
        Everything printed.
    leaves
        The groups that may have households.
    least
        What each has at least.
    street_of
        Street of each community.
    recoded
        New code of each grid of today that passed to another community.
    """

    def __init__(
        self,
        figures: list[Figure],
        leaves: list[Leaf],
        least: list[int],
        street_of: dict[str, str],
        recoded: dict[str, str],
    ) -> None:
        self.solver = highspy.Highs()
        self.solver.silent()
        n = len(leaves)
        self.solver.addVars(n, np.array(least, float), np.full(n, highspy.kHighsInf))
        self.solver.changeColsIntegrality(
            n, np.arange(n, dtype=np.int32), np.full(n, highspy.HighsVarType.kInteger)
        )
        self.sums: list[list[int]] = [[i] for i in range(n)]
        for figure in figures:
            inside = [
                i for i, leaf in enumerate(leaves) if counted(figure, leaf, street_of, recoded)
            ]
            low, high = span(figure[-1])
            self.solver.addRow(
                low, high, len(inside), np.array(inside, np.int32), np.ones(len(inside))
            )
            self.sums.append(inside)

    def _best(self, inside: list[int], sense: Any) -> float:  # noqa: ANN401 - HiGHS's
        cost = np.zeros(self.solver.getNumCol())
        cost[inside] = 1
        self.solver.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        self.solver.changeObjectiveSense(sense)
        self.solver.run()
        status = self.solver.getModelStatus()
        if status in (
            highspy.HighsModelStatus.kUnbounded,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
        ):
            return highspy.kHighsInf
        assert status == highspy.HighsModelStatus.kOptimal, status
        return round(self.solver.getInfo().objective_function_value)

    def width(self, inside: list[int]) -> float:
        """Give how wide the interval of a sum is: what it may be at most, less at least."""
        most = self._best(inside, highspy.ObjSense.kMaximize)
        return most - self._best(inside, highspy.ObjSense.kMinimize)

    def narrow(self, truth: np.ndarray[Any, Any]) -> list[tuple[list[int], float]]:
        """List the sums of one to four households that are known to within less than five."""
        small = {tuple(s) for s in self.sums if 0 < truth[s].sum() < 5}
        widths = [(list(s), self.width(list(s))) for s in sorted(small)]
        return [(s, width) for s, width in widths if width < 5]

    def tried(self, truth: np.ndarray[Any, Any]) -> int:
        """Count the sums of one to four households."""
        return len({tuple(s) for s in self.sums if 0 < truth[s].sum() < 5})


def _shape(written: dict[str, Any]) -> shapely.Geometry:
    parts = (
        written["coordinates"] if written["type"] == "MultiPolygon" else [written["coordinates"]]
    )
    opened = [[polyline.decode(ring, 6, geojson=True) for ring in part] for part in parts]
    return shapely.geometry.shape({"type": "MultiPolygon", "coordinates": opened})


def read_pages(
    share: Path,
) -> tuple[dict[Figure, str], dict[str, dict[str, str]], dict[str, dict[str, Any]]]:
    """Read what pages print, whose each grid is, and its ground, today and in the plan."""
    figures: dict[Figure, str] = {}
    owners: dict[str, dict[str, str]] = {"today": {}, "plan": {}, "streets": {}, "recoded": {}}
    ground: dict[str, dict[str, Any]] = {"today": {}, "plan": {}}
    for page in sorted(share.glob("*.html")):
        for line in page.read_text("utf-8").splitlines():
            if line.startswith(FIGURES):
                told = json.loads(line.removeprefix(FIGURES).rstrip(";"))
                figures |= {tuple(row[:-1]): row[-1] for row in told["figures"]}
                owners = {when: owners[when] | told["owners"][when] for when in owners}
            layer = re.search(r"_add\((\{\"features\": .*\})\);$", line)
            for feature in json.loads(layer[1])["features"] if layer else ():
                fields = feature["properties"]
                if {"grid_id", "households"} <= set(fields) and "previous_grid_id" not in fields:
                    when = "today" if "standing" in fields else "plan"
                    shape = shapely.make_valid(_shape(feature["geometry"]))
                    ground[when][fields["grid_id"]] = shape
    return figures, owners, ground


def of_pages(out: Path) -> tuple[Attack, np.ndarray[Any, Any], list[str]]:
    """Read all shared pages of an output; give the program, the truth, and the texts of sizes."""
    figures, owners, ground = read_pages(out / "share")
    leaves = {tuple(key[1:]) for key in figures if key[0] == "compound"}
    for old, where in ground["today"].items():
        for new, then in ground["plan"].items():
            if where.intersects(then) and where.intersection(then).area > 1e-12:
                leaves.add(("", old, new, owners["today"].get(old, ""), owners["plan"][new]))
    leaves |= {("", "", new, "", community) for new, community in owners["plan"].items()}
    ordered: list[Leaf] = sorted(leaves)  # type: ignore[arg-type]
    count: dict[tuple[str, ...], int] = defaultdict(int)
    with (out / "buildings.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            count[tuple(row[key].removeprefix("'") for key in COLUMNS)] += int(row["households"])
    truth = np.array([count[leaf] for leaf in ordered])
    printed = [(*key, text) for key, text in figures.items()]
    sizes = [text for key, text in figures.items() if key[0] in ("today", "plan")]
    attack = Attack(printed, ordered, [0] * len(ordered), owners["streets"], owners["recoded"])
    return attack, truth, sizes


def main() -> int:
    """Attack the pages of outputs, and say what came of it."""
    found = 0
    for name in sys.argv[1:]:
        attack, truth, sizes = of_pages(Path(name))
        narrow = attack.narrow(truth)
        off = [(b - a) / 2 for a, b in map(span, sizes) if b > a]
        found += len(narrow)
        sys.stdout.write(
            f"{name}: {len(truth)} groups, {attack.tried(truth)} counts of one to four, "
            f"{len(narrow)} recovered to within five; {len(sizes)} sizes of grids, off by at most "
            f"{max(off)}, {sum(o > 5 for o in off)} by more than five\n"
        )
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
