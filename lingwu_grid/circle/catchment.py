"""Floor space within reach: the two-step floating catchment area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.models import Demand


def floor_within_reach(demand: Demand, floor_m2: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Give each home the floor space it can count on (2SFCA: Luo, Wang 2003).

    First each station's floor is divided among all households within its reach; then each home
    adds up what the stations within its own reach give it. Nobody belongs to one station only,
    and a room that many can reach counts for less.

    Parameters
    ----------
    demand
        Homes, and the stations within reach of each.
    floor_m2
        Of each station, shape (n_sites,); unknown counts as none.

    Returns
    -------
    numpy.ndarray
        Square metres for 100 households, shape (n_homes,); 0 where no station is in reach.
    """
    floor = np.where(np.isfinite(floor_m2), floor_m2, 0.0)
    crowd = np.bincount(
        demand.site, weights=demand.households[demand.home], minlength=demand.n_sites
    )
    each = np.divide(floor, crowd, out=np.zeros(demand.n_sites), where=crowd > 0)
    shares = np.bincount(demand.home, weights=each[demand.site], minlength=len(demand.households))
    return 100.0 * shares.astype(np.float64)
