"""Jobs: what is done to a part, by whoever does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from lingwu_grid.engine.instance import Stop, Watch


class Work(Protocol):
    """What is done with a job; a function of a module, so that workers can import it."""

    def __call__(self, job: Any, *, stop: Stop, watch: Watch, threads: int = 1) -> Any:  # noqa: ANN401 - any job
        """Do a job, on so many threads."""


@dataclass(frozen=True)
class Failed:
    """A job that could not be done."""

    reason: str
