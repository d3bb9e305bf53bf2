"""EDS: methods of spectrum images, and how maps are read from their spectra.

eXSpy imports `method` while it is being imported itself: nothing is imported here.
"""
