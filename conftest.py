"""What pytest leaves alone: commands are run, never imported."""

from __future__ import annotations

from lingwu_grid.__main__ import COMMANDS

collect_ignore = [f"lingwu_grid/{name}.py" for name in COMMANDS]
