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
