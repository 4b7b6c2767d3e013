"""What every command shares: exit codes, UTF-8 on any console, errors as one sentence."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from lingwu_grid.errors import LingwuError

if TYPE_CHECKING:
    from collections.abc import Callable

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
    stream.write(text + "\n")
    stream.flush()


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


def add_datum(parser: argparse.ArgumentParser) -> None:
    """Give a command the option that takes shifted coordinates back."""
    parser.add_argument(
        "--datum",
        choices=("auto", "gcj02", "bd09", "cgcs2000"),
        default=None,
        help="坐标偏移：auto 按比对结果换算，gcj02 高德腾讯，bd09 百度，cgcs2000 没有偏移；"
        "rules.toml 的 [datum] 优先",
    )


def add_workers(parser: argparse.ArgumentParser, words: str) -> None:
    """Give a command the option of how many processes work, or where."""
    parser.add_argument(
        "--workers",
        type=_workers,
        default=os.cpu_count() or 1,
        metavar="个数|tcp://地址",
        help=f"{words}；或一个 Dask 调度器的地址，如 tcp://192.168.1.8:8786",
    )


def _workers(text: str) -> int | str:
    """Read how many workers, or the address of a scheduler."""
    if "://" in text:
        return text
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} 不是正整数，也不是 tcp:// 开头的地址")
    return int(text)


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
