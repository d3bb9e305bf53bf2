"""Where particles lie, and what the beam passes through in them."""

import numpy as np

from ._materials import alloy_densities, stack_areal_densities

_CORE_SHELLS = 10  # per square of the shorter side


def choose_centre(candidates, radius, placed, nearness):
    """Choose, of candidates for the centre of a particle, the one that fits best.

    Parameters
    ----------
    candidates : ndarray of shape (n, 2)
        Centres (y, x) to choose from.
    radius : float
        Radius of the particle, in the same unit.
    placed : ndarray of shape (m, 3 or more)
        Existing particles: rows (y, x, radius, ...), at least one.
    nearness : float
        Distance wanted to the nearest of them, as a multiple of the sum of the two radii: below
        one they overlap, above one they lie apart.

    Returns
    -------
    ndarray of shape (2,)
        The candidate whose nearness comes closest.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._particles import choose_centre
    >>> candidates = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0]])
    >>> print(choose_centre(candidates, 1.0, np.array([[0.0, 0.0, 1.0]]), 0.9))
    [0. 2.]
    """
    offsets = np.linalg.norm(candidates[:, None] - placed[None, :, :2], axis=2)
    nearest = (offsets / (radius + placed[:, 2])).min(axis=1)
    return candidates[np.abs(nearest - nearness).argmin()]


def random_centres(field, radius, rng):
    """Draw 200 centres of particles that lie inside the field, with a margin of 15 %.

    Parameters
    ----------
    field : ndarray of shape (2,)
        Height and width of the field.
    radius : float
        Radius of the particle, in the same unit.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    ndarray of shape (200, 2)
        Centres (y, x), in the same unit.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._particles import random_centres
    >>> centres = random_centres(np.array([1.0, 2.0]), 0.2, np.random.default_rng(0))
    >>> centres.shape, bool(centres.min() >= 0.23)
    ((200, 2), True)
    """
    margin = 1.15 * radius
    return margin + rng.random((200, 2)) * (field - 2 * margin)


def in_pixels(particles, shape):
    """Particles in units of the field's shorter side, brought to pixels.

    Parameters
    ----------
    particles : ndarray of shape (n, 3 or more)
        Rows (y, x, radius, further lengths), from the corner of the field.
    shape : tuple of int
        Rows and columns of the scan.

    Returns
    -------
    ndarray of shape (n, 3 or more)
        The same in pixels, from the centre of the first pixel.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._particles import in_pixels
    >>> print(in_pixels(np.array([[0.5, 1.0, 0.25]]), (8, 16)))
    [[3.5 7.5 2. ]]
    """
    particles = particles * min(shape)
    particles[:, :2] -= 0.5
    return particles


def scatter_particles(shape, number, radii, nearness, rng):
    """Scatter particles over a field, in the same way however finely it is sampled.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the scan.
    number : int
        Particles in a square field; a longer one holds more.
    radii, nearness : tuple of float
        Ranges of the radius, in units of the shorter side, and of `choose_centre`'s nearness.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    ndarray of shape (n, 3)
        Rows (y, x, radius) in pixels, the largest first.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._particles import scatter_particles
    >>> rng = np.random.default_rng(0)
    >>> scatter_particles((32, 48), 6, (0.05, 0.1), (1.2, 1.5), rng).shape
    (9, 3)
    """
    # drawn in units of the shorter side, so that the field looks the same however it is sampled
    field = np.array(shape) / min(shape)
    drawn = np.sort(rng.uniform(*radii, round(number * field.max())))[::-1]
    particles = np.empty((len(drawn), 3))
    for i, radius in enumerate(drawn):
        if i:
            candidates = random_centres(field, radius, rng)
            centre = choose_centre(candidates, radius, particles[:i], rng.uniform(*nearness))
        else:
            centre = field * rng.uniform(0.4, 0.6, 2)
        particles[i] = *centre, radius
    return in_pixels(particles, shape)


def sphere_thickness(shape, y, x, radius):
    """Projected thickness of a sphere, at the centre of each pixel.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the scan.
    y, x, radius : float
        Centre and radius in pixels.

    Returns
    -------
    ndarray of shape (ny, nx)
        Thickness in pixels.

    Examples
    --------
    >>> from hyperspy_multimodal.data._particles import sphere_thickness
    >>> print(sphere_thickness((1, 4), 0, 0, 2).round(2))
    [[4.   3.46 0.   0.  ]]
    """
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    squared = (rows - y) ** 2 + (columns - x) ** 2
    return 2 * np.sqrt(np.maximum(radius**2 - squared, 0))


def core_shell_thicknesses(shape, rng):
    """Projected thicknesses of core-shell spheres that cluster, ten in a square field.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the scan.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    core, shell : ndarray of shape (ny, nx)
        Thickness in pixels of all cores, and of all shells.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._particles import core_shell_thicknesses
    >>> core, shell = core_shell_thicknesses((16, 24), np.random.default_rng(0))
    >>> core.shape, bool(core.max() > 0), bool(shell[core > 0].min() > 0)
    ((16, 24), True, True)
    """
    particles = _core_shells(shape, rng)
    core = sum(sphere_thickness(shape, y, x, radius) for y, x, _, radius in particles)
    whole = sum(sphere_thickness(shape, y, x, radius) for y, x, radius, _ in particles)
    return core, whole - core


def _core_shells(shape, rng):
    """Particles as rows (y, x, radius, core radius) in pixels, the largest first."""
    # drawn in units of the shorter side, so that the field looks the same however it is sampled
    field = np.array(shape) / min(shape)
    radii = np.sort(rng.uniform(0.08, 0.19, round(_CORE_SHELLS * field.max())))[::-1]
    particles = np.empty((len(radii), 4))
    for i, radius in enumerate(radii):
        candidates = random_centres(field, radius, rng)
        if i:
            # a cluster: each particle overlaps its nearest neighbour, but does not hide it
            centre = choose_centre(candidates, radius, particles[:i], rng.uniform(0.7, 0.95))
        else:
            centre = field * rng.uniform(0.4, 0.6, 2)
        particles[i] = *centre, radius, radius * rng.uniform(0.55, 0.75)
    return in_pixels(particles, shape)


def alloy_spheres(shape, particles, symbols, pixel_size, rng):
    """Spheres of a binary alloy, each of another composition between 10 and 90 at%.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the scan.
    particles : ndarray of shape (n, 3)
        Rows (y, x, radius) in pixels.
    symbols : tuple of str
        The two elements.
    pixel_size : float
        Size of a pixel in nm.
    rng : numpy.random.Generator
        Shuffles the compositions, evenly spaced, over the particles.

    Returns
    -------
    dict of ndarray of shape (ny, nx)
        Atoms per nm^2 of the two elements.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._particles import alloy_spheres
    >>> particles = np.array([[2.0, 2.0, 2.0], [2.0, 6.0, 2.0]])
    >>> areal = alloy_spheres((5, 9), particles, ("Au", "Pd"), 1.0, np.random.default_rng(0))
    >>> gold, palladium = (areal[symbol][2, [2, 6]] for symbol in ("Au", "Pd"))
    >>> sorted((gold / (gold + palladium)).round(1).tolist())
    [0.1, 0.9]
    """
    first, second = symbols
    fractions = rng.permutation(np.linspace(0.1, 0.9, len(particles)))
    return stack_areal_densities(
        *(
            (
                alloy_densities({first: fraction, second: 1 - fraction}),
                sphere_thickness(shape, *particle) * pixel_size,
            )
            for particle, fraction in zip(particles, fractions, strict=True)
        )
    )
