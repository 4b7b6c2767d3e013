"""Sentences of the papers: what each of their numbers must be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.tracing.numbers import NUMBER, Expected, Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lingwu_grid.tracing.claims import Claims
    from lingwu_grid.tracing.numbers import Names

    Worked = Callable[["Bench", re.Match[str]], list[Expected]]

N, P, D, S = r"([\d,]+)", r"([\d.]+%)", r"([\d,]+(?:\.\d+)?)", r"([+\-−]?[\d,]+)"
Z = "([\U000f0000-\U0010fffd])"
LIST = "(?:(?:[\U000f0000-\U0010fffd]|原不属任何社区) [\\d,]+、?)+"


SQUARE_KM = 5e-6
"""Five square metres: a border drawn by hand that was closed moves a grid's area by as much."""


class Bench(NamedTuple):
    """A line under work: the facts, its names, and the community it speaks of."""

    facts: Claims
    names: Names
    zone: str
    """Code of the first community of the line; empty for none."""

    def code(self, mark: str) -> str:
        """Give the code of the zone that is called so; the name itself of anything else."""
        return self.facts.code_in(self.names.of(mark), self.zone)

    def community(self, column: str) -> Expected:
        """Give a fact of the community that the line speaks of."""
        table = self.facts.communities
        return float(table.loc[self.zone, column]) if self.zone in table.index else None


class Spot(NamedTuple):
    """A number at its place in a text."""

    span: tuple[int, int]
    number: Found


class Rule(NamedTuple):
    """A sentence and what its numbers must be, in their order; what is not there is left out."""

    pattern: re.Pattern[str]
    worked: Worked

    def found(self, bench: Bench, text: str) -> Iterator[Spot]:
        """Find the numbers of the sentence in a text."""
        for match in self.pattern.finditer(text):
            at = [i for i, g in enumerate(match.groups(), start=1) if g and NUMBER.fullmatch(g)]
            expected = self.worked(bench, match)
            if len(at) != len(expected):
                raise ValueError(
                    f"{self.pattern.pattern}: {len(at)} numbers, {len(expected)} known"
                )
            for group, value in zip(at, expected, strict=True):
                yield Spot(match.span(group), Found(match[group], value))


class Listing(NamedTuple):
    """A list within a sentence: its last group; each item has a number as its last group."""

    pattern: re.Pattern[str]
    item: re.Pattern[str]
    worked: Callable[[Bench, re.Match[str], re.Match[str]], Expected]

    def found(self, bench: Bench, text: str) -> Iterator[Spot]:
        """Find the numbers of the list in a text."""
        for match in self.pattern.finditer(text):
            last = match.lastindex or 0
            for item in self.item.finditer(text, *match.span(last)):
                number = item.lastindex or 0
                value = self.worked(bench, match, item)
                yield Spot(item.span(number), Found(item[number], value))


def around(km2: Expected, zones: int = 1) -> Expected:
    """Allow five square metres a zone: layers are in degrees, and areas were taken before."""
    slack = zones * SQUARE_KM
    return (km2 - slack, km2 + slack) if isinstance(km2, float) else km2


def _rule(pattern: str, worked: Worked) -> Rule:
    return Rule(re.compile(pattern), worked)


def _there(match: re.Match[str], *pairs: tuple[int, Expected]) -> list[Expected]:
    """Keep what belongs to groups that are numbers."""
    return [e for group, e in pairs if match[group] and NUMBER.fullmatch(match[group])]


def _whole(name: str) -> Worked:
    return lambda b, _: list(getattr(b.facts, name))


def _community(b: Bench, m: re.Match[str]) -> list[Expected]:
    row = b.facts.communities.loc[b.code(m[1])]
    return _there(
        m, (4, row["households"]), (5, row["residents"]), (6, around(row["km2"])), (7, row["grids"])
    )


def _passed(b: Bench, m: re.Match[str]) -> list[Expected]:
    """Work out what a community had, who came, who left, and what it has."""
    parts = ((1, "households_before"), (2, "joined"), (3, "left"), (4, "households"))
    return [b.community(column) for group, column in parts if m[group]]


def _side(b: Bench, m: re.Match[str], item: re.Match[str]) -> Expected:
    """Work out who came from where, or went where."""
    other = b.code(item[1]) if item[1] else ""
    pair = (other, b.zone) if m[1] == "划入" else (b.zone, other)
    return b.facts.flows["community"].get(pair, 0)


def _piece(b: Bench, m: re.Match[str]) -> list[Expected]:
    """Work out a piece that goes from one grid to another: households, compounds, buildings."""
    ways = (b.names.of(m[1]) if m[1] else "", b.names.of(m[2]))
    pieces = b.facts.pieces.get(ways, [])
    near = [one for one in pieces if one[0] == int(m[3].replace(",", ""))] or pieces
    counts = near[0] if near else ("（没有这样的一项）",) * 3
    return _there(m, (3, counts[0]), (4, counts[1]), (5, counts[2]))


SENTENCES = (
    _rule(rf"纳入常住{N}户、(?:{N}|未提供)人；现有网格{N}个、社区{N}个",
          lambda b, m: [e for g, e in zip(m.groups(), b.facts.situation, strict=True) if g]),
    _rule(rf"按现有划分，{N}个网格、{N}个社区不在规定户数之内", _whole("outside_today")),
    _rule(rf"不计入的登记行{N}行", lambda b, _: [len(b.facts.study.excluded)]),
    _rule(rf"调整后共 {N} 个社区、{N} 个网格，其中合规网格 {N} 个、合规社区 {N} 个，登记例外"
          rf" {N} 个，户数离上下限不到 1% 的网格和社区 {N} 个", _whole("result")),
    _rule(rf"受影响 {N} 户：{N} 户换网格（{P}），{N} 户换社区", _whole("moves")),
    _rule(rf"三年内不在规定户数之内的网格和社区 {N} 个：", lambda b, _: [len(b.facts.leaving)]),
    _rule(rf"用同一数据求得 {N} 个方案供比选", lambda b, _: [len(b.facts.run["frontier"]["rows"])]),
    _rule(rf"改动网格 {N} 个", lambda b, _: [b.facts.touched]),
    _rule(rf"任何合规方案至少须变动 {N} 户（换网格或社区）；本方案 {N} 户(?:，其中 {N} 户换来"
          "边界清晰和余量)?", lambda b, m: list(b.facts.defence)[: 3 if m[3] else 2]),
    _rule(rf"(?:每个网格|：网格 ?|网格规模一般为){N}—{N} ?户", lambda b, _: b.facts.usual("grid")),
    _rule(rf"(?:每个社区|社区 ?|社区规模一般为|规模为){N}—{N} ?户",
          lambda b, _: b.facts.usual("community")),
    _rule(rf"规模为{N}户以下", lambda b, _: b.facts.usual("community")[:1]),
    _rule(rf"规模为{N}户以上", lambda b, _: b.facts.usual("community")[1:]),
    _rule(rf"换社区按{D}倍计", lambda b, _: [float(b.facts.rules["community_move_weight"])]),
    _rule(rf"{Z}（{Z}，编码 {Z}）常住 {N} 户、(?:{N}|未提供) 人，面积 {D} 平方公里，网格 {N} 个",
          _community),
    _rule(rf"(?:原 {N} 户|新设)(?:，划入 {N} 户（{LIST}）)?(?:，划出 {N} 户（{LIST}）)?，调整后"
          rf" {N} 户", _passed),
    _rule(rf"撤销(?:社区 {N} 个（.*?）)?、?(?:网格 {N} 个（.*?）)?，住户去向",
          lambda b, m: _there(m, *enumerate(b.facts.ended, start=1))),
    # The service circle.
    _rule(rf"现有邻里驿家 {N} 处，按\S*?测算（步速 {D} 米/秒），5 分钟 {P}、10 分钟 {P}、15 分钟"
          rf" {P}以内(?:；老年人（{D} 米/秒）15 分钟以内 {P})?",
          lambda b, m: [e for g, e in zip(m.groups(), b.facts.service, strict=True) if g]),
    _rule(rf"步速 {D} 米/秒，老年人 {D} 米/秒",
          lambda b, _: [b.facts.service[1], b.facts.service[5]]),
    _rule(rf"{N} 户没有路通到任何驿家", lambda b, _: [b.facts.unreachable]),
    # Money.
    _rule(rf"按政策定额，经费由每年 {N} 元变为 {N} 元，(增加|减少) {N} 元",
          lambda b, _: _three(b.facts.fixed)),
    _rule(rf"按设置的上限另计 {N} 元、{N} 元，连同在内为 {N} 元、{N} 元",
          lambda b, _: [*b.facts.assumed, *b.facts.total]),
    _rule(rf"其中村 {N} 个，政策没有单列村的职数和经费，按社区口径计 {N} 职、{N} 元",
          _whole("villages")),
    _rule(rf"{N} 个社区跨过 3000 户或 5000 户", lambda b, _: [b.facts.crossed[0]]),
    _rule(rf"，新设社区 {N} 个", lambda b, _: [b.facts.crossed[1]]),
    _rule(rf"，撤销社区 {N} 个", lambda b, _: [b.facts.crossed[2]]),
    _rule(rf"恰为 {N} 户的 {N} 个按“[^”]*”计；若按“[^”]*”计，职数 {S}、服务经费 {S} 元",
          lambda b, m: b.facts.on_the_line(int(m[1]))),
    _rule(rf"每 {N} 栋一名", lambda b, _: [b.facts.rules["staffing"]["buildings_per_head"]]),
    _rule(rf"有{N}处，须实地补名", lambda b, _: [b.facts.nameless]),
    # The legal chain.
    _rule(rf"现有社区（村）{N}个、网格{N}个，常住居民{N}户",
          lambda b, _: [b.facts.situation[3], b.facts.situation[2], b.facts.situation[0]]),
    _rule(rf"现状没有划分社区和网格，常住居民{N}户", lambda b, _: [b.facts.situation[0]]),
    _rule(rf"其中{N}个社区规模不符合要求", lambda b, _: [b.facts.outside_today[1]]),
    _rule(rf"调整后共有社区（村）{N}个、网格{N}个，受影响居民{N}户，占{P}：其中{N}户换网格，"
          rf"{N}户换社区", _whole("told")),
    _rule(rf"撤销{Z}（{N}户）", lambda b, m: [b.facts.size_today(b.code(m[1]))]),
    _rule(rf"管辖面积由{D}变为{D}平方公里",
          lambda b, _: [around(b.facts.area_today.get(b.zone)), around(b.community("km2"))]),
    _rule(rf"，面积{D}平方公里", lambda b, _: [around(b.community("km2"))]),
    _rule(rf"所辖网格{N}个", lambda b, _: [b.community("grids")]),
    _rule(rf"网格有变动的{N}个", lambda b, _: [sum(b.facts.kinds.values())]),
    _rule(rf"(合并|拆分|撤销|新设|调整){N}个(?=、|）)", lambda b, m: [b.facts.kinds.get(m[1], 0)]),
    _rule(rf"坐标系[^。；]*（EPSG:{N}）", lambda b, _: [float(b.facts.crs_number)]),
    _rule(rf"另有飞地{N}处", lambda b, m: [_among(m[1], b.facts.detached)]),
    # The atlas.
    _rule(rf"常住 {N} 户，{N} 个社区，{N} 个网格（现状 {N} 个）", _whole("cover")),
    _rule(rf"图{N}　{Z}　{N} 户　1:",
          lambda b, m: [b.facts.sheet_of(b.code(m[2])), b.facts.size(b.code(m[2]))]),
    _rule(rf"(?:{Z}|不属任何网格) → {Z} {N} 户"
          rf"（(?:整体|随网格|[^（）]*?(?:等 {N} 个小区 )?{N} 栋)）",
          _piece),
    _rule(rf"合规网格 {N} 个，登记例外 {N} 个",
          lambda b, _: [b.facts.result[2], b.facts.result[4]]),
    _rule(rf"社区图 {N} 幅，变动网格 {N} 个",
          lambda b, _: [len(b.facts.charted), b.facts.touched]),
    _rule(rf"{Z}（{Z}）\S{{2}}(?:（原编码 {Z}）)?：调入 {N} 户，调出 {N} 户",
          lambda b, m: _grid(b, b.code(m[2]), "joined", "left")),
    _rule(rf"{Z}　{Z}　{N} 户　(?:{N}|未提供) 人　{N} 个网格",
          lambda b, m: [e for g, e in zip(m.groups()[2:], _grid_free(b, m[2]), strict=True) if g]),
)  # fmt: skip
"""Sentences whose numbers are worked out; Z stands for a name."""


def _three(pair: tuple[int, int]) -> list[Expected]:
    return [pair[0], pair[1], abs(pair[1] - pair[0])]


def _among(printed: str, known: set[int]) -> Expected:
    """Take a count that some zone has; the text names no zone."""
    return float(printed) if int(printed) in known else "（没有这样的）"


def _grid(b: Bench, code: str, *columns: str) -> list[Expected]:
    return [float(b.facts.grids.loc[code, column]) for column in columns]


def _grid_free(b: Bench, mark: str) -> list[Expected]:
    row = b.facts.communities.loc[b.code(mark)]
    return [row["households"], row["residents"], row["grids"]]


LISTINGS = (
    Listing(re.compile(rf"(划入|划出) [\d,]+ 户（({LIST})）"),
            re.compile(rf"(?:{Z}|原不属任何社区) {N}"), _side),
    Listing(re.compile(rf"撤销{Z}（[\d,]+户），所辖住户划归：(.*?)。"),
            re.compile(rf"{Z}（{N} 户）"),
            lambda b, m, i: b.facts.flows["community"].get((b.code(m[1]), b.code(i[1])), 0)),
    Listing(re.compile(r"调整后不在规定规模内的：(.*)"), re.compile(rf"{Z}（{N}户）"),
            lambda b, _, i: b.facts.size(b.code(i[1]))),
    Listing(re.compile(r"界线走向：自东北角起，(.*)，回到起点"), re.compile(rf"约{N}米"),
            lambda b, m, i: b.facts.around(m[1], i[1])),
    Listing(re.compile(r"三年内不在规定户数之内的网格和社区 [\d,]+ 个：(.*?)。"),
            re.compile(rf"{Z}（\d+年\d+月\d+日起 {N} 户"),
            lambda b, _, i: b.facts.ahead_of(b.code(i[1]))[0]),
    Listing(re.compile(r"三年内不在规定户数之内的网格和社区 [\d,]+ 个：(.*?)。"),
            re.compile(rf"{Z}（\d+年\d+月\d+日起 [\d,]+ 户，\S+ {N} 户）"),
            lambda b, _, i: b.facts.ahead_of(b.code(i[1]))[1]),
    Listing(re.compile(r"社区规模不符合要求：(.*?)。"), re.compile(rf"{Z}（{N}户）"),
            lambda b, _, i: b.facts.size_today(b.code(i[1]))),
    Listing(re.compile(r"分档线不到 1% 的社区：(.*?)。"), re.compile(rf"{Z} {N} 户"),
            lambda b, _, i: b.facts.size(b.code(i[1]))),
)  # fmt: skip
"""Lists whose numbers are worked out."""


def reason_rules(households: int) -> tuple[Rule, ...]:
    """Give the rules of what a story of so many households is for: what would be without it."""

    def without(b: Bench, m: re.Match[str]) -> list[Expected]:
        code, is_left = b.code(m[2]), m[1] == "出"
        count = b.facts.size(code) + (households if is_left else -households)
        low, high = b.facts.bounds(code)
        return [count, count - high if is_left else low - count]

    def besides(b: Bench, m: re.Match[str]) -> list[Expected]:
        today, joined, left = b.facts.besides(b.code(m[2]))
        # The move that is told of is none of the others.
        others = (joined, left - households) if m[1] == "出" else (joined - households, left)
        return [today, *(n for n, said in zip(others, (m[5], m[6]), strict=True) if said)]

    def together(b: Bench, m: re.Match[str]) -> list[Expected]:
        code = b.code(m[1])
        count = b.facts.size(code) + households
        return [count, count - b.facts.bounds(code)[1]]

    return (
        _rule(rf"不划([出入])，{Z}(?:（原{Z}）)?(?:有|只有) {N} 户，"
              rf"比[上下]限[多少] {N} 户", without),
        _rule(rf"如果不划([出入])，{Z}(?:（原{Z}）)?(?:有|只有) [\d,]+ 户，"
              rf"比[上下]限[多少] [\d,]+ 户"
              rf"（现状 {N} 户，另有 (?:{N} 户划入)?、?(?:{N} 户划出)?）", besides),
        _rule(rf"如果也划入{Z}(?:（原{Z}）)?，那里有 {N} 户，比上限多 {N} 户", together),
        _rule(rf"{Z}现状只有 {N} 户，不足下限 {N} 户",
              lambda b, m: [b.facts.size_today(b.code(m[1])), b.facts.bounds(b.code(m[1]))[0]]),
    )  # fmt: skip


FIXED = re.compile(
    "|".join(
        (
            # Clauses, numbers of headings, figures and pages, dates, the number of the plan.
            r"制图 \d{4}-\d\d-\d\d", r"〔2020〕65号", r"第\d+项", r"§\d+", r"(?:表|图) ?\d+",
            r"^[（(]\d+[）)]", r"附件：?\d*", r"^[\s　]*\d+．", r"\d{4}-\d\d-\d\d",
            r"\d{4}年\d+月\d+日", r"方案(?:编号)? ?[:：]? ?[0-9a-f]{12}", r"GB ?\d+", r"2023—2025",
            # Scales and systems.
            r"1:\d[\d,]*", r"^[\d,]+ 米$", r"(?:CGCS|cgcs)2000|gcj02|bd09",
            r"3-degree|CM \d+E|UTM zone \d+[NS]|WGS 84",
            r"总图 1 幅",
            # Classes and numbers of the policy.
            r"3000 ?户以下|3000—5000 ?户|5000 ?户以上|[35]000 ?户[或、] ?[35]000 ?户|300—500 户",
            r"不到 1%", r"每月\d+元|每居民每年5元", r"按 0 计",
            r"(?:5|10|15) ?分钟",
        )
    ),
    re.MULTILINE,
)  # fmt: skip
"""What is no claim about the plan."""
