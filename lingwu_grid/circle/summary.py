"""The figures of a coverage: what ``coverage.json`` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lingwu_grid.circle.zones import BANDS
from lingwu_grid.contract.policy import SERVICE_MINUTES

if TYPE_CHECKING:
    import geopandas as gpd

    from lingwu_grid.circle.gaps import Gaps
    from lingwu_grid.circle.network import Network
    from lingwu_grid.ingest.study import Study


def summarise(
    study: Study,
    homes: gpd.GeoDataFrame,
    zones: pd.DataFrame,
    gaps: Gaps,
    network: Network,
    speeds: tuple[float, float],
) -> dict[str, Any]:
    """
    Give the figures of ``coverage.json``, the method and the notes apart.

    Parameters
    ----------
    study
        Its name and its stations.
    homes
        households, metres, straight_m.
    zones
        Of :func:`~lingwu_grid.circle.zones.share_table`.
    gaps
        Of :func:`~lingwu_grid.circle.gaps.find_gaps`.
    network
        Empty where no road is known; nobody can then tell what circles hide, and
        `hidden_by_circles` is 0.
    speeds
        Of everybody and of the elderly, metres a second.
    """
    everyone = zones[zones["level"] == "全部"].iloc[0]
    reach = SERVICE_MINUTES * 60 * speeds[0]
    circles = int(homes["households"][homes["straight_m"] <= reach].sum())
    lost = int(homes["households"][~np.isfinite(homes["metres"])].sum())
    return {
        "study": study.name,
        "synthetic": study.rules.synthetic,
        "speed_m_s": speeds[0],
        "elderly_speed_m_s": speeds[1],
        "network_pieces": network.pieces,
        "households": int(everyone["households"]),
        "stations": len(study.table("stations")),
        "within": {str(m): int(everyone[f"within_{m}"]) for m in BANDS},
        "share": {str(m): float(everyone[f"share_{m}"]) for m in BANDS},
        "elderly_share": {
            str(m): None if pd.isna(v := everyone[f"elderly_share_{m}"]) else float(v)
            for m in BANDS
        },
        "within_15_by_straight_circles": circles,
        "hidden_by_circles": sum(gaps.hidden.values()),
        "hidden_causes": gaps.hidden,
        "unreachable": lost,
        "gaps": [
            {
                "place": str(g.place),
                "households": int(g.households),
                "metres": round(float(g.metres)) if np.isfinite(g.metres) else None,
                "cause": str(g.cause),
                "cause_households": int(g.cause_households),
            }
            for g in gaps.table.itertuples()
        ],
    }
