"""Reading: the tables and views of a study in a database, as a folder that every command reads."""

from __future__ import annotations

import difflib
import json
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.rules import Rules
from lingwu_grid.database.address import without_secret
from lingwu_grid.database.connecting import IsolationLevel, connected, sql
from lingwu_grid.database.schema import MARK
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.files import KNOWN, Limits, check_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from lingwu_grid.engine.instance import Watch

RELATIONS = """
    SELECT n.nspname, c.relname, has_table_privilege(c.oid, 'SELECT')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND has_schema_privilege(n.oid, 'USAGE')
      AND coalesce(obj_description(n.oid, 'pg_namespace'), '') <> %s
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname
"""
"""Tables and views of people; not those of the server, of extensions, or with plans of ours."""

COLUMNS = """
    SELECT a.attname, t.typname, coalesce(a.attnum = ANY (i.indkey), false)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""

SHAPES = ("geometry", "geography")
GEOMETRY = "geometry"
"""What the column of shapes is called in the file."""

ARROW = {
    "int2": pa.int64(), "int4": pa.int64(), "int8": pa.int64(), "float4": pa.float64(),
    "float8": pa.float64(),
}  # fmt: skip
"""Kinds of columns that come as they are; all others come as their text."""

BATCH_MB = 8


class Relation(NamedTuple):
    """A table or view, and the name that its file has."""

    schema: str
    name: str
    is_readable: bool
    stem: str

    @property
    def label(self) -> str:
        """Name it as an office does."""
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"


class Column(NamedTuple):
    """A column: its name, the kind PostgreSQL has it as, whether the primary key holds it."""

    name: str
    kind: str
    is_key: bool


@contextmanager
def from_database(
    address: str, rules: Rules | None = None, *, every: bool = False, watch: Watch | None = None
) -> Iterator[Path]:
    """
    Copy a study out of a database into a folder, for as long as it is worked on.

    Parameters
    ----------
    address
        ``postgresql://user@host/database``.
    rules
        Settings: ``[files]`` may say which table a relation is (``"civil.hukou" = "居民户"``) and
        which is not to be used; else its name says it, as a file's would.
    every
        Copy all rows of what no name tells too, to guess what it is; else its columns only.
    watch
        Told of every table.

    Yields
    ------
    pathlib.Path
        A private folder (mode 0700) named as the database, one GeoParquet a relation, rows in the
        order of their primary key; it goes when the block ends. All tables are of one moment.

    Raises
    ------
    InputError
        If the database cannot be read; what is wrong, and what to do.

    Examples
    --------
    >>> import lingwu_grid as lg
    >>> with lg.from_database("postgresql://gis@10.0.0.8/lingwu") as folder:    # doctest: +SKIP
    ...     plan = lg.partition(folder)
    """
    rules = rules or Rules()
    with tempfile.TemporaryDirectory(prefix="lingwu_grid_") as place:
        with connected(address) as connection:
            connection.read_only = True
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            folder = Path(place) / _plain(connection.info.dbname)
            folder.mkdir()
            claims = Claims.by(rules)
            relations = _relations(connection)
            _refuse_missing(address, relations, rules)
            held = {_held(r, claims) for r in relations}
            if "households" not in held and not every:
                raise _no_households(address, relations)
            for relation in relations:
                claimed = _held(relation, claims) is not None
                if relation.is_readable or claimed:
                    rows = _copy(connection, relation, folder, Limits.of(rules),
                                 is_whole=claimed or every)  # fmt: skip
                    if watch is not None and rows:
                        watch(f"读出数据库的 {relation.label}：{rows} 行")
        yield folder


def _relations(connection: psycopg.Connection) -> list[Relation]:
    """List what there is; a name that two schemas have is told apart by its schema."""
    rows = connection.execute(RELATIONS, (MARK,)).fetchall()
    names = [str(name) for _, name, _ in rows]
    out: list[Relation] = []
    taken: set[str] = set()
    for schema, name, is_readable in rows:
        whole = schema != "public" and names.count(name) > 1
        stem = _plain(f"{schema}.{name}" if whole else name)
        while stem in taken:  # "a b" and "a/b" are two tables, and one name of a file
            stem += "_"
        taken.add(stem)
        out.append(Relation(schema, name, is_readable, stem))
    return out


def _held(relation: Relation, claims: Claims) -> str | None:
    """Give the table of the contract that a relation holds."""
    return claims.of(Path(f"{relation.stem}.parquet"))


def _refuse_missing(address: str, relations: list[Relation], rules: Rules) -> None:
    """Refuse settings that name a table the database does not have."""
    there = {r.stem for r in relations} | {f"{r.stem}.parquet" for r in relations}
    for name in rules.files:
        if name not in there and not name.lower().endswith(KNOWN) and ":" not in name:
            near = difflib.get_close_matches(name, sorted(r.stem for r in relations), n=1)
            raise InputError(
                f"rules.toml 的 [files] 里写的表 {name} 数据库里没有",
                where=without_secret(address),
                remedy=f"您是不是要写 {near[0]}？" if near else f"数据库里有：{_listed(relations)}",
            )


def _listed(relations: list[Relation]) -> str:
    return "、".join(r.stem for r in relations[:12]) or "一张表也没有"


def _plain(name: str) -> str:
    """
    Make a name of the database one of a file.

    Examples
    --------
    >>> _plain("civil.居民户"), _plain("../etc")
    ('civil.居民户', '_etc')
    """
    return re.sub(r"[^\w.\-]+", "_", name).lstrip(".~") or "_"


def _no_households(address: str, relations: list[Relation]) -> InputError:
    return InputError(
        f"数据库里没有认得出的居民户表（有：{_listed(relations)}）",
        where=without_secret(address),
        remedy="把居民户表叫 households 或“居民户”；或在一个 rules.toml 的 [files] 里写 "
        '"表名" = "居民户"，用 --rules 给出；或先运行 python -m lingwu_grid.check 地址 --guess',
    )


def _copy(
    connection: psycopg.Connection, relation: Relation, folder: Path, limits: Limits, *,
    is_whole: bool,
) -> int:  # fmt: skip
    """Copy a relation to a file; give its rows."""
    source = sql.Identifier(relation.schema, relation.name)
    rows = connection.execute(COLUMNS, (source.as_string(connection),)).fetchall()
    columns = [Column(*row) for row in rows]
    shape = next((c for c in columns if c.kind in SHAPES), None)
    shown = [c for c in columns if c.kind not in SHAPES and c.name != GEOMETRY]
    # Of what nobody claims not even the systems of its shapes are looked at.
    crs = _system(connection, source, shape, relation) if shape is not None and is_whole else None
    query = _query(relation, shown, shape, limits.rows + 1 if is_whole else 0)
    text = folder / f".{relation.stem}.csv"
    with connection.cursor() as cursor, text.open("wb") as out:
        copying = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(query)
        with cursor.copy(copying) as blocks:
            for block in blocks:
                out.write(block)
    kinds = {c.name: ARROW.get(c.kind, pa.string()) for c in shown}
    count = _as_parquet(
        text, folder / f"{relation.stem}.parquet", kinds, crs, has_shape=shape is not None
    )
    text.unlink()
    check_rows(count, relation.label, limits)
    return count


def _query(
    relation: Relation, shown: list[Column], shape: Column | None, most: int
) -> sql.Composed:
    """Ask for the rows in the order of their key, or of all they say: the same rows, the same."""
    parts = [sql.SQL("{} AS {}").format(_told(c), sql.Identifier(c.name)) for c in shown]
    if shape is not None:
        place = sql.Identifier(shape.name)
        parts.append(sql.SQL("encode(ST_AsBinary(ST_Force2D({}::geometry)), 'hex') AS {}").format(
            place, sql.Identifier(GEOMETRY)))  # fmt: skip
    key = [sql.SQL("t.{}").format(sql.Identifier(c.name)) for c in shown if c.is_key]
    order = key or [sql.Composed([sql.Literal(i + 1)]) for i in range(len(parts))]
    return sql.SQL("SELECT {} FROM {} AS t ORDER BY {} LIMIT {}").format(
        sql.SQL(", ").join(parts), sql.Identifier(relation.schema, relation.name),
        sql.SQL(", ").join(order), sql.Literal(most),
    )  # fmt: skip


def _told(column: Column) -> sql.Composed:
    """Give a column as a reader of files has it: numbers, 是 or 否, else its text."""
    name = sql.SQL("t.{}").format(sql.Identifier(column.name))
    if column.kind in ARROW:
        return sql.Composed([name])
    if column.kind == "bool":
        return sql.SQL("CASE {} WHEN true THEN '是' WHEN false THEN '否' END").format(name)
    return sql.SQL("{}::text").format(name)


def _system(
    connection: psycopg.Connection, source: sql.Identifier, shape: Column, relation: Relation
) -> CRS | None:
    """Give the system of a column of shapes; None where the database does not say."""
    name = sql.Identifier(shape.name)
    found = connection.execute(
        sql.SQL("SELECT DISTINCT ST_SRID({}::geometry) FROM {} WHERE {} IS NOT NULL").format(
            name, source, name
        )
    ).fetchall()
    srids = sorted(int(row[0]) for row in found)
    if len(srids) > 1:
        raise InputError(
            f"{relation.label} 的图形有 {len(srids)} 种坐标系：SRID {'、'.join(map(str, srids))}",
            where=shape.name,
            remedy="用 ST_Transform 换成一种；不知道是哪种的（SRID 0）先用 ST_SetSRID 标明",
        )
    if not srids or not srids[0]:
        return None
    known = connection.execute(
        "SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = %s", (srids[0],)
    ).fetchone()
    name, number, text = known or ("EPSG", srids[0], "")
    try:
        return CRS.from_authority(name or "EPSG", number or srids[0])
    except CRSError:
        return CRS.from_user_input(text) if text else None


def _as_parquet(
    text: Path,
    target: Path,
    kinds: dict[str, pa.DataType],
    crs: CRS | None,
    *,
    has_shape: bool,
) -> int:
    """Write what came as GeoParquet, some megabytes at a time; give its rows."""
    schema = pa.schema(kinds)
    if has_shape:
        geo = {
            "version": "1.0.0", "primary_column": GEOMETRY,
            "columns": {GEOMETRY: {"encoding": "WKB", "geometry_types": [],
                                   "crs": crs.to_json_dict() if crs else None}},
        }  # fmt: skip
        schema = schema.append(pa.field(GEOMETRY, pa.binary()))
        schema = schema.with_metadata({"geo": json.dumps(geo)})
    reader = pcsv.open_csv(
        text,
        read_options=pcsv.ReadOptions(block_size=BATCH_MB << 20),
        parse_options=pcsv.ParseOptions(newlines_in_values=True),
        convert_options=pcsv.ConvertOptions(
            column_types=kinds | {GEOMETRY: pa.string()}, null_values=[""],
            strings_can_be_null=True, quoted_strings_can_be_null=False,
        ),
    )  # fmt: skip
    count = 0
    with reader, pq.ParquetWriter(target, schema) as writer:
        for batch in reader:
            columns = batch.columns
            if has_shape:
                hexed = columns[-1].to_numpy(zero_copy_only=False)
                columns = [*columns[:-1], pa.array(shapely.to_wkb(shapely.from_wkb(hexed)))]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            count += batch.num_rows
    return count
