"""
Look for cases at random, for so many minutes: run before a release.

    python bootstrap.py search              twenty minutes
    python -m tests.search --minutes 60

Every test with random cases is run again and again with another seed. What is found is printed
with its seed and the case; keep it as an ``@example`` of its test.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time


def main() -> int:
    """Search until the time is over or a case is found; 1 where one is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first round")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    rounds = 0
    while time.monotonic() < end:
        seed = options.seed + rounds
        done = subprocess.run(  # noqa: S603 - our own tests
            [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "hypothesis", "tests",
             "--hypothesis-profile=search", f"--hypothesis-seed={seed}"],
            check=False,
        )  # fmt: skip
        rounds += 1
        if done.returncode:
            sys.stdout.write(f"found in round {rounds}: seed {seed}\n")
            return 1
    sys.stdout.write(f"{rounds} rounds from seed {options.seed}, nothing found\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
