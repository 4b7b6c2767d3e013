"""Is a zone lawful: in range, out of range with an exception on record, or plainly out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lingwu_grid.rules import Band, Rules

LAWFUL, EXEMPT, UNLAWFUL = "合规", "例外", "超限"


class Standing(NamedTuple):
    """Status and reason of a zone."""

    status: str
    reason: str


def standing(households: int, band: Band, excuse: str) -> Standing:
    """
    Tell how a zone stands.

    Parameters
    ----------
    households
        Resident households.
    band
        What the policy allows, inclusive.
    excuse
        Kind and reason of a recorded exception; empty for none. It is used only where needed.

    Examples
    --------
    >>> from lingwu_grid.rules import Band
    >>> standing(500, Band(300, 500), "").status, standing(120, Band(300, 500), "").reason
    ('合规', '不足下限 300 户，差 180 户')
    """
    if band.lower <= households <= band.upper:
        return Standing(LAWFUL, "")
    if excuse:
        return Standing(EXEMPT, excuse)
    if households < band.lower:
        return Standing(UNLAWFUL, f"不足下限 {band.lower} 户，差 {band.lower - households} 户")
    return Standing(UNLAWFUL, f"超出上限 {band.upper} 户，多 {households - band.upper} 户")


SPECIAL = "专属网格：市场、楼宇、场馆等单独设置，不适用 300—500 户（宁夏 2023—2025 做法）"
VILLAGE = "村居合一：城中村整体保留，不适用社区 3000—5000 户（灵党办〔2020〕65号 §4）"


def grid_excuses(rules: Rules, special: set[str]) -> dict[str, str]:
    """Give the recorded exception of each grid that has one."""
    own = {e.grid_id: f"{e.kind}：{e.reason}" for e in rules.exceptions if e.grid_id}
    return dict.fromkeys(special, SPECIAL) | own


def community_excuses(rules: Rules, villages: set[str]) -> dict[str, str]:
    """Give the recorded exception of each community that has one."""
    own = {e.community_id: f"{e.kind}：{e.reason}" for e in rules.exceptions if e.community_id}
    return (dict.fromkeys(villages, VILLAGE) if rules.villages_whole else {}) | own
