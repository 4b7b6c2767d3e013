"""Any bytes end as a study or as a sentence, and no row gets lost on the way."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import lingwu_grid as lg
from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.caged import read_file
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.delimited import EMPTY, read_delimited
from lingwu_grid.ingest.files import Limits
from lingwu_grid.ingest.headers import known_headers
from tests.fuzz.formats import FIND, MAKERS, fuzzed
from tests.fuzz.intake import NAMES, intake

if TYPE_CHECKING:
    from pathlib import Path

QUIET = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CASES = 40
LIMITS = Limits(file_mb=10, rows=100_000, vertices=100_000)


@pytest.mark.parametrize("kind", [k for k in MAKERS if k not in ("xls", "ods")])
def test_a_healthy_file_is_read_and_a_broken_one_is_a_sentence(kind: str, tmp_path: Path) -> None:
    """A little of what ``tests.fuzz.formats`` does for hours; LibreOffice makes the other two."""
    counts, _ = fuzzed(kind, lambda done: done < CASES, 1, tmp_path)
    assert counts["sentence"] > 0
    assert counts["read"] > 0
    assert not [word for word in counts if word.startswith(FIND)]


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8
) | st.sampled_from(["106.3", "38.1", "H1", '"', ",", "，", "３８．１", "=1+1", "常住", "空置", ""])
KINDS = st.integers(0, len(NAMES) - 1)


@given(KINDS, st.binary(max_size=400))
@example(0, b"\xef\xbb\xbf")
@example(0, "户编号,经度,纬度\n".encode())
@example(0, "户编号\n,,,\n\x00".encode())
@example(1, b'{"type":"FeatureCollection","features":[]}')
@example(2, b"PK\x03\x04")
@example(3, b"PK\x05\x06" + b"\0" * 18)
@QUIET
def test_any_bytes_end_as_a_study_or_a_sentence(kind: int, content: bytes) -> None:
    intake(bytes([kind]) + content)


@given(st.lists(st.lists(CELLS, max_size=6), max_size=12), st.sampled_from(",;\t"))
@QUIET
def test_any_table_of_text_ends_as_a_study_or_a_sentence(rows: list[list[str]], sep: str) -> None:
    text = sep.join(["户编号", "经度", "纬度", "状态"]) + "\n"
    text += "\n".join(sep.join(row) for row in rows)
    intake(bytes([0]) + text.encode("utf-8", "surrogatepass"))


COORDINATE = st.one_of(
    st.floats(-200, 200), st.sampled_from([106.33, 38.1, 1e9, -0.0, 1e308, None, "x", [], {}])
)
SHAPES = st.one_of(
    st.none(),
    st.fixed_dictionaries({"type": st.just("Point"), "coordinates": st.lists(COORDINATE)}),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["Polygon", "LineString", "MultiPolygon", "Nothing"]),
            "coordinates": st.lists(
                st.lists(st.lists(COORDINATE, max_size=3), max_size=5), max_size=3
            ),
        }
    ),
)
PROPERTIES = st.dictionaries(
    st.sampled_from(["grid_id", "名称", "name", "kind", "locked"]),
    st.one_of(st.none(), st.integers(), st.text(max_size=5), st.booleans(), st.floats()),
)


@given(st.lists(st.tuples(SHAPES, PROPERTIES), max_size=5), st.sampled_from([1, 4]))
@QUIET
def test_any_geojson_ends_as_a_study_or_a_sentence(
    features: list[tuple[object, dict[str, object]]], kind: int
) -> None:
    content = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": g, "properties": p} for g, p in features],
    }
    intake(bytes([kind]) + json.dumps(content).encode())


@given(st.lists(st.lists(CELLS, min_size=1, max_size=7), min_size=1, max_size=20))
@QUIET
def test_every_record_of_a_csv_is_read_or_listed_as_broken(
    tmp_path: Path, rows: list[list[str]]
) -> None:
    import csv  # noqa: PLC0415

    path = tmp_path / "居民户.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["户编号", "经度", "纬度", "状态"])
        writer.writerows(rows)
    raw = read_delimited(path, "households", known_headers("households", {}), LIMITS)
    with path.open(encoding="utf-8", newline="") as file:
        told = list(csv.reader(file, skipinitialspace=True))[1:]
    assert len(raw.frame) + len(raw.lost) == len(told)
    empty = [why for _, why in raw.lost if why == EMPTY]
    assert len(empty) == sum(not any(row) for row in told)


LINES = st.lists(
    st.tuples(
        st.sampled_from(["A1", "A2", "A3", "", "A1 "]),
        st.sampled_from(["106.331", "106.332", "", "abc", "0", "38.1"]),
        st.sampled_from(["38.101", "38.102", "", "0", "106.33"]),
        st.sampled_from(["常住", "空置", "", "别的"]),
        st.sampled_from(["", ",多", ",多,出"]),
    ),
    min_size=1,
    max_size=25,
)


@given(LINES)
@example([("A1", "106.331", "38.101", "常住", "")] * 3 + [("", "", "", "", "")])
@QUIET
def test_every_row_is_in_exactly_one_place(
    tmp_path: Path, lines: list[tuple[str, str, str, str, str]]
) -> None:
    path = tmp_path / "households.csv"
    text = "".join(f"{i},{x},{y},{s}{more}\n" for i, x, y, s, more in lines)
    anchors = "B1,106.33,38.1,\nB2,106.335,38.105,\nB3,106.33,38.105,\n"
    path.write_text("户编号,经度,纬度,状态\n" + anchors + text, encoding="utf-8")
    study = lg.read_study(tmp_path)
    counted = study.households["origin"].tolist()
    left_out = study.excluded["origin"].tolist()
    assert sorted(counted + left_out) == sorted(
        f"households.csv 第 {n} 行" for n in range(2, len(lines) + 5)
    )
    assert (study.excluded["reason"] != "").all()
    assert not study.households["household_id"].duplicated().any()


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "geojson"])
def test_a_table_of_too_many_columns_is_a_sentence(ending: str, tmp_path: Path) -> None:
    """By the fuzzer: six rows of 57,775 columns took eleven seconds."""
    columns = {"户编号": ["a"], "经度": [106.3], "纬度": [38.1]}
    columns |= {f"列{n}": [n] for n in range(1_997)}
    for extra, refused in (({}, False), ({"多": [1]}, True)):
        table = pd.DataFrame(columns | extra)
        path = tmp_path / f"居民户{len(table.columns)}.{ending}"
        if ending == "geojson":
            rows = table.drop(columns=[] if refused else "列0").to_dict("records")
            point = {"type": "Point", "coordinates": [106.3, 38.1]}
            shapes = [{"type": "Feature", "properties": p, "geometry": point} for p in rows]
            path.write_text(json.dumps({"type": "FeatureCollection", "features": shapes}), "utf-8")
        elif ending == "csv":
            table.to_csv(path, index=False)
        else:
            getattr(table, {"xlsx": "to_excel"}.get(ending, "to_parquet"))(path, index=False)
        with pytest.raises(InputError, match="列，超过上限 2000 列") if refused else nullcontext():
            read_file(path, Claims(), LIMITS)
