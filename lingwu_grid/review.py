"""``python -m lingwu_grid.review``: apply what the street offices sent back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli
from lingwu_grid.occupancy import occupied

if TYPE_CHECKING:
    import argparse

    from lingwu_grid.revision.steps import Reviewed

HELP = """\
把街道发回的审议意见（一个或几个 .json）并入方案：核对、合并、补足合规，逐条答复。
Apply the patches that street offices sent back; answer every wish.

例  python -m lingwu_grid.review outputs/data 审议意见_*.json --study data
"""

CODES = """\
结果  写到“方案文件夹-review”（或 -o）：新的方案全套文件，answers.csv 逐条答复，repairs.csv 为合规
        另外动的单元。原方案不变。没有写出新方案时，逐条答复在“方案文件夹-review-answers.csv”。
退出码  0 完成；2 意见文件有误或互相冲突（逐条列出）；3 合起来不合规，没有写出新方案
"""


def main(argv: list[str] | None = None) -> int:
    """Parse, review, write, print, give an exit code."""
    command = cli.Command("review", HELP, _work, CODES)
    parser = command.parser()
    parser.add_argument("plan", type=Path, help="发出审议页的方案文件夹")
    parser.add_argument("patches", type=Path, nargs="+", help="街道发回的意见文件")
    cli.add_study(parser, option=True)
    parser.add_argument("-o", "--out", type=Path, default=None, help="新方案的文件夹")
    parser.add_argument(
        "--skip-conflicts", action="store_true", help="几个街道意见冲突的单元保持原样，其余照办"
    )
    cli.add_solving(
        parser,
        limit="求解时限",
        workers="分部求解的大方案：同时处理几个部分（默认全部核心）",
    )
    cli.add_publishing(parser)
    return command.run(parser, argv)


def _work(options: argparse.Namespace, watch: cli.ProgressLine) -> int:
    out = options.out or options.plan.with_name(options.plan.resolve().name + "-review")
    plan = lg.read_plan(options.plan)
    cli.require_database(options)
    with occupied(out), lg.Crew(options.workers, watch, tls=options.tls) as crew:
        reviewed = lg.review(
            options.study,
            plan,
            options.patches,
            rules=lg.settings(options.study, options.rules, datum=options.datum),
            skip_conflicts=options.skip_conflicts,
            seed=options.seed,
            time_limit=options.time_limit,
            workers=crew,
            beside=out,
        )
        _print(reviewed)
        if reviewed.plan is None:
            answers = reviewed.save_answers(out)
            cli.say_result(f"没有写出新方案，原方案不变。    答复：{answers}")
            return cli.INFEASIBLE if reviewed.faults else cli.BAD_INPUT
        reviewed.save(
            out,
            papers=not options.no_report,
            ledger=options.plan / "ledger.xlsx",
            workers=crew,
            watch=watch,
        )
        cli.published(options, out)
    cli.say_result(f"新方案：{out}    答复：{out / 'answers.csv'}")
    return cli.DONE


def _print(reviewed: Reviewed) -> None:
    say = cli.say_result
    for fault in (*reviewed.conflicts, *reviewed.faults):
        say(f"不能照办：{fault}")
    for row in reviewed.answers.to_dict("records"):
        what = f"{row['place']} {row['from']}"
        if row["units"]:
            what += f" → {row['to']}，{row['units']} 个单元 {row['households']} 户"
        say(f"{row['file']} {row['kind']} {what}：{row['result']}")
    if len(reviewed.repairs):
        say(
            f"为合规另外动了 {len(reviewed.repairs)} 个单元、"
            f"{int(reviewed.repairs['households'].sum())} 户，见 repairs.csv"
        )
    if reviewed.plan is not None:
        s = reviewed.plan.summary
        say(
            f"新方案：{s['grids']} 个网格（合规 {s['grids_in_range']}），"
            f"{s['communities']} 个社区，"
            f"比现状换网格 {s['households_moved_grid']} 户（{s['moved_share']:.2%}）"
        )


if __name__ == "__main__":
    sys.exit(main())
