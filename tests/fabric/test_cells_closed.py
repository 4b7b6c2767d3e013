"""Every house has a cell of its own: no cut stops short of the edge of its block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.fabric import cells, units
from lingwu_grid.fabric.units import build_fabric

if TYPE_CHECKING:
    import pytest
    import shapely
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study


def _shared_cells(study: Study, monkeypatch: pytest.MonkeyPatch) -> int:
    """Count the cells that hold homes of several keys: of two houses, or of two compounds."""
    found: list[int] = []
    made = cells.make_cells

    def counted(
        faces: NDArray[np.object_],
        lines: NDArray[np.object_],
        buildings: cells.Buildings,
        key: NDArray[np.int64],
        ground: tuple[shapely.Geometry, NDArray[np.object_]],
    ) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
        out = made(faces, lines, buildings, key, ground)
        at = cells.nearest_face(out[0], buildings.point)
        pairs = np.unique(np.stack([at, key], axis=1), axis=0)
        found.append(int((np.diff(pairs[:, 0]) == 0).sum()))
        return out

    monkeypatch.setattr(units, "make_cells", counted)
    build_fabric(study)
    return found[0]


def test_no_two_houses_share_a_cell(small_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        assert _shared_cells(small_study, patch) == 0
    with monkeypatch.context() as patch:
        # As it was: a cut ended on its face as noded, a grid width off the line as drawn.
        patch.setattr(cells, "_beyond", lambda cuts, _: cuts)
        assert _shared_cells(small_study, patch) > 0
