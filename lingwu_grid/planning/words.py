"""Explanations in words: what stands out of range, where, and what would help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from lingwu_grid.engine.instance import Explanation, Solution
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.naming import Names


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
    grids = [code for g in item.grids if (code := _grid_code(g, names, fabric))]
    said = _Said(
        where="、".join(names.community_names.get(c, c) for c in communities),
        which="、".join(names.grid_names.get(g, g) for g in grids),
        grid=f"{study.rules.grid.lower}—{study.rules.grid.upper}",
        community=f"{study.rules.community.lower}—{study.rules.community.upper}",
        most=study.rules.grid.upper,
        place=_place_name(item, fabric, study),
        around="、".join(_grid_name(g, names, fabric) for g in item.others),
        pairs="；".join(
            "—".join(_grid_name(g, names, fabric) for g in pair) for pair in item.pairs[:3]
        ),
    )
    message, remedy = (_of_regions(item, said) | _of_zones(item, said))[item.cause]
    return {
        "cause": item.cause,
        "households": item.households,
        "short": item.short or item.households,
        "communities": communities,
        "grids": grids,
        "message": message,
        "remedy": remedy,
        "units": fabric.units["unit_id"].to_numpy(object)[list(item.units)].tolist(),
        "repairs": [],
    }


class _Said(NamedTuple):
    """Names and ranges that the sentences use."""

    where: str
    which: str
    grid: str
    community: str
    most: int
    place: str
    around: str
    pairs: str


def _of_regions(item: Explanation, said: _Said) -> dict[str, tuple[str, str]]:
    """Say why no plan at all can be lawful."""
    now = f"（现属 {said.which}）" if said.which else ""
    never = f"怎样分都不能使每个网格都在 {said.grid} 户之间"
    return {
        "lock_encloses": (
            f"锁定的网格（{said.around}）围住了一片共 {item.households} 户的地方{now}，{never}",
            f"解除其中一个锁定（{said.around}），或登记例外",
        ),
        "barrier_cuts": (
            f"障碍（河、渠、铁路等）隔出一片共 {item.households} 户的地方{now}，{never}",
            f"核实是否有桥、涵洞可通行（隔开的网格：{said.pairs}），在“跨越点”补上；或登记例外",
        ),
        "count_gap_component": (
            f"相连的一片共 {item.households} 户{now}，{never}",
            "登记例外（rules.toml [[exceptions]]），或与相邻街道会商",
        ),
        "community_cut_off": (
            f"{said.where}被障碍或街道界围出一片共 {item.households} 户的地方，怎样分都不能使每个"
            f"社区都在 {said.community} 户之间",
            (f"核实障碍上是否有通道（隔开的网格：{said.pairs}）；" if said.pairs else "")
            + "与相邻街道会商，或对该社区登记例外（rules.toml [[exceptions]]）",
        ),
        "pinch_point": (
            f"{said.place}{now}是几片的唯一通路，与离不开它的各片合起来至少 {item.households} 户，"
            f"超过网格上限 {said.most} 户",
            "允许拆分该处的小区（split_compounds），打开障碍上的通道，或登记例外",
        ),
        "unit_over_limit": (
            f"{said.place}一处就有 {item.households} 户，超过网格上限 {said.most} 户",
            "核对楼栋编号是否把几栋楼写成一栋；属实则登记例外",
        ),
    }


def _of_zones(item: Explanation, said: _Said) -> dict[str, tuple[str, str]]:
    """Say what stands out of range in the best plan found."""
    return {
        "count_gap_grids": (
            f"{said.where}共 {item.households} 户，怎样分都不能使每个网格都在 {said.grid} 户之间",
            "与相邻社区调整户数，或对其中一个网格登记例外（rules.toml [[exceptions]]）",
        ),
        "grid_without_households": (
            f"{said.where}的网格（{said.which}）里没有一户常住居民的数据",
            "核对居民户文件是否缺了这一片；确无居民则登记例外",
        ),
        "grid_out_of_range": (
            f"{said.where}的网格（{said.which}）合计超限 {item.households} 户，没有找到合规的划法",
            "放宽锁定，允许拆分较大的小区，打开障碍上的通道，或登记例外",
        ),
        "count_gap_communities": (
            f"{said.where}所在街道可调整的社区共 {item.households} 户，怎样分都不能使每个社区都在"
            f" {said.community} 户之间",
            "与相邻街道会商，或对其中一个社区登记例外（rules.toml [[exceptions]]）",
        ),
        "community_out_of_range": (
            f"{said.where}为 {item.households} 户，不在 {said.community} 户之间",
            '允许社区微调（communities = "adjust"），或撤并、登记例外',
        ),
        "community_in_pieces": (
            f"{said.where}被障碍或其他社区分成几片，离开主体的共 {item.households} 户"
            f"（{said.which}），没有找到连成一片的划法",
            (
                f"核实障碍上是否有通道（隔开的网格：{said.pairs}），在“跨越点”补上；"
                if said.pairs
                else ""
            )
            + "或解除锁定，让这几个网格改属相邻社区",
        ),
    }


def _grid_code(grid: int, names: Names, fabric: Fabric) -> str:
    today = fabric.places.grid_ids
    if grid >= len(today):
        return names.zone_ids.get(grid, "")
    return names.recoded.get(today[grid], today[grid])


def _grid_name(grid: int, names: Names, fabric: Fabric) -> str:
    code = _grid_code(grid, names, fabric)
    return names.grid_names.get(code, code)


def _place_name(item: Explanation, fabric: Fabric, study: Study) -> str:
    """Name a unit by its compound, else its building, else its own number."""
    if item.unit < 0:
        return ""
    compound = str(fabric.units["compound_id"].iloc[item.unit])
    table = study.table("compounds")
    if compound and len(table):
        found = table.loc[table["compound_id"].astype(str) == compound, "name"]
        if len(found) and str(found.iloc[0]):
            return f"小区 {found.iloc[0]}"
    unit = fabric.units["unit_id"].iloc[item.unit]
    return f"小区 {compound}" if compound else f"单元 {unit} "
