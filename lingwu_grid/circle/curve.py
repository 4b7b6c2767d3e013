"""What each number of new stations would cover, under the terms of one choice."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from lingwu_grid.circle.candidates import waiting_groups
from lingwu_grid.circle.siting import most_covered

if TYPE_CHECKING:
    from lingwu_grid.circle.models import Demand, Terms

CURVE = 10
"""Points of the curve of coverage against stations, at most."""


class Clock(NamedTuple):
    """Time for several solves together."""

    ends: float

    @classmethod
    def of(cls, seconds: float) -> Clock:
        """Start it now."""
        return cls(time.perf_counter() + seconds)

    def share(self, part: float) -> float:
        """Give a part of the seconds that are left, half a second at least."""
        return max(part * (self.ends - time.perf_counter()), 0.5)

    @property
    def is_over(self) -> bool:
        """True where less than a second is left."""
        return self.ends - time.perf_counter() < 1.0


def curve_of(
    inside: Demand, terms: Terms, count: int, clock: Clock
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """
    Solve for each number of stations until everybody who can be reached is, under the same terms.

    It begins with today's stations; the next point is the least number that the premises insisted
    on and the communities without a station allow.
    """
    most = inside.covered(np.ones(inside.n_sites, bool))
    least = max(int((terms.required & terms.new).sum()) + len(waiting_groups(terms)), 1)
    rows, notes = [(0, _today(inside, terms), 0.0)], []
    last = min(max(CURVE, least, min(count, 2 * CURVE)), int(terms.new.sum()))
    for k in range(least, last + 1):
        if clock.is_over:
            notes.append(f"时间用完，覆盖曲线只算到新开 {rows[-1][0]} 处")
            break
        limited, seconds = replace(terms, count=k), clock.share(1 / (last + 1 - k))
        sited = most_covered(inside, limited, seconds=seconds, sparing=False)
        rows.append((k, sited.served, sited.gap))
        # Coverage grows less with every station, but for a budget: a standstill is the end.
        stands = terms.budget is None and k > least and rows[-1][1] == rows[-2][1]
        if sited.served >= most or stands:
            break
    return pd.DataFrame(rows, columns=["new_stations", "households_covered", "gap"]), tuple(notes)


def _today(inside: Demand, terms: Terms) -> int:
    """Count who is served with nothing opened."""
    today = ~terms.new
    if terms.capacity is None:
        return inside.covered(today)
    alone = replace(terms, required=today, count=0, group=None, budget=None)
    return most_covered(inside, alone, sparing=False).served
