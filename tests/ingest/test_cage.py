"""Files are read by a process that may die in our place."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest import caged, keeper, tables
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.keeper import WARDEN, Warden
from tests.ingest.reading import FOUND, LIMITS, LINUX, children_reading, homes

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.ingest.files import Limits


@pytest.mark.usefixtures("way")
def test_a_file_is_read_as_without_a_cage(tmp_path: Path) -> None:
    path = homes(tmp_path)
    (direct,) = tables.read_file(path, Claims(), LIMITS)
    (read,) = caged.read_file(path, Claims(), LIMITS)
    pd.testing.assert_frame_equal(read.frame, direct.frame)
    assert read.sha256 == direct.sha256
    stream = caged.open_stream(path, LIMITS)
    batches = list(caged.batches_of(stream, Claims(), LIMITS, size=2))
    assert [len(b.frame) for b in batches] == [2, 1]
    assert batches[1].rows.tolist() == [4]


@pytest.mark.usefixtures("warden")
def test_a_folder_that_was_put_in_the_place_of_another_is_read(tmp_path: Path) -> None:
    """As a result is by the next run: the process may see the old folder, not the new one."""
    folder, draft = tmp_path / "study", tmp_path / "draft"
    for place, count in ((folder, 3), (draft, 4)):
        place.mkdir()
        homes(place, count)
    assert len(caged.read_file(folder / "居民户.csv", Claims(), LIMITS)[0].frame) == 3
    folder.rename(tmp_path / "old")
    draft.rename(folder)
    assert len(caged.read_file(folder / "居民户.csv", Claims(), LIMITS)[0].frame) == 4


@pytest.mark.usefixtures("way")
def test_sheets_are_read_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    for name, cell in (("一", 3.0), ("二", " 文 "), ("三", None)):
        book.create_sheet(name)["B2"] = cell
    book.save(path)
    read = caged.read_sheets(path, ("二", "一", "无"), LIMITS)
    assert read == {"二": ([["", ""], ["", "文"]], []), "一": ([["", ""], ["", "3"]], [])}
    with pytest.raises(InputError, match=r"a\.xlsx:二 有 2 行，超过上限 1"):
        caged.read_sheets(path, ("二",), LIMITS._replace(rows=1))


@pytest.mark.usefixtures("way")
def test_what_breaks_a_library_is_a_sentence_and_the_next_file_is_read(tmp_path: Path) -> None:
    """A workbook by the fuzzer, at which the reader of workbooks panics."""
    bad = tmp_path / "居民户.xls"
    shutil.copyfile(FOUND / "panic.xls", bad)
    with pytest.raises(InputError, match=r"居民户\.xls.*PanicException") as said:
        caged.read_file(bad, Claims(), LIMITS)
    assert "另存" in said.value.remedy
    assert len(caged.read_file(homes(tmp_path), Claims(), LIMITS)[0].frame) == 3


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (LIMITS._replace(read_mb=20), "内存超过 20 MB"),
        (LIMITS._replace(read_seconds=0), "0 秒内没有读完"),
    ],
)
def test_a_file_that_takes_too_much_is_given_up(limits: Limits, said: str, tmp_path: Path) -> None:
    path = homes(tmp_path, 400_000)
    with pytest.raises(InputError, match=rf"居民户\.csv：.*{said}") as told:
        caged.read_file(path, Claims(), limits)
    assert "max_read_" in told.value.remedy
    assert len(caged.read_file(homes(tmp_path), Claims(), LIMITS)[0].frame) == 3


@pytest.mark.usefixtures("way")
def test_a_process_that_dies_is_a_sentence(tmp_path: Path) -> None:
    path = homes(tmp_path, 400_000)
    others = set(children_reading())
    batches = caged.batches_of(caged.open_stream(path, LIMITS), Claims(), LIMITS, size=1000)
    next(batches)
    (held,) = set(children_reading()) - others
    os.kill(held, signal.SIGKILL)
    with pytest.raises(InputError, match=r"居民户\.csv：读取它的程序中途停止"):
        list(batches)
    assert len(caged.read_file(homes(tmp_path), Claims(), LIMITS)[0].frame) == 3


@LINUX
def test_the_one_that_forks_may_die_too(warden: Warden, tmp_path: Path) -> None:
    caged.read_file(homes(tmp_path), Claims(), LIMITS)
    first = warden._forker
    assert first is not None
    first.kill()
    warden._idle.pop().end()
    assert len(caged.read_file(homes(tmp_path), Claims(), LIMITS)[0].frame) == 3
    assert warden._forker is not first


@pytest.mark.usefixtures("way")
def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    study = tmp_path / "study"
    study.mkdir()
    caged.read_file(homes(study), Claims(), LIMITS)
    assert len(list(place.iterdir())) == 1
    caged.WARDEN.close()
    assert list(place.iterdir()) == []


def test_what_killed_processes_left_is_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "lingwu-999999999-abc").mkdir()
    (tmp_path / "lingwu-999999999-abc" / "rows.dbf").write_text("H1")
    (tmp_path / f"lingwu-{os.getppid()}-abc").mkdir()
    (tmp_path / "lingwu-mine").mkdir()
    study = tmp_path / "study"
    study.mkdir()
    warden = Warden()
    monkeypatch.setattr(caged, "WARDEN", warden)
    caged.read_file(homes(study), Claims(), LIMITS)
    warden.close()
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left == sorted([f"lingwu-{os.getppid()}-abc", "lingwu-mine", "study"])


@LINUX
def test_a_system_that_cannot_confine_is_told_once(
    warden: Warden, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caged.read_file(homes(tmp_path), Claims(), LIMITS)
    assert "关起来" not in caplog.text
    for _ in range(2):
        warden.note({"end": True, "is_confined": False})
    assert caplog.text.count("不能把读取文件的进程关起来") == 1


@LINUX
def test_a_stop_while_a_process_is_started_mixes_nothing_up(warden: Warden, tmp_path: Path) -> None:
    """The number of a process that was on its way then is not taken for the next one's."""
    caged.read_file(homes(tmp_path), Claims(), LIMITS)
    warden._idle.pop().end()
    asked = keeper.socket.send_fds

    def stopped(*given: Any) -> None:  # noqa: ANN401 - as for send_fds
        asked(*given)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as once:
        once.setattr(keeper.socket, "send_fds", stopped)
        with pytest.raises(KeyboardInterrupt):
            caged.read_file(homes(tmp_path), Claims(), LIMITS)
    with pytest.raises(InputError, match="内存超过"):
        caged.read_file(homes(tmp_path, 400_000), Claims(), LIMITS._replace(read_mb=20))


@pytest.mark.usefixtures("way")
def test_an_idle_process_that_died_is_replaced(tmp_path: Path) -> None:
    path = homes(tmp_path)
    caged.read_file(path, Claims(), LIMITS)
    caged.WARDEN._idle[0].process.kill()
    caged.WARDEN._idle[0].process.wait(5)
    assert len(caged.read_file(path, Claims(), LIMITS)[0].frame) == 3


@LINUX
def test_a_fork_while_another_thread_reads_can_read(tmp_path: Path) -> None:
    path = homes(tmp_path)
    with WARDEN._lock:  # as it is held while a process is started
        child = os.fork()
        if not child:
            os._exit(len(caged.read_file(path, Claims(), LIMITS)[0].frame))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 3


@pytest.mark.parametrize(
    "answer",
    [b"not JSON", b'{"error": ["Nope", "", "", ""]}', b'{"item": {"table": 1}}', b'{"item": []}',
     b'{"error": [1]}', b"[]", None],
)  # fmt: skip
def test_an_answer_that_none_of_ours_would_give_is_a_sentence(
    answer: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None stands for a message that says it is endless."""
    parts = [(2**62).to_bytes(8, "little")] if answer is None else [
        len(answer).to_bytes(8, "little"), answer, (3).to_bytes(8, "little"), b"xyz",
    ]  # fmt: skip
    monkeypatch.setattr(keeper.Inmate, "ask", lambda *_: None)
    warden = Warden()
    monkeypatch.setattr(caged, "WARDEN", warden)
    real = keeper.Inmate.__init__

    def made(self: keeper.Inmate, process: Any, asks: Any, _: object) -> None:  # noqa: ANN401
        real(self, process, asks, io.BytesIO(b"".join(parts)))

    monkeypatch.setattr(keeper.Inmate, "__init__", made)
    with pytest.raises(InputError, match=r"居民户\.csv：读取它的程序答非所问"):
        caged.read_file(homes(tmp_path), Claims(), LIMITS)
    warden.close()


@pytest.mark.usefixtures("way")
def test_settings_of_the_machine_that_take_drivers_away_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGR_SKIP", "GeoJSON,GPKG")
    monkeypatch.setenv("GDAL_SKIP", "GeoJSON,GPKG")
    point = {"type": "Point", "coordinates": [106.3, 38.1]}
    one = {"type": "Feature", "properties": {}, "geometry": point}
    content = json.dumps({"type": "FeatureCollection", "features": [one]})
    (tmp_path / "驿站.geojson").write_text(content, "utf-8")
    assert len(caged.read_file(tmp_path / "驿站.geojson", Claims(), LIMITS)[0].frame) == 1


@pytest.mark.usefixtures("way")
def test_a_package_that_another_program_has_open_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "roads.gpkg"
    line = [shapely.LineString([(106.3, 38), (106.4, 38)])]
    gpd.GeoDataFrame({"name": ["old"]}, geometry=line, crs=4490).to_file(path, layer="roads")
    with closing(sqlite3.connect(path)) as program:
        program.execute("pragma journal_mode=wal")
        triggers = program.execute("select name from sqlite_master where type='trigger'").fetchall()
        for (name,) in triggers:  # they call functions that only GDAL has
            program.execute(f'drop trigger "{name}"')
        program.execute("update roads set name='new'")
        program.commit()
        before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if "-shm" not in p.name}
        assert len(before) == 2
        (read,) = caged.read_file(path, Claims(), LIMITS)
        assert read.frame["name"].tolist() == ["new"]
        after = {p.name: p.read_bytes() for p in tmp_path.iterdir() if "-shm" not in p.name}
        assert after == before


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    path = homes(tmp_path)
    with (
        pytest.raises(InputError, match=r"居民户\.csv 在读取时被改动"),
        tables.unchanged(path),
    ):
        homes(tmp_path, 4)
    with tables.unchanged(path):
        path.read_text("utf-8")


@pytest.mark.parametrize("path", sorted(FOUND.iterdir()), ids=lambda p: p.name)
def test_what_the_fuzzer_found_ends_as_tables_or_as_a_sentence(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / f"居民户{path.suffix}"
    shutil.copyfile(path, copy)
    try:
        caged.read_file(copy, Claims(), LIMITS)
    except InputError as said:
        assert copy.name in str(said)  # noqa: PT017 - a table is as good


def test_the_shared_warden_is_the_one_that_is_closed_at_the_end() -> None:
    assert caged.WARDEN is WARDEN
