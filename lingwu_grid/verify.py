"""``python -m lingwu_grid.verify OUT``: check a written plan again, without the solver."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli

if TYPE_CHECKING:
    import argparse

HELP = """\
不用求解器，重新核对一个写好的方案：每户恰在一个网格，户数在范围内或有例外，网格和社区连片，
图形无缝无叠，变动户数和下限与汇总一致。
Check a written plan again without the solver.

例  python -m lingwu_grid.verify outputs/data
    python -m lingwu_grid.verify outputs/data --disclosure
    python -m lingwu_grid.verify outputs/data --papers data --claims 数字来源.csv
"""


def main(argv: list[str] | None = None) -> int:
    """Parse, verify, print, give an exit code: 0 holds, 3 does not, 2 cannot be read."""
    command = cli.Command("verify", HELP, _work)
    parser = command.parser()
    parser.add_argument("folder", type=Path, help="结果文件夹")
    parser.add_argument(
        "--disclosure", action="store_true",
        help="再试外发图：从 share/ 各页的文字能不能推出少于五户的数",
    )  # fmt: skip
    parser.add_argument(
        "--papers", metavar="研究", type=Path,
        help="再读写好的报告、台账、图集、送签材料：每个数都由这个研究重算一遍",
    )  # fmt: skip
    parser.add_argument(
        "--claims", metavar="表", type=Path,
        help="与 --papers 同用：把每个数写成一张表（CSV）：在哪份文件哪里，印的是什么，重算得什么",
    )  # fmt: skip
    parser.add_argument(
        "--adopted", metavar="方案", type=Path,
        help="与 --papers 同用：核对 update 写的方案时，当时采纳的方案的文件夹",
    )  # fmt: skip
    return command.run(parser, argv)


def _work(options: argparse.Namespace, _watch: cli.ProgressLine) -> int:
    verdict = lg.verify(
        options.folder, disclosure=options.disclosure, papers=options.papers,
        claims=options.claims, adopted=options.adopted,
    )  # fmt: skip
    for fault in verdict.faults:
        cli.say_result(f"不成立  {fault}")
    if verdict.faults:
        return cli.INFEASIBLE
    cli.say_result("成立  " + "、".join(verdict.checked))
    return cli.DONE


if __name__ == "__main__":
    sys.exit(main())
