"""EELS of core-shell nanoparticles: manganese oxide cores in cobalt oxide shells."""

import exspy.signals
import numpy as np

from ..eels.edge_windows import has_room, integration_channels
from ..physics.edges import onset_energy
from ..signals.native import element_maps
from ._arguments import check_integer, check_number, check_shape
from ._core_loss_specimen import MICROSCOPE, CoreLossSpecimen, expected_electrons
from ._haadf_detector import haadf_image
from ._materials import compound_densities, stack_areal_densities
from ._particles import core_shell_thicknesses
from ._scan_settings import Scan
from ._spectrum import draw_counts

# Formula and density in g/cm^3: hausmannite and the spinel guite.
_CORE = {"Mn": 3, "O": 4}, 4.86
_SHELL = {"Co": 3, "O": 4}, 6.11
_EDGES = "O_K", "Mn_L3", "Co_L3"
_NAME = "core-loss spectra of oxide particles"
_SMALLEST_SHAPE = 8


def core_loss(
    shape: tuple[int, int] = (128, 128),
    counts: float = 5.0,
    *,
    layout_seed: int = 0,
    exponent: float = 3.0,
    background_ratio: float = 10.0,
    white_lines: float = 0.0,
    gain: float = 1.0,
    channels: int = 300,
    first_energy: float = 400.0,
    channel_width: float = 2.0,
    pixel_size: float = 0.5,
    haadf_noise: float = 0.02,
    seed: int = 0,
) -> CoreLossSpecimen:
    """Simulate EELS and HAADF data, with ground truth, for core-shell oxide particles.

    A square field of view in vacuum contains ten spheres that overlap in projection, as in
    `core_shell`. Each has a core of Mn3O4 (4.86 g/cm^3) in a shell of Co3O4 (6.11 g/cm^3), the
    compounds of the nanocrystals of [1]_. The edges O K (532 eV), Mn L (640 eV) and Co L (779 eV)
    are so close that each lies on the tail of the previous one.

    Parameters
    ----------
    shape : tuple of int, default (128, 128)
        Rows and columns of the scan, each at least 8. The particles scale with the shorter side.
    counts : float, default 5.0
        Expected net electrons per pixel at the densest point, in the window of the strongest edge:
        the highest value in the maps `CoreLossSpecimen.counts`.
    layout_seed : int, default 0
        Seed for the positions and sizes of the particles.
    exponent : float, default 3.0
        Exponent r of the background A E^-r.
    background_ratio : float, default 10.0
        Ratio of the electrons of the power law to the net electrons in the window of the strongest
        edge at the densest point.
    white_lines : float, default 0.0
        Ratio of the electrons in the white lines of Mn and Co, L3 and L2 together, to those of the
        hydrogenic edge, both in the window of the edge.
    gain : float, default 1.0
        Counts per electron. A value other than 1 is stored in
        ``metadata.Signal.Noise_properties.Variance_linear_model.gain_factor``.
    channels : int, default 300
        Number of channels.
    first_energy : float, default 400.0
        Energy of the centre of the first channel in eV.
    channel_width : float, default 2.0
        Width of a channel in eV.
    pixel_size : float, default 0.5
        Size of a pixel in nm. It determines the thickness of the particles and thus the dose.
    haadf_noise : float, default 0.02
        Standard deviation of the Gaussian noise of the HAADF, as a fraction of the range of the
        HAADF.
    seed : int, default 0
        Seed for the noise in EELS and HAADF.

    Returns
    -------
    CoreLossSpecimen
        Named tuple of `signal`, `haadf`, `counts`, `background` and `areal_densities`; the edges
        are O_K, Mn_L3 and Co_L3.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If an argument is out of range, or if the windows of an edge extend beyond the energy axis.

    See Also
    --------
    core_shell : Similar particles in EDS.

    Notes
    -----
    - Edges: eXSpy's hydrogenic cross-sections of the K and L shells [2]_ at 200 keV, with a
      convergence angle of 10 mrad and a collection angle of 30 mrad, as in ``map_method="fit"``.
      They contain no separate step for L2.
    - White lines: Lorentzians of 4 eV full width, 2 eV above the onsets of L3 and L2 and cut off at
      the onsets, with areas 2 : 1. The fit uses a different shape, without a cut-off.
    - Background: a power law [2]_ with the same exponent everywhere, proportional to
      mass-thickness; none in vacuum.
    - Thin specimen (33 nm at the thickest point of the default) and perfect spectrometer: no plural
      scattering, no energy spread, no fine structure except the white lines, no chemical shift
      between the oxides, no noise except that of the electrons.
    - HAADF: areal density x Z^1.7 summed over the elements [3]_, 4000 for vacuum and 44000 for the
      densest pixel, with Gaussian noise; no channelling, no tails of the probe.

    References
    ----------
    .. [1] J. Schwartz et al., Nat. Commun. 15, 3555 (2024), doi:10.1038/s41467-024-47558-0.
    .. [2] R. F. Egerton, Electron Energy-Loss Spectroscopy in the Electron Microscope, 3rd ed.,
       Springer (2011), appendix B and section 4.4.
    .. [3] S. J. Pennycook and D. E. Jesson, Ultramicroscopy 37, 14 (1991).

    Examples
    --------
    >>> from hyperspy_multimodal.data import core_loss
    >>> specimen = core_loss((32, 32), counts=20)
    >>> specimen.signal
    <EELSSpectrum, title: Simulated core-loss spectra of oxide particles, dimensions: (32, 32|300)>
    >>> [m.metadata.Sample.edges for m in specimen.counts]
    [['O_K'], ['Mn_L3'], ['Co_L3']]
    >>> round(max(float(m.data.max()) for m in specimen.counts), 6)
    20.0
    """
    check_shape(shape, at_least=_SMALLEST_SHAPE)
    positive = {"exponent": exponent, "gain": gain, "channel_width": channel_width}
    for name, value in positive.items():
        check_number(name, value, above=0)
    shares = {"background_ratio": background_ratio, "white_lines": white_lines}
    for name, value in shares.items():
        check_number(name, value, at_least=0)
    check_integer("channels", channels, at_least=2)
    check_number("first_energy", first_energy, above=channel_width / 2)
    check_integer("layout_seed", layout_seed, at_least=0)
    scan = Scan(counts=counts, pixel_size=pixel_size, haadf_noise=haadf_noise, seed=seed)
    shape = tuple(int(n) for n in shape)
    signal = exspy.signals.EELSSpectrum(np.zeros((*shape, channels), np.uint8))
    axis = signal.axes_manager.signal_axes[0]
    axis.name, axis.units, axis.offset, axis.scale = "Energy", "eV", first_energy, channel_width
    windows = _windows(signal)

    core, shell = core_shell_thicknesses(shape, np.random.default_rng(layout_seed))
    areal = stack_areal_densities(
        (compound_densities(*_CORE), core * pixel_size),
        (compound_densities(*_SHELL), shell * pixel_size),
    )
    limits = first_energy + channel_width * (np.arange(channels + 1) - 0.5)
    maps, templates, dose = expected_electrons(
        areal, _EDGES, limits, windows, counts=counts, exponent=exponent, **shares
    )
    rng, haadf_rng = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    drawn = draw_counts(maps.reshape(len(maps), -1), templates, rng).reshape(signal.data.shape)
    signal.data = drawn if gain == 1 else np.multiply(drawn, gain, dtype=np.float32)
    haadf = scan.haadf_signal(haadf_image(areal, haadf_noise, haadf_rng))

    _describe(signal, haadf, gain)
    simulation = {
        "specimen": _NAME,
        "shape": shape,
        "counts": counts,
        **positive,
        **shares,
        "channels": channels,
        "first_energy": first_energy,
        "pixel_size": pixel_size,
        "haadf_noise": haadf_noise,
        "layout_seed": layout_seed,
        "seed": seed,
        "electrons_per_pixel": dose,
    }
    for result in (signal, haadf):
        result.metadata.add_dictionary({"Simulation": simulation})
    in_windows = np.array([templates[:, window].sum(axis=1) for window in windows])
    own = np.eye(*in_windows.shape, dtype=bool)
    return CoreLossSpecimen(
        signal=signal,
        haadf=haadf,
        counts=_window_maps(signal, np.where(own, in_windows, 0), maps, "Net electrons"),
        background=_window_maps(signal, np.where(own, 0, in_windows), maps, "Background"),
        areal_densities=areal,
    )


def _windows(signal):
    """Return the channels of the integration windows of the edges, as slices."""
    axis = signal.axes_manager.signal_axes[0]
    windows = []
    if all(has_room(axis, onset_energy(edge), pre_edge=True) for edge in _EDGES):
        windows = integration_channels(signal, list(_EDGES), None)
    if not windows or windows[-1][1] >= axis.size:
        raise ValueError(
            "first_energy, channels and channel_width must give an axis with room for the windows "
            f"of {', '.join(_EDGES)}, about 510 to 860 eV, but {axis.offset!r}, {axis.size!r} and "
            f"{axis.scale!r} were given."
        )
    return [slice(*window) for window in windows]


def _describe(signal, haadf, gain):
    """Set the axes of the scan, and microscope, elements, title and gain in the metadata."""
    for axis, image_axis in zip(
        signal.axes_manager.navigation_axes, haadf.axes_manager.signal_axes, strict=True
    ):
        axis.name, axis.units, axis.scale = image_axis.name, image_axis.units, image_axis.scale
    signal.metadata.General.title = f"Simulated {_NAME}"
    signal.set_microscope_parameters(**MICROSCOPE)
    symbols = sorted(edge.split("_")[0] for edge in _EDGES)
    signal.add_elements(symbols)
    signal.metadata.Sample.elements = symbols  # eXSpy adds them in any order
    if gain != 1:
        item = "Signal.Noise_properties.Variance_linear_model.gain_factor"
        signal.metadata.set_item(item, float(gain))


def _window_maps(signal, shares, maps, what):
    titles = [f"{what} in the window of {edge}" for edge in _EDGES]
    return element_maps(signal, np.tensordot(shares, maps, 1), _EDGES, "edges", titles, "")
