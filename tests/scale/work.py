"""What workers do in tests: functions that another process can import."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lingwu_grid.contract.errors import InputError

if TYPE_CHECKING:
    from lingwu_grid.engine.instance import Stop, Watch


def told(job: Any, *, stop: Stop, watch: Watch, threads: int = 1) -> Any:  # noqa: ANN401 - any job
    """Do what the job says: give a value, fail in one of two ways, die once, or hang once."""
    watch("在做", violations=0, moved=1)
    kind, value = job
    mark = Path(value) if kind in ("die once", "hang once") else None
    if kind == "threads":
        return threads
    if kind == "bad data":
        raise InputError("经度超出范围", where="第 3 行")
    if kind == "bug":
        raise ZeroDivisionError("0 户")
    if kind == "until told":
        while not stop():
            time.sleep(0.1)
    if mark is not None and not mark.exists():
        mark.touch()
        if kind == "die once":
            os._exit(1)
        time.sleep(600)
    return value
