"""``python -m lingwu_grid.check``: what is wrong with the data, and how today's map stands."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli
from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.schema import STATUS_WORDS

if TYPE_CHECKING:
    import argparse

    from lingwu_grid.checks import Check, Guess

HELP = """\
核对数据和现状网格，不做划分：哪些行有问题、在哪里、怎样处理；现状哪些网格和社区不合规。
Check the data and today's map, without drawing a plan.

例  python -m lingwu_grid.check 我的数据                    # 结果写到 outputs/我的数据_核对/
    python -m lingwu_grid.check 我的数据 --zones 方案/plan.gpkg   # 核对另一套网格和社区
    python -m lingwu_grid.check 我的数据 --repair 修好的数据      # 能稳妥修正的，另存一份
    python -m lingwu_grid.check 我的数据 --guess   # 文件名、列名不合要求时，认出各是什么再用
    python -m lingwu_grid.check postgresql://gis@10.0.0.8/lingwu --guess   # 数据库里的表
"""

CODES = """\
退出码  0 没有错误（可以有警告）；2 有必须先改正的错误，或用法有误
结果    findings.csv 全部问题，zones.csv 现状网格和社区，check.html 地图（可离线打开），check.json
        --guess 另写 outputs/<研究名>_识别/：guess.html 认出的文件和列，rules.toml 提议的设置
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
    parser.add_argument(
        "--guess",
        action="store_true",
        help="先认出每个文件、工作表和列是什么，列成一页，回答“是”后写进 rules.toml，再核对",
    )
    parser.add_argument("--yes", action="store_true", help="与 --guess 同用：不问，直接采用")
    return command.run(parser, argv)


def _work(options: argparse.Namespace, watch: cli.ProgressLine) -> int:
    if options.guess and options.database:
        return _guess_database(options)
    ended = _guess(options) if options.guess else None
    if ended is not None:
        return ended
    rules = lg.settings(options.study, options.rules, datum=options.datum)
    study = lg.read_study(options.study, rules, zones=options.zones, even_empty=True)
    watch(f"读入 {len(study.households)} 户常住，{len(study.excluded)} 行不计入")
    found = lg.check(study)
    saved = found.save(options.out or Path("outputs") / f"{options.study.resolve().name}_核对")
    _print(found)
    cli.say_result(f"地图：{saved / 'check.html'}    清单：{saved / 'findings.csv'}")
    if options.repair is not None:
        count = found.write_repaired(options.repair)
        cli.say_result(f"修正 {count} 处，修好的数据：{options.repair}")
    return cli.BAD_INPUT if found.errors else cli.DONE


def _guess(options: argparse.Namespace) -> int | None:
    """Guess, and ask; give an exit code where the check is not to go on."""
    if options.rules is not None:
        raise InputError(
            "--guess 写的是研究文件夹的 rules.toml，不能与 --rules 同用",
            remedy=f"把 {options.rules} 的内容放进研究文件夹的 rules.toml，去掉 --rules 再运行",
        )
    guess = _guessed(options)
    if guess.study is None:
        return cli.BAD_INPUT
    grave = sum(doubt.is_grave for doubt in guess.doubts)
    if options.yes and grave:
        cli.say_result(f"有 {grave} 处须先看过，没有采用；看过后不带 --yes 再运行，回答“是”")
        return cli.BAD_INPUT
    if not (options.yes or _says_yes()):
        cli.say_result("没有采用；要采用时再运行一次，回答“是”，或加 --yes")
        return cli.DONE
    cli.say_result(f"已写入 {guess.accept()}")
    return None


def _guess_database(options: argparse.Namespace) -> int:
    """Guess what the tables of a database are; its settings are a file of their own."""
    guess = _guessed(options)
    if guess.study is None:
        return cli.BAD_INPUT
    cli.say_result("数据库本身不改动；核对过后，各个命令加上 --rules 和这个 rules.toml 就照此读")
    return cli.DONE


def _guessed(options: argparse.Namespace) -> Guess:
    """Show on the screen and on a page what the files seem to be."""
    guess = lg.guess(options.study)
    say = cli.say_result
    for table in guess.tables:
        mark = "" if table.is_sure or not table.table else "（请核对）"
        say(f"{_wide(table.label, 30)}{_wide(table.name + mark, 16)}{table.why}")
        for column in table.columns if table.table else ():
            if column.why:
                say(f"    列 {_wide(column.header, 24)}{_wide(column.meaning, 16)}{column.why}")
    for word in guess.words:
        meant = STATUS_WORDS[word.kind or "resident"][0]
        say(f"状态“{word.word}”当作{meant}：{word.rows} 行")
    for name, why in guess.broken:
        say(f"打不开 {name}：{why}")
    for doubt in guess.doubts:
        say(f"{'须先看' if doubt.is_grave else '请核对'}  {doubt.text}")
    for name in guess.elsewhere:
        say(f"不在数据文件夹里，不会读：{name}")
    if guess.study is None:
        say(f"照这样读不成：{guess.trouble}")
    else:
        say(f"照这样读：计入常住 {len(guess.study.households)} 户，"
            f"{len(guess.study.excluded)} 行不计入")  # fmt: skip
    name = f"{options.study.resolve().name}_识别"
    saved = guess.save(options.out.with_name(f"{options.out.name}_识别") if options.out else
                       Path("outputs") / name)  # fmt: skip
    say(f"逐列说明：{saved / 'guess.html'}    提议的设置：{saved / 'rules.toml'}")
    return guess


def _says_yes() -> bool:
    """Ask once; where nobody can answer, it is no."""
    try:
        answer = input("采用吗？（是/否）")
    except EOFError:
        return False
    return answer.strip().lower() in ("是", "y", "yes", "好", "采用")


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
