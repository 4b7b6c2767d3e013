"""A PostgreSQL server to test with, and a study's files as tables in it."""

from __future__ import annotations

import itertools
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import psycopg
import shapely
from psycopg import sql

from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.files import Limits, stem_of
from lingwu_grid.ingest.folder import read_sources
from lingwu_grid.ingest.study import rules_of

if TYPE_CHECKING:
    from pathlib import Path

MASTER = "boss"


@dataclass
class Server:
    """A cluster of its own in a folder."""

    place: Path
    programs: Path
    port: int
    owner: str | None
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def start(self) -> None:
        """Make the cluster and start it; it asks for passwords."""
        secret = self.place / "secret"
        secret.write_text(MASTER, encoding="ascii")
        secret.chmod(0o644)
        self._run("initdb", "-U", "boss", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8",
                  "--locale=C.UTF-8")  # fmt: skip
        options = f"-p {self.port} -k {self.place} -c fsync=off -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "-w", "start", "-o", options, "-l", str(self.place / "log"))

    def stop(self) -> None:
        """Stop it, whoever is connected."""
        self._run("pg_ctl", "-w", "stop", "-m", "immediate")

    def address(self, name: str, user: str = "boss", password: str = MASTER) -> str:
        """Give the address of a database."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{name}"

    def create(self, like: str = "") -> str:
        """Make an empty database with PostGIS, or a copy of another."""
        name = f"town_{next(self.numbers)}"
        if like:
            template = like.rsplit("/", 1)[1]
            self.tell("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        else:
            self.tell("postgres", f"CREATE DATABASE {name}")
            self.tell(name, "CREATE EXTENSION postgis")
        return self.address(name)

    def drop(self, address: str) -> None:
        """Take a database away."""
        self.tell("postgres", f"DROP DATABASE {address.rsplit('/', 1)[1]} WITH (FORCE)")

    def tell(self, database: str, *statements: str) -> None:
        """Run statements as the master."""
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        place = str(self.place / "data")
        subprocess.run(  # noqa: S603 - the server's own programs
            [str(self.programs / program), "-D", place, *arguments],
            check=True, user=self.owner, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=self.place,
        )  # fmt: skip


def load(folder: Path, address: str, schema: str = "public") -> None:
    """Put every file of a study into a table of its name, as its own reader has it."""
    rules = rules_of(folder)
    sources, _ = read_sources(folder, Claims.by(rules), Limits.of(rules))
    with psycopg.connect(address) as connection:
        for source in sources:
            _put(connection, schema, stem_of(source.path), source.frame)


def _put(connection: psycopg.Connection, schema: str, name: str, frame: pd.DataFrame) -> None:
    shapes = frame.geometry if isinstance(frame, gpd.GeoDataFrame) else None
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    kinds = {c: "bigint" if plain[c].dtype.kind == "i" else "double precision"
             if plain[c].dtype.kind == "f" else "text" for c in plain}  # fmt: skip
    columns = [sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(k)) for c, k in kinds.items()]
    if shapes is not None:
        srid = shapes.crs.to_epsg() or 4490
        columns.append(sql.SQL(f"geom geometry(Geometry,{srid})"))
        plain["geom"] = shapely.to_wkb(
            shapely.set_srid(shapes.to_numpy(), srid), hex=True, include_srid=True
        )
    table = sql.Identifier(schema, name)
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(", ").join(columns)))
    copying = sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(table)
    with connection.cursor() as cursor, cursor.copy(copying) as copy:
        copy.write(plain.to_csv(index=False, header=False))


def ask(address: str, question: str) -> list[tuple[Any, ...]]:
    """Ask a database."""
    with psycopg.connect(address) as connection:
        return connection.execute(question).fetchall()
