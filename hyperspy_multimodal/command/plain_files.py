"""Maps and images in files that HyperSpy does not know: plain HDF5 and arrays of NumPy."""

import h5py
import numpy as np
from hyperspy.signals import Signal2D

#: Extensions of such files.
EXTENSIONS = (".h5", ".hdf5", ".hdf", ".npz", ".npy")


def load_plain(file):
    """Return the images in a file, titled by their names there.

    Parameters
    ----------
    file : pathlib.Path
        HDF5 file of any layout, .npz or .npy.

    Returns
    -------
    list of Signal2D
        Arrays with two dimensions of more than one pixel each.
    """
    if file.suffix.lower() == ".npy":
        arrays = {file.stem: np.load(file, allow_pickle=False)}
    elif file.suffix.lower() == ".npz":
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    else:
        arrays = _arrays_of(file)
    return [_titled(np.squeeze(array), name) for name, array in arrays.items() if _is_image(array)]


def _arrays_of(file):
    """Return images by their own names, or by their places where several have one name."""
    arrays = {}

    def take(place, item):
        if isinstance(item, h5py.Dataset) and _is_image(item):
            arrays[place] = item[()]

    with h5py.File(file) as archive:
        archive.visititems(take)
    names = [place.rpartition("/")[2] for place in arrays]
    return {
        name if names.count(name) == 1 else place: array
        for name, (place, array) in zip(names, arrays.items(), strict=True)
    }


def _is_image(array):
    long = [size for size in array.shape if size > 1]
    return len(long) == 2 and array.dtype.kind in "buif"


def _titled(array, name):
    signal = Signal2D(array)
    signal.metadata.General.title = name
    return signal
