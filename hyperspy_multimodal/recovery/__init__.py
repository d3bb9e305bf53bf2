"""Arrays in, maps out: parameters, HAADF model, choice, fusion, errors, what there is to say."""
