"""The main job: household points become grids become a map."""

from lingwu_grid.partition.walk import partition

__all__ = ["partition"]
