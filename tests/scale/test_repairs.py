"""A repair is offered only where it leaves less unlawful than before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from lingwu_grid.contract.rules import Rules
from lingwu_grid.engine.instance import Explanation
from lingwu_grid.scale import repairs

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study


@pytest.mark.parametrize(("left", "offered"), [(0, True), (1, True), (2, False), (3, False)])
def test_what_leaves_as_much_as_before_is_no_repair(
    left: int, *, offered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = tuple(Explanation("grid_out_of_range", 5, grids=(k + 9,)) for k in range(left))
    found = SimpleNamespace(explanations=others, moved=40)

    def solved(*_: Any, **__: Any) -> SimpleNamespace:  # noqa: ANN401 - stands for any solve
        return found

    monkeypatch.setattr(repairs, "solve_again", solved)
    study: Study = SimpleNamespace(rules=Rules())  # type: ignore[assignment]
    item = Explanation("grid_out_of_range", 7, grids=(1,))
    way = repairs.Repair("试", Rules(margin=10))
    tried = repairs._tried(study, None, item, way, before=2, seed=0, workers=1)  # type: ignore[arg-type]
    assert [t["left"] for t in tried] == ([left] if offered else [])
