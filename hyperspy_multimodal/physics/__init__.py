"""Physics of signals: lines, edges, yields, cross-sections and scattering to the HAADF."""
