"""The figures of a coverage: what ``coverage.json`` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lingwu_grid.circle.causes import told_causes
from lingwu_grid.circle.zones import BANDS
from lingwu_grid.contract.policy import SERVICE_MINUTES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.circle.gaps import Gaps
    from lingwu_grid.circle.walks import Walks
    from lingwu_grid.ingest.study import Study


def summarise(
    study: Study,
    homes: gpd.GeoDataFrame,
    zones: pd.DataFrame,
    gaps: Gaps,
    walks: Walks,
    others: dict[str, NDArray[np.float64]],
) -> dict[str, Any]:
    """
    Give the figures of ``coverage.json``, the notes apart.

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
    walks
        Without roads nobody can tell what circles hide, and `hidden_by_circles` is 0.
    others
        Metres of every home under each assumption that nobody has told, by its words.
    """
    everyone = zones[zones["level"] == "全部"].iloc[0]
    speeds = walks.speeds
    reach = SERVICE_MINUTES * 60 * speeds.everybody
    causes = {word: n for word, n in gaps.hidden.items() if word}
    circles = int(homes["households"][homes["straight_m"] <= reach].sum())
    lost = int(homes["households"][~np.isfinite(homes["metres"])].sum())
    return {
        "study": study.name,
        "synthetic": study.rules.synthetic,
        "speed_m_s": speeds.everybody,
        "elderly_speed_m_s": speeds.elderly,
        "network_pieces": walks.ways.streets.network.pieces,
        "households": int(everyone["households"]),
        "stations": len(study.table("stations")),
        "within": {str(m): int(everyone[f"within_{m}"]) for m in BANDS},
        "share": {str(m): float(everyone[f"share_{m}"]) for m in BANDS},
        "elderly_share": {
            str(m): None if pd.isna(v := everyone[f"elderly_share_{m}"]) else float(v)
            for m in BANDS
        },
        "share_15_range": [float(everyone["share_15_least"]), float(everyone["share_15"])],
        "within_15_if": {
            word: int(homes["households"][metres <= reach].sum()) for word, metres in others.items()
        },
        "within_15_by_straight_circles": circles,
        "hidden_by_circles": gaps.hidden[""],
        "hidden_causes": causes,
        "hidden_told": told_causes(causes),
        "method": walks.method,
        "unreachable": lost,
        "gaps": [
            {
                "place": str(g.place),
                "households": int(g.households),
                "metres": round(float(g.metres)) if np.isfinite(g.metres) else None,
                "cause": str(g.cause),
                "cause_households": int(g.cause_households),
                "reason": str(g.reason),
                "elderly": int(g.elderly),
            }
            for g in gaps.table.itertuples()
        ],
    }
