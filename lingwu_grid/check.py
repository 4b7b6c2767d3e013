"""``python -m lingwu_grid.check``: what is wrong with the data, and how today's map stands."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli

if TYPE_CHECKING:
    import argparse

    from lingwu_grid.checks import Check

HELP = """\
核对数据和现状网格，不做划分：哪些行有问题、在哪里、怎样处理；现状哪些网格和社区不合规。
Check the data and today's map, without drawing a plan.

例  python -m lingwu_grid.check 我的数据                    # 结果写到 outputs/我的数据_核对/
    python -m lingwu_grid.check 我的数据 --zones 方案/plan.gpkg   # 核对另一套网格和社区
    python -m lingwu_grid.check 我的数据 --repair 修好的数据      # 能稳妥修正的，另存一份
"""

CODES = """\
退出码  0 没有错误（可以有警告）；2 有必须先改正的错误，或用法有误
结果    findings.csv 全部问题，zones.csv 现状网格和社区，check.html 地图（可离线打开），check.json
"""


def main(argv: list[str] | None = None) -> int:
    """Parse, check, write, print, give an exit code."""
    command = cli.Command("check", HELP, _work, CODES)
    parser = command.parser()
    cli.add_study(parser)
    parser.add_argument(
        "-o", "--out", type=Path, default=None, help="结果文件夹（默认 outputs/<研究名>_核对）"
    )
    parser.add_argument(
        "--zones", type=Path, default=None, help="改为核对这个文件里的网格和社区，如 plan.gpkg"
    )
    parser.add_argument(
        "--repair", type=Path, default=None, metavar="文件夹",
        help="把能稳妥修正的问题修好，另存一份研究到这里；原文件不动，每处改动记入 repairs.csv",
    )  # fmt: skip
    return command.run(parser, argv)


def _work(options: argparse.Namespace, watch: cli.ProgressLine) -> int:
    rules = lg.settings(options.study, options.rules, datum=options.datum)
    study = lg.read_study(options.study, rules, zones=options.zones)
    watch(f"读入 {len(study.households)} 户常住，{len(study.excluded)} 行不计入")
    found = lg.check(study)
    saved = found.save(options.out or Path("outputs") / f"{options.study.resolve().name}_核对")
    _print(found)
    cli.say_result(f"地图：{saved / 'check.html'}    清单：{saved / 'findings.csv'}")
    if options.repair is not None:
        count = found.write_repaired(options.repair)
        cli.say_result(f"修正 {count} 处，修好的数据：{options.repair}")
    return cli.BAD_INPUT if found.errors else cli.DONE


def _print(found: Check) -> None:
    say = cli.say_result
    say(f"{found.study.name}：{len(found.study.households)} 户常住，"
        f"{len(found.study.excluded)} 行不计入")  # fmt: skip
    zones = found.zones().groupby(["level", "standing"]).size()
    for level, rows in zones.groupby(level=0):
        words = "，".join(f"{word} {count}" for (_, word), count in rows.items())
        say(f"现状{level}：{words}")
    for row in found.counts().itertuples(index=False):
        say(f"{found.words[str(row.severity)]}  {row.count:>6} 处  {_wide(str(row.table), 13)}"
            f"{_wide(str(row.title), 22)}{row.message}")  # fmt: skip
    if not found.findings:
        say("没有发现问题")


def _wide(text: str, columns: int) -> str:
    """Pad a text to a width on the screen, where a Chinese character takes two columns."""
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return text + " " * max(1, columns - width)


if __name__ == "__main__":
    sys.exit(main())
