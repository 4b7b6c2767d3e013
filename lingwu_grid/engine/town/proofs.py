"""What a proof of a community still says of a plan that went on changing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.instance import COUNTED, FREE
from lingwu_grid.engine.town.bounds import unconditional
from lingwu_grid.engine.town.tally import moved_households

if TYPE_CHECKING:
    from lingwu_grid.engine.instance import Instance, Proof
    from lingwu_grid.engine.town.levels import Town


def as_it_is(instance: Instance, proved: Town, town: Town, proof: Proof) -> Proof:
    """
    Say what a proof still proves once grids were cut anew.

    A model was of the ground its community had: with other ground nothing of it is left but the
    count of whole units, with other grids on the same ground only what holds for any shape.
    """
    inside = town.community[town.zone] == proof.community
    same = np.array_equal(inside, proved.community[proved.zone] == proof.community)
    moved, counted = moved_households(instance, town, inside), unconditional(instance, inside)
    free = max(proof.free_bound, counted) if same else counted
    kept = same and np.array_equal(town.zone[inside], proved.zone[inside])
    return replace(
        proof,
        method=proof.method if kept else FREE if same and proof.method != COUNTED else COUNTED,
        moved=moved,
        # Of what stayed out of range, units that should leave did not.
        bound=min(max(proof.bound, free) if kept else free, moved),
        free_bound=min(free, moved),
        cores=proof.cores if kept else (),
    )
