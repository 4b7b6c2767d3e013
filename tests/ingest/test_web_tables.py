"""A page that calls itself .xls is read as the table it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.caged import read_file
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.files import Limits, kind_of

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(file_mb=10, rows=1000, vertices=1000)
HEAD = "<tr><th>户编号</th><th>经度</th><th>纬度</th><th>状态</th></tr>"
ROWS = (
    "<tr><td>001</td><td>106.33</td><td> 38.10\n</td><td rowspan=2>常住</td></tr>"
    "<tr><td>002</td><td>106.34</td><td>38.11</td></tr>"
    "<tr><td>003</td><td colspan=2>106.335&nbsp;</td><td>空置<br>房</td></tr>"
)
PAGE = (
    '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>'
    '<meta http-equiv="Content-Type" content="text/html; charset={0}"></head><body>'
    "<table><tr><td colspan=4>居民户一览表</td></tr>{1}</table></body></html>"
)


def page(folder: Path, content: bytes, name: str = "居民户.xls") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("utf-8", "utf-8"), ("gb2312", "gb18030"), ("GBK", "gb18030"), ("utf-8", "gb18030"),
     ("gb2312", "utf-8"), ("utf-8", "utf-8-sig")],
)  # fmt: skip
def test_a_page_is_read_in_any_of_its_encodings(
    declared: str, encoding: str, tmp_path: Path
) -> None:
    path = page(
        tmp_path, PAGE.format(declared, HEAD + ROWS.replace("空置", "㙟置")).encode(encoding)
    )
    assert kind_of(path) == "web"
    (source,) = read_file(path, Claims(), LIMITS)
    frame = source.frame
    assert list(frame.columns) == ["户编号", "经度", "纬度", "状态"]
    assert frame["户编号"].tolist() == ["001", "002", "003"]
    assert frame["纬度"].tolist() == ["38.10", "38.11", "106.335"]
    assert frame["状态"].tolist() == ["常住", "常住", "㙟置 房"]
    assert source.rows.tolist() == [3, 4, 5]
    assert source.label == "居民户.xls"


@pytest.mark.parametrize(
    "begin", ["", "\n\n", '<?xml version="1.0"?>', "<!DOCTYPE html>", "<!-- x -->", "<HTML>"]
)
def test_a_page_may_begin_in_many_ways(begin: str, tmp_path: Path) -> None:
    path = page(tmp_path, f"{begin}<table>{HEAD}{ROWS}</table>".encode())
    assert len(read_file(path, Claims(), LIMITS)[0].frame) == 3


def test_the_table_within_a_table_is_the_one(tmp_path: Path) -> None:
    inner = f"<table>{HEAD}{ROWS}</table>"
    other = "<table><tr><td>说明</td></tr></table>"
    path = page(tmp_path, f"<html><table><tr><td>{other}{inner}</td></tr></table>".encode())
    (source,) = (s for s in read_file(path, Claims(), LIMITS) if s.table == "households")
    assert source.label == "居民户.xls:表格2"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<html><p>没有</p></html>", "其实是网页，里面没有表格"),
        ("<table><tr><td>别的</td></tr></table>", "没有一个工作表有列"),
        (f"<table>{HEAD}{'<tr><td>1</td></tr>' * 1001}</table>", "超过上限 1000 行"),
        ("<table><tr><td colspan=2000>户编号</td><td>x</td></tr></table>", "2001 列，超过上限"),
    ],
)
def test_a_page_that_is_no_list_is_a_sentence(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        read_file(page(tmp_path, content.encode()), Claims(), LIMITS)


def test_buttons_in_the_cells_of_a_list_are_no_tables(tmp_path: Path) -> None:
    button = "<table><tr><td>查看</td><td>修改</td></tr></table>"
    rows = "".join(
        f"<tr><td>{n}</td><td>106.3</td><td>38.1</td><td>常住</td><td>{button}</td></tr>"
        for n in range(30)
    )
    head = HEAD.replace("</tr>", "<th>操作</th></tr>")
    (source,) = read_file(page(tmp_path, f"<table>{head}{rows}</table>".encode()), Claims(), LIMITS)
    assert len(source.frame) == 30
    many = "".join("<table><tr><td>别的</td></tr></table>" for _ in range(50))
    with pytest.raises(InputError, match="没有一个工作表有列") as said:
        read_file(page(tmp_path, f"<html>{many}</html>".encode()), Claims(), LIMITS)
    assert said.value.remedy.endswith("表格12等 50 个")


def test_one_cell_may_span_all_rows_however_many(tmp_path: Path) -> None:
    rows = "".join(f"<tr><td>{n}</td><td>106.3</td><td>38.1</td></tr>" for n in range(1, 2600))
    body = f"<tr><td rowspan=2600>甲社区</td><td>0</td><td>106.3</td><td>38.1</td></tr>{rows}"
    head = "<tr><th>所属社区</th><th>户编号</th><th>经度</th><th>纬度</th></tr>"
    path = page(tmp_path, f"<table>{head}{body}</table>".encode())
    (source,) = read_file(path, Claims(), LIMITS._replace(rows=5000))
    assert source.frame["户编号"].tolist() == [str(n) for n in range(2600)]
    assert set(source.frame["所属社区"]) == {"甲社区"}


def test_other_encodings_and_what_is_not_seen(tmp_path: Path) -> None:
    said = PAGE.format("big5", HEAD + ROWS.replace("空置", "空置")).replace("户编号", "戶編號")
    said = said.replace("居民户一览表", "x").replace("经", "經").replace("纬", "緯")
    said = said.replace("状态", "狀態").encode("big5", "xmlcharrefreplace")
    frame = read_file(page(tmp_path, said, "户.xls"), Claims({"households": {"household_id": (
        "戶編號",), "lon": ("經度",), "lat": ("緯度",)}}, {}), LIMITS)[0].frame  # fmt: skip
    assert frame.columns[0] == "戶編號"
    wide = PAGE.format("utf-16", HEAD + ROWS).encode("utf-16")
    assert len(read_file(page(tmp_path, wide), Claims(), LIMITS)[0].frame) == 3
    hidden = (
        "<tr><td>1<style>.x{}</style></td><td>106.3</td><td>38.1</td>"
        "<td>空置<br>商铺<select><option>常住</select><script>1</script></td></tr>"
    )
    path = page(tmp_path, f"<table>{HEAD}{hidden}</table>".encode())
    frame = read_file(path, Claims(), LIMITS)[0].frame
    assert frame.iloc[0].tolist() == ["1", "106.3", "38.1", "空置 商铺"]


def test_spans_without_end_cost_nothing(tmp_path: Path) -> None:
    cell = "<tr><td colspan=1900 rowspan=999999>x</td></tr>" + "<tr></tr>" * 900
    with pytest.raises(InputError, match="没有一个工作表有列"):
        read_file(page(tmp_path, f"<table>{cell}</table>".encode()), Claims(), LIMITS)


def test_nothing_outside_is_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("机密", "utf-8")
    content = (
        f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}">]><html><table>{HEAD}'
        "<tr><td>&x;</td><td>106.3</td><td>38.1</td><td>常住</td></tr></table></html>"
    )
    sources = read_file(page(tmp_path, content.encode()), Claims(), LIMITS)
    assert "机密" not in sources[0].frame.to_string()


@pytest.mark.parametrize("span", ["0", "-1", "x", "², ", "99999999999999999999"])
def test_a_span_that_is_none_is_one_or_refused(span: str, tmp_path: Path) -> None:
    row = f'<tr><td rowspan="{span}">9</td><td>106.3</td><td>38.1</td><td>常住</td></tr>'
    (source,) = read_file(page(tmp_path, f"<table>{HEAD}{row}</table>".encode()), Claims(), LIMITS)
    assert source.frame["户编号"].tolist() == ["9"]


def test_a_text_and_a_workbook_are_no_page(tmp_path: Path) -> None:
    assert kind_of(page(tmp_path, b"<!---->" * 146)) == "other", "and it does not take for ever"
    assert kind_of(page(tmp_path, "户编号,<table>\n".encode())) == "other"
    assert kind_of(page(tmp_path, b"\xd0\xcf\x11\xe0<html>")) == "book"
