"""Personal data: columns of names, telephones and identity cards, told by header and by values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lingwu_grid.ingest.headers import plain

if TYPE_CHECKING:
    import pandas as pd

HEADERS = re.compile(
    r"姓名|名字|户主(?!编号|编码|代码)|业主|产权人|承租人|联系|电话|手机|座机|微信|qq|邮箱|mail|"
    r"身份|证件|证号|银行|卡号|监护|备注|说明|^tel|phone|mobile|^xm$|sfz|lxdh|^dh$|^sjh|^lxr$|^bz$"
)
"""Headers, plain, of columns that tell of a person, or may hold anything at all."""

TELEPHONE = r"(?:\+?86[- ]?)?1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8}"
IDENTITY_CARD = r"\d{6}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
"""Eighteen signs: county, birthday, serial, check (GB 11643)."""
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶"
    "程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛"
    "郝龚邵万钱严覃武戴莫孔向汤哈纳杜虎冶妥沙"
)
"""The commonest, and those common in Ningxia."""
SOME, MOST = 0.3, 0.7
DISTINCT = 0.3


def is_personal(header: str, values: pd.Series) -> bool:
    """
    Tell whether a column holds a person's data: it is shown nowhere and names no row.

    Parameters
    ----------
    header
        Of the column.
    values
        Of it, any type.
    """
    return bool(HEADERS.search(plain(header))) or _tells_a_person(values)


def looks_like_data(header: str) -> bool:
    """
    Tell whether a header is no header but a value: the table has no row of headers.

    Examples
    --------
    >>> [looks_like_data(h) for h in ("13812345678", "106.3312", "户号", "64018119800101123X")]
    [True, True, False, True]
    """
    return bool(
        re.fullmatch(rf"{TELEPHONE}|{IDENTITY_CARD}|\d+\.\d+|\d{{9,}}", plain(header).upper())
    )


def _tells_a_person(values: pd.Series) -> bool:
    text = values.iloc[:2000].dropna().astype(str).str.strip()
    text = text[text != ""]
    if not len(text):
        return False
    for pattern in (TELEPHONE, IDENTITY_CARD):
        if text.str.contains(rf"(?<!\d)(?:{pattern})(?!\d)", regex=True).mean() > SOME:
            return True
    names = text.str.fullmatch(rf"[{SURNAMES}][\u4e00-\u9fff]{{1,3}}")
    return bool(names.mean() > MOST and text.nunique() / len(text) > DISTINCT)
