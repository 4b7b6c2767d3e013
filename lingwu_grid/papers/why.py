"""Why a grid changes: what comes and goes, piece by piece, and what would be wrong without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lingwu_grid.lawful import followed
from lingwu_grid.planning.stories import is_passing

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord

NOWHERE, WHOLE, ALONG = "不属任何网格", "整体", "随网格"


def why_changed(record: PlanRecord, grid_id: str) -> list[str]:
    """
    Tell the stories that a grid is part of, the most households first.

    Parameters
    ----------
    record
        The plan.
    grid_id
        A grid of the plan.

    Returns
    -------
    list[str]
        One sentence a story: from which grid to which, households, where, what it is for.
    """
    rows = record.stories
    left = followed(rows["previous_grid_id"], record.recoded)
    rows = rows[(rows["grid_id"] == grid_id) | (left == grid_id)]
    whole = is_passing(rows, record.recoded)
    names = record.names
    today = record.assignment["previous_grid_id"].value_counts().to_dict()

    def who(row: Any, *, is_whole: bool) -> str:  # noqa: ANN401 - a row of a table
        if not is_whole:
            return str(row.place)
        return WHOLE if today.get(row.previous_grid_id, 0) == row.households else ALONG

    return [
        f"{names.get(row.previous_grid_id, row.previous_grid_id) or NOWHERE} → "
        f"{names.get(row.grid_id, row.grid_id)}{f' {row.households} 户' if row.households else ''}"
        f"（{who(row, is_whole=is_whole)}）" + (f"：{row.reason}" if row.reason else "")
        for row, is_whole in zip(rows.itertuples(index=False), whole.tolist(), strict=True)
    ]
