"""Convert spectrum images and HAADF images of all forms to the standard form for fusion.

In this form, data are plain numbers, energies ascend, the two axes of the scan come first, and
metadata follow the conventions of HyperSpy. Results are converted back to the original axes and
metadata.

eXSpy imports this module during its own import, so other imports are deferred to the first call.
"""

import functools
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tidied:
    """A spectrum image in the standard form, and the conversion back.

    Attributes
    ----------
    signal : BaseSignal
        The spectrum image; the one that was given if nothing had to be changed.
    given : BaseSignal
        The one that was given.
    mask : numpy.ndarray or None
        True where masked data leave out a scan position.
    is_line : bool
        Whether a line of spectra was made into one row.
    order : tuple of int or None
        Places of the navigation axes in those that were given, if these were put into another
        order.
    assumed : dict of str to float
        What was taken for values that the metadata lack.
    """

    signal: object
    given: object
    mask: object = None
    is_line: bool = False
    order: tuple | None = None
    assumed: dict = field(default_factory=dict)

    def haadf_of(self, haadf):
        """Return the HAADF image in the standard form, and its mask or None."""
        from hyperspy.signal import BaseSignal

        from .found_data import in_order
        from .found_haadf import ScanGrid, tidied_haadf

        axes = self.signal.axes_manager.navigation_axes
        if self.order is not None:
            # a stack of images in the order of the axes that were given
            if isinstance(haadf, BaseSignal):
                manager = haadf.axes_manager
                if not manager.signal_dimension and manager.navigation_dimension == len(axes):
                    haadf = haadf.transpose(navigation_axes=list(self.order))
            elif getattr(haadf, "shape", ()) == self.given.axes_manager.navigation_shape[::-1]:
                haadf = in_order(haadf, self.order)
        shape = tuple(axis.size for axis in axes[1::-1])
        return tidied_haadf(haadf, ScanGrid(shape, axes[:2], self.is_line, len(axes) > 2))

    def mask_of(self, navigation_mask, of_haadf=None):
        """Return the user's mask in the standard form, combined with those of spectra and HAADF."""
        import numpy as np
        from hyperspy.signal import BaseSignal

        from .found_data import either, in_order

        own = [each for each in (self.mask, of_haadf) if each is not None]
        if navigation_mask is None:
            return functools.reduce(either, own) if own else None
        array = navigation_mask
        array = array.data if isinstance(array, BaseSignal) else array
        array = np.asarray(array.compute() if hasattr(array, "compute") else array)
        if self.is_line and array.ndim == 1:
            array = array[None]
        if self.order is not None and array.ndim == len(self.order):
            array = in_order(array, self.order)
        if array.dtype.kind in "ui" and np.isin(array, (0, 1)).all():
            array = array.astype(bool)
        return functools.reduce(either, own, array) if array.dtype == bool else array

    def restored(self, results):
        """Return the results of a fusion with the axes and metadata of the original signal."""
        if self.signal is self.given and not self.is_line and self.order is None:
            return results
        if isinstance(results, tuple):
            maps, output = results
            output = {name: self._restored_output(name, each) for name, each in output.items()}
            return [self._restored_map(each) for each in maps], output
        return [self._restored_map(each) for each in results]

    @property
    def _back(self):
        """Order of navigation axes that restores the original one, or None if it is unchanged."""
        if self.order is None:
            return None
        return [self.order.index(place) for place in range(len(self.order))]

    def _restored_map(self, result):
        from .records import record_task, set_record_task

        task = record_task(result) if result._lazy else None
        if self.is_line:
            result = result.inav[:, 0]
        if self.order is not None:
            result = result.transpose(navigation_axes=self._back)
        metadata = result.metadata
        if metadata.has_item("Acquisition_instrument"):
            del metadata.Acquisition_instrument
        instrument = self.given.metadata.get_item("Acquisition_instrument", None)
        if instrument is not None:
            metadata.add_dictionary({"Acquisition_instrument": instrument.as_dictionary()})
        for node in ("Multimodal_fusion", "Spectrum_fit"):
            if metadata.has_item(node):
                _complete(metadata.get_item(node), self.is_line, self._back, self.assumed)
        if task is not None:
            set_record_task(result, self._completed_tasks(task))
        return result

    def _completed_tasks(self, task):
        import dask

        # the record of a slice has no axes of slices
        own = functools.partial(_completed, self.is_line, None, self.assumed)
        own = dask.delayed(own)
        return [own(each) for each in task] if isinstance(task, list) else own(task)

    def _restored_output(self, name, value):
        if name in ("raw_maps", "standard_deviations"):
            return [self._restored_map(each) for each in value]
        if name == "draws":
            return [[self._restored_map(each) for each in draw] for draw in value]
        if name in ("haadf", "modelled_haadf", "haadf_residual") and self.is_line:
            return value.isig[:, 0]
        return value


def as_found(method):
    """Make a fusion accept spectra and HAADF images in any form."""

    @functools.wraps(method)
    def fused(self, haadf, *args, **kwargs):
        if kwargs.get("maps") is not None:  # the spectra are not read
            return method(self, haadf, *args, **kwargs)
        given, spectra = haadf, tidied(self, haadf)
        haadf, own = spectra.haadf_of(haadf)
        kwargs["navigation_mask"] = spectra.mask_of(kwargs.get("navigation_mask"), own)
        results = spectra.restored(method(spectra.signal, haadf, *args, **kwargs))
        if isinstance(results, tuple):
            name_images(results[1], given)
        return results

    return fused


def name_images(output, haadf):
    """Name the images of an output after the detector in the title of the HAADF."""
    from .native import image_name

    name = image_name(haadf)
    for item in ("haadf", "modelled_haadf", "haadf_residual"):
        if name != "HAADF" and item in output:
            general = output[item].metadata.General
            general.title = general.title.replace("HAADF", name)


def tidied(signal, haadf=None):
    """Return a `Tidied` spectrum image, with the signal itself if no change is needed.

    Parameters
    ----------
    signal : EDSSpectrum or EELSSpectrum
        Spectrum image, eager or lazy, or a line of spectra. It is not changed.
    haadf : object, optional
        HAADF image as given: it tells which axes are those of the scan.

    Raises
    ------
    TypeError, ValueError
        If the data are no real numbers, or channels in the middle of the axis are masked.
    """
    from .found_data import (
        as_row,
        ascending,
        check_numbers,
        check_units,
        in_order,
        scan_first,
        without_data_masks,
    )
    from .found_metadata import tidied_metadata

    check_numbers(signal)
    result, is_line = signal, False
    check_units(signal)
    metadata, assumed = tidied_metadata(signal)
    result, masked = without_data_masks(ascending(result, metadata))
    manager = result.axes_manager
    if manager.signal_dimension == 1 and manager.navigation_dimension == 1:
        result, is_line = as_row(result), True
        masked = None if masked is None else masked[None]
    order = scan_first(result, haadf)
    if order is not None:
        result = result.transpose(navigation_axes=list(order))
        masked = None if masked is None else in_order(masked, order)
    return Tidied(result, signal, masked, is_line, order, assumed)


def _complete(record, is_line, back, assumed):
    """Convert arrays in a record (a metadata node or a dictionary) to the original axes."""
    from .found_data import in_order

    for item in ("standard_deviation", "variance"):
        if is_line and item in record:
            record[item] = record[item][0]
        elif back is not None and item in record and record[item].ndim == len(back):
            record[item] = in_order(record[item], back)
    if assumed:
        record["assumed"] = dict(assumed)


def _completed(is_line, back, assumed, record):
    record = dict(record)
    _complete(record, is_line, back, assumed)
    return record
