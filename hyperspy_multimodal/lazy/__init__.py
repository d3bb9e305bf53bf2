"""Graphs of Dask: spectrum images that are read, and maps that are fused, only when computed."""

from .blocks import guarded
from .map_blocks import map_blocks_of
from .reading import read_lazily
from .tasks import task

__all__ = ["guarded", "map_blocks_of", "read_lazily", "task"]
