"""The street plan: a warped lattice of blocks, with a canal, a railway and few crossings.

Everything is drawn from shared edges: two neighbouring blocks use the same points, so blocks
tile. An edge has two versions: the street as surveyed, and the border as an office drew it, a
metre or two off the street.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

EDGE_POINTS = 5
"""Points of a lattice edge, both ends included; the middle one is where a block may be halved."""


@dataclass(frozen=True)
class Lattice:
    """
    Blocks in ``nx`` columns and ``ny`` rows, numbered row by row.

    Parameters
    ----------
    nx, ny
        Blocks from west to east and from south to north.
    east, north
        Points of the lattice lines: ``street[0]`` are the edges running east, shape
        (ny + 1, nx, EDGE_POINTS, 2); ``street[1]`` those running north, (ny, nx + 1, …).
    drawn
        The same as an office drew them.
    canal_column, rail_row
        Lattice lines that are a canal and a railway.
    bridge_rows, bridge_columns
        Lattice lines that cross the canal and the railway.
    """

    nx: int
    ny: int
    street: tuple[NDArray[np.float64], NDArray[np.float64]]
    drawn: tuple[NDArray[np.float64], NDArray[np.float64]]
    canal_column: int
    rail_row: int
    bridge_rows: tuple[int, ...]
    bridge_columns: tuple[int, ...]

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return self.nx * self.ny

    def ring(self, block: int, *, drawn: bool) -> NDArray[np.float64]:
        """Give the closed outline of a block, counter-clockwise from its south-west corner."""
        j, i = divmod(block, self.nx)
        east, north = self.drawn if drawn else self.street
        return np.concatenate(
            [east[j, i], north[j, i + 1, 1:], east[j + 1, i, ::-1][1:], north[j, i, ::-1][1:]]
        )

    def inside(self, block: int, uv: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map block coordinates in [0, 1]² to metres (bilinear on the corners); shape (…, 2)."""
        j, i = divmod(block, self.nx)
        east = self.street[0]
        a, b = east[j, i, 0], east[j, i, -1]
        d, c = east[j + 1, i, 0], east[j + 1, i, -1]
        u, v = uv[..., :1], uv[..., 1:]
        points: NDArray[np.float64] = (
            a * (1 - u) * (1 - v) + b * u * (1 - v) + c * u * v + d * (1 - u) * v
        )
        return points

    @cached_property
    def neighbours(self) -> NDArray[np.int64]:
        """Pairs of blocks that touch with no closed barrier between, shape (m, 2)."""
        block = np.arange(self.n_blocks).reshape(self.ny, self.nx)
        pairs = []
        for i in range(self.nx - 1):
            for j in range(self.ny):
                open_here = i + 1 != self.canal_column or {j, j + 1} & set(self.bridge_rows)
                if open_here:
                    pairs.append((block[j, i], block[j, i + 1]))
        for j in range(self.ny - 1):
            for i in range(self.nx):
                open_here = j + 1 != self.rail_row or {i, i + 1} & set(self.bridge_columns)
                if open_here:
                    pairs.append((block[j, i], block[j + 1, i]))
        return np.array(pairs, np.int64)

    def is_parted(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell whether the canal or the railway runs between two blocks, bridge or no bridge."""
        (ja, ia), (jb, ib) = np.divmod(a, self.nx), np.divmod(b, self.nx)
        canal = (ia < self.canal_column) != (ib < self.canal_column)
        rail = (ja < self.rail_row) != (jb < self.rail_row)
        parted: NDArray[np.bool_] = canal | rail
        return parted

    def outline(self) -> shapely.Polygon:
        """Give the limit of the town as drawn."""
        east, north = self.drawn
        south = east[0].reshape(-1, 2)
        right = north[:, -1].reshape(-1, 2)
        top = east[-1, ::-1, ::-1].reshape(-1, 2)
        left = north[::-1, 0, ::-1].reshape(-1, 2)
        ring = np.concatenate([south, right, top, left])
        keep = np.r_[True, (np.diff(ring, axis=0) != 0).any(axis=1)]
        return shapely.Polygon(ring[keep])


def make_lattice(
    nx: int, ny: int, rng: np.random.Generator, centre: tuple[float, float]
) -> Lattice:
    """
    Draw the street plan.

    Parameters
    ----------
    nx, ny
        Blocks from west to east and from south to north.
    rng
        Source of every irregularity.
    centre
        Middle of the town, metres.
    """
    corner = _corners(nx, ny, rng, centre)
    canal, rail = round(nx * 0.64), round(ny * 0.8)
    street = (_edges(corner[:, :-1], corner[:, 1:], rng), _edges(corner[:-1], corner[1:], rng))
    drawn = _redrawn(corner, street, rng, canal, rail)
    return Lattice(
        nx=nx,
        ny=ny,
        street=street,
        drawn=drawn,
        canal_column=canal,
        rail_row=rail,
        bridge_rows=_every_fourth(ny, rail),
        bridge_columns=_every_fourth(nx, canal),
    )


def _every_fourth(lines: int, parted_at: int) -> tuple[int, ...]:
    """Give the lines with a crossing: every fourth, and at least one beyond the other barrier."""
    chosen = {*range(2, lines - 1, 4), min(parted_at + 1, lines - 1)} - {parted_at}
    return tuple(sorted(chosen))


def _corners(
    nx: int, ny: int, rng: np.random.Generator, centre: tuple[float, float]
) -> NDArray[np.float64]:
    x = np.concatenate([[0], rng.uniform(165, 250, nx).cumsum()])
    y = np.concatenate([[0], rng.uniform(160, 235, ny).cumsum()])
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    span = np.array([x[-1], y[-1]])
    # Long waves bend whole streets, the jitter makes no two blocks alike.
    phase = rng.uniform(0, 2 * np.pi, 4)
    t = grid / 1500.0
    bend = np.stack(
        [
            70 * np.sin(2.1 * t[..., 1] + phase[0]) + 35 * np.sin(4.3 * t[..., 0] + phase[1]),
            60 * np.sin(1.8 * t[..., 0] + phase[2]) + 30 * np.sin(3.7 * t[..., 1] + phase[3]),
        ],
        axis=-1,
    )
    corners: NDArray[np.float64] = grid + bend + rng.normal(0, 9, grid.shape)
    corners += np.array(centre) - span / 2
    return corners


def _edges(
    a: NDArray[np.float64], b: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    t = np.linspace(0, 1, EDGE_POINTS)[:, None]
    line = a[..., None, :] * (1 - t) + b[..., None, :] * t
    normal = (b - a)[..., ::-1] * np.array([-1, 1])
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    bow = rng.normal(0, 2.0, a.shape[:-1])[..., None, None] * np.sin(np.pi * t)
    edges: NDArray[np.float64] = np.round(line + bow * normal[..., None, :], 2)
    return edges


def _redrawn(
    corner: NDArray[np.float64],
    street: tuple[NDArray[np.float64], NDArray[np.float64]],
    rng: np.random.Generator,
    canal: int,
    rail: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    def hand(shape: tuple[int, ...], metres: float) -> NDArray[np.float64]:
        return np.clip(rng.normal(0, metres, shape), -2.5, 2.5)

    at_corner = hand(corner.shape, 0.9)
    # The canal bank and the railway are surveyed: two surveys differ by less than a metre.
    at_corner[:, canal] = np.clip(at_corner[:, canal], -0.3, 0.3)
    at_corner[rail] = np.clip(at_corner[rail], -0.3, 0.3)
    east = street[0] + hand(street[0].shape, 0.9)
    north = street[1] + hand(street[1].shape, 0.9)
    east[rail] = street[0][rail] + np.clip(east[rail] - street[0][rail], -0.3, 0.3)
    north[:, canal] = street[1][:, canal] + np.clip(
        north[:, canal] - street[1][:, canal], -0.3, 0.3
    )
    drawn_corner = np.concatenate([street[0][:, :, 0], street[0][:, -1:, -1]], axis=1) + at_corner
    east[:, :, 0], east[:, :, -1] = drawn_corner[:, :-1], drawn_corner[:, 1:]
    north[:, :, 0], north[:, :, -1] = drawn_corner[:-1], drawn_corner[1:]
    return np.round(east, 2), np.round(north, 2)
