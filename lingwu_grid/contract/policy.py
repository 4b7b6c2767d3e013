"""Policy numbers, each with its clause.

"§N" is measure N of 灵党办〔2020〕65号 (2020-08-26). Every number a planner may change is a
setting in :mod:`lingwu_grid.contract.rules` with the default given here.
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

PARTY_FUND_YUAN = {"党委": 100_000, "党总支": 60_000, "党支部": 40_000}
"""Party-building fund of a community per year, by the kind of its organisation (§16)."""

RESERVE_CADRES = (3, 5)
"""Reserve cadres of a community, at least and at most (§15)."""

GRID_HEAD_YUAN_MONTH = 300
"""Stipend of the head of a grid's party branch, paid by Yinchuan (§16)."""

MEMBER_YUAN_MONTH = 100
"""Stipend of branch members, heads of functional groups and of buildings, paid by Lingwu, never
twice to one person (§16)."""

RESIDENT_FUND_YUAN = 5
"""Working fund of grid branches per resident and year (§16)."""

PAYERS = {"grid_heads": "银川市", "members": "灵武市"}
"""Who pays, where the policy says so (§16)."""

GRID_WORKERS_PER_GRID = 1
"""Full-time grid workers (§4)."""

LEGAL_ADVISERS_PER_COMMUNITY = 1
"""One community, one legal adviser (§2)."""

COMMUNITY_WORKERS_PER_10_000 = 18
"""Community workers per 10,000 urban residents, at least (Ningxia programme 2023–2025)."""

SERVICE_MINUTES = 15
"""The service circle round a Neighbourhood Station (§17)."""

WALKING_SPEED_M_S = 1.2
"""15 minutes are 1080 m; GB 50180-2018 sizes the 15-minute circle at 800–1000 m on foot."""

ELDERLY_SPEED_M_S = 0.8
"""15 minutes are 720 m."""

FLOOR_M2_PER_100_HOUSEHOLDS = 30
"""Service floor space, at least (Ningxia programme 2023–2025)."""
