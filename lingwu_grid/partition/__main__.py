"""``python -m lingwu_grid.partition``: from a folder of files to a plan."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lingwu_grid import _cli

if TYPE_CHECKING:
    from types import FrameType

    from lingwu_grid.engine.problem import Watch
    from lingwu_grid.rules import Rules

HELP = """\
把一个文件夹的居民户数据划成合规、少变动的网格和社区。
Draw lawful, minimally changed grids and communities from household points.

例  python -m lingwu_grid.partition                 # 用 data/ 里的示例，结果写到 outputs/data/
    python -m lingwu_grid.partition 我的数据 -o 结果
    python -m lingwu_grid.partition 我的数据 --scenario balanced --seed 3
"""

CODES = """\
退出码  0 完成；2 输入或用法有误；3 没有找到完全合规的方案（已写出最好的方案并说明原因）；
        130 被中断（已写出目前最好的方案）
结果    plan.gpkg 图层，assignment.csv 每户归属（保密），changes.csv 调整对照，
        excluded.csv 不计入的行，findings.csv 数据问题，summary.json 汇总，
        map.html 地图（可离线打开），ledger.xlsx 台账，report.docx 调整方案，atlas.pdf 图集
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lingwu_grid.partition",
        description=HELP,
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "study",
        nargs="?",
        type=Path,
        default=Path("data"),
        help="研究文件夹，内有 households/ 和 boundaries/（默认 data）",
    )
    parser.add_argument(
        "-o", "--out", type=Path, default=None, help="结果文件夹（默认 outputs/<研究名>）"
    )
    parser.add_argument(
        "--rules", type=Path, default=None, help="设置文件（默认用研究文件夹里的 rules.toml）"
    )
    parser.add_argument(
        "--scenario",
        choices=("minimal", "balanced", "redraw"),
        default=None,
        help="minimal 变动最少（默认），balanced 更均衡，redraw 重划",
    )
    parser.add_argument(
        "--communities",
        choices=("fixed", "adjust", "redraw"),
        default=None,
        help="社区：fixed 不变，adjust 微调（默认），redraw 重划",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="随机种子；同样的输入和种子得到同样的方案"
    )
    parser.add_argument(
        "--time-limit",
        type=float,
        default=None,
        metavar="秒",
        help="到时就用目前最好的方案（默认不限）；先求合规，再论时限",
    )
    _cli.add_workers(parser, "同时处理几个社区或街道（默认全部核心；结果与个数无关）")
    _cli.add_datum(parser)
    parser.add_argument("--no-report", action="store_true", help="不出台账、报告和图集")
    parser.add_argument("--quiet", action="store_true", help="不显示进度")
    parser.add_argument("--verbose", action="store_true", help="显示调试日志")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Parse, partition, write, print, give an exit code."""
    options = _parser().parse_args(argv)
    _cli.set_up_logging(verbose=options.verbose)
    return _cli.run(lambda: _work(options))


def _work(options: argparse.Namespace) -> int:
    watch = _cli.ProgressLine(quiet=options.quiet)
    watch("启动")
    from lingwu_grid.bundle import refuse_foreign  # noqa: PLC0415 - --help stays quick
    from lingwu_grid.rules import read_rules  # noqa: PLC0415

    out = options.out or Path("outputs") / options.study.resolve().name
    refuse_foreign(out)
    rules = _chosen(options, read_rules(options.rules) if options.rules else None)
    with _Interrupt() as stop:
        summary = _in_parts(options, out, rules, stop, watch)
        if summary is None:
            summary = _whole(options, out, rules, stop, watch)
    return _report(summary, out, interrupted=stop.pressed)


def _chosen(options: argparse.Namespace, rules: Rules | None) -> Rules:
    """Give the settings with those of the command line."""
    from lingwu_grid.partition.ground import rules_of  # noqa: PLC0415 - --help stays quick

    named = {k: v for k in ("scenario", "communities") if (v := getattr(options, k)) is not None}
    return (rules or rules_of(options.study)).with_(**named)


def _in_parts(
    options: argparse.Namespace, out: Path, rules: Rules, stop: _Interrupt, watch: Watch
) -> dict[str, Any] | None:
    """Solve a large study in parts; None where it is small, or has no streets to divide it by."""
    from lingwu_grid.partition.large import Options, is_large, partition_folder  # noqa: PLC0415

    if not is_large(options.study, rules):
        return None
    how = Options(
        seed=options.seed,
        workers=options.workers,
        time_limit=options.time_limit,
        papers=not options.no_report,
        datum=options.datum,
        command=_command(),
    )
    return partition_folder(options.study, out, rules, how, stop=stop, watch=watch)


def _command() -> tuple[str, ...]:
    return ("python", "-m", "lingwu_grid.partition", *sys.argv[1:])


def _whole(
    options: argparse.Namespace, out: Path, rules: Rules, stop: _Interrupt, watch: Watch
) -> dict[str, Any]:
    """Solve a study in one piece."""
    from lingwu_grid.partition.large import partition_there  # noqa: PLC0415 - --help stays quick
    from lingwu_grid.study import read_study  # noqa: PLC0415

    began = time.perf_counter()
    study = read_study(options.study, rules, datum=options.datum)
    read_seconds = round(time.perf_counter() - began, 3)
    watch(f"读入 {len(study.households)} 户常住，{len(study.excluded)} 行不计入")
    plan = partition_there(
        study,
        seed=options.seed,
        workers=options.workers,
        time_limit=options.time_limit,
        stop=stop,
        watch=watch,
    )
    plan.summary["seconds"]["read"] = read_seconds
    plan.run["command"] = list(_command())
    plan.save(out, papers=not options.no_report, watch=watch)
    return plan.summary


def _report(summary: dict[str, Any], out: Path, *, interrupted: bool) -> int:
    s = summary
    bounds = s["lower_bound"]
    proven = bounds["under_rules"]
    least = f"至少须 {bounds['unconditional']} 户"
    if proven is not None:
        least += f"；在本方案的社区和规则内至少 {proven} 户，差距 {s['gap']:.1%}"
    _cli.say_result(
        f"{s['households']} 户，{s['grids']} 个网格（合规 {s['grids_in_range']}），"
        f"{s['communities']} 个社区（合规 {s['communities_in_range']}），"
        f"例外 {s['exceptions']} 个；"
        f"换网格 {s['households_moved_grid']} 户（{s['moved_share']:.2%}），{least}"
    )
    for item in summary["explanations"]:
        _cli.say_result(f"未能合规：{item['message']}。{item['remedy']}")
        for repair in item["repairs"]:
            _cli.say_result(
                f"  试过可行：{repair['text']}，变动 {repair['households_moved']} 户，"
                f"余下 {repair['left']} 处"
            )
    _cli.say_result(f"地图：{out / 'map.html'}    汇总：{out / 'summary.json'}")
    if interrupted:
        return _cli.INTERRUPTED
    return _cli.DONE if summary["status"] != "infeasible" else _cli.INFEASIBLE


class _Interrupt:
    """Says stop after one Ctrl-C; a second one breaks off at once."""

    def __init__(self) -> None:
        self.pressed = False
        self._old: Any = None

    def __call__(self, *, is_lawful: bool = True) -> bool:  # noqa: ARG002 - pressed is pressed
        return self.pressed

    def __enter__(self) -> _Interrupt:
        self._old = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._old)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
        _cli.say("正在收尾：写出目前最好的方案（再按一次立即退出）……")


if __name__ == "__main__":
    sys.exit(main())
