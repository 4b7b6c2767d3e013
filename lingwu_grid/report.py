"""``python -m lingwu_grid.report``: ledger, report and atlas of a plan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli

if TYPE_CHECKING:
    import argparse

HELP = """\
给方案出台账、报告和图集：ledger.xlsx、report.docx、atlas.pdf。
Write the papers of a plan: ledger, adjustment proposal, atlas.

例  python -m lingwu_grid.report outputs/data
    python -m lingwu_grid.report 结果 --ledger 填好的台账.xlsx      # 读回填报的人员、户籍户数
    python -m lingwu_grid.report 结果 --template 我局模板.docx --traverse
    python -m lingwu_grid.report 结果 --kit            # 另出请示、批复、公告、告知单、交接清单
"""


def main(argv: list[str] | None = None) -> int:
    """Parse, write the papers, print, give an exit code."""
    command = cli.Command("report", HELP, _work)
    parser = command.parser()
    parser.add_argument("out", type=Path, help="方案所在的文件夹")
    parser.add_argument(
        "--ledger", type=Path, default=None,
        help="填好的台账；不写则沿用结果文件夹里 ledger.xlsx 已填的内容",
    )  # fmt: skip
    parser.add_argument("--template", type=Path, default=None, help="本单位的报告模板（docx）")
    parser.add_argument("--traverse", action="store_true", help="报告里另写各社区的界线走向")
    parser.add_argument(
        "--kit", action="store_true",
        help="另出送签材料（kit 文件夹）：请示、批复代拟稿、各社区公告、居民告知单、交接清单",
    )  # fmt: skip
    cli.add_workers(parser, "分部求解的大方案：同时出几个部分的材料（默认全部核心）")
    return command.run(parser, argv)


def _work(options: argparse.Namespace, watch: cli.ProgressLine) -> int:
    with lg.Crew(options.workers, watch, tls=options.tls) as crew:
        written = lg.report(
            options.out, ledger=options.ledger, template=options.template,
            traverse=options.traverse, kit=options.kit, workers=crew, watch=watch,
        )  # fmt: skip
    watch("完成")
    for name, called in (
        ("ledger.xlsx", "台账"), ("report.docx", "调整方案"), ("atlas.pdf", "图集"),
    ):  # fmt: skip
        for path in sorted({*written.glob(name), *written.glob(f"streets/*/{name}")}):
            cli.say_result(f"{called}：{path}")
    for path in sorted({*written.glob("kit"), *written.glob("streets/*/kit")}):
        cli.say_result(f"送签材料：{path}")
    return cli.DONE


if __name__ == "__main__":
    sys.exit(main())
