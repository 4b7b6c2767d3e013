"""What is lawful, decided once: the bands of zones, how a zone stands, and who is moved.

Everything that asks "is it in range?" or "who changes?" asks here: engine, planning, audit, maps,
papers and review. The verifier and the review page are kept apart on purpose and are held to the
same answers by shared vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from lingwu_grid.contract.kinds import SIDES, STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from lingwu_grid.contract.rules import Band, Exemption, Rules

LAWFUL, EXEMPT, UNLAWFUL = STATUSES
OVER, UNDER, INSIDE, _ = SIDES

ANY = int(np.iinfo(np.int32).max)
"""Most households of a zone whose size is free."""

SPECIAL = "专属网格：市场、楼宇、场馆等单独设置，不适用 300—500 户（宁夏 2023—2025 做法）"
VILLAGE = "村居合一：城中村整体保留，不适用社区 3000—5000 户（灵党办〔2020〕65号 §4）"


UNPROVEN = ("grid_out_of_range", "community_out_of_range", "community_in_pieces")
"""Causes that say only that nothing lawful was found."""

UNLAWFUL_RUNS = ("infeasible", "unfinished")
"""Statuses of a plan that is not lawful: proven impossible, and only not found."""


def run_status(causes: Iterable[str]) -> str:
    """
    Tell how a run ended, by the causes of what is not lawful.

    Examples
    --------
    >>> run_status([]), run_status(["grid_out_of_range"]), run_status(["unit_over_limit"])
    ('feasible', 'unfinished', 'infeasible')
    """
    found = set(causes)
    if not found:
        return "feasible"
    return "infeasible" if found - set(UNPROVEN) else "unfinished"


def unproven(explanations: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give what of a plan is not lawful and not proven impossible either."""
    return [item for item in explanations if item["cause"] in UNPROVEN]


class Allowed(NamedTuple):
    """Households that one zone may have, inclusive."""

    lower: int
    upper: int
    excuse: str = ""
    """Kind and reason of its exception on record; empty for a zone under the usual band."""


class Standing(NamedTuple):
    """Status and reason of a zone."""

    status: str
    reason: str


class Bands(NamedTuple):
    """
    What the zones of one level may have, exceptions on record included.

    Parameters
    ----------
    usual
        What the policy allows.
    margin
        Households that a plan keeps away from the usual limits; it narrows no exception, and
        does not decide what is lawful.
    own
        What zones with an exception may have, by id.
    """

    usual: Band
    margin: int
    own: Mapping[str, Allowed]

    def of(self, zone: str) -> Allowed:
        """Give what a zone may have."""
        return self.own.get(zone, Allowed(self.usual.lower, self.usual.upper))

    def is_tight(self, zone: str, households: int) -> bool:
        """Tell whether a lawful zone is within 1 % of a bound of its own."""
        band = self.of(zone)
        return is_tight(households, band.lower, band.upper)

    def standing(self, zone: str, households: int) -> Standing:
        """Tell how a zone of so many households stands."""
        return standing(households, self.of(zone), self.usual)

    @property
    def wanted(self) -> Allowed:
        """What a plan keeps a zone without exception in, the margin applied."""
        return Allowed(self.usual.lower + self.margin, self.usual.upper - self.margin)

    def limits(self, zones: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """
        Give what a plan keeps zones in, the margin applied.

        Parameters
        ----------
        zones
            Ids.

        Returns
        -------
        tuple
            Fewest and most households of each, shapes (n,).
        """
        each = [self.own.get(zone, self.wanted) for zone in zones]
        lower = np.array([band.lower for band in each], np.int64)
        return lower, np.array([band.upper for band in each], np.int64)

    def as_plain(self) -> dict[str, list[int | None]]:
        """Give the bands of zones with an exception as plain values; None for any size."""
        return {
            zone: [band.lower, None if band.upper == ANY else band.upper]
            for zone, band in sorted(self.own.items())
        }


def range_of(rules: Mapping[str, Any], level: str, zone: str) -> tuple[int, int | None]:
    """
    Give the fewest and most households a zone may have, by the rules of a certificate.

    Parameters
    ----------
    rules
        Its ``rules``: the usual range of a level, and :meth:`Bands.as_plain` under ``own``.
    level
        `grid` or `community`.
    zone
        Its id. The most is None where it may have any number.
    """
    fewest, most = rules["own"][level].get(zone, rules[level])
    return fewest, most


def grid_bands(rules: Rules, special: Iterable[str]) -> Bands:
    """Give the bands of grids; special grids may have any size."""
    free = {zone: Allowed(0, ANY, SPECIAL) for zone in special}
    own = {e.grid_id: _own(e, rules.grid) for e in rules.exceptions if e.grid_id}
    return Bands(rules.grid, rules.margin, free | own)


def community_bands(rules: Rules, villages: Iterable[str]) -> Bands:
    """Give the bands of communities; villages that are kept whole may have any size."""
    free = {z: Allowed(0, ANY, VILLAGE) for z in villages} if rules.villages_whole else {}
    own = {e.community_id: _own(e, rules.community) for e in rules.exceptions if e.community_id}
    return Bands(rules.community, rules.margin, free | own)


def _own(item: Exemption, usual: Band) -> Allowed:
    return Allowed(item.lower, item.upper or usual.upper, f"{item.kind}：{item.reason}")


def short_by(
    least: NDArray[np.int64],
    most: NDArray[np.int64],
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
) -> NDArray[np.int64]:
    """
    Give the households that each zone is out of its band by; shapes (n,).

    Parameters
    ----------
    least, most
        What a zone has on the days of the horizon when it has fewest and most; both what it has
        today where only today counts.
    lower, upper
        Its band, inclusive.

    Examples
    --------
    >>> one = [np.array([n]) for n in (290, 505, 300, 500)]
    >>> short_by(*one).tolist()
    [15]
    """
    return np.asarray(np.maximum(lower - least, 0) + np.maximum(most - upper, 0), np.int64)


def is_tight(households: int, lower: int, upper: int) -> bool:
    """
    Tell whether a count in range is within 1 % of a bound: a year of ordinary change may undo it.

    Parameters
    ----------
    households
        Resident households.
    lower, upper
        The bounds, inclusive; a bound of 0 or without end is none.

    Examples
    --------
    >>> [n for n in (299, 300, 303, 304, 494, 495, 500, 501) if is_tight(n, 300, 500)]
    [300, 303, 495, 500]
    """
    if not lower <= households <= upper:
        return False
    near_lower = lower > 0 and 100 * (households - lower) <= lower
    return near_lower or (upper < ANY and 100 * (upper - households) <= upper)


def standing(households: int, band: Allowed, usual: Band) -> Standing:
    """
    Tell how a zone stands.

    Parameters
    ----------
    households
        Resident households.
    band
        What this zone may have, inclusive.
    usual
        What the policy allows: an exception is used only where it is needed.

    Examples
    --------
    >>> from lingwu_grid.contract.rules import Band
    >>> usual, own = Band(300, 500), Allowed(300, 520, "老旧小区：已批")
    >>> [standing(n, own, usual).status for n in (500, 501, 520, 521)]
    ['合规', '例外', '例外', '超限']
    >>> standing(120, Allowed(300, 500), usual).reason
    '不足下限 300 户，差 180 户'
    """
    said = "例外的" if band.excuse else ""
    if households < band.lower:
        short = band.lower - households
        return Standing(UNLAWFUL, f"不足{said}下限 {band.lower} 户，差 {short} 户")
    if households > band.upper:
        over = households - band.upper
        return Standing(UNLAWFUL, f"超出{said}上限 {band.upper} 户，多 {over} 户")
    if band.excuse and not usual.lower <= households <= usual.upper:
        return Standing(EXEMPT, band.excuse)
    return Standing(LAWFUL, "")


def side(households: int, band: Allowed, usual: Band) -> str:
    """Tell on which side of its band a zone of today is: OVER, UNDER, INSIDE or EXEMPT."""
    status = standing(households, band, usual).status
    if status == UNLAWFUL:
        return OVER if households > band.upper else UNDER
    return EXEMPT if status == EXEMPT else INSIDE


class Columns(Protocol):
    """Columns by name: a table."""

    def __getitem__(self, name: str, /) -> Any:  # noqa: ANN401 - a column of any library
        """Give a column."""


class Moved(NamedTuple):
    """Households that a plan moves."""

    grid: int
    """Their grid changes."""
    community: int
    """Their community changes."""
    either: int
    """Their grid or community changes: those affected."""


def followed(codes: Any, recoded: Mapping[str, str]) -> NDArray[np.object_]:  # noqa: ANN401 - a column
    """
    Give today's codes as a plan has them.

    Parameters
    ----------
    codes
        Codes of today, shape (n,).
    recoded
        New code of each grid of today that passes to another community and has a code there.

    Examples
    --------
    >>> followed(["a1", "a2"], {"a1": "b7"}).tolist()
    ['b7', 'a2']
    """
    today = np.array(list(codes), object)
    out = today.copy()
    for old, new in recoded.items():
        out[today == old] = new
    return out


def stays(today: str, grid: str, recoded: Mapping[str, str]) -> bool:
    """Tell whether a grid of the plan is that grid of today, whatever its code now."""
    return recoded.get(today, today) == grid


def moves(rows: Columns, level: str, recoded: Mapping[str, str]) -> NDArray[np.bool_]:
    """
    Tell which rows change their zone.

    Parameters
    ----------
    rows
        Columns ``previous_<level>_id`` and ``<level>_id``; a row without a zone today does not
        change.
    level
        `grid` or `community`.
    recoded
        As for :func:`followed`: who stays in a grid that has another code does not change grid.
    """
    known = recoded if level == "grid" else {}
    old, new = followed(rows[f"previous_{level}_id"], known), np.asarray(rows[f"{level}_id"])
    return np.asarray((old != new) & (old != ""), np.bool_)


def affected(rows: Columns, recoded: Mapping[str, str]) -> NDArray[np.bool_]:
    """Tell which rows change grid or community, as :func:`moves` tells."""
    return moves(rows, "grid", recoded) | moves(rows, "community", recoded)


def moved(rows: Columns, recoded: Mapping[str, str]) -> Moved:
    """Count the households of an assignment that are moved, as :func:`moves` tells."""
    grid, community = moves(rows, "grid", recoded), moves(rows, "community", recoded)
    return Moved(int(grid.sum()), int(community.sum()), int((grid | community).sum()))
