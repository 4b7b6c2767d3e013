"""``python -m lingwu_grid.coverage``: who can walk to a station, and where the next should open."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid import cli
from lingwu_grid.occupancy import occupied

if TYPE_CHECKING:
    import argparse

    from lingwu_grid.circle.choosing import Proposal
    from lingwu_grid.circle.coverage import Coverage

HELP = """\
15 分钟服务圈：沿步行网络算每户到最近邻里驿家的分钟数，找出缺口，选出下一个该开的用房。
The 15-minute service circle: walking minutes, gaps, and where the next station should open.

例  python -m lingwu_grid.coverage outputs/data --study data
    python -m lingwu_grid.coverage outputs/data --study data --stations 3
    python -m lingwu_grid.coverage outputs/data --study data --model all
"""

CODES = """\
结果（写进方案文件夹）  map.html 加服务圈图层；plan.gpkg 图层 stations、gaps、proposed_stations、
        isochrones、bands、catchments；coverage.json 汇总；coverage_zones.csv 街道、社区和网格，
        调整前后；coverage.csv 每户（保密）
"""


def main(argv: list[str] | None = None) -> int:
    """Parse, measure, write, print, give an exit code."""
    command = cli.Command("coverage", HELP, _work, CODES)
    parser = command.parser()
    parser.add_argument("plan", type=Path, help="方案文件夹（partition 的结果）")
    cli.add_study(parser, option=True)
    parser.add_argument("--stations", type=int, default=None, metavar="个数", help="建议新开几个站")
    parser.add_argument(
        "--model", choices=("cover", "all", "median", "center", "backup"), default="cover",
        help="cover 覆盖最多户（默认）；all 最省钱地覆盖所有够得着的户；median 总步行最短；"
        "center 最远的户走得最近；backup 十五分钟内有第二处",
    )  # fmt: skip
    parser.add_argument(
        "--remedies", action="store_true",
        help="新开站、开门、架桥、小区开放放在一个预算里选（费用见 rules.toml 的 [walking]）",
    )  # fmt: skip
    parser.add_argument("--required", default="", metavar="编号,编号", help="一定要开的备选用房")
    parser.add_argument("--budget", type=float, default=None, metavar="元", help="新开站的总费用")
    parser.add_argument("--each-community", action="store_true", help="每个社区至少一处")
    parser.add_argument(
        "--capacity", action="store_true", help="按每百户 30 平方米计，每处不超过其面积能服务的户数"
    )
    parser.add_argument(
        "--catchment", action="store_true", help="另算两步移动搜寻法（2SFCA）的每百户面积"
    )
    parser.add_argument("--speed", type=float, default=None, help="步行速度，米/秒（默认 1.2）")
    parser.add_argument("--elderly-speed", type=float, default=None, help="老年人（默认 0.8）")
    parser.add_argument("--no-report", action="store_true", help="不重出台账、报告和图集")
    return command.run(parser, argv)


def _work(options: argparse.Namespace, watch: cli.ProgressLine) -> int:
    with occupied(options.plan):
        return _measure(options, watch)


def _measure(options: argparse.Namespace, watch: cli.ProgressLine) -> int:
    plan = lg.read_plan(options.plan)
    rules = lg.settings(options.study, options.rules, datum=options.datum)
    study = lg.read_study(options.study, rules)
    given = {"speed": options.speed, "elderly_speed": options.elderly_speed}
    speeds = {k: v for k, v in given.items() if v is not None}
    measured = lg.coverage(study, plan, catchment=options.catchment, **speeds)
    watch("量过步行距离")
    asked = options.model != "cover" or any(
        given
        for given in (
            options.stations is not None, options.required, options.budget is not None,
            options.each_community, options.capacity, options.remedies,
        )
    )  # fmt: skip
    proposal = None
    if asked and measured.walks is not None:
        proposal = _proposed(options, measured)
        watch("选出用房")
    papers = (options.plan / "ledger.xlsx").is_file() and not options.no_report
    plan.served(measured, proposal).save(options.plan, adds=True, papers=papers, watch=watch)
    _print(measured, proposal)
    cli.say_result(f"地图：{options.plan / 'map.html'}")
    if asked:
        measured.require_roads()  # what could be measured is written by now
    return cli.DONE


def _proposed(options: argparse.Namespace, measured: Coverage) -> Proposal:
    required = cli.ids_of(options.required)
    if not options.remedies:
        return lg.site_stations(
            measured,
            count=options.stations,
            model=options.model,
            required=required,
            budget=options.budget,
            each_community=options.each_community,
            capacity=options.capacity,
        )
    unfit = {
        "--model": options.model != "cover",
        "--each-community": options.each_community,
        "--capacity": options.capacity,
    }
    if any(unfit.values()):
        words = "、".join(word for word, given in unfit.items() if given)
        raise lg.InputError(
            f"{words} 不能和 --remedies 一起用",
            where="选址条件",
            remedy="去掉其中一个；--remedies 可以配 --budget、--stations、--required",
        )
    return lg.remedy_gaps(
        measured, budget=options.budget, count=options.stations, required=required
    )


def _print(measured: Coverage, proposal: Proposal | None) -> None:
    say, s = cli.say_result, measured.summary
    shares = "，".join(f"{m} 分钟 {s['share'][m]:.1%}" for m in s["share"])
    say(f"{s['households']} 户，{s['stations']} 个邻里驿家（{s['method']}）：{shares}")
    least, most = s["share_15_range"]
    if s["within_15_if"]:
        others = "；".join(f"{word} {n} 户" for word, n in s["within_15_if"].items())
        say(f"15 分钟内 {least:.1%}—{most:.1%}，看没有说明的情况怎么算（{others}）")
    if measured.walks is not None:
        causes = f"（{s['hidden_told']}）" if s["hidden_told"] else ""
        say(
            f"直线画圈算 15 分钟内有 {s['within_15_by_straight_circles']} 户，"
            f"其中 {s['hidden_by_circles']} 户其实要绕行超时{causes}；"
            f"没有路通到任何驿站的 {s['unreachable']} 户"
        )
    for note in s["notes"]:
        say(f"注意：{note}")
    for gap in s["gaps"][:5]:
        walk = f"平均步行 {gap['metres']} 米" if gap["metres"] is not None else "没有路相通"
        say(f"缺口：{gap['place']}，{gap['households']} 户，{walk}（{gap['reason']}）")
    if proposal is not None:
        _print_proposal(s["within"]["15"], proposal)


def _print_proposal(today: int, proposal: Proposal) -> None:
    say, best = cli.say_result, proposal.optimum
    say(
        f"建议新开 {len(proposal.sites)} 处，15 分钟内由 {today} 户增到 {proposal.covered} 户"
        f"（最优值 {best['objective']:,.0f} {best['unit']}，界 {best['bound']:,.0f}，"
        f"上下界差 {best['gap']:.2%}）"
    )
    if proposal.served != proposal.covered:
        say(f"  按条件分派到站的 {proposal.served} 户")
    remedies = [] if proposal.remedies is None else [*proposal.remedies.itertuples()]
    for row in [*proposal.sites.itertuples(), *remedies]:
        name = row.name or row.site_id
        say(f"  {name}（{row.kind}{_yuan(row.cost)}）：增加 {row.added_households} 户")
    for note in proposal.notes:
        say(f"  注意：{note}")
    if proposal.uncovered["households"]:
        say(f"  仍够不着：{proposal.uncovered['households']} 户（{proposal.uncovered['reason']}）")


def _yuan(cost: float) -> str:
    return f"，{cost:,.0f} 元" if cost == cost and cost > 0 else ""  # noqa: PLR0124 - not a number


if __name__ == "__main__":
    sys.exit(main())
