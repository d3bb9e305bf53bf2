"""The summed EDS spectrum: model, calibration, elements and their templates."""
