"""Maps that are signals already: `fuse_maps`, and what their noise is."""
