"""Widths of peaks, and of X-ray lines in a silicon detector."""

import numpy as np

#: Full width at half maximum of a Gaussian over its standard deviation.
FWHM_PER_SIGMA = np.sqrt(8 * np.log(2))
#: Height of a Gaussian over its area and the inverse of its full width at half maximum.
HEIGHT_PER_AREA = 0.94
#: Energy of Mn Ka in keV, at which resolutions are given.
MN_KA = 5.8987
#: Slope of FWHM^2 with energy in eV^2 per keV, after Fiori and Newbury, as eXSpy has it.
FIORI_NEWBURY_SLOPE = 2500.0
