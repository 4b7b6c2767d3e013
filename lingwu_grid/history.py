"""``python -m lingwu_grid.history FOLDER``: adopted plans, and who had a building on a day."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli
from lingwu_grid.contract.errors import InputError
from lingwu_grid.output import write_csv

if TYPE_CHECKING:
    import argparse

HELP = """\
采纳的方案存进档案，按日期查：某一天某栋楼、某个小区、某个地点属哪个网格、哪个社区。
Keep adopted plans; ask who had a building on a day. 档案里没有居民户，有各楼的户数，内部使用。

例  python -m lingwu_grid.history 档案 --add outputs/data --from 2027-01-01 --basis 批复文号
    python -m lingwu_grid.history 档案 --on 2027-03-01 --of B000123 阳光城
    python -m lingwu_grid.history 档案 --on 2027-03-01 --at 106.334,38.094
    python -m lingwu_grid.history 档案
"""


def main(argv: list[str] | None = None) -> int:
    """Parse, keep or ask, print, give an exit code."""
    command = cli.Command("history", HELP, _work)
    parser = command.parser()
    parser.add_argument("folder", type=Path, help="档案文件夹")
    parser.add_argument("--add", type=Path, help="存入这个方案（结果文件夹）")
    parser.add_argument("--from", dest="start", default="", help="它从哪一天起生效，如 2027-01-01")
    parser.add_argument("--basis", default="", help="依据，如批复的文号")
    parser.add_argument("--on", dest="day", default="", help="查哪一天")
    parser.add_argument(
        "--of", dest="asked", nargs="+", default=[], help="楼栋编号或名称、小区编号或名称"
    )
    parser.add_argument("--at", default="", help="查一个地点：经度,纬度（CGCS2000）")
    parser.add_argument("--csv", type=Path, help="答复另存为表")
    return command.run(parser, argv)


def _work(options: argparse.Namespace, _watch: cli.ProgressLine) -> int:
    history = lg.open_history(options.folder)
    if options.add is not None:
        if not options.start:
            raise InputError("没有写从哪一天起生效", remedy="加 --from 2027-01-01")
        plan = lg.read_plan(options.add)
        history = history.add(plan, options.start, basis=options.basis)
        cli.say_result(f"已存入：自 {options.start} 起")
    if options.day:
        return _answered(history, options)
    if options.asked or options.at:
        raise InputError("没有写查哪一天", remedy="加 --on 2027-03-01")
    cli.say_result(f"档案里有 {len(history.plans)} 个采纳的方案")
    for row in history.plans.to_dict("records"):
        cli.say_result(
            f"自 {row['adopted_from']} 起：方案 {row['plan']}，{row['households']} 户，"
            f"{row['grids']} 个网格，{row['communities']} 个社区"
            + (f"，{row['basis']}" if row["basis"] else "")
        )
    return cli.DONE


def _answered(history: lg.History, options: argparse.Namespace) -> int:
    found = history.on(options.day, options.asked)
    if options.at:
        try:
            lon, lat = (float(part) for part in options.at.replace("，", ",").split(","))
        except ValueError as error:
            raise InputError(f"“{options.at}”不是地点", remedy="写成 106.334,38.094") from error
        found = history.at(options.day, lon, lat)
    elif not options.asked:
        raise InputError("没有写查什么", remedy="加 --of 楼栋或小区，或 --at 经度,纬度")
    for said in found["said"]:
        cli.say_result(said)
    if options.csv is not None:
        write_csv(found, options.csv)
        cli.say_result(f"表：{options.csv}")
    return cli.DONE


if __name__ == "__main__":
    sys.exit(main())
