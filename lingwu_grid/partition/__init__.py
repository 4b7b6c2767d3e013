"""The main job: household points become grids become a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid._verb import make_verb

if TYPE_CHECKING:
    from lingwu_grid.partition.walk import partition as partition

make_verb(__name__)
