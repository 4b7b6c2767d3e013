"""Made once a run: what several test processes share is made by the first that asks for it."""

from __future__ import annotations

import os
import pickle
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

WAIT_SECONDS = 600


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> Any:  # noqa: ANN401 - what `make` makes
    """
    Give what `make` makes of a folder of its own; other processes read what the first one made.

    A process that fails leaves its error for the others.
    """
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"once-{name}"
    result = place / "result.pickle"
    try:
        place.mkdir()
    except FileExistsError:
        end = time.monotonic() + WAIT_SECONDS
        while not result.exists():
            if (place / "failed").exists() or time.monotonic() > end:
                raise RuntimeError(f"{name} was not made by the process that began it") from None
            time.sleep(0.1)
    else:
        try:
            made = make(place)
        except BaseException:
            (place / "failed").touch()
            raise
        draft = place / "draft.pickle"
        draft.write_bytes(pickle.dumps(made))
        draft.rename(result)
    return pickle.loads(result.read_bytes())  # noqa: S301 - our own
