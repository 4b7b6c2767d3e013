"""Every setting of a study: read from ``rules.toml``, checked once, passed on, never global."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from lingwu_grid.contract import policy
from lingwu_grid.contract.errors import RulesError
from lingwu_grid.contract.staffing import Staffing
from lingwu_grid.contract.walking import Walking

if TYPE_CHECKING:
    from lingwu_grid.contract.levels import Level

PARTS_GAP = 0.03
"""Share over its bound at which a community of a study in parts is solved well enough: a third of
the time, for one or two households in a hundred of those that move."""

FAINT_BORDER = 2.0
"""Weight of a kilometre off any line where the fewest households are wanted: a tie is broken."""

Headers = Mapping[str, str | tuple[str, ...]]
"""An office's own headers of a table: canonical name to one, or several of several files."""

Scenario = Literal["signable", "minimal", "balanced", "redraw"]
DATUMS = ("cgcs2000", "gcj02", "bd09", "auto")
CommunityMode = Literal["fixed", "adjust", "redraw"]


@dataclass(frozen=True, slots=True)
class Band:
    """How many households a zone may have, inclusive."""

    lower: int
    upper: int


@dataclass(frozen=True, slots=True)
class Exemption:
    """A zone that may lawfully be out of range, with the kind and the reason on record."""

    kind: str
    reason: str
    grid_id: str = ""
    community_id: str = ""
    lower: int = 0
    upper: int = 0
    """0 leaves the number of the band."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A compound, building or unit that must be in a grid."""

    place: str
    grid_id: str


@dataclass(frozen=True, slots=True)
class SecondMeasure:
    """A column of households whose sum should be spread over grids as households are."""

    column: str = ""  # one of `MEASURES`
    weight: float = 0.0
    """What one person too many or too few in a grid costs, in households moved."""


MOST_YEARS = 20
"""No delivery is known so long before."""

INTERNAL_NOTICE = "内部工作用图"


@dataclass(frozen=True, slots=True)
class Rules:
    """
    The settings of one study; the defaults are the policy's.

    Parameters
    ----------
    grid, community
        Households a grid and a community may have (policy §4).
    margin
        Households kept clear of both bounds of a grid: 10 turns 300–500 into 310–490.
    communities
        `fixed`: community borders stay; `adjust`: whole grids may change community;
        `redraw`: communities are formed anew.
    scenario
        `signable`: few households moved and clear borders, at the price of `border_weight`;
        `minimal`: move the fewest households; `balanced`: move a few more for grids nearer the
        middle of the range; `redraw`: today's grids are no argument.
    community_move_weight
        What a change of community costs against a change of grid.
    compounds_whole
        Keep a compound within the limit in one grid.
    villages_whole
        Keep an urban village as one community whatever its size (村居合一, policy §4).
    work_crs
        EPSG code of the projected system to work in; 0 chooses it by place.
    pins, together, apart
        Compounds, buildings or units by id: what must be in a grid, share one, or not share one.
    columns
        An office's own column names: ``{table: {canonical name: header or headers}}``; a file that
        has none of them is read by the names everybody knows.
    """

    study_name: str = ""
    """Printed on maps and reports; empty takes the folder's name."""
    notice: str = INTERNAL_NOTICE
    """Printed on the maps that stay in the office, other words on those that leave, too."""
    tiles: str = ""
    """Address of map tiles under the planner's map, with {x} {y} {z}; empty for no network."""
    effective_date: str = ""
    """The day the plan takes effect, as it is to be printed; empty until it is known."""
    synthetic: bool = False
    """True puts "合成数据" on every map and report."""
    grid: Band = Band(*policy.GRID_HOUSEHOLDS)
    community: Band = Band(*policy.COMMUNITY_HOUSEHOLDS)
    margin: int = 0
    communities: CommunityMode = "adjust"
    scenario: Scenario = "signable"
    community_move_weight: int = policy.COMMUNITY_MOVE_WEIGHT
    compounds_whole: bool = True
    villages_whole: bool = True
    work_crs: int = 0
    effort: int = 100
    """Search effort in per cent of the default; more is slower and better."""
    locked_grids: tuple[str, ...] = ()
    locked_communities: tuple[str, ...] = ()
    exceptions: tuple[Exemption, ...] = ()
    pins: tuple[Pin, ...] = ()
    """Compounds or buildings that must be in a grid."""
    together: tuple[tuple[str, ...], ...] = ()
    """Compounds or buildings that must share a grid."""
    apart: tuple[tuple[str, ...], ...] = ()
    """Compounds or buildings of which no two may share a grid."""
    enclaves: tuple[str, ...] = ()
    """Grids that may lie in several pieces."""
    split_compounds: tuple[str, ...] = ()
    """Compounds within the limit that may be divided all the same."""
    open_crossings: tuple[tuple[str, ...], ...] = ()
    """Pairs of grids between which a barrier may be crossed."""
    second_measure: SecondMeasure = SecondMeasure()
    horizon: int = 0
    """Years that the plan is to stay lawful for, by the table `growth`; 0 looks at today alone."""
    levels: tuple[Level, ...] = ()
    """Zones inside grids, or made of communities, each level with a range of its own."""
    target_grids: int = 0
    """Grids wished for in all, exceptions included; 0 leaves the number to sizes and moves."""
    border_weight: float = 300.0
    """What a kilometre of border that runs on no line weighs, in households moved: near the knee
    of what was measured on the sample town. `minimal` takes `FAINT_BORDER`, whatever is set."""
    tight_weight: float = 150.0
    """What a grid or community within 1 % of its minimum or maximum weighs, in households moved;
    nothing in `minimal`."""
    neck_weight: float = 240.0
    """What a grid with a neck or finger narrower than 20 m weighs, in households moved."""
    wrap_weight: float = 10.0
    """What a grid that wraps another weighs, in households moved."""
    balance_weight: float = 0.5
    """`balanced`: what a household of distance from the middle of the range weighs."""
    staffing: Staffing = field(default_factory=Staffing)
    """How posts are counted, and who pays (policy §15, §16)."""
    walking: Walking = field(default_factory=Walking)
    """How people walk to a station, and what a remedy costs (policy §17)."""
    prove: bool = True
    """Solve each community exactly and give a bound under rules (slower)."""
    proof_gap: float = 0.005
    """Share over its bound at which a community is solved well enough; a study in parts takes
    `PARTS_GAP` where this is not set otherwise."""
    columns: dict[str, dict[str, str | tuple[str, ...]]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Which table a file, or ``file:sheet``, holds where its name does not tell; empty for none."""
    status_words: dict[str, str] = field(default_factory=dict)
    """An office's own words for a household's status, and what each stands for."""
    datum: dict[str, str] = field(default_factory=dict)
    """Datum of a table, or of `all`: gcj02 or bd09 are taken back, auto goes by fit."""
    part_households: int = 150_000
    """Households from which a study is solved in parts by street, and a street in parts as well."""
    max_file_mb: int = 4_000
    """Largest file that is read, megabytes, unpacked."""
    max_rows: int = 20_000_000
    max_vertices: int = 200_000_000
    max_read_mb: int = 4_000
    """Memory that reading one file may take, megabytes; it is read in a process of its own."""
    max_read_seconds: int = 600
    """Time for reading one file, or one batch of it."""

    def __post_init__(self) -> None:
        """Refuse settings that no plan could meet."""
        for name, band in (("grid", self.grid), ("community", self.community)):
            if not 0 < band.lower <= band.upper:
                raise RulesError(
                    f"{name} 的下限 {band.lower} 和上限 {band.upper} 不成立",
                    where=f"rules.toml [{name}]",
                    remedy="下限须为正整数且不大于上限",
                )
        if not 0 <= 2 * self.margin <= self.grid.upper - self.grid.lower:
            raise RulesError(
                f"安全余量 {self.margin} 使网格范围 {self.grid.lower}–{self.grid.upper} 变空",
                where="rules.toml margin",
                remedy="取不大于范围宽度一半的非负整数",
            )
        if not 0 <= self.horizon <= MOST_YEARS:
            raise RulesError(
                f"预见的年数 {self.horizon} 不对", where="rules.toml horizon",
                remedy=f"写 0（只看现在）到 {MOST_YEARS}",
            )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Give the settings as plain values, for ``run.json``."""
        return asdict(self)

    def __repr__(self) -> str:
        usual = Rules()
        own = [f.name for f in fields(self) if getattr(self, f.name) != getattr(usual, f.name)]
        return f"<Rules {', '.join(f'{n}={getattr(self, n)!r}' for n in own) or 'of the policy'}>"

    def following(self, recoded: Mapping[str, str]) -> Rules:
        """Give the same settings where what names a grid names its new code in the plan too."""
        if not recoded:
            return self
        named = [replace(e, grid_id=recoded[e.grid_id]) for e in self.exceptions
                 if e.grid_id in recoded]  # fmt: skip
        return self.with_(
            exceptions=(*self.exceptions, *named),
            enclaves=(*self.enclaves, *(recoded[g] for g in self.enclaves if g in recoded)),
            pins=tuple(replace(p, grid_id=recoded.get(p.grid_id, p.grid_id)) for p in self.pins),
        )

    def with_(self, **changes: Any) -> Rules:  # noqa: ANN401 - any setting may be changed
        """Give the same settings with some of them changed, checked again."""
        return replace(self, **changes)
