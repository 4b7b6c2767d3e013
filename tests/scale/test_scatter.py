"""Household rows on their way to the parts: a reading that broke off goes on behind what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest

from benchmarks.prefecture import write_prefecture
from lingwu_grid.scale.laying import Laid, Many, lay_out

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three towns, a file each; the last file repeats households of the first, and contradicts."""
    study: Path = tmp_path_factory.mktemp("scatter") / "study"
    write_prefecture(study, towns=3, households=5_500)
    rows = study / "households" / "households.parquet"
    first, last = (gpd.read_parquet(rows / f"town-0{i}.parquet") for i in (0, 2))
    again = pd.concat([first.iloc[[5, 6]], first.iloc[[7]].assign(residents=99)])
    pd.concat([last, again], ignore_index=True).to_parquet(rows / "town-02.parquet", index=False)
    rules = study / "boundaries" / "rules.toml"
    rules.write_text("part_households = 4000\n" + rules.read_text("utf-8"), encoding="utf-8")
    return study


def laid_out(folder: Path, out: Path, *, breaks_after: int = -1) -> tuple[Laid, Many, list[str]]:
    said: list[str] = []

    def watch(words: str) -> None:
        said.append(words)
        if len(said) == breaks_after:
            raise KeyboardInterrupt

    laid = lay_out(folder, None, {}, beside=out, watch=watch)
    assert laid.many is not None
    return laid, laid.many, said


def test_a_reading_that_broke_off_goes_on_and_remembers_the_same(
    folder: Path, tmp_path: Path
) -> None:
    whole, fresh, every = laid_out(folder, tmp_path / "fresh")
    with pytest.raises(KeyboardInterrupt):
        laid_out(folder, tmp_path / "broken", breaks_after=2)
    again, resumed, rest = laid_out(folder, tmp_path / "broken")
    assert len(every) == 3
    assert rest == every[2:]
    assert resumed.scattered.households == fresh.scattered.households
    assert resumed.scattered.repeated == fresh.scattered.repeated
    assert resumed.scattered.findings == fresh.scattered.findings
    assert len(fresh.scattered.repeated) == 3
    for name in ("homes", "excluded"):
        pd.testing.assert_frame_equal(
            getattr(resumed.scattered, name), getattr(fresh.scattered, name)
        )
    for number in range(len(fresh.division.parts)):
        pd.testing.assert_frame_equal(
            pd.DataFrame(again.study(number).households),
            pd.DataFrame(whole.study(number).households),
        )
