"""The option ``--regions``: label images and masks in files."""

import numpy as np

from .crop import cropped_size

#: What ``--regions`` accepts besides a file: regions found in the maps, and the whole scan.
AUTO, WHOLE = "auto", "whole"
_JOINED = 0.5  # share of the pixels of regions that have a neighbour of the same region


def load_regions(file):
    """Return a label image of integers, 0 outside, or say why a file has none.

    Parameters
    ----------
    file : pathlib.Path
        Image of whole numbers, or of True and False.

    Returns
    -------
    numpy.ndarray
        Shape (ny, nx).
    """
    from .load import image_in  # HyperSpy takes long to import

    image = image_in(file)
    if image.dtype.names:  # a colour picture
        image = np.stack([image[name] for name in image.dtype.names[:3]], axis=-1)
    if image.ndim == 3:
        if not (image.shape[-1] <= 4 and (image == image[..., :1]).all()):
            raise ValueError(
                f"{file} must contain one number per pixel for --regions, 0 outside, but is a "
                "colour picture or a stack. Save it as a grey picture."
            )
        image = image[..., 0]
    whole = image.dtype.kind in "bui" or (np.isfinite(image).all() and (image % 1 == 0).all())
    if not whole or image.min() < 0:
        raise ValueError(
            f"{file} must contain whole numbers >= 0 for --regions: the number of its region in "
            "each pixel, 0 outside."
        )
    if not image.any():
        raise ValueError(f"{file} must contain a region for --regions, but all pixels are 0.")
    labels = image.astype(np.int64)
    if _is_strewn(labels):
        raise ValueError(
            f"{file} must contain regions for --regions, but its {len(np.unique(labels))} numbers "
            "change from pixel to pixel, as in an ordinary image."
        )
    return labels


def _is_strewn(labels):
    """Return whether most pixels of several regions have no neighbour of their own region."""
    inside = labels > 0
    if len(np.unique(labels[inside])) < 2:
        return False
    joined = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        same = np.diff(labels, axis=axis) == 0
        first = [slice(None)] * 2
        first[axis] = slice(None, -1)
        second = [slice(None)] * 2
        second[axis] = slice(1, None)
        joined[tuple(first)] |= same
        joined[tuple(second)] |= same
    return joined[inside].mean() < _JOINED


def check_size(image, shape, part=None, option="--regions"):
    """Refuse an image of another size than the scan, or than its part.

    Parameters
    ----------
    image : numpy.ndarray
    shape : tuple of int
        Rows and columns of the scan.
    part : tuple of slice, optional
        The part, of ``--crop``.
    option : str
        What the image was given for. Default "--regions".
    """
    sizes = list(dict.fromkeys([tuple(shape), cropped_size(part, shape)]))
    if image.shape not in sizes:
        scan, *cropped = (" x ".join(map(str, size)) for size in sizes)
        or_part = f", or those of the part, {cropped[0]}" if cropped else ""
        raise ValueError(
            f"{option} must have the rows and columns of the scan, {scan}{or_part}, but has "
            f"{' x '.join(map(str, image.shape))}."
        )
