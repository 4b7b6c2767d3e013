"""Homes: the households of a study by building, as the network sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.fabric.buildings import gather_buildings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study


@dataclass(frozen=True)
class Walkers:
    """
    Homes by building, as the network sees them.

    Parameters
    ----------
    point
        Where they stand, metres, shape (n,).
    households, elderly
        Who lives there.
    of_household
        Home of each household of the study.
    """

    point: NDArray[np.object_]
    households: NDArray[np.int64]
    elderly: NDArray[np.int64]
    of_household: NDArray[np.int64]


def walkers_of(study: Study) -> Walkers:
    """Group the households of a study by building; one without a building stands for itself."""
    buildings = gather_buildings(study)
    count = len(buildings.point)
    of = buildings.of_household
    return Walkers(
        point=buildings.point,
        households=np.bincount(of, minlength=count).astype(np.int64),
        elderly=np.bincount(
            of, weights=study.households["elderly"].to_numpy(float), minlength=count
        ).astype(np.int64),
        of_household=of,
    )
