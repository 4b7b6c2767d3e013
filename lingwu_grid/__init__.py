"""
lingwu_grid: lawful, minimally changed community grids from household points.

>>> import lingwu_grid as lg
>>> plan = lg.partition("data")              # doctest: +SKIP
>>> plan.save("outputs/data")                # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lingwu_grid.contract.errors import InputError, LingwuError, OutputError, RulesError

if TYPE_CHECKING:
    from lingwu_grid.api import check, coverage, guess, partition, report, review, settings
    from lingwu_grid.circle.choosing import site_stations
    from lingwu_grid.circle.improving import remedy_gaps
    from lingwu_grid.comparison.differences import compare
    from lingwu_grid.comparison.foresight_prices import foresight_prices
    from lingwu_grid.comparison.history import History, open_history
    from lingwu_grid.comparison.map_plans import plan_of_map
    from lingwu_grid.comparison.price_list import price_list
    from lingwu_grid.comparison.scenarios import scenarios
    from lingwu_grid.comparison.trade_offs import trade_offs
    from lingwu_grid.comparison.updating import update
    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.contract.settings import read_rules
    from lingwu_grid.database.publishing import publish, require_schema
    from lingwu_grid.database.reading import from_database
    from lingwu_grid.ingest.study import Study, read_study
    from lingwu_grid.plan import Plan, read_plan
    from lingwu_grid.revision.patch import read_patch
    from lingwu_grid.sample_town.town import make_town
    from lingwu_grid.sample_town.writing import write_town
    from lingwu_grid.scale.crew import Crew
    from lingwu_grid.verification import verify

__all__ = [
    "Crew",
    "History",
    "InputError",
    "LingwuError",
    "OutputError",
    "Plan",
    "Rules",
    "RulesError",
    "Study",
    "check",
    "compare",
    "coverage",
    "foresight_prices",
    "from_database",
    "guess",
    "make_town",
    "open_history",
    "partition",
    "plan_of_map",
    "price_list",
    "publish",
    "read_patch",
    "read_plan",
    "read_rules",
    "read_study",
    "remedy_gaps",
    "report",
    "require_schema",
    "review",
    "scenarios",
    "settings",
    "site_stations",
    "trade_offs",
    "update",
    "verify",
    "write_town",
]

_MODULES = {
    "api": ("check", "coverage", "guess", "partition", "report", "review", "settings"),
    "circle.choosing": ("site_stations",),
    "circle.improving": ("remedy_gaps",),
    "comparison.differences": ("compare",),
    "comparison.map_plans": ("plan_of_map",),
    "comparison.foresight_prices": ("foresight_prices",),
    "comparison.history": ("History", "open_history"),
    "comparison.price_list": ("price_list",),
    "comparison.scenarios": ("scenarios",),
    "comparison.trade_offs": ("trade_offs",),
    "comparison.updating": ("update",),
    "contract.rules": ("Rules",),
    "database.publishing": ("publish", "require_schema"),
    "database.reading": ("from_database",),
    "contract.settings": ("read_rules",),
    "ingest.study": ("Study", "read_study"),
    "plan": ("Plan", "read_plan"),
    "revision.patch": ("read_patch",),
    "sample_town.town": ("make_town",),
    "sample_town.writing": ("write_town",),
    "scale.crew": ("Crew",),
    "verification": ("verify",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a name of the face when it is first asked for: the package itself imports at once."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'lingwu_grid' has no attribute {name!r}")
    value = getattr(import_module(f"lingwu_grid.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
