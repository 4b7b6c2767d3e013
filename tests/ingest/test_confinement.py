"""The reading process sees the folder of its file, and nothing else."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest import caged
from lingwu_grid.ingest.claims import Claims
from tests.ingest.reading import LIMITS, LINUX, children_reading, homes

CONFINED = """
    import os, socket, subprocess, sys
    from pathlib import Path
    from lingwu_grid.ingest.confinement import confine
    from lingwu_grid.ingest.inmate import _ours

    study, scratch, outside = map(Path, sys.argv[1:])
    assert confine([study, *_ours()], [scratch]) == (True, True)
    assert (study / "in.txt").read_text() == "in"
    (scratch / "a").write_text("x")
    assert (scratch / "a").read_text() == "x"
    (scratch / "a").unlink()

    def refused(do):
        try:
            do()
        except PermissionError:
            return True
        return False

    tries = {
        "read": lambda: outside.read_text(),
        "list": lambda: os.listdir(outside.parent),
        "where we work": lambda: os.listdir("."),
        "passwords": lambda: Path("/etc/passwd").read_text(),
        "processes": lambda: Path("/proc/self/environ").read_text(),
        "write": lambda: (study / "new").write_text("x"),
        "change": lambda: (study / "in.txt").write_text("x"),
        "remove": lambda: (study / "in.txt").unlink(),
        "rename": lambda: (study / "in.txt").rename(study / "out.txt"),
        "link": lambda: os.symlink(outside, study / "link"),
        "run": lambda: subprocess.run([sys.executable, "-c", ""]),
        "web": lambda: socket.socket(),
        "datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "six": lambda: socket.socket(socket.AF_INET6),
        "local": lambda: socket.socket(socket.AF_UNIX),
        "rights": lambda: os.chmod(outside, 0o777),
        "owner": lambda: os.chown(outside, 0, 0),
        "times": lambda: os.utime(outside),
        "kill": lambda: os.kill(os.getppid(), 0),
    }
    print(*[name for name, do in tries.items() if not refused(do)])
"""


@LINUX
@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no filter is made")
def test_a_confined_process_has_the_study_and_nothing_else(tmp_path: Path) -> None:
    for name in ("study", "scratch"):
        (tmp_path / name).mkdir()
    (tmp_path / "study" / "in.txt").write_text("in")
    (tmp_path / "outside").write_text("secret")
    places = [str(tmp_path / n) for n in ("study", "scratch", "outside")]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", textwrap.dedent(CONFINED), *places],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


@LINUX
def test_the_reading_process_is_confined(tmp_path: Path) -> None:
    batches = caged.batches_of(
        caged.open_stream(homes(tmp_path, 400_000), LIMITS), Claims(), LIMITS, size=1000
    )
    next(batches)
    states = [Path(f"/proc/{n}/status").read_text("utf-8") for n in children_reading()]
    batches.close()
    assert any("NoNewPrivs:\t1" in s and "Seccomp:\t2" in s for s in states)


@LINUX
def test_a_part_of_a_file_that_lies_elsewhere_is_not_read(tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    line = [shapely.LineString([(106.3, 38), (106.4, 38)])]
    gpd.GeoDataFrame({"name": ["机密"]}, geometry=line, crs=4490).to_file(study / "道路.shp")
    shutil.move(study / "道路.dbf", tmp_path / "elsewhere.dbf")
    (study / "道路.dbf").symlink_to(tmp_path / "elsewhere.dbf")
    with pytest.raises(InputError, match=r"道路\.shp") as said:
        caged.read_file(study / "道路.shp", Claims(), LIMITS)
    assert "机密" not in str(said.value)


@LINUX
def test_a_file_that_is_a_link_is_read_where_it_lies_and_nothing_beside_it(tmp_path: Path) -> None:
    study, other = tmp_path / "study", tmp_path / "other"
    study.mkdir()
    other.mkdir()
    (study / "居民户.csv").symlink_to(homes(other))
    assert len(caged.read_file(study / "居民户.csv", Claims(), LIMITS)[0].frame) == 3
    assert caged._places_of(study / "居民户.csv") == {study, other / "居民户.csv"}
    assert caged._places_of(homes(other)) == {other}


@LINUX
def test_a_link_that_leads_to_itself_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "居民户.csv").symlink_to(tmp_path / "居民户.csv")
    with pytest.raises(InputError, match=r"居民户\.csv"):
        caged.read_file(tmp_path / "居民户.csv", Claims(), LIMITS)
