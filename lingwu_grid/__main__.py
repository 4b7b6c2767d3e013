"""``python -m lingwu_grid``: the commands, one line each."""

from __future__ import annotations

import difflib
import runpy
import sys

from lingwu_grid import cli

COMMANDS = {
    "check": "核对数据和现状网格，不做划分",
    "partition": "划分：合规、少变动的网格和社区，出地图、台账、报告",
    "coverage": "15 分钟服务圈：谁走得到邻里驿家，下一处开在哪里",
    "review": "把街道发回的审议意见并入方案",
    "report": "给方案重出台账、报告和图集",
    "scenarios": "几个可比较的方案和价目表",
    "compare": "两个方案并排：谁不同、边界差在哪里、各有多少职数和经费",
    "update": "采纳的方案用到新一期居民户上：谁来谁走，只改不合规的",
    "history": "采纳的方案存档，查某一天一栋楼属哪个网格",
    "verify": "不用求解器，重新核对一个写好的方案",
    "sample": "生成合成示例城镇",
}


def main(argv: list[str] | None = None) -> int:
    """Run the command that is named, or list them all; the nearest is offered for a wrong one."""
    words = sys.argv[1:] if argv is None else argv
    if words and words[0] in COMMANDS:
        sys.argv = [f"lingwu-grid {words[0]}", *words[1:]]
        runpy.run_module(f"lingwu_grid.{words[0]}", run_name="__main__")
        return cli.DONE
    if not words or words[0] in ("-h", "--help"):
        cli.say_result("用法：python -m lingwu_grid <命令> …    每个命令加 --help 看全部选项\n")
        for name, about in COMMANDS.items():
            cli.say_result(f"  {name:<12}{about}")
        return cli.DONE
    near = difflib.get_close_matches(words[0], COMMANDS, n=1, cutoff=0.4)
    meant = f"是不是 {near[0]}？" if near else ""
    cli.say(f"错误：没有命令 {words[0]}。{meant}全部命令：python -m lingwu_grid")
    return cli.BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
