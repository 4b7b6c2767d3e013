"""Figures: Chinese has a font, names are names, the same plan gives the same bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from matplotlib.text import Text

import lingwu_grid as lg
from lingwu_grid.papers.charts import service_figures
from lingwu_grid.papers.grid_plates import grid_plate
from lingwu_grid.papers.picture import families, missing_glyphs, save_figure
from lingwu_grid.papers.plates import community_plate, overview

if TYPE_CHECKING:
    from pathlib import Path


def test_our_own_font_has_every_character_of_the_words_we_print() -> None:
    assert families()[0] == "Lingwu Sans SC"
    assert missing_glyphs("灵武市水木灵州〔2020〕65号—·①②垚堃㎡") == set()
    assert missing_glyphs("灵\U000f0000\n武") == {"\U000f0000"}


def test_charts_are_the_same_every_time_whatever_the_names(
    small_study: lg.Study, small_plan: lg.Plan, tmp_path: Path
) -> None:
    measured = lg.coverage(small_study, small_plan)
    plan = small_plan.served(measured, lg.site_stations(measured, count=1))
    hostile = replace(plan, communities=plan.communities.assign(community_name="$\\frac{$ <b>_^"))
    for made in (plan, hostile):
        assert set(service_figures(made)) == {"coverage_communities", "coverage_curve"}
        for name, figure in service_figures(made).items():
            for end in ("svg", "png", "pdf"):
                save_figure(figure, tmp_path / f"a.{end}")
            again = service_figures(made)[name]
            save_figure(again, tmp_path / "b.svg")
            assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert service_figures(replace(small_plan, service=None)) == {}


def test_plates_have_a_font_for_every_word_and_say_that_data_are_invented(
    small_plan: lg.Plan, tmp_path: Path
) -> None:
    grids = small_plan.grids
    changed = grids.loc[grids["lineage"] == "调整", "grid_id"].iloc[0]
    community = small_plan.communities["community_id"].iloc[0]
    plates = [
        overview(small_plan), community_plate(small_plan, community),
        grid_plate(small_plan, changed),
    ]  # fmt: skip
    for number, figure in enumerate(plates):
        words = [t.get_text() for t in figure.findobj(Text)]
        assert not missing_glyphs("".join(words)), words
        assert "合成数据，非真实情况" in words
        assert any(w.endswith(" 米") for w in words), "a scale bar"
        for end in ("svg", "png", "pdf"):
            save_figure(figure, tmp_path / f"{number}.{end}")
    count = grids.loc[grids["grid_id"] == changed, "households"].iloc[0]
    said = "".join(t.get_text() for t in plates[2].findobj(Text))
    assert f"方案 {count} 户" in said
    was = small_plan.assignment["previous_grid_id"].eq(changed).sum()
    assert f"现状 {was} 户" in said
    with pytest.raises(ValueError, match="no grid"):
        grid_plate(small_plan, "没有")
    with pytest.raises(ValueError, match="no community"):
        community_plate(small_plan, "没有")
