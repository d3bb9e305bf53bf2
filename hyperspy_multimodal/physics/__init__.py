"""What a count stands for: lines, edges, yields, cross-sections, scattering into the HAADF."""
