"""Parameters of the microscope in the metadata of a signal."""

#: What shapes of edges are computed for, where beam energy or angles are not known.
USUAL_INSTRUMENT = {"beam_energy": 200.0, "convergence_angle": 10.0, "collection_angle": 30.0}
_BEAM_ENERGY = {"EDS_SEM": 20.0}
#: Beam energy in keV where the metadata of a TEM hold none.
USUAL_BEAM_ENERGY = 200.0
#: By parameter of EELS cross-sections: its place in Acquisition_instrument, and how to set it.
EELS_PARAMETERS = {
    "beam_energy": ("TEM.beam_energy", "beam_energy=200"),
    "convergence_angle": ("TEM.convergence_angle", "convergence_angle=10"),
    "collection_angle": ("TEM.Detector.EELS.collection_angle", "collection_angle=30"),
}


def beam_energy_of(signal):
    """Return the beam energy in keV that the metadata of TEM or SEM hold, or what is usual."""
    usual = _BEAM_ENERGY.get(signal.metadata.Signal.signal_type, USUAL_BEAM_ENERGY)
    return stated(signal.metadata.get_item("Acquisition_instrument", None), "beam_energy", usual)


def stated(instrument, name, otherwise):
    """Return a number that the metadata of TEM or SEM hold, or what is usual."""
    for place in ("TEM", "SEM"):
        for item in (f"{place}.{name}", f"{place}.Detector.EDS.{name}"):
            value = instrument.get_item(item, None) if instrument is not None else None
            if value:
                return float(value)
    return otherwise


def with_usual(microscope):
    """Return the parameters of `microscope_of`, with what is usual where they are not set."""
    known = {name: value for name, value in microscope.items() if value}
    return {**USUAL_INSTRUMENT, **known}


def microscope_of(signal):
    """Return beam energy in keV, convergence and collection angle in mrad; None where not set."""
    return {
        name: signal.metadata.get_item(f"Acquisition_instrument.{item}", None)
        for name, (item, _) in EELS_PARAMETERS.items()
    }
