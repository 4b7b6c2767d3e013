"""Cluster: worker processes that do jobs, here or under a Dask scheduler; one code path for both.

Dask (Rocklin 2015) hands tasks out again when a worker dies. What it does not see is a worker that
hangs: each task tells how far it is, and the worker of one that falls silent is started anew.
"""

from __future__ import annotations

import logging
import time
import uuid
import warnings
from typing import TYPE_CHECKING, Any

from distributed import Client, Event, get_worker, wait
from distributed.scheduler import KilledWorker

from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.scale.jobs import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from distributed import Future

    from lingwu_grid.engine.instance import Stop, Watch
    from lingwu_grid.scale.jobs import Work

SAY_SECONDS = 3.0
"""One line of progress in so many seconds: many parts have much to tell."""

TOPIC = "lingwu_grid"
AHEAD = 2
"""Tasks handed out for each worker: one to work on, one that waits there already."""


class Cluster:
    """
    Worker processes.

    Parameters
    ----------
    client
        Of the scheduler.
    watch
        Told how far the work is.
    """

    def __init__(self, client: Client, watch: Watch) -> None:
        self.client, self.watch = client, watch

    @property
    def size(self) -> int:
        """Number of tasks the workers take at a time."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        return max(1, sum(int(w["nthreads"]) for w in workers.values()))

    def spread(
        self,
        work: Work,
        jobs: Mapping[str, Callable[[], Any]],
        stop: Stop,
        *,
        silent_seconds: float,
    ) -> Iterator[tuple[str, Any]]:
        """
        Do jobs on the workers, and give each result with its name as soon as it is there.

        Parameters
        ----------
        work, jobs
            As for :meth:`~lingwu_grid.scale.crew.Crew.each`.
        stop
            Asked all the time; when it says so, the workers are told.
        silent_seconds
            After which a task is taken to hang.

        Yields
        ------
        tuple
            Name, and the result or :class:`~lingwu_grid.scale.jobs.Failed`.
        """
        topic = f"{TOPIC}-{uuid.uuid4().hex}"  # a task's key is never used twice
        ended = Event(topic, client=self.client)
        news = _News(self.watch, len(jobs))
        self.client.subscribe_topic(topic, news.take)
        waiting = list(jobs)
        running: dict[Future[Any], str] = {}
        try:
            while waiting or running:
                while waiting and len(running) < AHEAD * self.size:
                    name = waiting.pop(0)
                    running[self._hand_out(work, name, jobs[name](), topic)] = name
                for future in self._finished(list(running)):
                    name = running.pop(future)
                    news.done(name)
                    yield name, _result_of(future)
                    future.release()
                if stop() and not ended.is_set():
                    ended.set()
                self._wake(news.silent(silent_seconds))
        finally:
            self.client.unsubscribe_topic(topic)

    def _hand_out(self, work: Work, name: str, job: Any, topic: str) -> Future[Any]:  # noqa: ANN401 - any job
        # The job goes with the task, not ahead of it: data that lies on one worker dies with it.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")
            return self.client.submit(
                _on_worker, work, name, job, topic,
                key=f"{topic}-{name}", retries=1, pure=False,
            )  # fmt: skip

    def _finished(self, futures: list[Future[Any]]) -> list[Future[Any]]:
        try:
            wait(futures, timeout=1.0, return_when="FIRST_COMPLETED")
        except TimeoutError:
            return []
        return [future for future in futures if future.done()]

    def _wake(self, addresses: list[str]) -> None:
        """Start workers anew whose task hangs; Dask hands the task out again."""
        if addresses:
            self.watch(f"{len(addresses)} 个进程没有反应，重新启动")
            self.client.restart_workers(addresses, timeout=60, raise_for_error=False)


class _News:
    """What running tasks told last."""

    def __init__(self, watch: Watch, total: int) -> None:
        self._watch, self._total, self._done = watch, total, 0
        self._heard: dict[str, tuple[float, str]] = {}
        self._said = -SAY_SECONDS

    def take(self, event: tuple[float, Any]) -> None:
        """Take in what a task tells."""
        told = event[1]
        now = time.monotonic()
        self._heard[told["name"]] = (now, told["worker"])
        if now - self._said < SAY_SECONDS:
            return
        self._said = now
        self._watch(f"{self._done}/{self._total} 部分完成；{told['name']} {told['phase']}")

    def done(self, name: str) -> None:
        """Forget a task that is done."""
        self._heard.pop(name, None)
        self._done += 1
        self._watch(f"{self._done}/{self._total} 部分完成")

    def silent(self, seconds: float) -> list[str]:
        """List the workers of tasks that have told nothing for so long, and forget those tasks."""
        now = time.monotonic()
        late = {n: w for n, (heard, w) in list(self._heard.items()) if now - heard > seconds}
        for name in late:
            self._heard.pop(name, None)
        return sorted(set(late.values()))


class _OnWorker:
    """Stop and watch of a task, on the worker that does it."""

    def __init__(self, name: str, topic: str) -> None:
        self._name, self._topic = name, topic
        self._asked, self._is_over = 0.0, False

    def __call__(self, *, is_lawful: bool = True) -> bool:  # noqa: ARG002 - over is over
        """Tell whether the planner has interrupted; asks the scheduler every other second."""
        if not self._is_over and time.monotonic() - self._asked > 2.0:
            self._is_over = bool(Event(self._topic).is_set())
            self._asked = time.monotonic()
        return self._is_over

    def watch(self, phase: str, violations: int | None = None, moved: int | None = None) -> None:
        """Tell the planner's machine how far this task is."""
        told = phase if violations is None else f"{phase} 超限 {violations} 户"
        told += "" if moved is None else f" 变动 {moved} 户"
        worker = get_worker()
        worker.log_event(self._topic, {"name": self._name, "worker": worker.address, "phase": told})


def _on_worker(work: Work, name: str, job: Any, topic: str) -> Any:  # noqa: ANN401 - any job
    here = _OnWorker(name, topic)
    here.watch("开始")
    try:
        return work(job, stop=here, watch=here.watch)
    except LingwuError as error:
        return Failed(str(error))  # the planner's to mend: trying again would not


def _result_of(future: Future[Any]) -> Any:  # noqa: ANN401 - any result
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, KilledWorker):
        return Failed("处理这一部分的进程几次中途死亡（多半是内存不够）")
    logging.getLogger(__name__).debug("part failed", exc_info=error)
    return Failed(f"程序内部错误 {type(error).__name__}：{error}")
