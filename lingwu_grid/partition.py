"""``python -m lingwu_grid.partition``: from a folder of files to a plan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lingwu_grid as lg
from lingwu_grid import cli
from lingwu_grid.cut_short import is_cut_short
from lingwu_grid.lawful import UNLAWFUL_RUNS, unproven
from lingwu_grid.occupancy import occupied
from lingwu_grid.planning.defence import defence, foresight, level_said

if TYPE_CHECKING:
    import argparse

HELP = """\
把一个文件夹的居民户数据划成合规、少变动的网格和社区。
Draw lawful, minimally changed grids and communities from household points.

例  python -m lingwu_grid.partition                 # 用 data/ 里的示例，结果写到 outputs/data/
    python -m lingwu_grid.partition 我的数据 -o 结果
    python -m lingwu_grid.partition 我的数据 --scenario balanced --seed 3
    python -m lingwu_grid.partition postgresql://gis@10.0.0.8/lingwu --rules 表名.toml
"""

CODES = """\
退出码  0 完成；2 输入或用法有误；3 没有找到完全合规的方案（已写出最好的方案并说明原因）；
        130 被中断（已写出目前最好的方案）
结果    plan.gpkg 图层，assignment.csv 每户归属（保密），changes.csv 调整对照，
        excluded.csv 不计入的行，findings.csv 数据问题，summary.json 汇总，
        map.html 地图（可离线打开），ledger.xlsx 台账，report.docx 调整方案，atlas.pdf 图集
"""


NAMED = ("scenario", "communities", "horizon")
"""Options that are settings."""


def main(argv: list[str] | None = None) -> int:
    """Parse, partition, write, print, give an exit code."""
    command = cli.Command("partition", HELP, _work, CODES)
    parser = command.parser()
    cli.add_study(parser)
    parser.add_argument(
        "-o", "--out", type=Path, default=None, help="结果文件夹（默认 outputs/<研究名>）"
    )
    parser.add_argument(
        "--scenario",
        choices=("signable", "minimal", "balanced", "redraw"),
        default=None,
        help="signable 变动少、边界清楚（默认），minimal 变动最少，balanced 更均衡，redraw 重划",
    )
    parser.add_argument(
        "--communities",
        choices=("fixed", "adjust", "redraw"),
        default=None,
        help="社区：fixed 不变，adjust 微调（默认），redraw 重划",
    )
    parser.add_argument(
        "--horizon", type=int, default=None, metavar="年",
        help="照增长表看几年：方案在这几年里都合规，现在动的户尽量少（默认 0，只看现在）",
    )  # fmt: skip
    cli.add_solving(
        parser,
        limit="到时就用目前最好的方案（默认不限）；先求合规，再论时限",
        workers="同时处理几个社区或街道（默认全部核心；结果与个数无关）",
    )
    cli.add_publishing(parser)
    return command.run(parser, argv)


def _work(options: argparse.Namespace, watch: cli.ProgressLine) -> int:
    out = options.out or Path("outputs") / options.study.resolve().name
    named = {k: v for k in NAMED if (v := getattr(options, k)) is not None}
    rules = lg.settings(options.study, options.rules, datum=options.datum).with_(**named)
    cli.require_database(options)
    with (
        occupied(out),
        cli.Interrupt() as stop,
        lg.Crew(options.workers, watch, stop, tls=options.tls) as crew,
    ):
        plan = lg.partition(
            options.study,
            rules,
            seed=options.seed,
            time_limit=options.time_limit,
            workers=crew,
            beside=out,
        )
        plan.run["command"] = cli.command_line("partition")
        is_whole = not is_cut_short(
            plan.summary["explanations"], pressed=stop.pressed, time_limit=options.time_limit
        )
        papers = is_whole and not options.no_report
        plan.save(out, papers=papers, outgoing=is_whole, workers=crew, watch=watch)
        cli.published(options, out, is_whole=is_whole)
    code = _report(plan.summary, out, interrupted=stop.pressed)
    if stop.pressed or not is_whole:
        cli.say_missing(options, out)
    return code


def _report(summary: dict[str, Any], out: Path, *, interrupted: bool) -> int:
    s = summary
    cli.say_result(
        f"{s['households']} 户，{s['grids']} 个网格（合规 {s['grids_in_range']}），"
        f"{s['communities']} 个社区（合规 {s['communities_in_range']}），"
        f"例外 {s['exceptions']} 个；"
        f"受影响 {s['affected']} 户："
        f"换网格 {s['households_moved_grid']} 户（{s['moved_share']:.2%}），"
        f"换社区 {s['households_moved_community']} 户；{defence(s)}；"
        f"户数离上下限不到 1% 的网格和社区 {s['tight_zones']} 个"
        + (f"；按增长表三年内会超出范围的 {s['zones_leaving']} 个" if s["zones_leaving"] else "")
    )
    for level in s.get("levels", []):
        cli.say_result(level_said(level))
    if line := foresight(summary):
        cli.say_result(line)
    for item in summary["explanations"]:
        cli.say_result(f"未能合规：{item['message']}。{item['remedy']}")
        for repair in item["repairs"]:
            cli.say_result(
                f"  试过可行：{repair['text']}，变动 {repair['households_moved']} 户，"
                f"余下 {repair['left']} 处"
            )
    if missed := unproven(s["explanations"]):
        cli.say_result(
            f"尚未合规：还差 {sum(e['short'] for e in missed)} 户在范围之外；"
            "没有证明做不到，放宽时限（--time-limit）或调大 effort 再运行"
        )
    cli.say_result(f"地图：{out / 'map.html'}    汇总：{out / 'summary.json'}")
    if interrupted:
        return cli.INTERRUPTED
    return cli.INFEASIBLE if summary["status"] in UNLAWFUL_RUNS else cli.DONE


if __name__ == "__main__":
    sys.exit(main())
