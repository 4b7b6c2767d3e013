"""
The main job: household points become grids become a map.

The room and its verb share a name: ``lg.partition(study)`` is a call, ``python -m
lingwu_grid.partition`` a command. The module is therefore callable, whichever of the two was
imported first, and the heavy libraries are loaded at the first call, not by ``--help``.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lingwu_grid.partition.walk import partition
    from lingwu_grid.plan import Plan

__all__ = ["partition"]


def __getattr__(name: str) -> object:
    if name != "partition":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lingwu_grid.partition import walk  # noqa: PLC0415 - loaded when first asked for

    return walk.partition


class _Verb(ModuleType):
    """A module that can be called."""

    def __call__(self, *args: Any, **options: Any) -> Plan:  # noqa: ANN401 - passed on whole
        """Draw a plan: see :func:`lingwu_grid.partition.walk.partition`."""
        from lingwu_grid.partition import walk  # noqa: PLC0415 - loaded when first asked for

        return walk.partition(*args, **options)


sys.modules[__name__].__class__ = _Verb
