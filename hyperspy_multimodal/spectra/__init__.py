"""Spectra as sums of what elements and background look like: lines, edges, continuum, fits."""
