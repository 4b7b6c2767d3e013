"""
Rooms that are a verb too: ``lg.check(study)``, ``python -m lingwu_grid.check``.

The room and its verb share a name, so the module itself is callable, whichever of the two was
imported first; the heavy libraries are loaded at the first call, not by ``--help``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class Verb(ModuleType):
    """A module that can be called: it passes the call on to the verb in its walk."""

    def __call__(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on whole
        """Do what the room is named for; see the function of that name in its walk."""
        return self._verb()(*args, **options)

    def _verb(self) -> Any:  # noqa: ANN401 - passed on whole
        return getattr(import_module(self.__dict__["verb_is_in"]), self.__name__.rpartition(".")[2])

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the verb itself
        if name != self.__name__.rpartition(".")[2]:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return self._verb()


def make_verb(room: str, walk: str | None = None) -> None:
    """
    Make a room callable.

    Parameters
    ----------
    room
        Its module; the verb has the last part of its name.
    walk
        The module where the verb is; ``walk`` of the room where not given.
    """
    module = sys.modules[room]
    module.__dict__["verb_is_in"] = walk or f"{room}.walk"
    module.__class__ = Verb
