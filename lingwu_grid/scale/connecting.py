"""
Connecting: worker processes of this machine, or those of a Dask scheduler that are let in.

What goes over the wire are households' rows, and who reaches a scheduler can run programs on its
workers (Dask's own documentation says so). Both ends therefore show certificates: those of a
folder where the scheduler is at ``tls://``, and ones made for the occasion on this machine.
"""

from __future__ import annotations

import ipaddress
import logging
import ssl
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from distributed import Client, LocalCluster
from distributed.security import Security

from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.planning.run import code
from lingwu_grid.scale.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lingwu_grid.engine.instance import Watch

CONNECT_SECONDS = 8
MUST_AGREE = ("numpy", "numba", "highspy", "shapely", "scipy", "pandas", "geopandas")
"""Versions that decide the bytes of a plan."""

LEAST_MB = 500
"""A worker with less memory cannot even hold the libraries."""

CERTIFICATES = ("ca.pem", "cert.pem", "key.pem")
"""In the folder: who signed, this machine's own, and its key."""


@contextmanager
def started(workers: int | str, watch: Watch, tls: Path | None = None) -> Iterator[Cluster]:
    """
    Start worker processes on this machine, or use those of a Dask scheduler.

    Parameters
    ----------
    workers
        How many processes; or the address of a scheduler.
    watch
        Told how far the work is.
    tls
        Folder of `CERTIFICATES`, for a scheduler at ``tls://``.

    Raises
    ------
    LingwuError
        If no scheduler answers or its certificate is not known, or its workers have other
        versions than this machine, or too little memory.
    """
    for noisy in ("distributed", "tornado", "bokeh"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    if isinstance(workers, int):
        secret = Security.temporary()
        with (
            LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, memory_limit=0,
                dashboard_address="127.0.0.1:0", host="127.0.0.1", silence_logs=logging.CRITICAL,
                protocol="tls://", security=secret,
            ) as cluster,
            Client(cluster, security=secret) as client,
        ):  # fmt: skip
            watch(f"{workers} 个进程；任务和内存：{client.dashboard_link}")
            yield Cluster(client, watch)
        return
    if workers.startswith("tcp://") and not _is_here(workers):
        watch(
            f"{workers} 不加密：同一网络里的人看得到居民户的行；请改用 tls://（见 docs/scale.md）"
        )
    with _connected(workers, _security(workers, tls)) as client:
        _refuse_strangers(client, workers)
        watch(f"调度器 {workers}；任务和内存：{client.dashboard_link}")
        yield Cluster(client, watch)


def _is_here(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _security(address: str, tls: Path | None) -> Security | None:
    """Read the certificates of a folder; Dask's own configuration serves where none is given."""
    if tls is None:
        return None
    missing = [name for name in CERTIFICATES if not (tls / name).is_file()]
    if missing or not address.startswith("tls://"):
        what = f"证书文件夹里缺 {'、'.join(missing)}" if missing else f"{address} 不用证书"
        raise LingwuError(
            what, where=f"--tls {tls}",
            remedy="文件夹里放 ca.pem、cert.pem、key.pem，地址写 tls://…（做法见 docs/scale.md）",
        )  # fmt: skip
    ca, cert, key = (str(tls / name) for name in CERTIFICATES)
    try:
        trial = ssl.create_default_context(cafile=ca)
        trial.load_cert_chain(cert, key)
    except OSError as error:  # ssl.SSLError among them
        raise LingwuError(
            f"证书读不了：{error}", where=f"--tls {tls}",
            remedy="照 docs/scale.md 重新做一套，拷到每台机器",
        ) from error  # fmt: skip
    return Security(
        tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key, require_encryption=True
    )


def _connected(address: str, security: Security | None) -> Client:
    try:
        return Client(address, timeout=CONNECT_SECONDS, security=security)
    except (OSError, ValueError, TypeError) as error:
        if not _is_of_certificates(error):
            raise LingwuError(
                f"连不上 Dask 调度器 {address}",
                where=f"--workers {address}",
                remedy="核对地址和端口，确认调度器已启动（dask scheduler），防火墙放行；"
                "或用 --workers 2 在本机运行",
            ) from error
        raise LingwuError(
            f"调度器 {address} 的证书和这台机器的对不上",
            where=f"--workers {address}",
            remedy="两边用同一个 ca.pem 签的证书，用 --tls 证书文件夹 给出（做法见 docs/scale.md）",
        ) from error


def _is_of_certificates(error: BaseException) -> bool:
    """Tell whether a connection failed for its certificates, somewhere down its causes."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError | TypeError):  # Dask: no certificates for a tls:// address
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _here() -> dict[str, str]:
    return {"lingwu_grid": code()} | {name: version(name) for name in MUST_AGREE}


def _refuse_strangers(client: Client, address: str) -> None:
    """Refuse workers that would give other bytes than this machine, or have no room."""
    mine = _here()
    theirs = client.run(_here, on_error="return")
    if not theirs:
        raise LingwuError(
            f"调度器 {address} 下没有工作进程", remedy="在各台机器上启动 dask worker，再运行一次"
        )
    for worker, found in sorted(theirs.items()):
        if found != mine:
            said = (
                str(found)
                if not isinstance(found, dict)
                else "、".join(
                    f"{n} {found[n]}（本机 {mine[n]}）" for n in mine if found[n] != mine[n]
                )
            )
            raise LingwuError(
                f"工作进程 {worker} 的程序版本与本机不同：{said}",
                remedy="在每台机器上装同一份程序，按同一份 requirements.lock",
            )
    for worker, about in sorted(client.scheduler_info(n_workers=-1)["workers"].items()):
        limit = about["memory_limit"] / 2**20
        if 0 < limit < LEAST_MB:
            raise LingwuError(
                f"工作进程 {worker} 只许用 {limit:.0f} MB 内存，装下程序就要 {LEAST_MB} MB",
                remedy="启动它时加 --memory-limit 4GB（一部分约要 1—2 GB），再运行一次",
            )
