"""Numbers and days as official papers write them."""

from __future__ import annotations

DIGITS, PLACES = "零一二三四五六七八九", ("", "十", "百", "千")


def numeral(number: int) -> str:
    """
    Write a number from 1 to 9,999 in Chinese numerals.

    Examples
    --------
    >>> [numeral(n) for n in (1, 10, 19, 20, 101, 110, 1290)]
    ['一', '十', '十九', '二十', '一百零一', '一百一十', '一千二百九十']
    """
    said = ""
    for place, digit in reversed(list(enumerate(map(int, reversed(str(number)))))):
        if digit:
            said += DIGITS[digit] + PLACES[place]
        elif said and not said.endswith(DIGITS[0]):
            said += DIGITS[0]
    said = said.rstrip(DIGITS[0])
    return said.removeprefix("一") if said.startswith("一十") else said


def day_said(day: str) -> str:
    """
    Write a day; what is no day of ISO 8601 stays as it is.

    Examples
    --------
    >>> day_said("2026-07-01"), day_said("待定")
    ('2026年7月1日', '待定')
    """
    parts = day.split("-")
    if len(parts) != len("ymd") or not all(part.isdigit() for part in parts):
        return day
    year, month, date = parts
    return f"{year}年{int(month)}月{int(date)}日"
