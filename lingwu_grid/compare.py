"""``python -m lingwu_grid.compare A B``: two plans side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli
from lingwu_grid.contract.errors import InputError

if TYPE_CHECKING:
    import argparse

HELP = """\
比较两个写好的方案：哪些户的网格、社区不同，谁变成了谁，边界差在哪里，合规、职数、经费、服务圈各是多少。
Two written plans side by side. 结果供内部比选，不外发。

例  python -m lingwu_grid.compare outputs/甲 outputs/乙 -o 对照
    python -m lingwu_grid.compare 现状 outputs/乙 --study 我的数据       # 和现状比
    python -m lingwu_grid.compare 街道画的.shp outputs/乙 --study 我的数据  # 图没有编号也行
"""


TODAY = "现状"
"""Said in the place of a folder."""


def main(argv: list[str] | None = None) -> int:
    """Parse, compare, write, print, give an exit code."""
    command = cli.Command("compare", HELP, _work)
    parser = command.parser()
    parser.add_argument(
        "first", type=Path, help="甲：结果文件夹；给了 --study 的，可以是一张网格图，或“现状”"
    )
    parser.add_argument("second", type=Path, help="乙：同甲")
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("outputs/compare"), help="结果文件夹"
    )
    parser.add_argument(
        "--study", type=Path, default=None, metavar="文件夹",
        help="居民户等数据的文件夹：和现状、和一张图比时要用",
    )  # fmt: skip
    return command.run(parser, argv)


def _work(options: argparse.Namespace, _watch: cli.ProgressLine) -> int:
    first, second = (_plan(place, options.study) for place in (options.first, options.second))
    found = lg.compare(first, second, out=options.out)
    found.save(options.out)
    cli.say_result(found.table().to_string(index=False))
    n = found.households
    cli.say_result(
        f"两个方案都有的 {n['both']} 户里，网格不同 {n['grid_differs']} 户，社区不同 "
        f"{n['community_differs']} 户，合计 {n['either_differs']} 户；只在甲 {n['first_only']} 户，"
        f"只在乙 {n['second_only']} 户"
    )
    cli.say_result(
        f"对照图：{options.out / 'compare.html'}    表：{options.out / 'figures.csv'}、"
        f"{options.out / 'pairs.csv'}（内部使用）"
    )
    return cli.DONE


def _plan(place: Path, study: Path | None) -> lg.Plan | Path:
    """Give a plan's folder as it is; a map, or today, as a plan."""
    if place.is_dir() or (study is None and str(place) != TODAY):
        return place
    if study is None:
        raise InputError("和现状比要给数据文件夹", remedy="加上 --study 数据文件夹")
    return lg.plan_of_map(study, None if str(place) == TODAY else place)


if __name__ == "__main__":
    sys.exit(main())
