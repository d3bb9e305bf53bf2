"""Whether sums of counts are anywhere further from what is expected than noise explains."""

from .compile import leaf


@leaf
def any_beyond(expected, excess, limit):
    """Return whether excess^2 > limit expected at any place.

    ``expected`` and ``excess`` are of one shape (ny, nx), ``limit`` is a float.
    """
    ny, nx = expected.shape
    for row in range(ny):
        found = 0
        for col in range(nx):
            found += excess[row, col] * excess[row, col] > limit * expected[row, col]
        if found > 0:
            return True
    return False
