"""``python -m lingwu_grid.scenarios``: plans to choose between, and a price list."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from lingwu_grid import _cli

HELP = """\
画出 3—5 个可比较的方案（变动户数、边界走线、均衡），并给出“价目表”：每个锁定、障碍、
整体小区、余量使多少户变动。
Plans to choose between, and what each restriction costs.

例  python -m lingwu_grid.scenarios 我的数据 -o 比选
"""


def main(argv: list[str] | None = None) -> int:
    """Parse, draw the plans, price, write, print, give an exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m lingwu_grid.scenarios",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", nargs="?", type=Path, default=Path("data"), help="研究文件夹")
    parser.add_argument("-o", "--out", type=Path, default=None, help="结果文件夹")
    parser.add_argument("--rules", type=Path, default=None, help="设置文件")
    parser.add_argument("--seed", type=int, default=0, help="随机种子")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="同时处理几个社区")
    parser.add_argument("--no-prices", action="store_true", help="不做价目表")
    parser.add_argument("--quiet", action="store_true", help="不显示进度")
    options = parser.parse_args(argv)
    _cli.set_up_logging(verbose=False)
    return _cli.run(lambda: _work(options))


def _work(options: argparse.Namespace) -> int:
    watch = _cli.ProgressLine(quiet=options.quiet)
    watch("启动")
    from lingwu_grid.bundle import refuse_foreign, whole_folder, write_csv  # noqa: PLC0415
    from lingwu_grid.rules import read_rules  # noqa: PLC0415 - --help stays quick
    from lingwu_grid.scenarios.price_list import price_list  # noqa: PLC0415
    from lingwu_grid.scenarios.trade_offs import as_table, trade_offs  # noqa: PLC0415
    from lingwu_grid.study import read_study  # noqa: PLC0415

    out = options.out or Path("outputs") / f"{options.study.resolve().name}-scenarios"
    refuse_foreign(out)
    rules = read_rules(options.rules) if options.rules else None
    study = read_study(options.study, rules)
    same = {"seed": options.seed, "workers": max(1, options.workers), "watch": watch}
    choices = trade_offs(study, **same)
    prices = None if options.no_prices else price_list(study, **same)
    table = as_table(choices)
    with whole_folder(out.resolve()) as draft:
        choices[0].plan.save(draft)
        write_csv(table, draft / "scenarios.csv")
        if prices is not None:
            write_csv(prices, draft / "price_list.csv")
        for choice in choices[1:]:
            choice.plan.save(draft / "scenarios" / choice.name)
    _cli.say_result(table.to_string(index=False))
    if prices is not None:
        _cli.say_result(prices.to_string(index=False))
    _cli.say_result(f"变动最少的方案：{out / 'map.html'}；其余各方案在 {out / 'scenarios'} 下")
    return _cli.DONE


if __name__ == "__main__":
    sys.exit(main())
