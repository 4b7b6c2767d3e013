"""Workers are let in by certificate, by their code and by their memory: one sentence each."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import dask
import pytest
from distributed import LocalCluster
from distributed.security import Security

from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.planning.run import code
from lingwu_grid.scale import connecting
from lingwu_grid.scale.connecting import CERTIFICATES, LEAST_MB
from lingwu_grid.scale.crew import Crew
from tests.scale.work import told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAID: list[str] = []


def said(phase: str, *_: object) -> None:
    SAID.append(phase)


def certificates(folder: Path) -> Path:
    """Make a folder of certificates, as docs/scale.md says."""
    folder.mkdir()
    made = Security.temporary()
    texts = (made.tls_ca_file, made.tls_client_cert, made.tls_client_key)
    for name, text in zip(CERTIFICATES, texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def scheduler(ours: Path) -> Iterator[str]:
    """A scheduler and a worker that show certificates, each a process of its own."""
    address = f"tls://127.0.0.1:{free_port()}"
    shown = [
        f"--tls-{what}={ours / name}"
        for what, name in zip(("ca-file", "cert", "key"), CERTIFICATES, strict=True)
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    tool = [sys.executable, "-m"]
    run = [
        subprocess.Popen(  # noqa: S603 - our own cluster
            [*tool, "distributed.cli.dask_scheduler", "--protocol", "tls", "--host", "127.0.0.1",
             "--port", address.rpartition(":")[2], "--dashboard-address", "127.0.0.1:0", *shown],
            **quiet,
        ),
        subprocess.Popen(  # noqa: S603 - our own cluster
            [*tool, "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny",
             "--host", "tls://127.0.0.1", "--no-dashboard", *shown], **quiet,
        ),
    ]  # fmt: skip
    time.sleep(5)
    yield address
    for process in run[::-1]:
        process.kill()
        process.wait()


def work(crew: Crew) -> dict[str, object]:
    jobs = {name: lambda n=name: ("value", n) for name in ("a", "b")}
    return dict(crew.each(told, jobs))


def test_who_shows_the_certificate_is_let_in(scheduler: str, ours: Path) -> None:
    with Crew(scheduler, said, tls=ours) as crew:
        assert work(crew) == {"a": "a", "b": "b"}
    assert not any("不加密" in line for line in SAID)


@pytest.mark.parametrize("shows", ["another", "none"])
def test_a_certificate_of_somebody_else_is_a_sentence(
    shows: str, scheduler: str, tmp_path: Path
) -> None:
    tls = certificates(tmp_path / "theirs") if shows == "another" else None
    with Crew(scheduler, said, tls=tls) as crew:
        with pytest.raises(LingwuError, match="证书和这台机器的对不上") as refused:
            work(crew)
        assert "--tls" in refused.value.remedy


@pytest.mark.parametrize("missing", CERTIFICATES)
def test_a_folder_that_lacks_a_certificate_is_a_sentence(missing: str, tmp_path: Path) -> None:
    folder = certificates(tmp_path / "tls")
    (folder / missing).unlink()
    with (
        Crew("tls://127.0.0.1:1", said, tls=folder) as crew,
        pytest.raises(LingwuError, match=f"缺 {missing}"),
    ):
        work(crew)


def test_certificates_for_an_address_without_encryption_are_a_sentence(ours: Path) -> None:
    with (
        Crew("tcp://127.0.0.1:1", said, tls=ours) as crew,
        pytest.raises(LingwuError, match=r"tcp://127\.0\.0\.1:1 不用证书"),
    ):
        work(crew)


def test_a_worker_of_another_commit_is_a_sentence(
    scheduler: str, ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "code", lambda: "0123456789ab")
    with (
        Crew(scheduler, said, tls=ours) as crew,
        pytest.raises(LingwuError, match=f"lingwu_grid {code()}（本机 0123456789ab）"),
    ):
        work(crew)


@pytest.mark.parametrize(("megabytes", "refused"), [(LEAST_MB - 1, True), (LEAST_MB, False)])
def test_a_worker_without_room_is_a_sentence(megabytes: int, refused: bool) -> None:  # noqa: FBT001
    # The worker is in this process, whose memory is the tests': it must not pause for it.
    with dask.config.set({"distributed.worker.memory.pause": False}), LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, memory_limit=megabytes * 2**20,
        dashboard_address="127.0.0.1:0", host="127.0.0.1", protocol="tcp://",
    ) as cluster, Crew(cluster.scheduler_address, said) as crew:  # fmt: skip
        if not refused:
            assert work(crew) == {"a": "a", "b": "b"}
            return
        with pytest.raises(LingwuError, match="只许用 499 MB 内存") as told_so:
            work(crew)
        assert "--memory-limit" in told_so.value.remedy


@pytest.mark.parametrize(
    ("address", "here"),
    [("tcp://127.0.0.1:8786", True), ("tcp://[::1]:8786", True), ("tcp://localhost:1", True),
     ("tcp://192.168.1.8:8786", False), ("tcp://office:8786", False)],
)  # fmt: skip
def test_what_goes_in_clear_to_another_machine_is_told(address: str, here: bool) -> None:  # noqa: FBT001
    assert connecting._is_here(address) is here


def test_the_code_of_two_commits_differs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from lingwu_grid.planning import run  # noqa: PLC0415

    def sum_of(text: bytes) -> str:
        (tmp_path / "planning").mkdir(exist_ok=True)
        (tmp_path / "a.py").write_bytes(text)
        run.code.cache_clear()
        monkeypatch.setattr(run, "__file__", str(tmp_path / "planning" / "run.py"))
        return run.code()

    assert sum_of(b"a = 1\n") == sum_of(b"a = 1\r\n") != sum_of(b"a = 2\n")
    run.code.cache_clear()


def test_nobody_at_an_address_is_no_fault_of_certificates(ours: Path) -> None:
    with (
        Crew(f"tls://127.0.0.1:{free_port()}", said, tls=ours) as crew,
        pytest.raises(LingwuError, match="连不上 Dask 调度器"),
    ):
        work(crew)


def test_a_broken_key_is_named(tmp_path: Path) -> None:
    folder = certificates(tmp_path / "tls")
    (folder / "key.pem").write_text("x")
    with (
        Crew("tls://127.0.0.1:1", said, tls=folder) as crew,
        pytest.raises(LingwuError, match="证书读不了"),
    ):
        work(crew)


def test_certificates_for_processes_of_this_machine_are_a_sentence(ours: Path) -> None:
    with pytest.raises(LingwuError, match="本机的进程不用证书"):
        Crew(2, said, tls=ours)
