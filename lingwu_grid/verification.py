"""Verification: check a written plan again, without the solver.

Nothing of the engine is used: sizes, nesting, contiguity, polygons, moves and the unconditional
bound are worked out anew from the files alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lingwu_grid.contract.errors import InputError
from lingwu_grid.disclosure.pages import faults_of
from lingwu_grid.ingest.drivers import read_layer
from lingwu_grid.ingest.study import read_study
from lingwu_grid.ingest.tables import UNREADABLE
from lingwu_grid.nesting import Nest, level_faults
from lingwu_grid.output import write_csv
from lingwu_grid.recounting import global_bound, needs_of, unconditional_bound
from lingwu_grid.tracing.proof import COPIED, WORKED, trace_papers

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

TOUCH_M = 0.02
"""Units that join must come this near to each other, metres."""

GAP_DIGITS = 1e-6
"""Rounding of a gap in the summary."""

METRES = 4544
"""CGCS2000, for areas of Lingwu; elsewhere the local UTM zone."""


@dataclass
class Verdict:
    """What was checked, and what was wrong."""

    checked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def expect(self, name: str, faults: list[str]) -> None:
        """Note a check and its faults."""
        self.checked.append(name)
        self.faults += [f"{name}：{fault}" for fault in faults]


def verify(
    folder: str | Path,
    *,
    disclosure: bool = False,
    papers: Study | str | Path | None = None,
    claims: str | Path | None = None,
    adopted: str | Path | None = None,
) -> Verdict:
    """
    Check a written plan from its files alone.

    Parameters
    ----------
    folder
        An output folder.
    disclosure
        Attack the pages of ``share/`` too: whether a count under five follows from their text.
    papers
        The study the plan was made from, or its folder: read the finished DOCX, XLSX and PDF files
        back too, and work every number in them out anew.
    claims
        With `papers`: where to write every number of theirs as a CSV table: paper, place, what is
        printed, what it comes to, the words around it, outcome.

    adopted
        With `papers`, of a plan that :func:`~lingwu_grid.comparison.updating.update` wrote: the
        folder of the adopted plan, which is its "today".

    Returns
    -------
    Verdict
        `faults` is empty for a plan that holds.

    Raises
    ------
    InputError
        If a file is missing or cannot be read.
    """
    if claims is not None and papers is None:
        raise InputError("--claims 要和 --papers 同用", remedy="加上 --papers 研究文件夹")
    if claims is not None and not Path(claims).resolve().parent.is_dir():
        raise InputError(
            "要写的表所在的文件夹不在", where=str(claims), remedy="先建文件夹，或改路径"
        )
    files = _Files(Path(folder))
    verdict = Verdict()
    verdict.expect("每户一个网格", _households(files))
    verdict.expect("户数范围", _sizes(files))
    verdict.expect("层级归属", _nesting(files))
    verdict.expect("编码", _codes(files))
    for name, faults in level_faults(files.nest, files.summary.get("levels", [])).items():
        verdict.expect(name, faults)
    verdict.expect("连片", _contiguity(files))
    verdict.expect("图形", _polygons(files))
    verdict.expect("锁定", _locks(files))
    verdict.expect("变动户数", _moves(files))
    verdict.expect("下限", _bounds(files))
    if disclosure:
        faults, tried = faults_of(Path(folder))
        verdict.expect(f"外发图推不出少于五户的数（试 {tried} 项）", faults)
    if papers is not None:
        study = _studied(Path(folder), papers, adopted)
        proof = trace_papers(Path(folder), study)
        worked, copied = proof.of(WORKED), proof.of(COPIED)
        kinds = len({claim.paper for claim in worked})
        verdict.expect(
            f"文件里的数（{kinds} 份，重算 {len(worked):,} 个，照录说明 {len(copied):,} 个）",
            proof.faults(),
        )
        if claims is not None:
            write_csv(proof.table(), Path(claims))
    return verdict


def _studied(folder: Path, papers: Study | str | Path, adopted: str | Path | None) -> Study:
    """Give what a plan was made from; the "today" of an update is the plan that was adopted."""
    if not isinstance(papers, (str, Path)):
        return papers
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if "update" in run and adopted is None:
        raise InputError(
            "这个方案是 update 写的，它的“现状”是当时采纳的方案", where=str(folder / "run.json"),
            remedy="加上 --adopted 采纳的方案的文件夹",
        )  # fmt: skip
    return read_study(papers, zones=adopted)


class _Files:
    """The files of a plan."""

    def __init__(self, folder: Path) -> None:
        try:
            layers = {
                name: read_layer(folder / "plan.gpkg", name)
                for name in ("grids", "communities", "units")
            }
            self.rows = pd.read_csv(
                folder / "assignment.csv", dtype=str, encoding="utf-8-sig", keep_default_na=False
            )
            plain = {
                name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
                for name in ("summary", "certificate")
            }
        except (InputError, *UNREADABLE) as error:
            raise InputError(
                f"读不全方案：{error}",
                where=str(folder),
                remedy="先运行 python -m lingwu_grid.partition，保留其全部输出",
            ) from error
        self.grids, self.communities, self.units = layers.values()
        self.summary: dict[str, Any] = plain["summary"]
        self.certificate: dict[str, Any] = plain["certificate"]
        if "recoded_from" not in self.grids or "needs" not in self.certificate:
            raise InputError(
                "方案是旧版本写的，缺改编的网格或下限的依据", where=str(folder / "plan.gpkg"),
                remedy="用同一个研究文件夹重新运行 python -m lingwu_grid.partition",
            )  # fmt: skip
        # A grid that passes to another community has a code there: who stays in it stays.
        table = self.grids[self.grids["recoded_from"].fillna("") != ""]
        self.recoded = dict(zip(table["recoded_from"], table["grid_id"], strict=True))
        self.rows["stays_in"] = self.rows["previous_grid_id"].replace(self.recoded)
        self.rules: dict[str, Any] = self.certificate["rules"]
        crs = _metres(self.units)
        self.nest = Nest(self.rows, self.grids, self.communities, folder / "plan.gpkg", crs)


def _households(files: _Files) -> list[str]:
    rows, faults = files.rows, []
    twice = rows["household_id"][rows["household_id"].duplicated()]
    if len(twice):
        faults.append(f"户 {twice.iloc[0]} 等 {len(twice)} 行重复")
    for key, table in (("grid_id", files.grids), ("community_id", files.communities)):
        lost = sorted(set(rows[key]) - set(table[key]))
        if lost:
            faults.append(f"{key} {lost[0]} 等 {len(lost)} 个在图层里没有")
        count = rows.groupby(key).size().reindex(table[key], fill_value=0).to_numpy()
        wrong = table[key][count != table["households"].to_numpy()]
        if len(wrong):
            faults.append(f"{key} {wrong.iloc[0]} 等 {len(wrong)} 个的户数与图层不符")
    unit = files.units.set_index("unit_id")
    count = rows.groupby("unit_id").size().reindex(unit.index, fill_value=0)
    if (count != unit["households"]).any():
        faults.append("有单元的户数与图层不符")
    if (rows["grid_id"].to_numpy() != unit["grid_id"].reindex(rows["unit_id"]).to_numpy()).any():
        faults.append("有户与其单元不在同一网格")
    return faults


def _sizes(files: _Files) -> list[str]:
    faults = []
    for key, table in (("grid", files.grids), ("community", files.communities)):
        usual, own = files.rules[key], files.rules["own"][key]
        for row in table.itertuples(index=False):
            zone, size = str(getattr(row, f"{key}_id")), int(row.households)
            lower, upper = own.get(zone, usual)
            fits = size >= lower and (upper is None or size <= upper)
            if fits and not usual[0] <= size <= usual[1] and not row.reason:
                faults.append(f"{zone} 有 {size} 户，是例外却没有写理由")
            if not fits:
                faults.append(f"{zone} 有 {size} 户")
    return faults


def _nesting(files: _Files) -> list[str]:
    owner = files.grids.set_index("grid_id")["community_id"]
    units = files.units
    wrong = units[units["community_id"] != owner.reindex(units["grid_id"]).to_numpy()]
    faults = [f"单元 {u} 与其网格不在同一社区" for u in wrong["unit_id"][:5]]
    if set(owner) != set(files.communities["community_id"]):
        faults.append("网格所属的社区与社区图层不一致")
    return faults


def _contiguity(files: _Files) -> list[str]:
    units, pairs = files.units, np.array(files.certificate["joins"], np.int64).reshape(-1, 2)
    if units["unit_id"].tolist() != files.certificate["units"]:
        return ["证书里的单元与图层不一致"]
    shapes = units.geometry.to_crs(_metres(units)).to_numpy()
    apart = shapely.distance(shapes[pairs[:, 0]], shapes[pairs[:, 1]]) > TOUCH_M
    faults = [f"证书说 {int(apart.sum())} 对单元相接，图上不相接"] if apart.any() else []
    for key in ("grid_id", "community_id"):
        label = units[key].to_numpy(object)
        broken = _in_pieces(label, pairs) - _may_be_in_pieces(files)
        faults += [f"{i} 不连片" for i in sorted(broken)]
    return faults


def _in_pieces(label: NDArray[np.object_], pairs: NDArray[np.int64]) -> set[str]:
    same = pairs[label[pairs[:, 0]] == label[pairs[:, 1]]]
    n = len(label)
    matrix = coo_array((np.ones(len(same), np.int8), (same[:, 0], same[:, 1])), shape=(n, n))
    piece = connected_components(matrix, directed=False)[1]
    count = pd.DataFrame({"label": label, "piece": piece}).drop_duplicates()["label"]
    return set(count[count.duplicated()].astype(str))


def _metres(table: gpd.GeoDataFrame) -> Any:  # noqa: ANN401 - pyproj's CRS
    west, _, east, _ = table.total_bounds
    return METRES if west > 104.5 and east < 107.5 else table.estimate_utm_crs()


def _polygons(files: _Files) -> list[str]:
    faults = []
    crs = _metres(files.units)
    town = files.units.geometry.to_crs(crs)
    for key, table in (("grid_id", files.grids), ("community_id", files.communities)):
        shapes = table.geometry.to_crs(crs)
        several = table[key][shapely.get_num_geometries(shapes.to_numpy()) > 1]
        faults += [f"{i} 的图形分成几块" for i in sorted(set(several) - _may_be_in_pieces(files))]
        gap = abs(float(shapes.area.sum()) - float(town.area.sum()))
        if gap > 1.0 + 1e-6 * float(town.area.sum()):
            faults.append(f"{key} 的图形与研究范围差 {gap:.1f} 平方米")
    return faults


def _codes(files: _Files) -> list[str]:
    """Check what is said to be a grid of today with a new code: it passed to another community."""
    faults, rows, recoded = [], files.rows, files.recoded
    known = set(rows["previous_grid_id"])
    if files.summary["grids_recoded"] != recoded:
        faults.append("汇总与图层写的改编网格不一")
    if len(recoded) != int((files.grids["recoded_from"].fillna("") != "").sum()):
        faults.append("一个原网格改编成了几个网格")
    home = dict(zip(files.grids["grid_id"], files.grids["community_id"], strict=True))
    for old, new in recoded.items():
        lived = rows[rows["previous_grid_id"] == old]
        stay = lived[lived["grid_id"] == new]
        if old in home:
            faults.append(f"{old} 改编为 {new}，却仍在用")
        if new in known:
            faults.append(f"{old} 改编为 {new}，是现状另一网格的编码")
        if len(lived) and not len(stay) and not _keeps_ground(files, old, new):
            faults.append(f"{old} 改编为 {new}，却没有一户、也没有多半的地在其中")
        if (stay["previous_community_id"] == home[new]).any():
            faults.append(f"{old} 改编为 {new}，却没有换社区")
    return faults


def _keeps_ground(files: _Files, old: str, new: str) -> bool:
    """Tell whether most of the ground of a grid of today is a grid of the plan."""
    own = files.units[files.units["previous_grid_id"] == old]
    area = own.geometry.to_crs(_metres(files.units)).area
    return bool(2 * area[own["grid_id"] == new].sum() > area.sum())


def _may_be_in_pieces(files: _Files) -> set[str]:
    """Give the declared enclaves, and the communities that hold them."""
    enclaves = set(files.rules["enclaves"])
    holders = files.grids.loc[files.grids["grid_id"].isin(enclaves), "community_id"]
    return enclaves | set(holders)


def _locks(files: _Files) -> list[str]:
    rows, rules = files.rows, files.rules
    faults = [
        f"锁定的网格 {grid} 的户有变动"
        for grid in rules["locked_grids"]
        if (
            (rows["grid_id"] == files.recoded.get(grid, grid)) != (rows["previous_grid_id"] == grid)
        ).any()
    ]
    for community in rules["locked_communities"]:
        new, old = rows["community_id"] == community, rows["previous_community_id"] == community
        if (new != old).any():
            faults.append(f"锁定的社区 {community} 的户有变动")
    return faults


def _moves(files: _Files) -> list[str]:
    rows = files.rows
    today = {"grid": "stays_in", "community": "previous_community_id"}
    gone = {key: (rows[was] != rows[f"{key}_id"]) & (rows[was] != "") for key, was in today.items()}
    counts = {f"households_moved_{key}": int(lines.sum()) for key, lines in gone.items()}
    counts["affected"] = int((gone["grid"] | gone["community"]).sum())
    return [
        f"{name} 应为 {count}，汇总写 {files.summary[name]}"
        for name, count in counts.items()
        if count != files.summary[name]
    ]


def _bounds(files: _Files) -> list[str]:
    """Work the unconditional bound out anew; check that the proofs add up and hold."""
    bounds, moved = files.certificate["bounds"], files.summary["households_moved_grid"]
    faults = []
    # No household changes street: where a plan was solved in parts, bounds of parts add up.
    special = set(files.certificate["special_grids"])
    least = sum(unconditional_bound(rows, files.rules, special) for rows in _by_part(files))
    if files.rules["scenario"] != "redraw" and bounds["unconditional"] > least:
        faults.append(f"无条件下限应不超过 {least}，证书写 {bounds['unconditional']}")
    # A bound holds for lawful plans.
    is_lawful = files.summary["status"] not in {"infeasible", "unfinished"}
    if is_lawful and bounds["unconditional"] > moved:
        faults.append(f"无条件下限 {bounds['unconditional']} 大于变动户数 {moved}")
    faults += _global(files, is_lawful=is_lawful)
    proofs = files.certificate["proofs"]
    if bounds["within_plan"] is not None:
        total = sum(p["bound"] for p in proofs)
        if bounds["within_plan"] > min(total, moved):
            faults.append(f"方案内下限 {bounds['within_plan']} 大于各社区证明之和 {total}")
    rows = files.rows
    gone = rows[(rows["stays_in"] != rows["grid_id"]) & (rows["stays_in"] != "")]
    count = gone.groupby("community_id").size()
    for p in proofs:
        if p["free_bound"] > p["bound"] or p["bound"] > p["moved"]:
            faults.append(f"{p['community_id']} 的证明自相矛盾")
        if p["moved"] != int(count.get(p["community_id"], 0)):
            faults.append(f"{p['community_id']} 的变动户数与证明不符")
    return faults


def _by_part(files: _Files) -> list[pd.DataFrame]:
    sizes = [part["units"] for part in files.certificate.get("parts", [])]
    if not sizes:
        return [files.rows]
    part = np.repeat(np.arange(len(sizes)), sizes)
    of_unit = pd.Series(part, index=files.certificate["units"])
    return [rows for _, rows in files.rows.groupby(of_unit[files.rows["unit_id"]].to_numpy())]


def _global(files: _Files, *, is_lawful: bool) -> list[str]:
    """Work the bound on all communities and shapes out anew, and what the summary says of it."""
    bounds, summary = files.certificate["bounds"], files.summary
    faults = []
    if bounds["global"] != summary["lower_bound"]["global"]:
        faults.append("证书与汇总写的全局下限不一")
    affected = summary["affected"]
    if is_lawful and bounds["global"] > affected:
        faults.append(f"全局下限 {bounds['global']} 大于受影响的 {affected} 户")
    if files.rules["scenario"] != "redraw":
        parts = files.certificate.get("parts", [])
        weights = [p["global_weight"] for p in parts] or [bounds["global_weight"]]
        needs = [needs_of(rows, files.rules) for rows in _by_part(files)]
        if files.certificate["needs"] != needs:
            faults.append("证书写的全局下限的依据与每户归属算出的不一")
        least = sum(global_bound(n, w) for n, w in zip(needs, weights, strict=True))
        if bounds["global"] > least:
            faults.append(f"全局下限应不超过 {least}，证书写 {bounds['global']}")
    gap = (affected - bounds["global"]) / affected if affected else 0.0
    if abs(summary["gap"] - gap) > GAP_DIGITS:
        faults.append(f"差距应为 {gap:.6f}，汇总写 {summary['gap']}")
    return faults
