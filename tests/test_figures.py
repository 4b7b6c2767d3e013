"""Figures: Chinese has a font, names are names, the same plan gives the same bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import lingwu_grid as lg
from lingwu_grid.figures.charts import service_figures
from lingwu_grid.figures.sheet import families, missing_glyphs, save_figure

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
    assert service_figures(small_plan) == {}
