"""The commands as a planner types them, in this process: arguments in, exit code out."""

from __future__ import annotations

import runpy
import sys
from functools import partial
from unittest.mock import patch


def command(name: str, arguments: list[str]) -> int:
    """Run ``python -m lingwu_grid.<name>`` with arguments; give its exit code."""
    with patch.object(sys, "argv", [name, *arguments]):
        try:
            runpy.run_module(f"lingwu_grid.{name}", run_name="__main__")
        except SystemExit as end:
            return int(end.code or 0)
    raise AssertionError(f"{name} ended without an exit code")


check = partial(command, "check")
coverage = partial(command, "coverage")
partition = partial(command, "partition")
report = partial(command, "report")
review = partial(command, "review")
sample = partial(command, "sample")
scenarios = partial(command, "scenarios")
update = partial(command, "update")
verify = partial(command, "verify")
