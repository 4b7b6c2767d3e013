"""Laying out: a study becomes one to many parts, each a study of its own.

No household changes street, so a large study is solved street by street; a small one, or one
without streets, has a single part. Rows of a study in parts lie on disk by part and are never all
in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from lingwu_grid.audit.whole import audited, audited_ground
from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.batches import all_batches
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.files import Limits
from lingwu_grid.ingest.folder import streamable
from lingwu_grid.ingest.study import Study, none_counts, read_ground, read_study, rules_of
from lingwu_grid.planning.run import run_of
from lingwu_grid.scale.cutting import Cutter, refuse_unknown
from lingwu_grid.scale.division import divide
from lingwu_grid.scale.scatter import Scatter
from lingwu_grid.scale.spill import ROWS, kept_rows, read_scattered, redistributed
from lingwu_grid.scale.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.scale.division import Division
    from lingwu_grid.scale.spill import Scattered


@dataclass(frozen=True)
class Laid:
    """
    A study laid out in parts.

    Parameters
    ----------
    ground
        The whole: of a study in one part with its households, else with one row a building.
    many
        The parts, their rows and where they lie; None for a study in one part.
    """

    ground: Study
    many: Many | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Name every part."""
        if self.many is None:
            return (self.ground.name,)
        return tuple(part.name for part in self.many.division.parts)

    @property
    def households(self) -> tuple[int, ...]:
        """Count the households of every part."""
        if self.many is None:
            return (len(self.ground.households),)
        return self.many.scattered.households

    def study(self, number: int) -> Study:
        """Give a part as a study of its own, with its household rows."""
        if self.many is None:
            return self.ground
        rows = kept_rows(self.many.scattered, number, self.ground.crs)
        return self.many.cutter.study(number, rows)


@dataclass(frozen=True)
class Many:
    """The parts of a large study."""

    division: Division
    scattered: Scattered
    cutter: Cutter
    store: Store


def lay_out(
    study: Study | str | Path,
    rules: Rules | None,
    key: dict[str, Any],
    *,
    beside: Path | None = None,
    watch: Callable[[str], None] = lambda _: None,
) -> Laid:
    """
    Lay a study out in parts: one where it is small or has no streets, else one a street.

    Parameters
    ----------
    study
        A study, or its folder: of a large folder the household rows are read a batch at a time.
    rules
        The settings; by default the study's own.
    key
        What else decides the plan: what an earlier run left `beside` is used again only where
        this is the same.
    beside
        The output folder that rows and solved parts lie beside; a temporary place by default.
    watch
        Told how far the work is.

    Raises
    ------
    LingwuError
        If the study cannot be used.
    """
    if isinstance(study, Study):
        whole = study if rules is None else replace(study, rules=rules)
        refuse_errors(whole)
        many = _lay_rows(whole, key, beside, watch) if is_large(whole) else None
        return many or Laid(_looked_over(whole))
    folder = Path(study)
    rules = rules or rules_of(folder)
    files = streamable(folder, Claims.by(rules), Limits.of(rules))
    if not rules.target_grids and sum(files.values()) >= rules.part_households:
        laid = _lay_files(folder, rules, list(files), key, beside, watch)
        if laid is not None:
            return laid
    whole = read_study(folder, rules)
    watch(f"读入 {len(whole.households)} 户常住，{len(whole.excluded)} 行不计入")
    return Laid(_looked_over(whole))


def is_large(study: Study) -> bool:
    """Tell whether a study is solved in parts: by the rows of its files, as for its folder."""
    return not study.rules.target_grids and study.streamed_rows >= study.rules.part_households


def _looked_over(study: Study) -> Study:
    refuse_errors(study)
    study = audited(study)  # what the tables say of each other goes with the plan
    refuse_errors(study)
    return study


def _lay_files(
    folder: Path,
    rules: Rules,
    files: list[Path],
    key: dict[str, Any],
    beside: Path | None,
    watch: Callable[[str], None],
) -> Laid | None:
    """Lay out a folder whose rows are streamed; None where nothing divides it."""
    ground, rows, located = read_ground(folder, rules, streamed=files)
    refuse_errors(ground)
    streets = divide(ground, limit=None)
    if streets is None:
        return None
    store = Store(beside, key | run_of(ground, 0))
    if not store.has(ROWS):
        into = Scatter(ground, streets, store)
        for source, table, found in all_batches(rows, ground, located, into.known):
            into.add(source, table, found)
            watch(f"读入 {into.rows} 行")
        into.done()
    scattered = read_scattered(store)
    if not len(scattered.homes):
        told = [*ground.findings.rows, *scattered.findings.rows]
        raise none_counts(folder, scattered.excluded, told)
    return _laid(ground, streets, scattered, store)


def _lay_rows(
    study: Study, key: dict[str, Any], beside: Path | None, watch: Callable[[str], None]
) -> Laid | None:
    """Lay out a study whose rows are in memory; None where nothing divides it."""
    streets = divide(study, limit=None)
    if streets is None:
        return None
    store = Store(beside, key | run_of(study, 0))
    if not store.has(ROWS):
        into = Scatter(study, streets, store)
        if not into.known:
            into.keep(study.households, study.excluded, ("", len(study.households)))
        into.done()
        watch(f"分到 {len(streets.parts)} 个街道")
    return _laid(study, streets, read_scattered(store), store)


def _laid(ground: Study, streets: Division, scattered: Scattered, store: Store) -> Laid | None:
    homes = scattered.homes
    points = shapely.points(homes["x"].to_numpy(), homes["y"].to_numpy())
    places = gpd.GeoDataFrame(homes.drop(columns=["x", "y"]), geometry=points, crs=ground.crs)
    whole = replace(
        ground,
        households=places,
        excluded=scattered.excluded,
        findings=ground.findings.joined(scattered.findings),
        sources=tuple(
            told | {"rows": scattered.read.get(told["file"], told["rows"])}
            if told["table"] == "households"
            else told
            for told in ground.sources
        ),
    )
    whole = audited_ground(whole)
    refuse_errors(whole)
    division = divide(whole, limit=ground.rules.part_households)
    if division is None:
        return None
    refuse_unknown(whole, division, set(homes["building_id"]))
    scattered = redistributed(scattered, streets, division, store)
    return Laid(whole, Many(division, scattered, Cutter(whole, division), store))


def refuse_errors(study: Study) -> None:
    """Make no plan from data that would make it wrong."""
    errors = study.findings.errors()
    if errors:
        more = f"；另有 {len(errors) - 1} 处错误" if len(errors) > 1 else ""
        raise InputError(
            errors[0].message + more,
            where=errors[0].place,
            remedy=errors[0].remedy + "。全部问题用 python -m lingwu_grid.check 查看",
        )
