"""Explanations in words: what stands out of range, where, and what would help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lingwu_grid.engine.problem import Explanation, Solution
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.planning.naming import Names
    from lingwu_grid.study import Study


def explain_in_words(
    solution: Solution, names: Names, study: Study, fabric: Fabric
) -> list[dict[str, Any]]:
    """
    Put the solver's explanations into sentences with place names.

    Parameters
    ----------
    solution
        The explanations.
    names
        What the numbers are called.
    study
        The bands.
    fabric
        What the units are called.

    Returns
    -------
    list[dict]
        cause, households, communities, grids, message and remedy of each.
    """
    return [_in_words(e, names, study, fabric) for e in solution.explanations]


def _in_words(item: Explanation, names: Names, study: Study, fabric: Fabric) -> dict[str, Any]:
    communities = [names.community_zone_ids.get(c, str(c)) for c in item.communities]
    grids = [names.zone_ids[g] for g in item.grids if g in names.zone_ids]
    where = "、".join(names.community_names.get(c, c) for c in communities)
    which = "、".join(names.grid_names.get(g, g) for g in grids)
    grid, community = study.rules.grid, study.rules.community
    message, remedy = {
        "count_gap_grids": (
            f"{where}共 {item.households} 户，怎样分都不能使每个网格都在"
            f" {grid.lower}—{grid.upper} 户之间",
            "与相邻社区调整户数，或对其中一个网格登记例外（rules.toml [[exceptions]]）",
        ),
        "grid_without_households": (
            f"{where}的网格（{which}）里没有一户常住居民的数据",
            "核对居民户文件是否缺了这一片；确无居民则登记例外",
        ),
        "grid_out_of_range": (
            f"{where}的网格（{which}）合计超限 {item.households} 户，没有找到合规的划法",
            "放宽锁定，允许拆分较大的小区，打开障碍上的通道，或登记例外",
        ),
        "count_gap_communities": (
            f"{where}所在街道可调整的社区共 {item.households} 户，怎样分都不能使每个社区都在"
            f" {community.lower}—{community.upper} 户之间",
            "与相邻街道会商，或对其中一个社区登记例外（rules.toml [[exceptions]]）",
        ),
        "community_out_of_range": (
            f"{where}为 {item.households} 户，不在 {community.lower}—{community.upper} 户之间",
            '允许社区微调（communities = "adjust"），或撤并、登记例外',
        ),
        "unit_over_limit": (
            f"单元 {_unit_name(item, fabric)} 一处就有 {item.households} 户，"
            f"超过网格上限 {grid.upper} 户",
            "核对楼栋编号是否把几栋楼写成一栋；属实则登记例外",
        ),
    }[item.cause]
    return {
        "cause": item.cause,
        "households": item.households,
        "communities": communities,
        "grids": grids,
        "message": message,
        "remedy": remedy,
    }


def _unit_name(item: Explanation, fabric: Fabric) -> str:
    return str(fabric.units["unit_id"].iloc[item.unit]) if item.unit >= 0 else ""
