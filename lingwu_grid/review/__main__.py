"""``python -m lingwu_grid.review``: apply what the street offices sent back."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lingwu_grid import _cli

if TYPE_CHECKING:
    from lingwu_grid.engine.problem import Watch
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.review.patch import Patch
    from lingwu_grid.review.walk import Reviewed
    from lingwu_grid.rules import Rules

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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lingwu_grid.review", description=HELP, epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("plan", type=Path, help="发出审议页的方案文件夹")
    parser.add_argument("patches", type=Path, nargs="+", help="街道发回的意见文件")
    parser.add_argument(
        "--study", type=Path, default=Path("data"), help="划分时用的研究文件夹（默认 data）"
    )
    parser.add_argument("-o", "--out", type=Path, default=None, help="新方案的文件夹")
    parser.add_argument("--rules", type=Path, default=None, help="划分时用的设置文件")
    parser.add_argument(
        "--skip-conflicts", action="store_true", help="几个街道意见冲突的单元保持原样，其余照办"
    )
    parser.add_argument("--seed", type=int, default=0, help="随机种子")
    parser.add_argument("--time-limit", type=float, default=None, metavar="秒", help="求解时限")
    _cli.add_workers(parser, "分部求解的大方案：同时处理几个部分（默认全部核心）")
    _cli.add_datum(parser)
    parser.add_argument("--quiet", action="store_true", help="不显示进度")
    parser.add_argument("--no-report", action="store_true", help="不出台账、报告和图集")
    parser.add_argument("--verbose", action="store_true", help="显示调试日志")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Parse, review, write, print, give an exit code."""
    options = _parser().parse_args(argv)
    _cli.set_up_logging(verbose=options.verbose)
    return _cli.run(lambda: _work(options))


def _work(options: argparse.Namespace) -> int:
    watch = _cli.ProgressLine(quiet=options.quiet)
    watch("启动")
    from lingwu_grid.bundle import refuse_foreign  # noqa: PLC0415 - --help stays quick
    from lingwu_grid.circle.walk import coverage  # noqa: PLC0415
    from lingwu_grid.engine.problem import never, within  # noqa: PLC0415
    from lingwu_grid.plan import read_plan  # noqa: PLC0415
    from lingwu_grid.review.patch import read_patch  # noqa: PLC0415
    from lingwu_grid.review.walk import review  # noqa: PLC0415
    from lingwu_grid.rules import read_rules  # noqa: PLC0415
    from lingwu_grid.study import read_study  # noqa: PLC0415

    out = options.out or options.plan.with_name(options.plan.resolve().name + "-review")
    refuse_foreign(out)
    plan = read_plan(options.plan)
    patches = _named_apart([read_patch(path) for path in options.patches], options.patches)
    rules = read_rules(options.rules) if options.rules else None
    if plan.certificate.get("parts"):
        return _said(_in_parts(options, plan, patches, out, rules, watch), out)
    study = read_study(options.study, rules, datum=options.datum)
    limit = options.time_limit
    reviewed = review(
        study, plan, patches, skip_conflicts=options.skip_conflicts, seed=options.seed,
        stop=never if limit is None else within(limit), watch=watch,
    )  # fmt: skip
    made = reviewed.plan
    if made is None:
        return _said(reviewed, out)
    if plan.service is not None:
        watch("重新测算服务圈")
        s = plan.service.summary
        speeds = {"speed": s["speed_m_s"], "elderly_speed": s["elderly_speed_m_s"]}
        made = made.served(coverage(study, made, **speeds))
    made.save(
        out,
        papers=not options.no_report,
        ledger=options.plan / "ledger.xlsx",
        tables={"answers.csv": reviewed.answers, "repairs.csv": reviewed.repairs},
        watch=watch,
    )
    return _said(reviewed, out)


def _in_parts(
    options: argparse.Namespace,
    plan: PlanRecord,
    patches: list[Patch],
    out: Path,
    rules: Rules | None,
    watch: Watch,
) -> Reviewed:
    """Review a large plan part by part, and write the new one."""
    from lingwu_grid.engine.problem import never, within  # noqa: PLC0415 - --help stays quick
    from lingwu_grid.partition.large import Options  # noqa: PLC0415
    from lingwu_grid.review.large import Sent, review_folder  # noqa: PLC0415

    how = Options(
        seed=options.seed,
        workers=options.workers,
        papers=not options.no_report,
        datum=options.datum,
    )
    limit = options.time_limit
    reviewed = review_folder(
        options.study, Sent(plan, patches, options.skip_conflicts), out.resolve(), rules, how,
        stop=never if limit is None else within(limit), watch=watch,
    )  # fmt: skip
    if reviewed.plan is not None and plan.service is not None:
        _cli.say_result(
            f"服务圈请重新测算：python -m lingwu_grid.coverage {out} --study {options.study}"
        )
    return reviewed


def _said(reviewed: Reviewed, out: Path) -> int:
    """Print what came of it; where that is no plan, write the answers beside it."""
    from lingwu_grid.bundle import write_csv  # noqa: PLC0415 - --help stays quick

    _print(reviewed)
    if reviewed.plan is None:
        told = out.with_name(f"{out.name}-answers.csv")
        write_csv(reviewed.answers, told)
        _cli.say_result(f"没有写出新方案，原方案不变。    答复：{told}")
        return _cli.INFEASIBLE if reviewed.faults else _cli.BAD_INPUT
    _cli.say_result(f"新方案：{out}    答复：{out / 'answers.csv'}")
    return _cli.DONE


def _named_apart(patches: list[Patch], paths: list[Path]) -> list[Patch]:
    """Name files by their whole paths where two offices sent files of one name."""
    names = [patch.name for patch in patches]
    return [
        replace(patch, name=str(path)) if names.count(patch.name) > 1 else patch
        for patch, path in zip(patches, paths, strict=True)
    ]


def _print(reviewed: Reviewed) -> None:
    say = _cli.say_result
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
