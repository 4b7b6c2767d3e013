"""Every setting of a study: read from ``rules.toml``, checked once, passed on, never global."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from lingwu_grid.contract import policy
from lingwu_grid.contract.errors import RulesError
from lingwu_grid.contract.schema import MEASURES, TABLES
from lingwu_grid.contract.staffing import Staffing, staffing_from

if TYPE_CHECKING:
    from pathlib import Path

PARTS_GAP = 0.03
"""Share over its bound at which a community of a study in parts is solved well enough: a third of
the time, for one or two households in a hundred of those that move."""

Scenario = Literal["minimal", "balanced", "redraw"]
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
        An office's own column names: ``{table: {canonical name: header}}``.
    """

    study_name: str = ""
    """Printed on maps and reports; empty takes the folder's name."""
    notice: str = "内部工作用图"
    """Printed on every map; empty for none."""
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
    scenario: Scenario = "minimal"
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
    target_grids: int = 0
    """Grids wished for in all, exceptions included; 0 leaves the number to sizes and moves."""
    border_weight: float = 2.0
    """What a kilometre of border that runs on no line weighs, in households moved."""
    wrap_weight: float = 10.0
    """What a grid that wraps another weighs, in households moved."""
    balance_weight: float = 0.5
    """`balanced`: what a household of distance from the middle of the range weighs."""
    staffing: Staffing = field(default_factory=Staffing)
    """How posts are counted, and who pays (policy §15, §16)."""
    prove: bool = True
    """Solve each community exactly and give a bound under rules (slower)."""
    proof_gap: float = 0.005
    """Share over its bound at which a community is solved well enough; a study in parts takes
    `PARTS_GAP` where this is not set otherwise."""
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    datum: dict[str, str] = field(default_factory=dict)
    """Datum of a table, or of `all`: gcj02 or bd09 are taken back, auto goes by fit."""
    part_households: int = 150_000
    """Households from which a study is solved in parts by street, and a street in parts as well."""
    max_file_mb: int = 4_000
    """Largest file that is read, megabytes, unpacked."""
    max_rows: int = 20_000_000
    max_vertices: int = 200_000_000

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

    def as_dict(self) -> dict[str, Any]:
        """Give the settings as plain values, for ``run.json``."""
        return asdict(self)

    def with_(self, **changes: Any) -> Rules:  # noqa: ANN401 - any setting may be changed
        """Give the same settings with some of them changed, checked again."""
        return replace(self, **changes)


def read_rules(path: Path) -> Rules:
    """
    Read ``rules.toml``.

    Parameters
    ----------
    path
        A TOML file in UTF-8.

    Raises
    ------
    RulesError
        If the file is not TOML, or a key is unknown, or a value is of the wrong kind; the
        sentence names the key and the nearest known one.
    """
    if not path.is_file():
        raise RulesError("找不到设置文件", where=str(path), remedy="核对 --rules 后面的路径")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesError(
            f"读不懂设置文件：{error}", where=str(path), remedy="用 UTF-8 保存，按示例改正该行"
        ) from error
    return rules_from(raw, where=str(path))


def rules_from(raw: dict[str, Any], *, where: str = "rules") -> Rules:
    """
    Build rules from nested plain values.

    Parameters
    ----------
    raw
        The content of ``rules.toml``.
    where
        Named in errors.

    Raises
    ------
    RulesError
        As :func:`read_rules`.
    """
    _refuse_unknown(raw, [f.name for f in fields(Rules)], where)
    values: dict[str, Any] = {}
    for key, value in raw.items():
        values[key] = _converted(key, value, where)
    return Rules(**values)


def _converted(key: str, value: object, where: str) -> object:
    readers = {
        "grid": _band,
        "community": _band,
        "exceptions": lambda k, v, w: tuple(_exemption(item, w) for item in _list(k, v, w)),
        "locked_grids": _words,
        "locked_communities": _words,
        "enclaves": _words,
        "split_compounds": _words,
        "together": _groups,
        "apart": _groups,
        "open_crossings": _groups,
        "pins": lambda k, v, w: tuple(_pin(item, w) for item in _list(k, v, w)),
        "second_measure": _second_measure,
        "staffing": _staffing,
        "prove": _claim,
        "proof_gap": _weight,
        "border_weight": _weight,
        "balance_weight": _weight,
        "wrap_weight": _weight,
        "columns": lambda k, v, w: {t: dict(_table(t, m, w)) for t, m in _table(k, v, w).items()},
        "datum": _datums,
        "communities": _choice,
        "scenario": _choice,
        "study_name": lambda _k, v, _w: str(v),
        "notice": lambda _k, v, _w: str(v),
        "tiles": lambda _k, v, _w: str(v),
        "effective_date": lambda _k, v, _w: str(v),
        "compounds_whole": _claim,
        "villages_whole": _claim,
        "synthetic": _claim,
    }
    return readers.get(key, _whole)(key, value, where)


def _band(key: str, value: object, where: str) -> Band:
    table = _table(key, value, where)
    _refuse_unknown(table, ["lower", "upper"], f"{where} [{key}]")
    default: Band = getattr(Rules(), key)
    return Band(
        _whole(f"{key}.lower", table.get("lower", default.lower), where),
        _whole(f"{key}.upper", table.get("upper", default.upper), where),
    )


def _words(key: str, value: object, where: str) -> tuple[str, ...]:
    return tuple(str(item) for item in _list(key, value, where))


def _claim(key: str, value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, value, "true 或 false", where)
    return value


def _exemption(item: object, where: str) -> Exemption:
    table = _table("exceptions", item, where)
    _refuse_unknown(table, [f.name for f in fields(Exemption)], f"{where} [[exceptions]]")
    if not str(table.get("reason", "")).strip() or not str(table.get("kind", "")).strip():
        raise RulesError(
            "例外没有写明种类或理由",
            where=f"{where} [[exceptions]]",
            remedy="每条例外都要有 kind 和 reason",
        )
    if bool(table.get("grid_id")) == bool(table.get("community_id")):
        raise RulesError(
            "例外须指明一个网格或一个社区",
            where=f"{where} [[exceptions]]",
            remedy="grid_id 和 community_id 恰填一个",
        )
    return Exemption(
        kind=str(table["kind"]),
        reason=str(table["reason"]),
        grid_id=str(table.get("grid_id", "")),
        community_id=str(table.get("community_id", "")),
        lower=_whole("lower", table.get("lower", 0), where),
        upper=_whole("upper", table.get("upper", 0), where),
    )


def _groups(key: str, value: object, where: str) -> tuple[tuple[str, ...], ...]:
    groups = tuple(_words(key, item, where) for item in _list(key, value, where))
    for group in groups:
        if len(set(group)) < 2:
            raise _wrong(key, list(group), "至少两个不同编号的列表", where)
    return groups


def _pin(item: object, where: str) -> Pin:
    table = _table("pins", item, where)
    _refuse_unknown(table, ["place", "grid_id"], f"{where} [[pins]]")
    place, grid_id = str(table.get("place", "")), str(table.get("grid_id", ""))
    if not place or not grid_id:
        raise RulesError(
            "固定归属没有写全",
            where=f"{where} [[pins]]",
            remedy="place（小区、楼栋或单元编号）和 grid_id 都要填",
        )
    return Pin(place, grid_id)


def _datums(key: str, value: object, where: str) -> dict[str, str]:
    table = _table(key, value, where)
    _refuse_unknown(table, ["all", *TABLES], f"{where} [{key}]")
    for name, datum in table.items():
        if datum not in DATUMS:
            raise _wrong(f"{key}.{name}", datum, "、".join(DATUMS) + " 之一", where)
    return {str(name): str(datum) for name, datum in table.items()}


def _second_measure(key: str, value: object, where: str) -> SecondMeasure:
    table = _table(key, value, where)
    _refuse_unknown(table, ["column", "weight"], f"{where} [{key}]")
    column, weight = table.get("column", ""), table.get("weight", 0.2)
    if column not in MEASURES:
        raise _wrong("second_measure.column", column, " 或 ".join(MEASURES), where)
    return SecondMeasure(column, _weight("second_measure.weight", weight, where))


def _staffing(key: str, value: object, where: str) -> Staffing:
    table = _table(key, value, where)
    _refuse_unknown(table, [f.name for f in fields(Staffing)], f"{where} [{key}]")
    return staffing_from(table, where)


def _weight(key: str, value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise _wrong(key, value, "非负数", where)
    return float(value)


def _choice(key: str, value: object, where: str) -> object:
    allowed = get_args(CommunityMode if key == "communities" else Scenario)
    if value not in allowed:
        raise _wrong(key, value, "、".join(allowed) + " 之一", where)
    return value


def _whole(key: str, value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(key, value, "非负整数", where)
    return value


def _table(key: str, value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(key, value, "一个表", where)
    return value


def _list(key: str, value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(key, value, "一个列表", where)
    return value


def _wrong(key: str, value: object, wanted: str, where: str) -> RulesError:
    return RulesError(f"设置 {key} 的值 {value!r} 不对", where=where, remedy=f"应为{wanted}")


def _refuse_unknown(raw: dict[str, Any], known: list[str], where: str) -> None:
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise RulesError(
                f"没有名为 {key} 的设置",
                where=where,
                remedy=f"您是不是要写 {near[0]}？" if near else "可用的有：" + "、".join(known),
            )
