"""The service circle: who can walk to a Neighbourhood Station, and where the next should open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid._verb import make_verb

if TYPE_CHECKING:
    from lingwu_grid.coverage.walk import coverage as coverage

make_verb(__name__)
