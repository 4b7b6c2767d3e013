"""Heights of roads become grades, uphill as drawn."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import lingwu_grid as lg
from tests.audit.office import office

if TYPE_CHECKING:
    from pathlib import Path


def test_roads_with_heights_have_grades_and_are_walked_uphill_more_slowly(tmp_path: Path) -> None:
    office().write(tmp_path)
    path = next(p for p in tmp_path.rglob("*") if p.stem.startswith(("roads", "道路")))
    flat = lg.read_study(tmp_path)
    shapes = flat.table("roads").to_crs(4490)
    features = []
    for k, line in enumerate(shapes.geometry):
        if line.geom_type != "LineString":
            continue
        rise = 12.0 if k == 0 else 0.0
        steps = len(line.coords) - 1
        xyz = [(x, y, 1100 + rise * i / steps) for i, (x, y) in enumerate(line.coords)]
        features.append(
            {"type": "Feature", "properties": {"name": f"街{k}"},
             "geometry": {"type": "LineString", "coordinates": xyz}}
        )  # fmt: skip
    path.unlink()
    (tmp_path / "roads.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
    )
    study = lg.read_study(tmp_path)
    roads = study.table("roads")
    assert float(roads["grade"].iloc[0]) == pytest.approx(
        1200 / roads.geometry.iloc[0].length, rel=0.01
    )
    assert (roads["grade"].iloc[1:].astype(float) == 0).all()
    told = [f.message for f in study.findings.rows if f.code == "height_dropped"]
    assert len(told) == 1
    assert "道路的坡度由两端高程算得" in told[0]
    assert not roads.geometry.has_z.any()
    rate = lg.coverage(study).require_roads().ways.streets.whole.rate
    assert rate.max() > 1.0 > rate.min()
