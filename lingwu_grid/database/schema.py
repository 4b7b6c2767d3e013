"""Schema: the tables that plans have in a database, each row under the id of its plan."""

from __future__ import annotations

from lingwu_grid.planning.reading import COUNTS

MARK = "lingwu_grid: 划分方案，每次一个编号（plan_id）；由程序写入"
"""Comment by which a schema is known as ours: any other is never written to."""

PLANS = {
    "plan_id": "text PRIMARY KEY", "study": "text", "status": "text", "households": "bigint",
    "grids": "bigint", "communities": "bigint", "affected": "bigint",
    "written": "timestamptz NOT NULL DEFAULT now()", "summary": "jsonb", "run": "jsonb",
}  # fmt: skip
"""Table ``plans``: what each plan is, and what it was made from."""

LAYERS = {
    "grids": "grid_id", "communities": "community_id", "units": "unit_id", "moves": "unit_id",
    "levels": "zone_id",
}  # fmt: skip
"""Layers of ``plan.gpkg`` that are written, and what tells their rows apart in a plan."""

CSVS = {
    "assignment": "household_id", "buildings": "building_id", "changes": "",
    "code_register": "code", "impact": "", "stories": "", "outlook": "",
}  # fmt: skip
"""Tables of the output folder that are written; the key is an index, no rule: ids may be blank."""

NUMBERS = frozenset(("lon", "lat"))


def kind_of(column: str) -> str:
    """Give the kind that a column of a CSV has in the database."""
    if column in COUNTS:
        return "bigint"
    return "double precision" if column in NUMBERS else "text"
