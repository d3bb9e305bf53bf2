"""Reading maps from a spectrum image as a plan says, in one pass over the spectra or two.

A plan knows the windows (``ranges`` of channels by name, and ``edges`` between which counts are
summed, or None), the channels that a fit has ``used`` (None where nothing is fitted), whether
single values may be ``negative``, whether spectra are ``smooth`` (without peaks), and how many
channels the ``widest_spike`` has. Its ``reading(segments, total, divisor)`` is what the first pass
gives, of the counts in windows and the sum of all spectra, without what cannot come from the
specimen (`left_out`). If that has an ``operator``, a second pass multiplies each spectrum by it,
and halves of the counts by its first ``columns``, if it ``splits`` them; ``measured`` makes the
reading of both. The reading at last has ``maps``, ``raw`` net counts and a ``record``. Plans and
readings hold no spectra and no signals, so that they can be sent to where the spectra are.
"""

from dataclasses import dataclass

from .left_out import first_reading
from .passes import projected, summed_spectrum
from .segments import count_segments

#: How many times counts are halved, where lambdas are chosen by what the halves predict.
SPLITS = 3


@dataclass(frozen=True)
class Reading:
    """Maps that were read from spectra, and how.

    Attributes
    ----------
    maps : ElementMaps or FittedMaps
        Maps.
    record : dict
        How they were read, in types that metadata can hold.
    """

    maps: object
    record: dict
    #: Counts of the spectra for each of the raw maps'.
    factor = 1.0
    operator = None

    @property
    def settled(self):
        """The same with maps that cannot be split, which take less memory."""
        return Reading(getattr(self.maps, "settled", self.maps), self.record)

    @property
    def raw(self):
        """Net counts as measured, shape (K, ny, nx)."""
        return self.maps.gains.astype(self.maps.net.dtype)[:, None, None] * self.maps.net


def read(signal, plan, halves, seed, show_progressbar):
    """Read maps from a spectrum image.

    Parameters
    ----------
    signal : BaseSignal
        Spectrum image, eager or lazy.
    plan : XrayFit, XrayWindows, EdgePlan or EdgeWindows
        How to read it.
    halves, seed : int
        Pairs of random halves to draw, and their seed.
    show_progressbar : bool
        Whether to show the progress of reading a lazy signal.

    Returns
    -------
    SpectrumFit, Reading, EdgeMeasurement or EdgeFit, or a PartialReading of one
    """
    segments = None
    sums = summed_spectrum(signal, show_progressbar, negative=plan.negative)
    if plan.edges is not None:
        segments, _ = count_segments(signal, plan.edges, show_progressbar)
    reading = first_reading(plan, segments, sums)
    if reading.operator is None:
        return reading
    pairs = halves if reading.splits else 0
    passed = projected(signal, reading.operator, (pairs, reading.columns), seed, show_progressbar)
    return reading.measured(*passed, seed=seed, halves=halves)
