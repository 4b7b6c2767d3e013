"""A file is opened only by the reader of its own format."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import sqlite3
import sys
import threading
import zipfile
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely

from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest import tables
from lingwu_grid.ingest.caged import open_stream, read_file
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.files import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LIMITS = Limits(file_mb=100, rows=10_000, vertices=10_000)
HIDDEN = "机密"
IN_OPEN = 0x20


def read_uncaged(*given: Any) -> object:  # noqa: ANN401 - as for read_file
    """Read in this process: what the gate lets through opens what it will."""
    return tables.read_file(*given)


@contextmanager
def watched(*paths: Path) -> Iterator[Callable[[], bool]]:
    """Have the kernel tell whether anybody opens some files (inotify; Linux)."""
    if sys.platform != "linux":
        yield lambda: False
        return
    libc = ctypes.CDLL(None)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    for path in paths:
        assert libc.inotify_add_watch(watch, os.fsencode(path), IN_OPEN) > 0

    def opened() -> bool:
        try:
            return bool(os.read(watch, 4096))
        except BlockingIOError:
            return False

    try:
        yield opened
    finally:
        os.close(watch)


def test_the_watch_sees_who_opens(outside: Path) -> None:
    with watched(outside) as opened:
        assert not opened()
        outside.read_bytes()
        assert opened() or sys.platform != "linux"


def roads(count: int = 2) -> gpd.GeoDataFrame:
    lines = [shapely.LineString([(106.3, 38 + i / 100), (106.4, 38)]) for i in range(count)]
    return gpd.GeoDataFrame({"name": [HIDDEN] * count}, geometry=lines, crs=4490)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "outside.gpkg"
    roads().to_file(path, layer="roads")
    return path


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    folder.mkdir()
    return folder


@pytest.fixture
def server() -> Iterator[tuple[int, list[bytes]]]:
    """Listen on loopback, and keep what anybody says there."""
    heard: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        listening.settimeout(0.05)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    asked, _ = listening.accept()
                except TimeoutError:
                    continue
                heard.append(asked.recv(200))
                asked.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield listening.getsockname()[1], heard
        done.set()
        thread.join()


def virtual(source: str, layer: str = "roads") -> str:
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="roads"><SrcDataSource>{source}</SrcDataSource>'
        f"<SrcLayer>{layer}</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"
    )


TRICKS = {
    "virtual": lambda there, _: virtual(str(there)),
    "virtual_text": lambda there, _: virtual(f"CSV:{there.parent / 'list.csv'}", "list"),
    "virtual_address": lambda _, port: virtual(f"/vsicurl/http://127.0.0.1:{port}/a.geojson"),
    "service": lambda _, port: (
        f"<OGRWFSDataSource><URL>http://127.0.0.1:{port}/wfs</URL></OGRWFSDataSource>"
    ),
    "library": lambda _, port: virtual(f"ADBC:http://127.0.0.1:{port}", "roads"),
    "pipeline": lambda there, _: json.dumps(
        {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {there}"}
    ),
    "esri": lambda _, __: json.dumps(
        {"geometryType": "esriGeometryPoint", "features": [{"attributes": {"name": HIDDEN}}]}
    ),
    "topology": lambda _, __: json.dumps({"type": "Topology", "objects": {}, "arcs": []}),
    "track": lambda _, __: "<gpx version='1.1'><wpt lat='38' lon='106'/></gpx>",
    "places": lambda _, __: (
        "<?xml version='1.0'?><kml xmlns='http://www.opengis.net/kml/2.2'><Document/></kml>"
    ),
    "entity": lambda there, _: (
        f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file://{there}">]>'
        "<gml:FeatureCollection xmlns:gml='http://www.opengis.net/gml'>&x;</gml:FeatureCollection>"
    ),
    "address": lambda _, port: f"http://127.0.0.1:{port}/roads.geojson",
    "dump": lambda _, __: "SET standard_conforming_strings = OFF;\nCREATE TABLE roads();",
    "lines": lambda _, __: "WKT,name\n\"POINT(106 38)\",x\n",
    "osm": lambda _, __: "<osm version='0.6'><node id='1' lat='38' lon='106'/></osm>",
    "union": lambda there, _: (
        f'<OGRVRTDataSource><OGRVRTUnionLayer name="roads">{virtual(str(there))[18:-19]}'
        "</OGRVRTUnionLayer></OGRVRTDataSource>"
    ),
    "warped": lambda there, _: (
        f'<OGRVRTDataSource><OGRVRTWarpedLayer>{virtual(str(there))[18:-19]}'
        "<TargetSRS>EPSG:4326</TargetSRS></OGRVRTWarpedLayer></OGRVRTDataSource>"
    ),
    "relative": lambda there, _: virtual(f"../{there.name}").replace(
        "<SrcDataSource>", '<SrcDataSource relativeToVRT="1">'
    ),
    "query": lambda there, _: virtual(str(there)).replace(
        "<SrcLayer>roads</SrcLayer>", "<SrcSQL>SELECT * FROM roads</SrcSQL>"
    ),
    "virtual_picture": lambda there, _: (
        f'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{there}</SourceFilename></SimpleSource></VRTRasterBand>"
        "</VRTDataset>"
    ),
    "virtual_code": lambda _, __: (
        '<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1" '
        'subClass="VRTDerivedRasterBand"><PixelFunctionType>a.b</PixelFunctionType>'
        "<PixelFunctionLanguage>Python</PixelFunctionLanguage></VRTRasterBand></VRTDataset>"
    ),
    "in_zip": lambda there, _: virtual(f"/vsizip/{there}"),
    "in_tar": lambda there, _: virtual(f"/vsitar/{there}"),
    "of_gzip": lambda there, _: virtual(f"/vsigzip/{there}"),
    "of_part": lambda there, _: virtual(f"/vsisubfile/0_100,{there}"),
    "of_input": lambda _, __: virtual("/vsistdin/"),
    "of_bucket": lambda _, port: virtual(f"/vsis3/127.0.0.1:{port}/a.gpkg"),
    "of_stream": lambda _, port: virtual(f"/vsicurl_streaming/http://127.0.0.1:{port}/a.json"),
    "of_hadoop": lambda _, port: virtual(f"/vsiwebhdfs/http://127.0.0.1:{port}/a.gpkg"),
    "of_server": lambda _, port: virtual(f"PG:host=127.0.0.1 port={port} dbname=a"),
    "of_mysql": lambda _, port: virtual(f"MYSQL:a,host=127.0.0.1,port={port}"),
    "of_elastic": lambda _, port: virtual(f"ES:http://127.0.0.1:{port}"),
    "of_features": lambda _, port: virtual(f"OAPIF:http://127.0.0.1:{port}"),
    "of_catalogue": lambda _, port: virtual(f"CSW:http://127.0.0.1:{port}"),
    "of_carto": lambda _, port: virtual(f"CARTO:http://127.0.0.1:{port}"),
    "of_sql_server": lambda _, port: virtual(f"MSSQL:server=127.0.0.1,{port};database=a"),
    "of_gps": lambda there, _: virtual(f"GPSBABEL:gpx:{there}"),
    "of_odbc": lambda there, _: virtual(f"ODBC:Driver=SQLite3;Database={there}"),
    "service_picture": lambda _, port: (
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>http://127.0.0.1:{port}/${{z}}</ServerUrl>'
        "</Service><DataWindow/></GDAL_WMS>"
    ),
    "service_tiles": lambda _, port: (
        f"<GDAL_WMTS><GetCapabilitiesUrl>http://127.0.0.1:{port}</GetCapabilitiesUrl></GDAL_WMTS>"
    ),
    "service_features": lambda _, port: (
        f"<OGRWFSDataSource><URL>http://127.0.0.1:{port}?a</URL></OGRWFSDataSource><!-- {port} -->"
    ),
    "esri_next": lambda _, port: json.dumps(
        {"geometryType": "esriGeometryPoint", "exceededTransferLimit": True, "features": [],
         "url": f"http://127.0.0.1:{port}/0/query"}
    ),
    "tiles_index": lambda _, port: json.dumps(
        {"tilejson": "2.2.0", "tiles": [f"http://127.0.0.1:{port}/{{z}}/{{x}}/{{y}}.pbf"]}
    ),
    "catalogue_items": lambda there, _: json.dumps(
        {"type": "Catalog", "stac_version": "1.0.0", "links": [{"rel": "item", "href": str(there)}]}
    ),
    "schema": lambda _, port: (
        "<wfs:FeatureCollection xmlns:wfs='http://www.opengis.net/wfs' "
        "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
        f"xsi:schemaLocation='a http://127.0.0.1:{port}/a.xsd'/>"
    ),
    "linked": lambda there, _: (
        "<gml:FeatureCollection xmlns:gml='http://www.opengis.net/gml' "
        f"xmlns:xlink='http://www.w3.org/1999/xlink'><gml:featureMember xlink:href='file://{there}'/>"
        "</gml:FeatureCollection>"
    ),
    "network_link": lambda _, port: (
        "<kml xmlns='http://www.opengis.net/kml/2.2'><NetworkLink><Link>"
        f"<href>http://127.0.0.1:{port}/a.kml</href></Link></NetworkLink></kml>"
    ),
    "interchange": lambda _, __: "VERSION 300\nColumns 1\n  name Char(9)\nData\n",
    "drawing": lambda _, __: "  0\nSECTION\n  2\nENTITIES\n  0\nENDSEC\n  0\nEOF\n",
    "flat": lambda _, __: "fgb\x03fgb\x01" + "\0" * 40,
}  # fmt: skip


@pytest.mark.parametrize("name", ["道路.geojson", "道路.json", "道路.shp", "roads.gpkg"])
@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("reader", [read_file, read_uncaged], ids=["caged", "gate alone"])
def test_the_bytes_of_another_format_open_nothing(
    study: Path,
    outside: Path,
    server: tuple[int, list[bytes]],
    trick: str,
    name: str,
    reader: Callable[..., object],
) -> None:
    (outside.parent / "list.csv").write_text(f"name\n{HIDDEN}\n", "utf-8")
    port, heard = server
    (study / name).write_text(TRICKS[trick](outside, port), "utf-8")
    with watched(outside, outside.parent / "list.csv") as opened:
        with pytest.raises(InputError) as said:
            reader(study / name, Claims(), LIMITS)
        assert not opened()
    assert name in said.value.what
    assert HIDDEN not in str(said.value)
    assert heard == []
    assert [p.name for p in study.iterdir()] == [name]


def test_a_trick_inside_a_zip_is_refused(study: Path, outside: Path) -> None:
    with zipfile.ZipFile(study / "道路.zip", "w") as inside:
        inside.writestr("道路.shp", virtual(str(outside)))
    with pytest.raises(InputError):
        read_file(study / "道路.zip", Claims(), LIMITS)


def test_words_of_another_driver_inside_a_file_are_words(study: Path, outside: Path) -> None:
    table = roads(1).assign(type="gdal_streamed_alg", command=virtual(str(outside)))
    table.to_file(study / "道路.geojson", driver="GeoJSON")
    (read,) = read_file(study / "道路.geojson", Claims(), LIMITS)
    assert len(read.frame) == 1
    assert read.frame["type"].tolist() == ["gdal_streamed_alg"]


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS fid FROM n"
AS_VIEW = "ALTER TABLE {} RENAME TO kept; CREATE VIEW {} AS " + ENDLESS


@pytest.mark.parametrize(
    "command",
    [
        f"DROP TABLE roads; CREATE VIEW roads AS {ENDLESS}",
        AS_VIEW.format("gpkg_contents", "gpkg_contents"),
        AS_VIEW.format("gpkg_spatial_ref_sys", "gpkg_spatial_ref_sys"),
        "CREATE VIRTUAL TABLE more USING fts4(words)",
        "ALTER TABLE roads ADD COLUMN big TEXT AS (printf('%.*c', 100000000, 'x'))",
        "DROP TABLE gpkg_contents",
    ],
)  # fmt: skip
def test_a_package_that_runs_something_is_refused(study: Path, outside: Path, command: str) -> None:
    path = study / "roads.gpkg"
    shutil.copyfile(outside, path)
    with closing(sqlite3.connect(path)) as package:
        package.executescript(command)
    with pytest.raises(InputError, match=r"roads\.gpkg") as said:
        read_file(path, Claims(), LIMITS)
    assert "另存" in said.value.remedy
    with pytest.raises(InputError):
        open_stream(path, LIMITS)


@pytest.mark.parametrize("name", ["roads.gpkg", "道路.shp", "道路.geojson"])
def test_a_healthy_file_is_read(study: Path, name: str) -> None:
    path = study / name
    roads().to_file(path)
    (read,) = read_file(path, Claims(), LIMITS)
    assert read.frame["name"].tolist() == [HIDDEN] * 2


def test_two_fields_of_one_name_are_told_and_kept_apart(study: Path) -> None:
    table = roads().assign(aa=["甲", "乙"], ab=["丙", "丁"])
    table.to_file(study / "道路.shp", encoding="utf-8")
    fields = study / "道路.dbf"
    bytes_ = fields.read_bytes()
    fields.write_bytes(bytes_.replace(b"ab\0", b"aa\0", 1))
    (read,) = read_file(study / "道路.shp", Claims(), LIMITS)
    assert "column_repeated" in [f.code for f in read.findings]
    assert read.frame["aa"].tolist() == ["甲", "乙"]
    assert read.frame["aa（第 3 列）"].tolist() == ["丙", "丁"]
    assert read.frame.geometry.notna().all()


def test_a_field_called_as_the_shapes_are_does_not_take_their_place(study: Path) -> None:
    where = {"type": "Point", "coordinates": [106.3, 38.1]}
    one = {"type": "Feature", "properties": {"geometry": "字", "name": "甲"}, "geometry": where}
    content = {"type": "FeatureCollection", "features": [one]}
    (study / "驿站.geojson").write_text(json.dumps(content), "utf-8")
    (read,) = read_file(study / "驿站.geojson", Claims(), LIMITS)
    assert read.frame.geometry.iloc[0] == shapely.Point(106.3, 38.1)
    assert read.frame["name"].tolist() == ["甲"]
    assert "column_repeated" in [f.code for f in read.findings]


def test_fields_without_a_name_are_numbered(study: Path) -> None:
    roads().assign(aa=["甲", "乙"]).to_file(study / "道路.shp", encoding="utf-8")
    fields = study / "道路.dbf"
    content = fields.read_bytes()
    fields.write_bytes(content.replace(b"name\0", b"\0\0\0\0\0", 1).replace(b"aa\0", b"\0\0\0", 1))
    (read,) = read_file(study / "道路.shp", Claims(), LIMITS)
    assert read.frame["（第 1 列）"].tolist() == [HIDDEN] * 2
    assert read.frame["（第 2 列）"].tolist() == ["甲", "乙"]
