"""The manual's recipes for new things, followed on a copy; each touches two files at most."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lingwu_grid"
FOUND = """\
import sys
from pathlib import Path
import pandas as pd
import lingwu_grid as lg
from tests.walk.planted import Block, write_strip
here = Path(sys.argv[1])
folder = write_strip(here / "town", [Block(400, canal_after=True), Block(320)])
rules = lg.Rules(community=lg.Rules().grid, prove=False, effort=10)
"""
KIND = '"scarp": BarrierKind(("陡坎", "坎"), "陡坎", "#795548", 1.2, "陡坎"),\n    "wall":'
TABLE = '''\
"""Households by grid, a line each."""

from __future__ import annotations


def make_sizes(drawn):
    """Count the households of every grid."""
    rows = drawn.assignment.groupby(["community_id", "grid_id"]).size()
    return rows.rename("households").reset_index()
'''
ENTRY = '"sizes": lambda d: make_sizes(d),\n    "changes":'
IMPORT = "from lingwu_grid.planning.sizes import make_sizes\n\nif TYPE_CHECKING:"

RECIPES = {
    "a barrier kind": (
        {"contract/kinds.py": ('"wall":', KIND)},
        """\
import geopandas as gpd
path = folder / "boundaries" / "barriers.gpkg"
gpd.read_file(path).assign(kind="陡坎").to_file(path, driver="GPKG")
study = lg.read_study(folder, rules)
assert study.table("barriers")["kind"].tolist() == ["scarp"]
assert not [f for f in study.findings.rows if f.code == "kind_unknown"]
plan = lg.partition(study)
assert "#795548" in plan.explore()._page
from lingwu_grid.maps.review_page import town_of
assert town_of(plan, "")["styles"]["scarp"]["color"] == "#795548"
from lingwu_grid.papers.scenery import line_keys
from lingwu_grid.contract.kinds import barrier
assert barrier("scarp").name == "陡坎"
""",
    ),
    "a second measure": (
        {
            "contract/schema.py": (
                '"party_members": (',
                '"disabled": ("残疾人", "残疾人数"),\n                "party_members": (',
                'MEASURES = ("elderly",',
                'MEASURES = ("disabled", "elderly",',
            )
        },
        """\
import geopandas as gpd
path = folder / "households" / "households.gpkg"
gpd.read_file(path).assign(残疾人数="1").to_file(path, driver="GPKG")
settings = here / "rules.toml"
settings.write_text('[second_measure]\\ncolumn = "disabled"\\nweight = 0.5\\n', encoding="utf-8")
rules = lg.read_rules(settings)
study = lg.read_study(folder, rules)
assert study.households["disabled"].sum() == 720
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.fabric.numbering import build_graph
graph = build_graph(build_fabric(study), rules)
assert graph.measure.sum() == 720
""",
    ),
    "an output table": (
        {
            "planning/sizes.py": TABLE,
            "planning/tables.py": ('"changes":', ENTRY, "if TYPE_CHECKING:", IMPORT),
        },
        """\
plan = lg.partition(folder, rules)
out = plan.save(here / "out")
rows = pd.read_csv(out / "sizes.csv", dtype=str, encoding="utf-8-sig")
assert rows["households"].astype(int).sum() == 720 and len(rows) == len(plan.grids)
again = lg.read_plan(out)
assert again.tables["sizes"]["households"].sum() == 720
one = again.part([again.communities["community_id"].iloc[0]])
assert set(one.tables["sizes"]["community_id"]) == {again.communities["community_id"].iloc[0]}
""",
    ),
    "a map language": (
        {"maps/words/kk.json": '{"_language": "Қазақша", "方案": "Жоба"}'},
        """\
plan = lg.partition(folder, rules)
page = plan.explore()._page
assert "Қазақша" in page and "Жоба" in page and "English" in page
""",
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_a_new_thing_takes_two_files_at_most(name: str, tmp_path: Path) -> None:
    changes, proof = RECIPES[name]
    assert len(changes) <= 2
    copy = tmp_path / "lingwu_grid"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "engine"))
    with (copy / "__init__.py").open("a", encoding="utf-8") as face:
        # The engine is no part of any recipe: the compiled one serves.
        face.write(f"\n__path__.append({str(PACKAGE)!r})\n")
    for file, change in changes.items():
        path = copy / file
        if isinstance(change, str):
            assert not path.exists()
            path.write_text(change, encoding="utf-8")
            continue
        text = path.read_text("utf-8")
        for before, after in zip(change[::2], change[1::2], strict=True):
            assert before in text
            text = text.replace(before, after, 1)
        path.write_text(text, encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - a recipe of ours
        [sys.executable, "-c", FOUND + proof, str(tmp_path / "work")],
        cwd=tmp_path, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{PACKAGE.parent}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
