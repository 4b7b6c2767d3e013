"""Instance: what is lawful and what it costs, as integers; Solution: what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from lingwu_grid.contract.rules import FAINT_BORDER
from lingwu_grid.engine.search._kernels import Prices
from lingwu_grid.engine.search.start import enclave_pieces
from lingwu_grid.engine.shapes import shapeless
from lingwu_grid.lawful import community_bands, grid_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.engine.shapes import BorderPrices, Shape
    from lingwu_grid.graph import UnitGraph


GROUND = 0.05
"""Price of a unit's ground that changes grid: between plans that move the same households, the
one that touches less."""


OWNER_WEIGHT = 3.0
"""Of a household that a community is out of range by: it takes grids to mend, not buildings, and
grids can be mended inside a community afterwards."""

COUNT_PRICE = 1500.0
"""Of a grid too many or too few where a number is wished for: what it takes to close or open one,
and some."""

CHEAPER_SHARE = 0.65
"""Share of a time limit after which a lawful plan is not made cheaper any more, but clearer."""

GUIDE = 40.0
"""What a kilometre of border off the lines weighs at most while the search looks for few
households: the full price, that early, costs more households and gains no border (measured on the
sample: 5,250 moved and 4.6 km against 4,930 and 3.9 once grids are cut anew)."""

CAREFUL = 0.01
"""Gap of proofs up to which a town is solved with all we have; above it, quickly."""

FREE, ORDERED, COUNTED = "connected", "ordered", "counted"
"""How a community was proved: with no rule but contiguity; by orders from the cores of its grids;
or, where no model was solved, by counting whole units that must leave."""


class Watch(Protocol):
    """Is told how far a solve is."""

    def __call__(self, phase: str, violations: int | None = None, moved: int | None = None) -> None:
        """Take note of a phase; counts in households."""


class Stop(Protocol):
    """Says when a solve should end early with the best it has."""

    def __call__(self, *, is_lawful: bool = True) -> bool:
        """
        Tell whether to stop now.

        Of a time limit, what makes a lawful plan cheaper (`is_lawful`) has `CHEAPER_SHARE`; the
        rest is kept for coming into range, and for borders. A planner who interrupts ends both.
        """


def silent(phase: str, violations: int | None = None, moved: int | None = None) -> None:
    """Watch without a word."""
    _ = phase, violations, moved


def never(*, is_lawful: bool = True) -> bool:
    """Never stop early."""
    _ = is_lawful
    return False


def within(seconds: float, stop: Stop = never) -> Stop:
    """
    Stop when `stop` does, or so many seconds from now; sooner what makes a lawful plan cheaper.

    Examples
    --------
    >>> within(0)(), within(9)(), within(0)(is_lawful=False)
    (True, False, True)
    """
    begin = time.monotonic()

    def is_over(*, is_lawful: bool = True) -> bool:
        share = CHEAPER_SHARE if is_lawful else 1.0
        return stop(is_lawful=is_lawful) or time.monotonic() - begin >= share * seconds

    return is_over


@dataclass(frozen=True, slots=True)
class Instance:
    """
    What is lawful and what it costs to move.

    Parameters
    ----------
    graph
        The town.
    lower, upper
        Households each of today's grids may have, margin applied, shape (n_grids,).
    new_lower, new_upper
        The same for a grid that does not exist yet.
    prices
        What the search pays for.
    keeps_today
        False where today's grids are no argument (`redraw`, or a town without grids).
    community_mode
        `fixed`, `adjust` or `redraw`.
    community_weight
        Extra price of a household that changes community.
    new_community_lower, new_community_upper
        Households of a community that does not exist yet.
    effort
        Search effort in per cent.
    proves
        Solve each community exactly and give a bound under rules.
    proof_gap
        Relative gap at which that is exact enough.
    measure
        Second measure of each unit less its share of households, shape (n_units,).
    is_fixed
        Units that stay in their grid whatever happens (pieces of declared enclaves).
    wrap_weight
        Households at most that opening a grid which wraps another may cost.
    target_grids
        Grids wished for; 0 for any number.
    border_weight
        Price of a kilometre of border off the lines, households, when grids are cut anew.
    tight_weight
        Price of a grid or community within a hundredth of a bound, then too.
    shape
        Price of an outline, then too.
    recuts
        Cut grids anew for clear borders; False where all but a wish stays as it is.
    grid_counts
        Grids that each community should have; empty for any number.
    drawn
        Price of a border as it is drawn in the end; None where only cells are known.
    """

    graph: UnitGraph
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    new_lower: int
    new_upper: int
    prices: Prices
    keeps_today: bool
    community_mode: str
    community_weight: int
    new_community_lower: int
    new_community_upper: int
    effort: int
    proves: bool
    proof_gap: float
    measure: NDArray[np.float64]
    is_fixed: NDArray[np.bool_]
    wrap_weight: float
    target_grids: int
    border_weight: float
    tight_weight: float
    shape: Shape
    recuts: bool = True
    grid_counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    drawn: BorderPrices | None = None

    @property
    def is_quick(self) -> bool:
        """Tell whether a plan a little above its bound will do: one part of a large study."""
        return self.proof_gap > CAREFUL

    @property
    def cuts_anew(self) -> bool:
        """Tell whether clear borders may cost households: all but the fewest-moved plan."""
        return self.border_weight > FAINT_BORDER

    @property
    def proves_briefly(self) -> bool:
        """Tell whether a second proof gains nothing: some households less, no grid wished for."""
        return self.cuts_anew and not self.target_grids and not self.is_quick

    def with_leave(self, units: NDArray[np.int64], households: int) -> Instance:
        """
        Let the communities of ground that none fits be as small as they must be.

        Parameters
        ----------
        units
            The ground.
        households
            Its households: of as few communities as may hold them, none need have more than
            its even share.
        """
        graph = self.graph
        share = households // -(-households // self.new_community_upper)
        here = np.unique(graph.community_now[units])
        lower = graph.community_lower.copy()
        lower[here[here >= 0]] = np.minimum(lower[here[here >= 0]], share)
        return replace(self, graph=replace(graph, community_lower=lower))

    def with_small_grids(self, units: NDArray[np.int64], households: int) -> Instance:
        """
        Let the grids of ground that no number of grids fits be as small as they must be.

        Parameters
        ----------
        units
            The ground.
        households
            Its households, as in :meth:`with_leave`.
        """
        share = households // -(-households // self.new_upper)
        here = np.unique(self.graph.grid_now[units])
        lower = self.lower.copy()
        lower[here[here >= 0]] = np.minimum(lower[here[here >= 0]], share)
        return replace(self, lower=lower)

    def community_lower(self, communities: NDArray[np.int32]) -> NDArray[np.int64]:
        """Give the fewest households of some communities, new ones included."""
        known = np.append(self.graph.community_lower, self.new_community_lower)
        return known[np.minimum(communities, self.graph.n_communities)]

    def grids_wanted(self, communities: NDArray[np.int32]) -> NDArray[np.int64]:
        """Give the grids that some communities should have, -1 for any number."""
        known = np.append(self.grid_counts, -1)
        return known[np.minimum(communities, len(self.grid_counts))]

    def community_upper(self, communities: NDArray[np.int32]) -> NDArray[np.int64]:
        """Give the most households of some communities, new ones included."""
        known = np.append(self.graph.community_upper, self.new_community_upper)
        return known[np.minimum(communities, self.graph.n_communities)]


@dataclass(frozen=True, slots=True)
class Proof:
    """What an exact model of one community proved."""

    community: int
    method: str
    """One of `FREE`, `ORDERED`, `COUNTED`."""
    bound: int
    """No plan of the community within the method moves fewer of its households."""
    free_bound: int
    """No contiguous plan at all of the community moves fewer."""
    moved: int
    """Households of this community's ground that the plan moves."""
    units: int
    zones: int
    cores: tuple[int, ...]
    """The unit that each surviving grid is pinned by; empty for `connected`."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Lower bounds on the households that a lawful plan of whole units changes."""

    unconditional: int
    """Households that change grid, in any lawful plan."""
    unconditional_communities: int = 0
    """Households that change community, in any lawful plan."""
    within_plan: int | None = None
    """Households that change grid, in any plan with the communities of this one and within the
    methods of `proofs`; None where none was solved exactly. A diagnostic of the search."""
    proofs: tuple[Proof, ...] = ()
    either: tuple[int, int] = (0, 0)
    """The same of grid or community, and the weight that shows it (`least_affected`)."""

    @property
    def everywhere(self) -> int:
        """Households that change grid or community, in any lawful plan: the best of all three."""
        return max(self.unconditional, self.unconditional_communities, self.either[0])


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something cannot be lawful; `short` counts where `households` is not what is missing."""

    cause: str
    households: int
    short: int = 0
    communities: tuple[int, ...] = ()
    grids: tuple[int, ...] = ()
    unit: int = -1
    units: tuple[int, ...] = ()
    """Where it is."""
    others: tuple[int, ...] = ()
    """Grids that are in the way."""
    pairs: tuple[tuple[int, int], ...] = ()
    """Grids that a barrier parts."""


@dataclass(frozen=True, slots=True)
class Solution:
    """
    The grid of each unit and the community of each grid.

    Zones 0 … n_grids − 1 are today's grids, higher ones are new.
    """

    grid_of_unit: NDArray[np.int32]
    community_of_grid: NDArray[np.int32]
    moved: int
    """Households whose grid changes."""
    bound: Bound
    status: str
    """`feasible`, `infeasible` (proven) or `unfinished` (nothing lawful found); explained."""
    explanations: tuple[Explanation, ...] = field(default=())
    clear_price: int | None = None
    """Households affected more than before grids were cut anew for clear borders and counts with
    room; negative where that affects fewer, None where none was cut."""


def pose(
    graph: UnitGraph, rules: Rules, shape: Shape = shapeless, drawn: BorderPrices | None = None
) -> Instance:
    """
    Turn rules into the numbers of a instance.

    The objective is one weighted sum, in households: a household out of range weighs 12, one
    that changes grid 1, one that changes community `community_move_weight` more, and a kilometre
    of border on no line `border_weight`.

    Parameters
    ----------
    graph
        The town.
    rules
        The settings.
    shape
        Price of the outline of a zone of some units.
    drawn
        Price of a border as it is drawn in the end, where that is known.

    Returns
    -------
    Instance
        All that the solver needs.
    """
    keeps = rules.scenario != "redraw" and bool((graph.grid_now >= 0).any())
    moved = 1.0 if keeps else 0.0
    deviation = {"signable": 0.0, "minimal": 0.0, "balanced": rules.balance_weight, "redraw": 0.2}
    border_weight = FAINT_BORDER if rules.scenario == "minimal" else rules.border_weight
    new_grid, new_community = grid_bands(rules, ()).wanted, community_bands(rules, ()).wanted
    return Instance(
        graph=graph,
        lower=graph.grid_lower,
        upper=graph.grid_upper,
        new_lower=new_grid.lower,
        new_upper=new_grid.upper,
        prices=Prices(
            violation=12.0,
            moved=moved,
            ground=GROUND * moved,
            border=min(border_weight, GUIDE) / 1000 if keeps else 0.05,
            deviation=deviation[rules.scenario],
            community=moved * rules.community_move_weight,
            measure=rules.second_measure.weight,
            owner=OWNER_WEIGHT,
            zones=COUNT_PRICE if rules.target_grids else 0.0,
            tight=0.0,
        ),
        keeps_today=keeps,
        community_mode=rules.communities if graph.n_communities else "redraw",
        community_weight=rules.community_move_weight,
        new_community_lower=new_community.lower,
        new_community_upper=new_community.upper,
        effort=rules.effort,
        proves=rules.prove and keeps,
        proof_gap=rules.proof_gap,
        measure=_uneven(graph),
        is_fixed=enclave_pieces(graph) if keeps else np.zeros(graph.n_units, np.bool_),
        wrap_weight=rules.wrap_weight,
        target_grids=rules.target_grids,
        border_weight=border_weight,
        tight_weight=0.0 if rules.scenario == "minimal" else rules.tight_weight,
        shape=shape,
        drawn=drawn,
    )


def _uneven(graph: UnitGraph) -> NDArray[np.float64]:
    """Give the second measure less what the unit's households would have at the town's rate."""
    total = float(graph.households.sum())
    rate = float(graph.measure.sum()) / total if total else 0.0
    uneven: NDArray[np.float64] = graph.measure - rate * graph.households
    return uneven
