"""Streets of a plan: which there are, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord


def streets_of(record: PlanRecord) -> list[str]:
    """List the streets of a plan."""
    return sorted(set(record.communities["subdistrict_id"].astype(str)))


def street_name(record: PlanRecord, street: str) -> str:
    """Give a street's name; its code where nobody gave it one."""
    table = record.backdrop.get("subdistricts")
    if table is not None and "name" in table:
        named = table.loc[table["subdistrict_id"].astype(str) == street, "name"]
        if len(named) and str(named.iloc[0]):
            return str(named.iloc[0])
    return street or "全部"


def communities_of(record: PlanRecord, street: str) -> list[str]:
    """List the communities of a street of a plan."""
    here = record.communities["subdistrict_id"].astype(str) == street
    ids: list[str] = record.communities.loc[here, "community_id"].tolist()
    return ids
