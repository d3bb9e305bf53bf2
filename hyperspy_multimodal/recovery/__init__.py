"""Arrays in, maps out: parameters, HAADF model, choice, fusion, errors, messages."""
