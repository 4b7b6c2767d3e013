"""Names of the synthetic town: Lingwu's names where they are in print, then numbers."""

from __future__ import annotations

COMMUNITIES = (
    "谢家井",
    "西湖",
    "人民街",
    "西苑",
    "鼓楼",
    "朔方路",
    "东盛街",
    "水木灵州",
    "育才街",
    "西昌街",
    "西平路",
    "兴业路",
    "镇河塔",
    "隆辰",
)
VILLAGES = (
    ("200", "城一村"),
    ("201", "城二村"),
    ("202", "园艺村"),
    ("203", "新园村"),
    ("205", "东塔村"),
    ("208", "安家湖村"),
)
EAST_STREETS = ("人民街", "东盛街", "育才街", "西昌街", "灵白街", "中兴街", "南熏路", "怀恩巷")
NORTH_STREETS = ("朔方路", "西平路", "兴业路", "健康路", "下白路", "枣园路", "灵胡路")
COMPOUNDS = ("阳光城", "龙凤佳苑", "佳苑小区", "欧景豪庭", "林秀苑")
CANAL = "秦渠"
RAILWAY = "示例铁路"
RIVER = "示例河"
STREET_OFFICE = ("640181001", "城区街道")
TOWN = ("640181100", "东塔镇")
COMMUNITIES_PER_STREET = 16
"""A town with more communities than this has more streets than one."""


def numbered(names: tuple[str, ...], index: int, stem: str) -> str:
    """
    Give the name with this number, or a numbered one when the list is used up.

    Examples
    --------
    >>> numbered(("阳光城",), 0, "示例小区"), numbered(("阳光城",), 6, "示例小区")
    ('阳光城', '示例小区7号')
    """
    return names[index] if index < len(names) else f"{stem}{index + 1}号"


def community_code(index: int, per_street: int) -> tuple[str, str, str]:
    """
    Give the 12-digit code, the name and the street's code of an urban community.

    Parameters
    ----------
    index
        Its number in the town, from 0.
    per_street
        Urban communities of each street.
    """
    street, serial = divmod(index, per_street)
    # 001–099 are streets (街道) in statistical codes.
    code = f"640181{street + 1:03d}"
    return f"{code}{serial + 1:03d}", numbered(COMMUNITIES, index, "示例") + "社区", code
