"""Policy numbers, each with its clause.

"§N" is measure N of 灵党办〔2020〕65号 (2020-08-26). Every number a planner may change is a
setting in :mod:`lingwu_grid.rules` with the default given here.
"""

GRID_HOUSEHOLDS = (300, 500)
"""Resident households of a grid, inclusive (§4)."""

COMMUNITY_HOUSEHOLDS = (3000, 5000)
"""Resident households of a community, inclusive (§4)."""

COMMUNITY_MOVE_WEIGHT = 3
"""What a change of community costs against a change of grid (基本稳定、适度微调, §4)."""

SMALL_GRID_HOUSEHOLDS = (100, 300)
"""Grids of old compounds or special groups (Ningxia programme 2023–2025)."""

SERVICE_FUND_YUAN = (170_000, 180_000, 200_000)
"""Community service fund per year for <3000, 3000–5000, >5000 households (§16)."""

COMMITTEE_SEATS = (5, 7, 9)
"""Committee seats (两委职数) for the same three classes (§15)."""

SERVICE_MINUTES = 15
"""The service circle round a Neighbourhood Station (§17)."""

WALKING_SPEED_M_S = 1.2
"""15 minutes are 1080 m; GB 50180-2018 sizes the 15-minute circle at 800–1000 m on foot."""

ELDERLY_SPEED_M_S = 0.8
"""15 minutes are 720 m."""

FLOOR_M2_PER_100_HOUSEHOLDS = 30
"""Service floor space, at least (Ningxia programme 2023–2025)."""


def size_class(households: int) -> int:
    """
    Tell the class of a community for seats and funds.

    Parameters
    ----------
    households
        Resident households of the community.

    Returns
    -------
    int
        0 below 3000, 1 from 3000 to 5000 inclusive, 2 above (§15, §16).

    Examples
    --------
    >>> [size_class(n) for n in (2999, 3000, 5000, 5001)]
    [0, 1, 1, 2]
    """
    lower, upper = COMMUNITY_HOUSEHOLDS
    return int(households >= lower) + int(households > upper)
