"""``python -m lingwu_grid.report``: ledger, report and atlas of a plan."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lingwu_grid import _cli

HELP = """\
给方案出台账、报告和图集：ledger.xlsx、report.docx、atlas.pdf。
Write the papers of a plan: ledger, adjustment proposal, atlas.

例  python -m lingwu_grid.report outputs/data
    python -m lingwu_grid.report 结果 --ledger 填好的台账.xlsx      # 读回填报的人员、户籍户数
    python -m lingwu_grid.report 结果 --template 我局模板.docx --traverse
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lingwu_grid.report",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, help="方案所在的文件夹")
    parser.add_argument(
        "--ledger", type=Path, default=None,
        help="填好的台账；不写则沿用结果文件夹里 ledger.xlsx 已填的内容",
    )  # fmt: skip
    parser.add_argument("--template", type=Path, default=None, help="本单位的报告模板（docx）")
    parser.add_argument("--traverse", action="store_true", help="报告里另写各社区的界线走向")
    parser.add_argument("--quiet", action="store_true", help="不显示进度")
    parser.add_argument("--verbose", action="store_true", help="显示调试日志")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Parse, write the papers, print, give an exit code."""
    options = _parser().parse_args(argv)
    _cli.set_up_logging(verbose=options.verbose)
    return _cli.run(lambda: _work(options))


def _work(options: argparse.Namespace) -> int:
    watch = _cli.ProgressLine(quiet=options.quiet)
    watch("启动")
    from lingwu_grid.report.walk import report  # noqa: PLC0415 - --help stays quick

    folder = report(
        options.out, ledger=options.ledger, template=options.template, walk=options.traverse,
        watch=watch,
    )  # fmt: skip
    watch("完成")
    for name, said in (
        ("ledger.xlsx", "台账"), ("report.docx", "调整方案"), ("atlas.pdf", "图集"),
    ):  # fmt: skip
        _cli.say_result(f"{said}：{folder / name}")
    return _cli.DONE


if __name__ == "__main__":
    sys.exit(main())
