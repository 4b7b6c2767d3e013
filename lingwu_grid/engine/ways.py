"""Ways into range: many are begun, and only the best of them are gone on with.

By what a start is brought into range with differs by a fifth, and no later step makes up for it.
A way that comes into range soon is the better one; mending the others costs time and households.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.engine.instance import silent
from lingwu_grid.engine.into_range import (
    STREET_HEATS,
    STREET_STEPS,
    Run,
    bring_into_range,
    bring_near,
    mend_on,
    search_streets,
)
from lingwu_grid.engine.town.labels import relabel
from lingwu_grid.engine.town.parallel import run_all
from lingwu_grid.engine.town.recombine import FULL
from lingwu_grid.engine.town.tally import worth

if TYPE_CHECKING:
    from lingwu_grid.engine.instance import Instance
    from lingwu_grid.engine.town.levels import Town

BEGUN, BATCHES = 12, 3
"""Ways begun at a time at full effort, and how often at most where the best only just misses: one
takes most of a second of a town of 50,000."""

GONE_ON = 6
"""Ways gone on with at a time at full effort: one takes seconds."""

NEARLY = 60
"""Households out of range by which the best way misses, and more are tried."""

BETWEEN = 7919
"""Between the seeds of two ways: nobody tries so many in turn."""


class _Way(NamedTuple):
    run: Run
    town: Town
    worth: tuple[int, int]
    """Households out of range, and households moved."""


def ways_into_range(run: Run, town: Town) -> list[tuple[Instance, Town]]:
    """
    Bring a start into range several ways.

    Parameters
    ----------
    run
        How the solve is run; its seed is that of the first way.
    town
        A start, out of range.

    Returns
    -------
    list
        Each way with its instance, which may count the grids wished for; the best comes first.
    """
    instance = run.instance
    if instance.is_quick or instance.community_mode == "fixed" or run.stop():
        town = bring_into_range(run, town)
        return [(run.instance, town)]
    many, missed = _at_effort(GONE_ON, instance), NEARLY
    ways: list[_Way] = []
    for batch in range(BATCHES):
        begun = _begun(run, town, batch)
        inside = [way for way in begun if not way.worth[0]]
        if inside:
            ways += run_all(_gone_on, inside[:many], run.workers)
        else:
            ways += _mended(run, begun, many)
        missed = min(way.worth[0] for way in ways)
        if not 0 < missed <= NEARLY or run.stop():
            break
    if missed:
        last = Run(instance, run.seed, run.stop, run.workers, silent)
        ways.append(_way(last, bring_into_range(last, town)))
    return [(way.run.instance, way.town) for way in sorted(ways, key=lambda way: way.worth)]


def _begun(run: Run, town: Town, batch: int) -> list[_Way]:
    """Begin as many ways as the effort says, the nearest first."""
    many = _at_effort(BEGUN, run.instance)
    numbers = range(batch * many, (batch + 1) * many)
    runs = [Run(run.instance, run.seed + BETWEEN * k, run.stop, 1, silent) for k in numbers]
    return sorted(run_all(partial(_begin, town=town), runs, run.workers), key=lambda way: way.worth)


def _at_effort(most: int, instance: Instance) -> int:
    return max(most * instance.effort // FULL, 1)


def _way(run: Run, town: Town) -> _Way:
    return _Way(run, town, worth(run.instance, town))


def _begin(run: Run, town: Town) -> _Way:
    return _way(run, _numbered(run, bring_near(run, town)))


def _mended(run: Run, begun: list[_Way], many: int) -> list[_Way]:
    """Go on with the nearest ways, and with the others where the best only just misses."""
    ways: list[_Way] = []
    missed = NEARLY
    while begun and 0 < missed <= NEARLY and not (ways and run.stop()):
        ways += run_all(_gone_on, begun[:many], run.workers)
        begun = begun[many:]
        missed = min(way.worth[0] for way in ways)
    return ways


def _gone_on(way: _Way) -> _Way:
    run, town, _ = way
    if way.worth[0]:
        town = _numbered(run, mend_on(run, town, is_brief=True))
    return _way(run, searched(run, town) if run.instance.proves and not run.stop() else town)


def _numbered(run: Run, town: Town) -> Town:
    return relabel(run.instance, town) if run.instance.keeps_today else town


def searched(run: Run, town: Town) -> Town:
    """Search on over whole streets, and number the grids by what they keep."""
    heats = STREET_HEATS[: 1 if run.instance.is_quick else None]
    return relabel(run.instance, search_streets(run, town, heats, STREET_STEPS, run.stop))
