"""The number that defends a plan: what any lawful plan must change, beside what this one does."""

from __future__ import annotations

from typing import Any


def gap_of(affected: int, least: int) -> float:
    """
    Give the share of the affected households that no bound asks for.

    Parameters
    ----------
    affected
        Households whose grid or community changes.
    least
        Households that any lawful plan affects (``lower_bound.global``).

    Examples
    --------
    >>> gap_of(400, 300), gap_of(300, 300), gap_of(0, 0)
    (0.25, 0.0, 0.0)
    """
    return round((affected - least) / affected, 6) if affected else 0.0


def defence(summary: dict[str, Any]) -> str:
    """
    Say what any lawful plan must change, what this one does, and what it bought with the rest.

    One sentence for the terminal, the maps and the papers. Only the bound that holds for every
    lawful plan is named: what was proved about the communities of the plan itself is a
    diagnostic, and stands in ``certificate.json``.

    Parameters
    ----------
    summary
        ``summary.json`` of a plan.

    Examples
    --------
    >>> s = {"lower_bound": {"global": 30}, "affected": 40, "price_of_clear_borders": 2}
    >>> defence(s)
    '任何合规方案至少须变动 30 户（换网格或社区）；本方案 40 户，其中 2 户换来边界清晰和余量'
    >>> defence({**s, "price_of_clear_borders": 0})
    '任何合规方案至少须变动 30 户（换网格或社区）；本方案 40 户'
    """
    price = summary["price_of_clear_borders"]
    bought = f"，其中 {price:,} 户换来边界清晰和余量" if price and price > 0 else ""
    return (
        f"任何合规方案至少须变动 {summary['lower_bound']['global']:,} 户（换网格或社区）；"
        f"本方案 {summary['affected']:,} 户{bought}"
    )


def foresight(summary: dict[str, Any]) -> str:
    """Say in a line what looking ahead cost; nothing where nobody looked."""
    about = summary.get("horizon")
    if not about:
        return ""
    more = summary["affected"] - about["affected_without"]
    return (
        f"照增长表看 {about['years']} 年：只看现在的方案影响 {about['affected_without']} 户，"
        f"届时 {about['leaving_without']} 个网格、社区超出范围；本方案影响 {summary['affected']} 户"
        f"（{'多' if more >= 0 else '少'} {abs(more)} 户），届时超出 {about['leaving']} 个；"
        f"这几年都合规的方案至少影响 {about['lower_bound']} 户"
    )


def level_said(level: dict[str, Any]) -> str:
    """
    Say how the zones of a level stand.

    Examples
    --------
    >>> level_said({"name": "微网格", "range": [30, 100], "zones": 7, "in_range": 5,
    ...             "exceptions": 1, "households_moved": 0})
    '微网格 7 个（30—100 户的 5 个，例外 1 个，超限 1 个）'
    """
    lower, upper = level["range"]
    off = level["zones"] - level["in_range"] - level["exceptions"]
    out = f"，超限 {off} 个" if off else ""
    excused = f"，例外 {level['exceptions']} 个" if level["exceptions"] else ""
    name, gone = level["name"], level["households_moved"]
    moved = f"；换{name} {gone} 户" if gone else ""
    inside = f"{lower}—{upper} 户的 {level['in_range']} 个{excused}{out}"
    return f"{name} {level['zones']} 个（{inside}）{moved}"
