"""``python -m lingwu_grid.scenarios``: plans to choose between, and a price list."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli
from lingwu_grid.occupancy import occupied

if TYPE_CHECKING:
    import argparse

    import pandas as pd

HELP = """\
画出最多五个方案，从受影响最少到边界最清晰，互不压倒，拐点为默认；并给出“价目表”：每个锁定、障碍、
整体小区、余量使多少户变动。
Plans to choose between, and what each restriction costs.

例  python -m lingwu_grid.scenarios 我的数据 -o 比选
    python -m lingwu_grid.scenarios 我的数据 -o 比选 --choose 变动最少
"""


def main(argv: list[str] | None = None) -> int:
    """Parse, draw the plans, price, write, print, give an exit code."""
    command = cli.Command("scenarios", HELP, _work)
    parser = command.parser()
    cli.add_study(parser)
    parser.add_argument("-o", "--out", type=Path, default=None, help="结果文件夹")
    parser.add_argument("--seed", type=int, default=0, help="随机种子")
    cli.add_workers(parser, "同时处理几个社区", address=False)
    parser.add_argument(
        "--choose", default="", metavar="方案名",
        help="用哪个方案（默认是拐点：再清晰一点就不合算的那个）",
    )  # fmt: skip
    parser.add_argument("--no-prices", action="store_true", help="不做价目表")
    parser.add_argument(
        "--foresight", type=int, default=0, metavar="年",
        help="另算预见 0、1、…年各要多影响多少户（要有增长表；每一年另求解一两分钟）",
    )  # fmt: skip
    return command.run(parser, argv)


def _work(options: argparse.Namespace, watch: cli.ProgressLine) -> int:
    out = options.out or Path("outputs") / f"{options.study.resolve().name}-scenarios"
    with occupied(out):
        found = lg.scenarios(
            options.study,
            lg.settings(options.study, options.rules, datum=options.datum),
            prices=not options.no_prices,
            choose=options.choose,
            seed=options.seed,
            workers=options.workers,
            out=out,
            watch=watch,
        )
        if options.foresight:
            found = replace(found, foresight=_foresight(options, watch))
        found.save(out)
    cli.say_result(found.table().to_string(index=False))
    if found.prices is not None:
        cli.say_result(found.prices.to_string(index=False))
    if found.foresight is not None:
        cli.say_result(found.foresight.to_string(index=False))
    cli.say_result(
        f"选用“{found.chosen}”：{out / 'map.html'}；其余各方案在 {out / 'scenarios'} 下，"
        f"要改用哪个，加 --choose 方案名 再运行；对照图：{out / 'figures' / 'frontier.png'}"
    )
    return cli.DONE


def _foresight(options: argparse.Namespace, watch: cli.ProgressLine) -> pd.DataFrame:
    return lg.foresight_prices(
        options.study,
        lg.settings(options.study, options.rules, datum=options.datum),
        years=options.foresight, seed=options.seed, workers=options.workers, watch=watch,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
