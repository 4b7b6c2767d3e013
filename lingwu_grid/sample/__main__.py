"""``python -m lingwu_grid.sample``: write the synthetic town."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lingwu_grid import _cli


def main(argv: list[str] | None = None) -> int:
    """Parse, make, write, print, give an exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m lingwu_grid.sample",
        description="生成合成示例城镇（不是真实的灵武）。Write the synthetic town.",
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("data"), help="写到哪个文件夹（默认 data）"
    )
    parser.add_argument(
        "--households", type=int, default=46_500, help="常住户数，5000 至 5000000（默认 46500）"
    )
    parser.add_argument("--communities", type=int, default=None, help="城市社区个数（默认按户数）")
    parser.add_argument("--seed", type=int, default=24, help="随机种子（默认 24）")
    options = parser.parse_args(argv)

    def command() -> int:
        from lingwu_grid.sample import make_town, write_town  # noqa: PLC0415 - --help stays quick

        town = make_town(
            households=options.households, communities=options.communities, seed=options.seed
        )
        write_town(town, options.folder)
        _cli.say_result(
            f"已写出合成示例城镇：{options.folder}（{len(town.households)} 行居民户，"
            f"{len(town.tables['grids'])} 个网格）"
        )
        return _cli.DONE

    return _cli.run(command)


if __name__ == "__main__":
    sys.exit(main())
