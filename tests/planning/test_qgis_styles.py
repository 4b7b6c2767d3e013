"""What QGIS finds in a plan: a style for each layer, and a project that names files beside it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pyogrio
import pytest

import lingwu_grid as lg
from lingwu_grid.contract.kinds import STATUSES
from lingwu_grid.planning.bundle import write_bundle
from lingwu_grid.planning.qgis_layout import LAYOUT, MAP_PLACE
from lingwu_grid.planning.qgis_styles import PROJECT, SERVICE, SHOWN, STYLES
from lingwu_grid.planning.service import SERVICE_LAYERS

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENED = """
import os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from qgis.core import QgsApplication, QgsProject, QgsVectorLayer
QgsApplication.setPrefixPath("/usr", True)
app = QgsApplication([], False)
app.initQgis()
project = QgsProject.instance()
assert project.read(sys.argv[1] + "/lingwu_grid.qgz")
own = QgsVectorLayer(sys.argv[1] + "/plan.gpkg|layername=grids", "x", "ogr")
for layer in [*(n.layer() for n in project.layerTreeRoot().findLayers()), own]:
    print(layer.name(), layer.isValid(), layer.renderer().type(), layer.crs().authid(),
          layer.labelsEnabled(), layer.attributeAlias(layer.fields().indexOf("households")))
from qgis.core import QgsLayoutExporter, QgsLayoutItemMap, QgsLayoutItemScaleBar
layout, = project.layoutManager().printLayouts()
atlas = layout.atlas()
print("atlas", layout.name(), atlas.enabled(), atlas.updateFeatures(), atlas.coverageLayer().name())
atlas.beginRender()
while atlas.next():
    drawn, = [i for i in layout.items() if isinstance(i, QgsLayoutItemMap)]
    bar, = [i for i in layout.items() if isinstance(i, QgsLayoutItemScaleBar)]
    ground = atlas.layout().reportContext().currentGeometry(drawn.crs()).boundingBox()
    print("sheet", project.crs().authid(), drawn.extent().contains(ground), bar.unitsPerSegment(),
          round(drawn.scale()), round(drawn.rect().width()), round(drawn.rect().height()))
settings = QgsLayoutExporter.PdfExportSettings()
print("written", QgsLayoutExporter.exportToPdf(atlas, sys.argv[1] + "/atlas.pdf", settings)[0])
"""


@pytest.fixture(scope="module")
def saved(small_plan: lg.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("qgis")
    write_bundle(small_plan, folder)
    return folder


def styles(folder: Path) -> Iterator[tuple[str, ET.Element]]:
    with closing(sqlite3.connect(folder / "plan.gpkg")) as package:
        for layer, column, said, is_default in package.execute(
            'select f_table_name, f_geometry_column, "styleQML", "useAsDefault" from layer_styles'
        ):
            assert (column, is_default) == ("geom", 1)
            yield layer, ET.fromstring(said)  # noqa: S314 - our own


def test_each_layer_of_the_plan_has_its_style(saved: Path) -> None:
    found = dict(styles(saved))
    own = {"grids", "communities", "units", "moves"}
    assert set(found) - {s.layer for s in SERVICE} == own == {s.layer for s in STYLES} - {"levels"}
    for layer, style in found.items():
        fields = set(pyogrio.read_info(saved / "plan.gpkg", layer=layer)["fields"])
        for text in style.iter("text-style"):
            assert set(re.findall(r'"(\w+)"', text.get("fieldName", ""))) <= fields
        named = {alias.get("field") for alias in style.iter("alias")}
        assert named == fields, layer
    kinds = [c.get("value") for c in found["grids"].iter("category")]
    assert kinds == [*STATUSES, ""]
    assert found["grids"].find("renderer-v2").get("attr") == "status"  # type: ignore[union-attr]
    symbols = found["grids"].findall("renderer-v2/symbols/symbol/layer/prop[@k='color']")
    assert symbols[0].get("v") == "215,240,230,150"  # as STATUSES has it


def test_the_layers_of_a_service_circle_lie_over_the_plan_as_outlines(
    small_study: lg.Study, small_plan: lg.Plan, tmp_path: Path
) -> None:
    coverage = lg.coverage(small_study, small_plan)
    served = small_plan.served(coverage, lg.site_stations(coverage, count=1))
    write_bundle(served, tmp_path)
    found = dict(styles(tmp_path))
    layers = {s.layer for s in SERVICE}
    assert layers == set(SERVICE_LAYERS) - {"remedies"}
    assert layers & set(found) == set(served.service.layers)  # type: ignore[union-attr]
    for name in layers & set(found):
        about = pyogrio.read_info(tmp_path / "plan.gpkg", layer=name)
        symbol = found[name].find("renderer-v2/symbols/symbol")
        assert symbol is not None
        drawn = {"Polygon": "fill", "LineString": "line", "Point": "marker"}
        assert symbol.get("type") == drawn[about["geometry_type"].removeprefix("Multi")], name
        if symbol.get("type") == "fill":
            colour = symbol.find("layer/prop[@k='color']").get("v")  # type: ignore[union-attr]
            assert int(colour.rsplit(",", 1)[1]) < 50, "the plan is seen below"  # type: ignore[union-attr]
        named = {alias.get("field") for alias in found[name].iter("alias")}
        assert named == set(about["fields"]), name


def test_a_plan_with_styles_serves_as_the_next_map(saved: Path, small_folder: Path) -> None:
    study = lg.read_study(small_folder, zones=saved / "plan.gpkg")
    there = pyogrio.read_info(saved / "plan.gpkg", layer="grids")["features"]
    assert len(study.table("grids")) == there
    assert not [f for f in study.findings.rows if "layer_styles" in f"{f.place}{f.message}"]


def test_the_project_names_what_lies_beside_it(saved: Path, small_plan: lg.Plan) -> None:
    with zipfile.ZipFile(saved / PROJECT) as inside:
        (name,) = inside.namelist()
        root = ET.fromstring(inside.read(name))  # noqa: S314 - our own
    assert name == "lingwu_grid.qgs"
    assert root.findtext("title") == small_plan.summary["study"]
    assert root.findtext("properties/Paths/Absolute") == "false"
    layers = root.findall("projectlayers/maplayer")
    ids = [layer.findtext("id", "") for layer in layers]
    called = [i.removeprefix("lingwu_grid_") for i in ids]
    assert called == [name for name in SHOWN if name in called]
    assert {"grids", "communities", "roads"} <= set(called)
    assert [t.get("id") for t in root.iter("layer-tree-layer")] == ids
    assert min(map(len, ids)) > 10, "QGIS gives shorter ones another"
    for layer in layers:
        file, _, inner = layer.findtext("datasource", "").partition("|layername=")
        assert file.startswith("./")
        assert inner in pyogrio.list_layers(saved / file)[:, 0]
    ends = ("xmin", "ymin", "xmax", "ymax")
    canvas = [float(root.findtext(f"mapcanvas/extent/{end}", "")) for end in ends]
    seen = small_plan.communities.to_crs(small_plan.work_crs)
    assert canvas == pytest.approx(seen.total_bounds.tolist())
    assert root.findtext("projectCrs/spatialrefsys/authid") == small_plan.work_crs


def test_the_same_plan_gives_the_same_bytes(
    saved: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    write_bundle(small_plan, tmp_path)
    for name in (PROJECT, "plan.gpkg"):
        assert (saved / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_names_from_the_data_are_text(small_plan: lg.Plan, tmp_path: Path) -> None:
    bad = small_plan.summary | {"study": "<a&b>\"'"}
    write_bundle(replace(small_plan, summary=bad), tmp_path)
    with zipfile.ZipFile(tmp_path / PROJECT) as inside:
        root = ET.fromstring(inside.read(inside.namelist()[0]))  # noqa: S314 - our own
    assert root.findtext("title") == "<a&b>\"'"


def test_a_real_qgis_opens_both_and_prints_the_atlas(saved: Path, small_plan: lg.Plan) -> None:
    python = Path("/usr/bin/python3")
    probe = [str(python), "-c", "import qgis.core"]
    if (
        sys.platform != "linux"
        or not python.exists()
        or subprocess.run(  # noqa: S603 - the system's
            probe, capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("QGIS is not installed")
    done = subprocess.run(  # noqa: S603 - the system's
        [str(python), "-c", OPENED, str(saved)], capture_output=True, text=True, timeout=120,
        check=True, env={"PATH": "/usr/bin:/bin", "HOME": str(saved)},
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if " True " in line]
    assert "社区 True singleSymbol EPSG:4490 True 常住户数" in lines
    assert "网格 True categorizedSymbol EPSG:4490 True 常住户数" in lines
    assert "x True categorizedSymbol EPSG:4490 True 常住户数" in lines
    assert "水系和铁路 True categorizedSymbol EPSG:4490 True " in done.stdout
    # The atlas: a sheet a community, each whole, in metres, as the layout places it.
    count = len(small_plan.communities)
    told = done.stdout.splitlines()
    assert f"atlas {LAYOUT} True {count} 社区" in told
    sheets = [line.split()[1:] for line in told if line.startswith("sheet ")]
    assert len(sheets) == count
    for system, is_whole, unit, scale, width, height in sheets:
        assert (system, is_whole) == (small_plan.work_crs, "True")
        assert (int(width), int(height)) == (MAP_PLACE.width, MAP_PLACE.height)
        # A bar of two segments is at most 50 mm long on the sheet, at least 20.
        assert 20 <= 2 * float(unit) / int(scale) * 1000 <= 50
    assert "written 0" in told
    assert (saved / "atlas.pdf").stat().st_size > 10_000
