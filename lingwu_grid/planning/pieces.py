"""Pieces: the tables of a plan that are as long as its town, held or read a part at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd

LONG = ("units", "moves", "assignment", "buildings")
"""Tables with a row a unit, a household or a building."""


class Piece(Protocol):
    """The long tables of one part of a plan."""

    def table(self, name: str) -> pd.DataFrame:
        """Give one of `LONG`."""


@dataclass(frozen=True, slots=True)
class Held:
    """Long tables in memory."""

    units: gpd.GeoDataFrame
    moves: gpd.GeoDataFrame
    assignment: pd.DataFrame
    buildings: pd.DataFrame

    def table(self, name: str) -> pd.DataFrame:
        """Give one of `LONG`."""
        table: pd.DataFrame = getattr(self, name)
        return table

    def of(self, communities: set[str]) -> Held:
        """Give the rows of some communities of the plan."""

        def mine(table: pd.DataFrame) -> pd.DataFrame:
            return table[table["community_id"].isin(communities)].reset_index(drop=True)

        return Held(*(mine(self.table(name)) for name in LONG))


def whole_table(pieces: tuple[Piece, ...], name: str) -> pd.DataFrame:
    """Put a long table together; that of a single piece is given as it is."""
    if len(pieces) == 1:
        return pieces[0].table(name)
    return pd.concat([piece.table(name) for piece in pieces], ignore_index=True)
