"""The summed EDS spectrum: model, calibration, elements, and what each of them looks like."""
