"""Connecting: to an office's PostgreSQL server; what goes wrong there is told as a sentence."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lingwu_grid.contract.errors import InputError
from lingwu_grid.database.address import without_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTALL = '在有网的电脑上装好：pip install "lingwu_grid[postgis]"（conda：conda install psycopg）'

try:
    import psycopg
    from psycopg import IsolationLevel, sql
except ImportError as error:  # an extra: only who has a server has it
    raise InputError("没有装读写数据库的 psycopg", remedy=INSTALL) from error

__all__ = ["IsolationLevel", "connected", "sql"]

CONNECT_SECONDS = 10

WRONG = (
    (r"password|认证|authentication|no pg_hba", "用户名或密码不对，或服务器不许从这台电脑登录",
     "核对地址里的用户名和密码（密码里的 @ : / 写成 %40 %3A %2F），或请管理员在 pg_hba.conf 放行"),
    (r"database .* does not exist|数据库.*不存在", "服务器上没有这个数据库", "核对地址最后一段"),
    (r"role .* does not exist|角色.*不存在", "服务器上没有这个用户", "核对地址里的用户名"),
    (r"", "服务器没有应答", "核对地址和端口，确认服务器开着、网络连着"),
)  # fmt: skip
"""What a server says when it lets nobody in, what that is, what to do."""


@contextmanager
def connected(address: str) -> Iterator[psycopg.Connection]:
    """
    Connect for one transaction: all of it is done at the end, or, after an error, nothing.

    Parameters
    ----------
    address
        ``postgresql://user:password@host:5432/database``; what it leaves out comes from the
        environment (``PGPASSWORD``) or ``~/.pgpass``, as for every PostgreSQL program.

    Raises
    ------
    InputError
        If nobody answers or lets us in, the connection is lost, or a right is missing.
    """
    where = without_secret(address)
    try:
        connection = psycopg.connect(
            address, connect_timeout=CONNECT_SECONDS, application_name="lingwu_grid"
        )
    except psycopg.Error as error:
        said = str(error).strip()
        what, remedy = next((w, r) for p, w, r in WRONG if re.search(p, said, re.IGNORECASE))
        raise InputError(f"连不上数据库：{what}", where=where, remedy=remedy) from error
    try:
        with connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege as error:
        raise InputError(
            f"数据库不许这样做：{error.diag.message_primary}", where=where,
            remedy="请管理员给这个用户授权（读表 GRANT SELECT，写方案 GRANT CREATE ON DATABASE）",
        ) from error  # fmt: skip
    except psycopg.OperationalError as error:
        raise InputError(
            f"与数据库的连接断了，什么也没有写进去：{str(error).strip().splitlines()[0]}",
            where=where, remedy="确认服务器开着、网络连着，再运行一次",
        ) from error  # fmt: skip
    except psycopg.Error as error:
        raise InputError(
            f"数据库报错：{str(error).strip().splitlines()[0]}", where=where,
            remedy="把这句话给数据库管理员看；数据库没有改动",
        ) from error  # fmt: skip
