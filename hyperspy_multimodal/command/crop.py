"""The options ``--crop`` and ``--energies``: a part of the scan, or of the energy axis."""

import argparse
import re

_BOUNDS = re.compile(r"(\d*):(\d*),(\d*):(\d*)")
_NUMBER = r"(-?\d+\.?\d*|\.\d+|)"
_ENERGIES = re.compile(f"{_NUMBER}:{_NUMBER}")


def crop(text):
    """Return slices of rows and columns of a text such as "0:64,32:96"."""
    found = _BOUNDS.fullmatch(text.replace(" ", ""))
    if found is None:
        raise argparse.ArgumentTypeError(
            f"expected Y0:Y1,X0:X1 in pixels, such as 0:64,32:96, but {text!r} was given"
        )
    y0, y1, x0, x1 = (int(each) if each else None for each in found.groups())
    for start, stop in ((y0, y1), (x0, x1)):
        if stop is not None and stop <= (start or 0):
            raise argparse.ArgumentTypeError(f"the part {text} contains no pixels")
    return slice(y0, y1), slice(x0, x1)


def energies(text):
    """Return lowest and highest energy, None for an end of the axis, of a text like "830:1300"."""
    found = _ENERGIES.fullmatch(text.replace(" ", ""))
    if found is None or not any(found.groups()):
        raise argparse.ArgumentTypeError(
            f"expected E0:E1 in the units of the energy axis, such as 830:1300, but {text!r} was "
            "given"
        )
    low, high = (float(each) if each else None for each in found.groups())
    if low is not None and high is not None and high <= low:
        raise argparse.ArgumentTypeError(f"the range {text} contains no energies")
    return low, high


def cropped_energies(spectra, part):
    """Return spectra with a part of their energy axis; ``part`` is from `energies`, or None."""
    if part is None:
        return spectra
    axis = spectra.axes_manager.signal_axes[0]
    low, high = part
    first = 0 if low is None else _channel_at(axis, low)
    stop = axis.size if high is None else _channel_at(axis, high)
    if first >= stop:
        raise ValueError(
            f"--energies contains no channel of the energy axis, which extends from "
            f"{axis.low_value:g} to {axis.high_value:g} {axis.units}."
        )
    return spectra.isig[first:stop]


def _channel_at(axis, energy):
    """Return the channel at an energy, rounded as in ``s.isig``, between 0 and their number."""
    if energy < axis.low_value:
        return 0
    return axis.size if energy > axis.high_value else axis.value2index(float(energy))


def cropped_signal(signal, part, shape):
    """Return a part of a spectrum image, or of an image of the same field of view.

    Parameters
    ----------
    signal : BaseSignal
        Spectrum image or image; stacks are cropped image by image.
    part : tuple of slice
        Rows and columns, in pixels of the scan.
    shape : tuple of int
        Rows and columns of the scan. An image may have a whole multiple of them.
    """
    manager = signal.axes_manager
    is_image = manager.signal_dimension == 2
    axes = manager.signal_axes if is_image else manager.navigation_axes[:2]
    parts = [
        _in_pixels(each, size, axis.size)
        for each, size, axis in zip(part, shape, axes[::-1], strict=True)
    ]
    indexer = signal.isig if is_image else signal.inav
    return indexer[parts[1], parts[0]]


def cropped_array(array, part, shape):
    """Return a part of an image of the size of the scan; None of None.

    An image of the size of the part is taken to be cropped already.

    Parameters
    ----------
    array : numpy.ndarray or None
    part : tuple of slice
        Rows and columns.
    shape : tuple of int
        Rows and columns of the scan.
    """
    if array is None or array.shape == cropped_size(part, shape):
        return array
    return array[part]


def cropped_size(part, shape):
    """Return rows and columns of a part of a scan; None stands for the whole scan."""
    if part is None:
        return tuple(shape)
    return tuple(len(range(*each.indices(size))) for each, size in zip(part, shape, strict=True))


def scan_size(signal):
    """Return rows and columns of a spectrum image or a map, or say that it has none."""
    manager = signal.axes_manager
    axes = manager.signal_axes if manager.signal_dimension == 2 else manager.navigation_axes
    if len(axes) < 2:
        raise ValueError("--crop takes rows and columns, but this scan is a line.")
    return tuple(axis.size for axis in axes[1::-1])


def check_crop(part, shape):
    """Refuse a part that reaches beyond the scan."""
    for each, size, name in zip(part, shape, ("rows", "columns"), strict=True):
        if max(each.start or 0, each.stop or 0) > size or (each.start or 0) >= size:
            raise ValueError(
                f"--crop reaches beyond the scan, which has {size} {name}. Rows come first: "
                "--crop Y0:Y1,X0:X1."
            )


def _in_pixels(part, size, pixels):
    """Return a slice of ``size`` pixels as one of a whole multiple of them."""
    factor, rest = divmod(pixels, size)
    if rest or not factor:
        raise ValueError(
            f"--crop cannot crop the HAADF in the same way: its {pixels} pixels are not a whole "
            f"multiple of the {size} pixels of the scan. Crop both signals in HyperSpy instead."
        )
    return slice(*(None if each is None else factor * each for each in (part.start, part.stop)))
