"""Dask graphs that read spectrum images and fuse maps only when computed."""

from .map_blocks import map_blocks_of
from .reading_tasks import read_later, read_now, sum_now
from .tasks import computed, task

__all__ = ["computed", "map_blocks_of", "read_later", "read_now", "sum_now", "task"]
