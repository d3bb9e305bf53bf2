"""The progress bar of a fusion, as HyperSpy shows it."""

from hyperspy.external.progressbar import progressbar


class Progress:
    """A bar that counts fusions, and says how far the last one is from optimal.

    Parameters
    ----------
    description : str
        What the bar is for.
    show : bool
        Whether to show it.
    """

    def __init__(self, description, show):
        self.description = description
        self.show = show

    def __enter__(self):
        self.bar = progressbar(
            total=None, desc=self.description, unit=" fusions", disable=not self.show, leave=True
        )
        return self

    def __exit__(self, *error):
        self.bar.close()

    def step(self):
        """Count one solve."""
        self.bar.update(1)

    def callback(self, iteration, maps, optimality):
        """Show where the solve in progress is; a callback of `solve_fusion`."""
        self.bar.set_postfix_str(
            f"last one: iteration {iteration}, gap {optimality:.0e}", refresh=False
        )
