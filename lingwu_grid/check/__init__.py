"""Check: what is wrong with the data and how today's map stands, without solving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid._verb import make_verb

if TYPE_CHECKING:
    from lingwu_grid.check.walk import check as check

make_verb(__name__)
