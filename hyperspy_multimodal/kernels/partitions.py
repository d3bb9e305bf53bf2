"""Sums of images over the parts of a partition, and images interpolated between its nodes.

Images are flat. Those of parts and of nodes are uint16, all others float64.
"""

from .compile import leaf


@leaf
def sum_parts(numbers, image, sums):
    """Add up an image over the parts of a partition.

    Parameters
    ----------
    numbers : numpy.ndarray
        Part of each pixel, shape (pixels,).
    image : numpy.ndarray
        Shape (pixels,).
    sums : numpy.ndarray
        On return the sums over each part of every fourth pixel, shape (4, parts), on entry 0. An
        addition need not wait for the previous one.
    """
    size = len(numbers)
    for first in range(0, size - 3, 4):
        for k in range(4):
            sums[k, numbers[first + k]] += image[first + k]
    for last in range(size - size % 4, size):
        sums[0, numbers[last]] += image[last]


@leaf
def sum_hats(numbers, left, step, image, sums):
    """Add up an image times each hat function of a partition over its parts.

    Parameters
    ----------
    numbers : numpy.ndarray
        Part of each pixel, shape (pixels,).
    left : numpy.ndarray
        Node before each pixel; that after it is the next one.
    step : numpy.ndarray
        Weight of the node after it, from 0 to 1.
    image : numpy.ndarray
        Shape (pixels,).
    sums : numpy.ndarray
        On return the sums of every fourth pixel as for `sum_parts`, shape (4, parts, nodes), on
        entry 0.
    """
    for pixel in range(len(numbers)):
        of_right = image[pixel] * step[pixel]
        own = sums[pixel % 4, numbers[pixel]]
        own[left[pixel]] += image[pixel] - of_right
        own[left[pixel] + 1] += of_right


@leaf
def weigh_steps(left, step, means, weighted):
    """Write the weight of the node after each pixel if nodes weigh as much as their means.

    Parameters
    ----------
    left, step : numpy.ndarray
        As for `sum_hats`.
    means : numpy.ndarray
        Weight of each node, > 0.
    weighted : numpy.ndarray
        On return the weights, shape (pixels,).
    """
    for pixel in range(len(left)):
        right = step[pixel] * means[left[pixel] + 1]
        weighted[pixel] = right / (right + (1 - step[pixel]) * means[left[pixel]])


@leaf
def between_nodes(left, step, values, image):
    """Write an image that has given values at the nodes, and lies between them elsewhere.

    Parameters
    ----------
    left, step : numpy.ndarray
        As for `sum_hats`.
    values : numpy.ndarray
        Value at each node.
    image : numpy.ndarray
        On return the image, shape (pixels,).
    """
    for pixel in range(len(left)):
        first = values[left[pixel]]
        image[pixel] = first + step[pixel] * (values[left[pixel] + 1] - first)
