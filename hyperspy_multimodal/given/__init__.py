"""Existing maps: `fuse_maps`, and estimates of their noise."""
