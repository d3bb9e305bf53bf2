"""EELS: the method of spectrum images, and how maps are read from their spectra.

eXSpy imports `method` during its own import, so nothing is imported here.
"""
