"""``python -m lingwu_grid.compare A B``: two plans side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli

if TYPE_CHECKING:
    import argparse

HELP = """\
比较两个写好的方案：哪些户的网格、社区不同，谁变成了谁，边界差在哪里，合规、职数、经费、服务圈各是多少。
Two written plans side by side. 结果供内部比选，不外发。

例  python -m lingwu_grid.compare outputs/甲 outputs/乙 -o 对照
"""


def main(argv: list[str] | None = None) -> int:
    """Parse, compare, write, print, give an exit code."""
    command = cli.Command("compare", HELP, _work)
    parser = command.parser()
    parser.add_argument("first", type=Path, help="甲方案的结果文件夹")
    parser.add_argument("second", type=Path, help="乙方案的结果文件夹")
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("outputs/compare"), help="结果文件夹"
    )
    return command.run(parser, argv)


def _work(options: argparse.Namespace, _watch: cli.ProgressLine) -> int:
    found = lg.compare(options.first, options.second, out=options.out)
    found.save(options.out)
    cli.say_result(found.table().to_string(index=False))
    n = found.households
    cli.say_result(
        f"两个方案都有的 {n['both']} 户里，网格不同 {n['grid_differs']} 户，社区不同 "
        f"{n['community_differs']} 户，合计 {n['either_differs']} 户；只在甲 {n['first_only']} 户，"
        f"只在乙 {n['second_only']} 户"
    )
    cli.say_result(
        f"对照图：{options.out / 'figures' / 'compare.png'}    表：{options.out / 'figures.csv'}、"
        f"{options.out / 'pairs.csv'}（内部使用）"
    )
    return cli.DONE


if __name__ == "__main__":
    sys.exit(main())
