"""A real PostgreSQL with PostGIS, of this machine, for as long as the tests run."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.database.server import Server, load

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or (
    [Path(there).resolve().parent] if (there := shutil.which("pg_ctl")) else []
)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that asks for passwords, on a port of its own."""
    if not any(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        assert not os.environ.get("CI"), "PostgreSQL with PostGIS is needed"
        pytest.skip("no PostgreSQL with PostGIS on this machine")
    owner = "postgres" if os.name == "posix" and os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg_") as place:
        if owner:
            shutil.chown(place, owner)  # PostgreSQL never runs as root
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        made = Server(Path(place), PROGRAMS[-1], port, owner)
        made.start()
        yield made
        made.stop()


@pytest.fixture(scope="session")
def loaded(server: Server, small_folder: Path) -> str:
    """The address of a database with the tables of the small town, to copy."""
    address = server.create()
    load(small_folder, address)
    return address


@pytest.fixture
def database(server: Server, loaded: str) -> Iterator[str]:
    """The address of a database of one's own with the tables of the small town."""
    address = server.create(loaded)
    yield address
    server.drop(address)
