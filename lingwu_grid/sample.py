"""``python -m lingwu_grid.sample``: write the synthetic town."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli
from lingwu_grid.sample_town.describe import describe, sentences

if TYPE_CHECKING:
    import argparse

HELP = "生成合成示例城镇（不是真实的灵武）。Write the synthetic town."


def main(argv: list[str] | None = None) -> int:
    """Parse, make, write, print, give an exit code."""
    command = cli.Command("sample", HELP, _work)
    parser = command.parser()
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("data"), help="写到哪个文件夹（默认 data）"
    )
    parser.add_argument(
        "--households", type=int, default=46_500, help="常住户数，5000 至 5000000（默认 46500）"
    )
    parser.add_argument("--communities", type=int, default=None, help="城市社区个数（默认按户数）")
    parser.add_argument("--seed", type=int, default=21, help="随机种子（默认 21）")
    parser.add_argument(
        "--kind",
        default="town",
        help="town 平原城镇（默认），valley 带状河谷城镇，industrial 几片分离的工业城镇",
    )
    parser.add_argument(
        "--describe", action="store_true", help="再写出街道、街区、建筑的度量，与实有城镇对照"
    )
    return command.run(parser, argv)


def _work(options: argparse.Namespace, _watch: cli.ProgressLine) -> int:
    town = lg.make_town(
        households=options.households,
        communities=options.communities,
        seed=options.seed,
        kind=options.kind,
    )
    lg.write_town(town, options.folder)
    cli.say_result(
        f"已写出合成示例城镇：{options.folder}（{len(town.households)} 行居民户，"
        f"{len(town.tables['grids'])} 个网格）"
    )
    if options.describe:
        for sentence in sentences(describe(town)):
            cli.say_result(sentence)
    return cli.DONE


if __name__ == "__main__":
    sys.exit(main())
