"""What every command shares: exit codes, UTF-8 on any console, errors as one sentence."""

from __future__ import annotations

import argparse
import io
import logging
import os
import re
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self, TextIO

import lingwu_grid as lg
from lingwu_grid.contract.errors import InputError, LingwuError
from lingwu_grid.contract.settings import read_rules
from lingwu_grid.cut_short import missing_said
from lingwu_grid.database.address import SCHEMA, is_address, without_secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

DONE, FAULT, BAD_INPUT, INFEASIBLE, INTERRUPTED = 0, 1, 2, 3, 130


def run(command: Callable[[], int]) -> int:
    """
    Run a command; turn a fault the planner can mend into one sentence on stderr.

    Parameters
    ----------
    command
        Does the work and gives an exit code.

    Returns
    -------
    int
        The exit code: 0 done, 2 bad input or usage, 3 infeasible, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        os.getcwd()  # noqa: PTH109 - Path.cwd() is the same, and says no more
    except FileNotFoundError:
        say("错误：当前文件夹已被删去或移走。处理办法：换到一个在的文件夹，再运行一次")
        return BAD_INPUT
    try:
        return command()
    except LingwuError as error:
        say(f"错误：{error}")
        return BAD_INPUT
    except KeyboardInterrupt:
        say("已中断；没有写出新的结果，原有结果保持不变。")
        return INTERRUPTED
    except MemoryError:
        say("错误：内存不足。处理办法：关闭其他程序，或把数据按街道分成几份分别运行")
        return BAD_INPUT
    except Exception as error:
        logging.getLogger(__name__).debug("fault", exc_info=error)
        at = traceback.extract_tb(error.__traceback__)[-1]
        say(
            f"程序内部错误：{type(error).__name__}（{Path(at.filename).name} 第 {at.lineno} 行）。"
            "原有结果没有改动。处理办法：加 --verbose 再运行一次，把屏幕上的文字发给维护者"
        )
        return FAULT


def say(text: str, *, to: TextIO | None = None) -> None:
    """Write one line for the planner, to stderr unless told."""
    stream = to or sys.stderr
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        # Whoever read (``| head``) has gone: the work goes on, and what is left to say is not.
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def say_result(text: str) -> None:
    """Write one line of the result to stdout."""
    say(text, to=sys.stdout)


def set_up_logging(*, verbose: bool) -> None:
    """Log to stderr; ids only, never names or addresses."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(asctime)s %(name)s %(message)s",
    )
    for noisy in ("numba", "pyogrio", "fiona", "matplotlib"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def add_study(parser: argparse.ArgumentParser, *, option: bool = False) -> None:
    """Give a command its study folder, and the settings file."""
    if option:
        parser.add_argument(
            "--study", type=study_place, default=Path("data"),
            help="划分时用的研究文件夹，或数据库地址（默认 data）",
        )  # fmt: skip
    else:
        parser.add_argument(
            "study", nargs="?", type=study_place, default=Path("data"),
            help="研究文件夹，内有 households/ 和 boundaries/（默认 data）；"
            "或数据库 postgresql://用户@主机/库名",
        )  # fmt: skip
    parser.add_argument(
        "--rules", type=Path, default=None, help="设置文件（默认用研究文件夹里的 rules.toml）"
    )
    add_datum(parser)


def study_place(text: str) -> Path | str:
    """Read where a study is: a folder, or the address of a database."""
    return text if is_address(text) else Path(text)


NOWHERE = ("不写", "no")
"""What is said for --publish where nothing is to be written to the database that was read."""


def add_publishing(parser: argparse.ArgumentParser) -> None:
    """Give a command that makes a plan the database that it is written to as well."""
    parser.add_argument(
        "--publish", default=None, metavar="地址|不写",
        help="方案另存进这个 PostGIS 数据库（研究从数据库读时，默认写回同一个库）",
    )  # fmt: skip
    parser.add_argument(
        "--schema", default=SCHEMA, metavar="名",
        help=f"存进哪个模式：没有就新建，里面有别的表就不写（默认 {SCHEMA}）",
    )  # fmt: skip


def require_database(options: argparse.Namespace) -> None:
    """Refuse, before anything is solved, a database that could not be written to."""
    if (address := _target(options)) is not None:
        lg.require_schema(address, options.schema)


def published(options: argparse.Namespace, out: Path, *, is_whole: bool = True) -> None:
    """Write the plan that lies in a folder to the database, where one is named; say so."""
    address = _target(options)
    if address is not None and not is_whole:
        say_result("没有求完的方案，没有存进数据库")
    elif address is not None:
        plan = lg.publish(out, address, schema=options.schema)
        say_result(f"已存进数据库 {without_secret(address)} 的模式 {options.schema}：方案 {plan}")


def say_missing(options: argparse.Namespace, out: Path) -> None:
    """Say what a plan that was cut short goes without, if anything."""
    if said := missing_said(out, without_secret(str(options.study))):
        say_result(said)


def _target(options: argparse.Namespace) -> str | None:
    said = options.publish
    if said is not None and said not in NOWHERE and not is_address(said):
        raise InputError(
            f"--publish {said} 不是数据库地址", remedy="写 postgresql://用户@主机/库名，或“不写”"
        )
    return None if said in NOWHERE else said or options.database


def command_line(name: str) -> list[str]:
    """Give the command as it was given, without a password, for ``run.json``."""
    return ["python", "-m", f"lingwu_grid.{name}", *map(without_secret, sys.argv[1:])]


def add_datum(parser: argparse.ArgumentParser) -> None:
    """Give a command the option that takes shifted coordinates back."""
    parser.add_argument(
        "--datum",
        choices=("auto", "gcj02", "bd09", "cgcs2000"),
        default=None,
        help="坐标偏移：auto 按比对结果换算，gcj02 高德腾讯，bd09 百度，cgcs2000 没有偏移；"
        "rules.toml 的 [datum] 优先",
    )


def add_workers(parser: argparse.ArgumentParser, words: str, *, address: bool = True) -> None:
    """Give a command the option of how many processes work, or where."""
    or_where = "；或一个 Dask 调度器的地址，如 tls://192.168.1.8:8786" if address else ""
    parser.add_argument(
        "--workers",
        type=_workers if address else _count,
        default=os.cpu_count() or 1,
        metavar="个数|tls://地址" if address else "个数",
        help=words + or_where,
    )
    if address:
        parser.add_argument(
            "--tls", type=Path, default=None, metavar="文件夹",
            help="证书 ca.pem、cert.pem、key.pem 所在的文件夹，用于 tls:// 的调度器",
        )  # fmt: skip


def add_solving(parser: argparse.ArgumentParser, *, limit: str, workers: str) -> None:
    """Give a command that solves its seed, its time limit, its workers, and no papers."""
    parser.add_argument(
        "--seed", type=int, default=0, help="随机种子；同样的输入和种子得到同样的方案"
    )
    parser.add_argument("--time-limit", type=float, default=None, metavar="秒", help=limit)
    add_workers(parser, workers)
    parser.add_argument("--no-report", action="store_true", help="不出台账、报告和图集")


def _workers(text: str) -> int | str:
    """Read how many workers, or the address of a scheduler."""
    if "://" in text:
        return text
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} 不是正整数，也不是 tls:// 或 tcp:// 开头的地址")
    return int(text)


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} 不是正整数")
    return int(text)


@dataclass(frozen=True)
class Command:
    """
    A command: ``python -m lingwu_grid.<name>``.

    Parameters
    ----------
    name
        Of the command.
    about
        What it does and examples, in Chinese, with a line of English.
    work
        Does it: takes the options and the line of progress, gives an exit code.
    codes
        Files and exit codes, printed after the options.
    """

    name: str
    about: str
    work: Callable[[argparse.Namespace, ProgressLine], int]
    codes: str = ""

    def parser(self) -> Parser:
        """Give a parser with what every command has."""
        parser = Parser(
            prog=f"python -m lingwu_grid.{self.name}",
            description=self.about,
            epilog=self.codes,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            add_help=False,
        )
        parser._positionals.title, parser._optionals.title = "位置参数", "选项"
        parser.add_argument("-h", "--help", action="help", help="显示本说明")
        parser.add_argument("--quiet", action="store_true", help="不显示进度")
        parser.add_argument("--verbose", action="store_true", help="显示调试日志")
        return parser

    def run(self, parser: Parser, argv: list[str] | None = None) -> int:
        """Parse, work, turn what goes wrong into a sentence, give an exit code."""
        options = parser.parse_args(argv)
        set_up_logging(verbose=options.verbose)
        watch = ProgressLine(quiet=options.quiet)
        watch("启动")
        return run(lambda: self._work(options, watch))

    def _work(self, options: argparse.Namespace, watch: ProgressLine) -> int:
        """Work on the study; one in a database is a folder for as long as that takes."""
        options.database = None
        if not is_address(getattr(options, "study", None)):
            return self.work(options, watch)
        options.database = options.study
        rules = read_rules(options.rules) if options.rules else None
        every = getattr(options, "guess", False)
        with lg.from_database(options.database, rules, every=every, watch=watch) as options.study:
            return self.work(options, watch)


class Parser(argparse.ArgumentParser):
    """argparse in the planner's language."""

    def error(self, message: str) -> NoReturn:
        """Say in Chinese what is wrong with the arguments, and how to get help; exit code 2."""
        self.print_usage(sys.stderr)
        self.exit(BAD_INPUT, f"用法有误：{_in_chinese(message)}。全部选项：{self.prog} --help\n")

    def format_usage(self) -> str:
        """Give the usage line."""
        return super().format_usage().replace("usage: ", "用法：", 1)

    def format_help(self) -> str:
        """Give the help page."""
        return super().format_help().replace("usage: ", "用法：", 1)


MESSAGES = (
    (r"the following arguments are required: (.+)", r"缺少参数 {0}"),
    (r"unrecognized arguments: (.+)", r"不认识的参数 {0}"),
    (r"argument (.+): expected one argument", r"选项 {0} 后面缺一个值"),
    (r"argument (.+): expected at least one argument", r"选项 {0} 后面至少要有一个值"),
    (r"argument (.+): invalid choice: (.+) \(choose from (.+)\)", r"{0} 不能是 {1}，可用：{2}"),
    (r"argument (.+): invalid (?:int|float) value: (.+)", r"{0} 不能是 {1}，要一个数"),
    (r"argument (.+): ignored explicit argument (.+)", r"选项 {0} 不带值，多了 {1}"),
    (r"ambiguous option: (.+) could match (.+)", r"选项 {0} 不明确，可能是 {1}"),
    (r"argument (.+?): (.+)", r"{0}：{1}"),
)
"""What argparse says, and how a planner is told."""


def _in_chinese(message: str) -> str:
    for pattern, words in MESSAGES:
        found = re.fullmatch(pattern, message)
        if found:
            return words.format(*found.groups())
    return message


def ids_of(text: str) -> tuple[str, ...]:
    """Take ids apart, whichever comma stands between them."""
    parts = text.translate(str.maketrans("，、；;", ",,,,")).split(",")
    return tuple(part.strip() for part in parts if part.strip())


STOPPING = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what a system sends to a program it closes."""


class Interrupt:
    """Says stop after one Ctrl-C or request to end; a second one breaks off at once."""

    def __init__(self) -> None:
        self.pressed = False
        self._process = os.getpid()
        self._old: dict[int, Any] = {}

    def __call__(self, *, is_lawful: bool = True) -> bool:  # noqa: ARG002 - pressed is pressed
        """Tell whether Ctrl-C was pressed."""
        return self.pressed

    def __enter__(self) -> Self:
        self._old = {s: signal.signal(s, self._on_signal) for s in STOPPING}
        return self

    def __exit__(self, *_: object) -> None:
        for number, old in self._old.items():
            signal.signal(number, old)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            # A worker that was forked has nothing to write: it goes when it is told to.
            os._exit(128 + number)
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
        say("正在收尾：写出目前最好的方案（再按一次立即退出）……")


class ProgressLine:
    """Show one line per phase: phase, violations, moved, seconds; quiet when told."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._began = time.perf_counter()
        self._quiet = quiet

    def __call__(self, phase: str, violations: int | None = None, moved: int | None = None) -> None:
        """Tell how far the work is; counts in households."""
        if self._quiet:
            return
        seconds = time.perf_counter() - self._began
        counts = "" if violations is None else f"  超限 {violations} 户"
        counts += "" if moved is None else f"  变动 {moved} 户"
        say(f"[{seconds:6.1f} 秒] {phase}{counts}")
