"""
The door to the service circle: ``lg.coverage(study)``, ``python -m lingwu_grid.coverage``.

The work is done in :mod:`lingwu_grid.circle`; the door stands above the maps, since what was
measured goes onto them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid._verb import make_verb

if TYPE_CHECKING:
    from lingwu_grid.circle.walk import coverage as coverage

make_verb(__name__, "lingwu_grid.circle.walk")
