"""Physics of a count: lines, edges, yields, cross-sections, scattering into the HAADF."""
