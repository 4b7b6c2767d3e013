"""A synthetic town from a seed: it looks like Lingwu and is not Lingwu."""

from lingwu_grid.sample.town import Town, make_town
from lingwu_grid.sample.writing import write_town

__all__ = ["Town", "make_town", "write_town"]
