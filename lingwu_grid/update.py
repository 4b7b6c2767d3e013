"""``python -m lingwu_grid.update PLAN STUDY``: an adopted plan on a later household file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli
from lingwu_grid.cut_short import is_cut_short
from lingwu_grid.lawful import UNLAWFUL_RUNS
from lingwu_grid.occupancy import occupied

if TYPE_CHECKING:
    import argparse

HELP = """\
采纳的方案用到新一期的居民户上：谁来了、走了、换了住处；仍合规的社区图形不变，不合规的用最少的变动改好。
Bring an adopted plan up to date with a later household file.

例  python -m lingwu_grid.update outputs/2026 明年的数据 -o outputs/2027
    python -m lingwu_grid.update outputs/2026 明年的数据 --before 去年的数据 --years 1
"""

CODES = """\
退出码  0 完成；2 输入或用法有误；3 没有找到完全合规的方案（已写出最好的并说明原因）；
        130 被中断
结果    新方案的全部文件（“现状”即采纳的方案，编码接着用），drift.csv 各网格、社区的增减和预测
"""


def main(argv: list[str] | None = None) -> int:
    """Parse, update, write, print, give an exit code."""
    command = cli.Command("update", HELP, _work, CODES)
    parser = command.parser()
    parser.add_argument("plan", type=Path, help="采纳的方案的结果文件夹")
    parser.add_argument(
        "study", type=cli.study_place, help="新一期数据的文件夹或数据库地址；其中的网格、社区图不用"
    )
    parser.add_argument(
        "-o", "--out", type=Path, default=None, help="结果文件夹（默认 outputs/<研究名>）"
    )
    parser.add_argument(
        "--before", type=Path, default=None, metavar="文件夹",
        help="采纳的方案用的数据：换了编号的户按地址、位置对上",
    )  # fmt: skip
    parser.add_argument(
        "--years", type=float, default=1.0, help="两期数据相隔几年，用于预测（默认 1）"
    )
    parser.add_argument(
        "--rules", type=Path, default=None, help="设置文件（默认用数据文件夹里的 rules.toml）"
    )
    cli.add_datum(parser)
    cli.add_solving(
        parser,
        limit="每放开一圈社区的时限（默认不限）",
        workers="同时处理几个社区（默认全部核心；结果与个数无关）",
    )
    cli.add_publishing(parser)
    return command.run(parser, argv)


def _work(options: argparse.Namespace, watch: cli.ProgressLine) -> int:
    out = options.out or Path("outputs") / options.study.resolve().name
    rules = lg.settings(options.study, options.rules, datum=options.datum)
    cli.require_database(options)
    with (
        occupied(out),
        cli.Interrupt() as stop,
        lg.Crew(options.workers, watch, stop, tls=options.tls) as crew,
    ):
        made = lg.update(
            options.plan, options.study, rules, before=options.before, years=options.years,
            seed=options.seed, time_limit=options.time_limit, workers=crew, beside=out, watch=watch,
        )  # fmt: skip
        made.plan.run["command"] = cli.command_line("update")
        is_whole = not is_cut_short(
            made.plan.summary["explanations"], pressed=stop.pressed, time_limit=options.time_limit
        )
        papers = is_whole and not options.no_report
        made.save(out, papers=papers, outgoing=is_whole, workers=crew, watch=watch)
        cli.published(options, out, is_whole=is_whole)
    summary = made.plan.summary
    cli.say_result(made.said())
    out_soon = made.drift[made.drift["first_year_out"].isin(("1", "2", "3"))]
    cli.say_result(
        f"照此下去三年内会出范围的：网格 {(out_soon['level'] == '网格').sum()} 个，"
        f"社区 {(out_soon['level'] == '社区').sum()} 个（见 drift.csv）"
    )
    cli.say_result(
        f"放开 {len(made.opened)} 个社区，其余照旧；受影响 {summary['affected']} 户，"
        f"合规网格 {summary['grids_in_range']}/{summary['grids']}，"
        f"合规社区 {summary['communities_in_range']}/{summary['communities']}"
    )
    cli.say_result(f"地图：{out / 'map.html'}    增减：{out / 'drift.csv'}")
    if stop.pressed or not is_whole:
        cli.say_missing(options, out)
    if stop.pressed:
        return cli.INTERRUPTED
    return cli.INFEASIBLE if summary["status"] in UNLAWFUL_RUNS else cli.DONE


if __name__ == "__main__":
    sys.exit(main())
