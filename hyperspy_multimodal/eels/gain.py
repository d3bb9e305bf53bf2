"""The gain of EELS data, in counts per electron: given, from the metadata, or from the noise."""

import numbers
from typing import NamedTuple

import numpy as np

from ..counts.doubtful_gain import is_contradicted
from ..notes import Speaker
from ..written_numbers import plain, with_error

_logger = Speaker(__name__)

_ITEM = "Signal.Noise_properties.Variance_linear_model.gain_factor"
# Noise contradicts the metadata if it exceeds their prediction by this factor and by this many
# standard errors: readers assume 1 if a file states no gain.
_CONTRADICTED, _STANDARD_ERRORS = 3.0, 4.0


class Camera(NamedTuple):
    """Relation between the counts of a channel and electrons, and their noise.

    Attributes
    ----------
    gain : float
        Counts per electron.
    gain_source : str
        "given", "metadata", "integer counts", "estimated" (there is no other), or "noise" (which
        contradicts the metadata, or whole numbers, by more than a factor of 3).
    floor : float
        Standard deviation of a channel's counts where there are no electrons.
    gain_error : float or None
        Standard error of a gain that was estimated, with how much it depends on the width of
        ranges of channels; None for others.
    """

    gain: float
    gain_source: str
    floor: float
    gain_error: float | None = None

    @property
    def record(self):
        """The same in types that metadata can hold."""
        return {
            "gain": self.gain,
            "gain_source": self.gain_source,
            "gain_error": self.gain_error,
            "noise_floor": self.floor,
        }

    def floors(self, widths):
        """Return the variance of sums of so many channels beside that of electrons, in electrons.

        Parameters
        ----------
        widths : array_like
            Numbers of channels.
        """
        return np.asarray(widths, float) * (self.floor / self.gain) ** 2


class WithCamera:
    """Attributes of readings of spectra with a ``camera``."""

    @property
    def gain(self):
        """Counts per electron."""
        return self.camera.gain


def stored_gain(signal):
    """Return the gain in the metadata of a spectrum image, None if there is none."""
    return signal.metadata.get_item(_ITEM, None)


def find_camera(stored, given, counts, noise):
    """Return the `Camera` of a spectrum image.

    Parameters
    ----------
    stored : object
        From `stored_gain`.
    given : float or None
        Gain as the user gives it.
    counts : numpy.ndarray
        All counts, to see whether they are whole numbers.
    noise : CameraNoise
        What the spectra themselves say.
    """
    gain, source = _gain(stored, given, counts, noise)
    is_estimated = source in ("estimated", "noise")
    error = float(np.hypot(noise.gain_error, noise.gain_spread))
    camera = Camera(gain, source, noise.floor, error if is_estimated else None)
    if noise.floor > 0 and not is_estimated:
        _logger.info(
            "In addition to the gain of %s counts per electron (%s), the noise of the spectra "
            "shows a floor of %s counts per channel, which is accounted for.",
            plain(camera.gain),
            camera.gain_source,
            plain(camera.floor),
        )
    return camera


def _gain(stored, given, counts, noise):
    """Return the gain and its source."""
    gain, source = (given, "given") if given is not None else _not_given(stored, counts, noise)
    error = float(np.hypot(noise.gain_error, noise.gain_spread))
    if is_contradicted(gain, noise.gain, error):
        _logger.warning(
            "The gain is taken to be %s counts per electron (%s), but the noise of the spectra "
            "suggests %s. With a wrong gain, errors are wrong, and lambdas='auto' smooths too "
            "little or too much. %s if it is known.",
            plain(gain),
            source,
            with_error(noise.gain, error),
            "Keep `gain` only" if source == "given" else "Pass `gain`",
            kind="wrong gain",
        )
    elif source in ("metadata", "integer counts"):
        _say_if_unchecked(gain, source, noise, error)
    return gain, source


def _say_if_unchecked(gain, source, noise, error):
    """Warn if the noise cannot show whether a gain that was not passed is wrong."""
    if noise.gain + _STANDARD_ERRORS * error < _CONTRADICTED * gain:
        return
    known = np.isfinite(error) and error < noise.gain
    _logger.warning(
        "The gain is taken to be %s counts per electron (%s), but the noise of these spectra "
        "cannot confirm it%s: more pixels or channels are needed. All errors depend on the gain. "
        "For part of a scan, pass the `gain` that was found for the whole scan.",
        plain(gain),
        source,
        f" (it suggests {with_error(noise.gain, error)})" if known else "",
        kind="noise",
    )


def _not_given(stored, counts, noise):
    """Return a gain that is not given, and its source."""
    usable = isinstance(stored, numbers.Real) and np.isfinite(stored) and stored > 0
    if stored is not None and not usable:
        _logger.warning(
            "metadata.%s = %r is ignored: a gain is a finite number > 0.",
            _ITEM,
            stored,
            kind="to do",
        )
        stored = None
    estimated, error = noise.gain, noise.gain_error
    floor = f", and a floor of {plain(noise.floor)} counts per channel" if noise.floor > 0 else ""
    if stored is not None:
        gain, source = float(stored), "metadata"
    elif np.array_equal(counts, np.rint(counts)):
        _logger.info("All counts are whole numbers: each is taken to be one electron.")
        gain, source = 1.0, "integer counts"
    elif np.isfinite(estimated) and estimated > _STANDARD_ERRORS * error:
        _logger.warning(
            "The counts are not whole numbers and metadata.%s is not set: the gain is estimated "
            "from their noise, %s counts per electron%s. Pass `gain` if it is known.",
            _ITEM,
            plain(estimated),
            floor,
            kind="told",
            brief=_brief(noise, "the metadata say nothing"),
        )
        return estimated, "estimated"
    else:
        raise ValueError(
            "The counts are not whole numbers, and their noise does not reveal the gain. Pass the "
            "spectra as recorded, before any background subtraction, or pass `gain`, in counts per "
            "electron."
        )
    if estimated > max(_CONTRADICTED * gain, gain + _STANDARD_ERRORS * error):
        _logger.warning(
            "%s a gain of %s, but the noise of the spectra shows %s counts per electron%s, "
            "which is used. Pass `gain` if it is known.",
            "The metadata give" if source == "metadata" else "Whole numbers suggest",
            plain(gain),
            plain(estimated),
            floor,
            kind="told",
            brief=_brief(
                noise,
                f"the metadata say {plain(gain)}"
                if source == "metadata"
                else "not 1 as for whole numbers",
            ),
        )
        return estimated, "noise"
    return gain, source


def _brief(noise, else_said):
    """Return a sentence on an estimated gain, on which all error bars depend."""
    gain = with_error(noise.gain, np.hypot(noise.gain_error, noise.gain_spread))
    return f"Gain: {gain} counts per electron, estimated from the noise ({else_said})."
