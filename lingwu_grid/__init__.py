"""
lingwu_grid: lawful, minimally changed community grids from household points.

>>> import lingwu_grid as lg
>>> study = lg.read_study("data")            # doctest: +SKIP
>>> plan = lg.partition(study)               # doctest: +SKIP
>>> plan.save("outputs/data")                # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lingwu_grid.errors import InputError, LingwuError, OutputError, RulesError

if TYPE_CHECKING:
    from lingwu_grid.check import check
    from lingwu_grid.circle.choosing import site_stations
    from lingwu_grid.coverage import coverage
    from lingwu_grid.partition import partition
    from lingwu_grid.plan import Plan, read_plan
    from lingwu_grid.report import report
    from lingwu_grid.review import review
    from lingwu_grid.review.patch import read_patch
    from lingwu_grid.rules import Rules, read_rules
    from lingwu_grid.scenarios.price_list import price_list
    from lingwu_grid.scenarios.trade_offs import trade_offs
    from lingwu_grid.study import Study, read_study

__all__ = [
    "InputError",
    "LingwuError",
    "OutputError",
    "Plan",
    "Rules",
    "RulesError",
    "Study",
    "check",
    "coverage",
    "partition",
    "price_list",
    "read_patch",
    "read_plan",
    "read_rules",
    "read_study",
    "report",
    "review",
    "site_stations",
    "trade_offs",
]

_ROOMS = {
    "Plan": "plan",
    "read_plan": "plan",
    "Rules": "rules",
    "read_rules": "rules",
    "Study": "study",
    "read_study": "study",
    "partition": "partition",
    "check": "check",
    "coverage": "coverage",
    "site_stations": "circle.choosing",
    "report": "report",
    "review": "review",
    "read_patch": "review.patch",
    "price_list": "scenarios.price_list",
    "trade_offs": "scenarios.trade_offs",
}


def __getattr__(name: str) -> object:
    """Import a room when it is first asked for: the package itself imports at once."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'lingwu_grid' has no attribute {name!r}")
    if name == _ROOMS[name]:
        return import_module(f"lingwu_grid.{name}")  # a verb that is also a command
    value = getattr(import_module(f"lingwu_grid.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value
