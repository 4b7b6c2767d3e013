"""Publishing: a written plan into a schema of its own, in one transaction."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyogrio
import shapely

from lingwu_grid.contract.errors import OutputError
from lingwu_grid.database.address import SCHEMA, without_secret
from lingwu_grid.database.connecting import connected, sql
from lingwu_grid.database.schema import CSVS, LAYERS, MARK, PLANS, kind_of
from lingwu_grid.planning.identity import named_by, unit_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    import psycopg

SRID = 4490
"""CGCS2000, as the layers of a plan."""

ROWS = 50_000
"""Features written at a time."""

BLOCK = 1 << 20
BOM = b"\xef\xbb\xbf"
GEOMETRY = "geom"
KINDS = {"int64": "bigint", "int32": "bigint", "float64": "double precision", "bool": "boolean"}


def require_schema(address: str, schema: str = SCHEMA) -> None:
    """
    Refuse, before anything is solved, a database that the plan could not be written to.

    Raises
    ------
    InputError
        If it cannot be reached.
    OutputError
        As :func:`publish`.
    """
    with connected(address) as connection:
        _require(connection, schema, without_secret(address))


def publish(folder: str | Path, address: str, *, schema: str = SCHEMA) -> str:
    """
    Write a plan's folder to a database: all of it or nothing, other tables untouched.

    Parameters
    ----------
    folder
        What :meth:`lingwu_grid.plan.Plan.save` wrote.
    address
        ``postgresql://user@host/database``, with PostGIS.
    schema
        Where to: absent, empty, or one that plans were written to before. Every row stands under
        its ``plan_id``; the same plan once more takes its own place.

    Returns
    -------
    str
        The id of the plan.

    Raises
    ------
    InputError
        If the database cannot be reached, or the connection is lost: nothing is changed then.
    OutputError
        If the schema holds other things, PostGIS is missing, or the folder holds no plan.
    """
    folder = Path(folder)
    if not (folder / "plan.gpkg").is_file():
        raise OutputError("文件夹里没有方案", where=str(folder), remedy="先运行一次划分")
    plan = named_by(line for rows in _layer(folder, "units") for line in unit_lines(rows))
    with connected(address) as connection:
        # Two who write at once do so one after the other.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"lingwu_grid.{schema}",))
        mark = _require(connection, schema, without_secret(address))
        tables = _Tables(connection, schema, plan)
        tables.begin(mark, _json(folder, "summary"), _json(folder, "run"))
        for layer, key in LAYERS.items():
            for rows in _layer(folder, layer):
                tables.add_layer(layer, rows, key)
        for name, key in CSVS.items():
            if (folder / f"{name}.csv").is_file():
                tables.add_csv(name, folder / f"{name}.csv", key)
    return plan


def _layer(folder: Path, layer: str) -> Iterator[gpd.GeoDataFrame]:
    """Give a layer some features at a time; nothing where the plan has none."""
    path = folder / "plan.gpkg"
    if layer not in pyogrio.list_layers(path)[:, 0]:
        return
    count = pyogrio.read_info(path, layer=layer)["features"]
    for start in range(0, count, ROWS):
        yield pyogrio.read_dataframe(path, layer=layer, skip_features=start, max_features=ROWS)


def _json(folder: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return content


def _require(connection: psycopg.Connection, schema: str, where: str) -> str | None:
    """Refuse a schema that may not be written to; give its comment, None where there is none."""
    if connection.execute("SELECT to_regtype('geometry')").fetchone() == (None,):
        raise OutputError(
            "数据库里没有 PostGIS，存不了图形", where=where,
            remedy="请管理员在这个数据库里运行 CREATE EXTENSION postgis",
        )  # fmt: skip
    found = connection.execute(
        "SELECT coalesce(obj_description(oid, 'pg_namespace'), ''),"
        " EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid),"
        " has_schema_privilege(oid, 'CREATE')"
        " FROM pg_namespace n WHERE nspname = %s",
        (schema,),
    ).fetchone()
    if found is None:
        allowed = connection.execute(
            "SELECT has_database_privilege(current_database(), 'CREATE')"
        ).fetchone()
        if allowed != (True,):
            raise OutputError(
                f"这个用户不能在数据库里建模式 {schema}", where=where,
                remedy="请管理员运行 GRANT CREATE ON DATABASE …；不写进数据库时加 --publish 不写",
            )  # fmt: skip
        return None
    mark, is_used, may_write = found
    if is_used and mark != MARK:
        raise OutputError(
            f"模式 {schema} 里有别的表，不往里写", where=where,
            remedy="用 --schema 另起一个名字，例如 --schema lingwu_plans",
        )  # fmt: skip
    if not may_write:
        raise OutputError(
            f"这个用户不能写模式 {schema}", where=where,
            remedy=f"请管理员运行 GRANT ALL ON SCHEMA {schema} TO 这个用户",
        )  # fmt: skip
    return str(mark)


class _Tables:
    """The tables of one plan, in a transaction that is open."""

    def __init__(self, connection: psycopg.Connection, schema: str, plan: str) -> None:
        self._run = connection.execute
        self._cursor = connection.cursor
        self._schema, self._plan = schema, plan

    def begin(self, mark: str | None, summary: dict[str, Any], run: dict[str, Any]) -> None:
        """Make the schema where there is none (no mark); enter the plan, in place of itself."""
        name = sql.Identifier(self._schema)
        if mark is None:
            self._run(sql.SQL("CREATE SCHEMA {}").format(name))
        if mark != MARK:
            self._run(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(MARK)))
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(kind)) for c, kind in PLANS.items()
        )
        plans = sql.Identifier(self._schema, "plans")
        self._run(sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(plans, columns))
        self._run(sql.SQL("DELETE FROM {} WHERE plan_id = %s").format(plans), (self._plan,))
        row = {"plan_id": self._plan} | {
            c: summary.get(c) for c in PLANS if c in summary and PLANS[c] in ("text", "bigint")
        }
        row |= {"summary": json.dumps(summary), "run": json.dumps(run)}
        self._run(
            sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                plans,
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(sql.Placeholder() * len(row)),
            ),
            tuple(row.values()),
        )

    def add_layer(self, layer: str, rows: gpd.GeoDataFrame, key: str) -> None:
        """Add features; their shapes in column ``geom``."""
        plain = rows.drop(columns=rows.geometry.name)
        kinds = {c: KINDS.get(str(t), "text") for c, t in plain.dtypes.items()}
        plain[GEOMETRY] = shapely.to_wkb(rows.geometry.to_numpy(), hex=True)
        text = plain.to_csv(index=False, header=False, lineterminator="\n").encode()
        self._add(layer, {str(c): k for c, k in kinds.items()}, iter([text]), key, has_shape=True)

    def add_csv(self, name: str, path: Path, key: str) -> None:
        """Add the rows of a CSV as they stand in it."""
        with path.open("rb") as content:
            head = content.readline().removeprefix(BOM).decode().strip().split(",")
            blocks = iter(lambda: content.read(BLOCK), b"")
            self._add(name, {c: kind_of(c) for c in head}, blocks, key)

    def _add(
        self, name: str, kinds: dict[str, str], blocks: Iterator[bytes], key: str, *,
        has_shape: bool = False,
    ) -> None:  # fmt: skip
        table, draft = sql.Identifier(self._schema, name), sql.Identifier(f"draft_{name}")
        plans = sql.Identifier(self._schema, "plans")
        self._run(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} (plan_id text NOT NULL REFERENCES {} "
                "ON DELETE CASCADE)"
            ).format(table, plans)
        )
        shape = {GEOMETRY: f"geometry(Geometry,{SRID})"} if has_shape else {}
        for column, kind in (kinds | shape).items():
            self._run(
                sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(
                    table, sql.Identifier(column), sql.SQL(kind)
                )
            )
        index = sql.SQL(", ").join(map(sql.Identifier, ["plan_id", *([key] if key else [])]))
        self._run(
            sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} ({})").format(
                sql.Identifier(f"{name}_by_plan"), table, index
            )
        )
        if has_shape:
            self._run(
                sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} USING gist ({})").format(
                    sql.Identifier(f"{name}_by_place"), table, sql.Identifier(GEOMETRY)
                )
            )
        columns = [*kinds, *shape]
        texts = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(c)) for c in columns)
        self._run(sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(draft, texts))
        with self._cursor() as cursor:
            copying = sql.SQL("COPY pg_temp.{} FROM STDIN (FORMAT csv)").format(draft)
            with cursor.copy(copying) as copy:
                for block in blocks:
                    copy.write(block)
        values = [sql.SQL("{}::{}").format(sql.Identifier(c), sql.SQL(k)) for c, k in kinds.items()]
        if has_shape:
            values.append(sql.SQL("ST_SetSRID({}::geometry, {})").format(
                sql.Identifier(GEOMETRY), sql.Literal(SRID)))  # fmt: skip
        self._run(
            sql.SQL("INSERT INTO {} (plan_id, {}) SELECT {}, {} FROM pg_temp.{}").format(
                table, sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Literal(self._plan),
                sql.SQL(", ").join(values), draft,
            )
        )  # fmt: skip
        self._run(sql.SQL("DROP TABLE pg_temp.{}").format(draft))
