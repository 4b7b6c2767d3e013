"""
Street offices' answers: patches read, merged, checked, applied; what is left is solved again.

The room is callable: ``lg.review(study, plan, patches)`` is :func:`lingwu_grid.review.walk.review`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid._verb import make_verb

if TYPE_CHECKING:
    from lingwu_grid.review.walk import review as review

make_verb(__name__)
