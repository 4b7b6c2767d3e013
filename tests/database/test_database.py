"""A study in a database: the same plan as from files; written whole or not at all."""

from __future__ import annotations

import filecmp
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
from sqlalchemy import create_engine

import lingwu_grid as lg
from lingwu_grid.database import publishing
from lingwu_grid.database.address import is_address, without_secret
from lingwu_grid.database.publishing import publish, require_schema
from tests.commands import check, partition
from tests.database.server import ask
from tests.once import once

if TYPE_CHECKING:
    from tests.database.server import Server


@pytest.fixture(scope="session")
def written(small_plan: lg.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small plan as a folder."""
    folder: Path = once(
        tmp_path_factory, "written", lambda place: small_plan.save(place / "out", papers=False)
    )
    return folder


@pytest.fixture(scope="session")
def another(small_study: lg.Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another plan of the same town as a folder."""
    rules = small_study.rules.with_(prove=False, scenario="redraw")
    folder: Path = once(
        tmp_path_factory, "another",
        lambda place: lg.partition(small_study, rules, seed=3).save(place / "out", papers=False),
    )  # fmt: skip
    return folder


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://gis:s%40e:cret@10.0.0.8:5432/lw", "postgresql://gis@10.0.0.8:5432/lw"),
        ("postgres://gis@h/lw?password=secret&sslmode=require",
         "postgres://gis@h/lw?password=***&sslmode=require"),
        ("--publish=postgresql://:secret@h/lw", "--publish=postgresql://@h/lw"),
        ("outputs/a@b:c", "outputs/a@b:c"),
    ],
)  # fmt: skip
def test_no_password_is_shown(address: str, shown: str) -> None:
    assert without_secret(address) == shown


def test_only_addresses_of_postgresql_are_addresses() -> None:
    assert is_address("postgresql://h/d")
    assert is_address("POSTGRES://h/d")
    assert not is_address(Path("postgresql"))
    assert not is_address("mysql://h/d")


def test_a_study_in_a_database_gives_the_plan_of_its_files(
    database: str, written: Path, small_folder: Path, tmp_path: Path
) -> None:
    rules, out = str(small_folder / "boundaries" / "rules.toml"), tmp_path / "server"
    given = ["--rules", rules, "--no-report", "--quiet", "--seed", "1"]
    assert partition([database, "-o", str(out), *given]) == 0
    assert filecmp.cmp(written / "assignment.csv", out / "assignment.csv", shallow=False)
    run = (out / "run.json").read_text(encoding="utf-8")
    assert "//boss@" in run  # whose eyes it was seen with
    assert "boss:" not in run  # but no password
    assigned = pd.read_csv(out / "assignment.csv", dtype=str)
    there = ask(database, "SELECT household_id, grid_id FROM lingwu_grid.assignment")
    assert dict(there) == dict(zip(assigned["household_id"], assigned["grid_id"], strict=True))


def test_what_is_written_is_the_plan(database: str, written: Path) -> None:
    plan = publish(written, database)
    (row,) = ask(database, "SELECT plan_id, households, affected, summary FROM lingwu_grid.plans")
    made = lg.read_plan(written)
    assert row[0] == plan
    assert row[1:3] == (made.summary["households"], made.summary["affected"])
    assert row[3] == made.summary
    # Rows of one plan, as QGIS or any program reads them.
    engine = create_engine(database.replace("postgresql:", "postgresql+psycopg:"))
    query = "SELECT * FROM lingwu_grid.grids ORDER BY grid_id"
    grids = gpd.read_postgis(query, engine, geom_col="geom")
    engine.dispose()
    ours = made.grids.sort_values("grid_id", ignore_index=True)
    assert grids.crs.to_epsg() == 4490
    assert grids["grid_id"].tolist() == ours["grid_id"].tolist()
    assert grids["households"].tolist() == ours["households"].tolist()
    assert grids["area_km2"].tolist() == pytest.approx(ours["area_km2"].tolist())
    assert grids.geometry.geom_equals_exact(ours.to_crs(4490).geometry, 1e-9).all()


def test_the_same_plan_takes_its_own_place_and_another_stands_beside_it(
    database: str, written: Path, another: Path
) -> None:
    first = publish(written, database)
    before = _rows(database)
    assert publish(written, database) == first
    assert _rows(database) == before
    second = publish(another, database)
    plans = ask(database, "SELECT plan_id FROM lingwu_grid.grids GROUP BY 1 ORDER BY 1")
    assert plans == [(plan,) for plan in sorted({first, second})]


def test_a_schema_with_other_tables_is_never_written_to(
    database: str, server: Server, written: Path
) -> None:
    name = database.rsplit("/", 1)[1]
    server.tell(name, "CREATE SCHEMA police", "CREATE TABLE police.cases (id int)",
                "INSERT INTO police.cases VALUES (1)")  # fmt: skip
    with pytest.raises(lg.OutputError, match="有别的表"):
        publish(written, database, schema="police")
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'police'"
    assert ask(database, tables) == [("cases",)]
    with pytest.raises(lg.OutputError, match="有别的表"):
        require_schema(database, "police")


def _snapshot(address: str) -> list[tuple[object, ...]]:
    return ask(
        address,
        "SELECT n.nspname, c.relname, c.oid FROM pg_class c JOIN pg_namespace n"
        " ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_' ORDER BY 1, 2, 3",
    )


def _rows(address: str) -> dict[str, list[tuple[object, ...]]]:
    """Give the rows of every table of ours, by plan."""
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'lingwu_grid'"
    return {
        name: ask(
            address, "SELECT plan_id, count(*) FROM lingwu_grid.{} GROUP BY 1".replace("{}", name)
        )
        for (name,) in ask(address, tables)
    }


def test_killed_in_the_middle_of_writing_the_database_is_as_it_was(
    database: str, written: Path, another: Path
) -> None:
    publish(written, database)
    before = _snapshot(database), _rows(database)
    with psycopg.connect(database) as other, other.transaction():
        # Layers and assignment are in; at the stories the writer is held up, and killed.
        other.execute("LOCK TABLE lingwu_grid.stories")
        program = "import sys, lingwu_grid as lg; lg.publish(sys.argv[1], sys.argv[2])"
        writer = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", program, str(another), database]
        )
        waiting = (
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
            " AND relation = 'lingwu_grid.stories'::regclass"
        )
        _until(lambda: ask(database, waiting) == [(1,)])
        writer.kill()
        writer.wait()
    _until(lambda: not _others(database))
    assert (_snapshot(database), _rows(database)) == before
    assert publish(another, database)
    assert all(len(rows) == 2 for rows in _rows(database).values())


def test_without_the_driver_a_sentence_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "import runpy; sys.argv = ['partition', 'postgresql://h/d', '--quiet']\n"
        "runpy.run_module('lingwu_grid.partition', run_name='__main__')"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], check=False, capture_output=True
    )
    assert done.returncode == 2
    assert 'pip install "lingwu_grid[postgis]"' in done.stderr.decode()


def _others(address: str) -> list[tuple[object, ...]]:
    return ask(
        address,
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'lingwu_grid'"
        " AND datname = current_database()",
    )


def _until(is_so: object) -> None:
    assert callable(is_so)
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("table", ["grids", "assignment", "outlook"])
def test_a_connection_lost_at_any_table_leaves_nothing(
    database: str, server: Server, written: Path, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _snapshot(database)
    add = publishing._Tables._add

    def cut(self: object, name: str, *args: object, **options: object) -> None:
        add(self, name, *args, **options)
        if name == table:
            server.tell(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'lingwu_grid'",
            )

    monkeypatch.setattr(publishing._Tables, "_add", cut)
    with pytest.raises(lg.InputError, match="连接断了，什么也没有写进去"):
        publish(written, database)
    assert _snapshot(database) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: a.replace(":boss@", ":wrong@"), "用户名或密码不对"),
        (lambda a: a.replace("//boss:", "//nobody:"), "用户名或密码不对"),
        (lambda a: a.rsplit("/", 1)[0] + "/nowhere", "没有这个数据库"),
        (lambda a: a.replace("127.0.0.1", "127.0.0.1:1/x?")[:30] + ":1/x", "没有应答"),
    ],
)
def test_who_is_not_let_in_is_told_why_and_shows_no_password(
    database: str, change: object, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(change)
    assert partition([change(database), "--quiet"]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "处理办法" in said
    assert ":boss@" not in said
    assert ":wrong@" not in said


def test_an_empty_database_says_what_is_missing(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    address = server.create()
    assert partition([address, "--quiet"]) == 2
    assert "没有认得出的居民户表（有：一张表也没有）" in capsys.readouterr().err
    server.drop(address)


def test_a_table_nobody_may_read_is_named(
    database: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    name = database.rsplit("/", 1)[1]
    server.tell(name, "DROP ROLE IF EXISTS clerk", "CREATE ROLE clerk LOGIN PASSWORD 'clerk'",
                "GRANT SELECT ON households_chengqu TO clerk")  # fmt: skip
    address = server.address(name, "clerk", "clerk")
    assert partition([address, "--quiet"]) == 2
    said = capsys.readouterr().err
    assert "不许" in said
    assert "GRANT" in said
    server.tell(name, "DROP OWNED BY clerk", "DROP ROLE clerk")


def test_who_may_not_write_is_told_before_anything_is_solved(
    database: str, server: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    name = database.rsplit("/", 1)[1]
    server.tell(name, "CREATE ROLE guest LOGIN PASSWORD 'guest'",
                "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest")  # fmt: skip
    address = server.address(name, "guest", "guest")
    assert partition([address, "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "不能在数据库里建模式 lingwu_grid" in said
    assert "--publish 不写" in said
    assert "起始方案" not in said
    assert not (tmp_path / "out").exists()
    server.tell(name, "DROP OWNED BY guest", "DROP ROLE guest")


def test_names_come_from_the_settings_and_other_tables_are_not_read(
    database: str, server: Server, small_folder: Path, tmp_path: Path
) -> None:
    name = database.rsplit("/", 1)[1]
    server.tell(
        name, "CREATE SCHEMA civil", "ALTER TABLE households_chengqu SET SCHEMA civil",
        "ALTER TABLE civil.households_chengqu RENAME TO hukou",
        "CREATE TABLE diagnoses (person text)", "INSERT INTO diagnoses VALUES ('secret')",
        "CREATE VIEW civil.lanes AS SELECT * FROM public.roads",
        "CREATE TABLE civil.roads AS SELECT * FROM public.roads",
    )  # fmt: skip
    own = (small_folder / "boundaries" / "rules.toml").read_text(encoding="utf-8")
    settings = tmp_path / "rules.toml"
    settings.write_text(own + '\n[files]\n"hukou" = "居民户"\n"civil.roads" = "不用"\n',
                        encoding="utf-8")  # fmt: skip
    with lg.from_database(database, lg.read_rules(settings)) as folder:
        place = folder.parent
        assert place.stat().st_mode & 0o077 == 0
        assert len(pd.read_parquet(folder / "diagnoses.parquet")) == 0
        assert len(pd.read_parquet(folder / "lanes.parquet")) == 0
        study = lg.read_study(folder, lg.read_rules(settings))
    assert not place.exists()
    files = lg.read_study(small_folder)
    assert set(study.households["household_id"]) == set(files.households["household_id"])
    assert study.table("roads").geometry.count() == files.table("roads").geometry.count()
    unused = [f.place for f in study.findings.rows if f.code == "file_unused"]
    assert sorted(unused) == ["diagnoses.parquet", "lanes.parquet"]


def test_rows_come_in_the_order_of_their_key_and_kinds_as_they_are(
    database: str, server: Server
) -> None:
    name = database.rsplit("/", 1)[1]
    server.tell(
        name, "DROP TABLE households_chengqu, households_dongta",
        "CREATE TABLE households (no int PRIMARY KEY, 户编号 numeric(12), 常住 boolean,"
        " 备注 json, 登记 date, geom geography(Point, 4326))",
        "INSERT INTO households SELECT 9 - g, 640181000000 + g, g % 2 = 0,"
        """ '{"a": "x, \\"y\\""}', '2026-11-30', st_point(106.3, 38.1)::geography"""
        " FROM generate_series(1, 5) g",
        "INSERT INTO households (no) VALUES (0)",
    )  # fmt: skip
    with lg.from_database(database) as folder:
        rows = gpd.read_parquet(folder / "households.parquet")
    assert rows["no"].tolist() == [0, 4, 5, 6, 7, 8]
    assert rows["户编号"].tolist()[1:] == [f"64018100000{g}" for g in (5, 4, 3, 2, 1)]
    assert rows["常住"].tolist()[1:] == ["否", "是", "否", "是", "否"]
    assert rows["备注"].iloc[1] == '{"a": "x, \\"y\\""}'
    assert rows["登记"].iloc[1] == "2026-11-30"
    assert rows.crs.to_epsg() == 4326
    assert rows.geometry.iloc[0] is None
    assert rows.geometry.iloc[1].x == 106.3


def test_two_systems_in_one_table_are_refused(database: str, server: Server) -> None:
    name = database.rsplit("/", 1)[1]
    server.tell(
        name, "ALTER TABLE roads ALTER geom TYPE geometry",
        "INSERT INTO roads (geom) VALUES ('SRID=4326;LINESTRING(106 38, 107 38)')",
    )  # fmt: skip
    with pytest.raises(lg.InputError, match="2 种坐标系"), lg.from_database(database):
        pass


def test_guess_names_the_tables_of_a_database(
    database: str, server: Server, small_folder: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    name = database.rsplit("/", 1)[1]
    server.tell(name, "ALTER TABLE households_chengqu RENAME TO t_hj_01")
    out = tmp_path / "out"
    assert check([database, "--guess", "-o", str(out), "--quiet"]) == 0
    assert "--rules" in capsys.readouterr().out
    proposed = tmp_path / "out_识别" / "rules.toml"
    with lg.from_database(database, lg.read_rules(proposed)) as folder:
        households = lg.read_study(folder, lg.read_rules(proposed)).households
    assert set(households["household_id"]) == set(
        lg.read_study(small_folder).households["household_id"]
    )


def test_ended_by_the_system_while_reading_no_household_stays_on_the_disk(
    database: str, server: Server, tmp_path: Path
) -> None:
    if os.name == "nt":
        pytest.skip("no SIGTERM")
    name = database.rsplit("/", 1)[1]
    with psycopg.connect(server.address(name)) as other, other.transaction():
        other.execute("LOCK TABLE stations")
        reader = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "lingwu_grid.check", database, "--quiet"],
            env=os.environ | {"TMPDIR": str(tmp_path)}, cwd=tmp_path,
        )  # fmt: skip
        _until(lambda: list(tmp_path.glob("lingwu_grid_*/*/households_dongta.parquet")))
        reader.send_signal(signal.SIGINT)
        assert reader.wait(30) == 130
    assert not list(tmp_path.glob("lingwu_grid_*"))


def test_a_table_that_is_not_there_is_named(
    database: str, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "rules.toml"
    settings.write_text('[files]\n"civil.hukou" = "居民户"\n', encoding="utf-8")
    assert partition([database, "--rules", str(settings), "--quiet"]) == 2
    said = capsys.readouterr().err
    assert "写的表 civil.hukou 数据库里没有" in said
    assert "households_chengqu" in said
    settings.write_text('[files]\n"road" = "道路"\n', encoding="utf-8")
    assert partition([database, "--rules", str(settings), "--quiet"]) == 2
    assert "您是不是要写 roads？" in capsys.readouterr().err
    name = database.rsplit("/", 1)[1]
    server.tell(name, "DROP TABLE households_chengqu, households_dongta")
    assert partition([database, "--quiet"]) == 2
    assert "没有认得出的居民户表（有：barriers" in capsys.readouterr().err


def test_what_nobody_claims_neither_stops_a_run_nor_takes_the_place_of_another(
    database: str, server: Server
) -> None:
    name = database.rsplit("/", 1)[1]
    server.tell(
        name, "CREATE TABLE photos (geom geometry)",
        "INSERT INTO photos VALUES ('SRID=4326;POINT(106 38)'), ('SRID=3857;POINT(0 0)')",
        'CREATE TABLE "roads of old" (id int)', 'CREATE TABLE "roads/of/old" (id int, what text)',
    )  # fmt: skip
    with lg.from_database(database) as folder:
        assert len(pd.read_parquet(folder / "photos.parquet")) == 0
        columns = [
            pd.read_parquet(folder / f"roads_of_old{end}.parquet").columns.tolist()
            for end in ("", "_")
        ]
    assert sorted(columns) == [["id"], ["id", "what"]]
