"""Crew: who does the jobs of a study: this process, or a cluster of them."""

from __future__ import annotations

import importlib.util
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self

from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.engine.instance import never, silent
from lingwu_grid.scale.jobs import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from lingwu_grid.engine.instance import Stop, Watch
    from lingwu_grid.scale.cluster import Cluster
    from lingwu_grid.scale.jobs import Work

SILENT_SECONDS = 1800.0
"""A task that has told nothing for so long hangs: the longest step of a large part takes
minutes."""


class Crew:
    """
    Who works: this process, processes of this machine, or those of a Dask scheduler.

    A single job is done in this process, on as many threads as there are workers; the workers of
    several jobs are started with the first of them and stay until the crew is closed.

    Parameters
    ----------
    workers
        How many; or the address of a scheduler, ``tcp://…``.
    watch
        Told how far the work is.
    stop
        Asked all the time; when it says so, the work ends early with the best it has.
    silent_seconds
        After which a task is taken to hang.
    tls
        Folder of ``ca.pem``, ``cert.pem`` and ``key.pem``, for a scheduler at ``tls://…``.
    """

    def __init__(
        self,
        workers: int | str = 1,
        watch: Watch = silent,
        stop: Stop = never,
        *,
        silent_seconds: float = SILENT_SECONDS,
        tls: Path | None = None,
    ) -> None:
        self.workers, self.watch, self.stop = workers, watch, stop
        self.silent_seconds = silent_seconds
        self.tls = tls
        if tls is not None and isinstance(workers, int):
            raise LingwuError(
                "本机的进程不用证书", where=f"--tls {tls}",
                remedy="去掉 --tls，或用 --workers tls://地址 写明调度器",
            )  # fmt: skip
        self._open = ExitStack()
        self._cluster: Cluster | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._cluster = None

    def cluster(self) -> Cluster | None:
        """
        Give the workers, started when they are first asked for.

        Returns
        -------
        Cluster | None
            None where Dask is not installed: this process does one job after the other.

        Raises
        ------
        LingwuError
            If no scheduler answers, or its workers have other versions than this machine.
        """
        if self._cluster is None and importlib.util.find_spec("distributed") is not None:
            from lingwu_grid.scale.connecting import started  # noqa: PLC0415 - an extra

            self._cluster = self._open.enter_context(started(self.workers, self.watch, self.tls))
        if self._cluster is None and isinstance(self.workers, str):
            raise LingwuError(
                "这台机器上没有装 Dask，连不上调度器",
                where=f"--workers {self.workers}",
                remedy="pip install lingwu_grid[cluster]；或用 --workers 1 在本机运行",
            )
        return self._cluster

    @property
    def size(self) -> int:
        """Number of jobs that are worked on at a time."""
        if isinstance(self.workers, int):
            return self.workers
        cluster = self.cluster()
        return cluster.size if cluster else 1

    def each(self, work: Work, jobs: Mapping[str, Callable[[], Any]]) -> Iterator[tuple[str, Any]]:
        """
        Do jobs, and give each result with its name as soon as it is there.

        Parameters
        ----------
        work
            What is done with a job: its result depends on the job alone.
        jobs
            Makes each job, by name; only the next few are made ahead.

        Yields
        ------
        tuple
            Name, and the result; of one job of several it may be
            :class:`~lingwu_grid.scale.jobs.Failed`.

        Raises
        ------
        LingwuError
            If the only job cannot be done.
        """
        if isinstance(self.workers, int) and len(jobs) == 1:
            ((name, make),) = jobs.items()
            yield name, work(make(), stop=self.stop, watch=self.watch, threads=self.workers)
            return
        cluster = self.cluster()
        if cluster is None:
            yield from self._in_turn(work, jobs)
            return
        for name, result in cluster.spread(
            work, jobs, self.stop, silent_seconds=self.silent_seconds
        ):
            if isinstance(result, Failed) and len(jobs) == 1:
                raise LingwuError(result.reason)
            yield name, result

    def _in_turn(
        self, work: Work, jobs: Mapping[str, Callable[[], Any]]
    ) -> Iterator[tuple[str, Any]]:
        """Do one job after the other, here."""
        for number, (name, make) in enumerate(jobs.items(), start=1):
            try:
                result = work(make(), stop=self.stop, watch=self.watch)
            except LingwuError as error:
                result = Failed(str(error))
            self.watch(f"{number}/{len(jobs)} 部分完成")
            yield name, result


@contextmanager
def crew_of(workers: int | str | Crew, watch: Watch) -> Iterator[Crew]:
    """Give a crew that is there already, or one of its own that is closed afterwards."""
    if isinstance(workers, Crew):
        yield workers
        return
    with Crew(workers, watch) as crew:
        yield crew
