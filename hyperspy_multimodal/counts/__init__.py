"""Counts and their variance: maps by windows or by a fit, and how spectra are read."""
