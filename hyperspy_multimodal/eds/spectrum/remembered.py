"""Cache of explanations, for fusing one scan with several settings."""

import pickle
from functools import lru_cache

from .explain import explain

_KEPT = 16  # explanations, of some 100 kB each


class _Call:
    """Arguments of `explain`, equal if their contents are."""

    def __init__(self, *arguments, **options):
        self.arguments, self.options = arguments, options
        self.content = pickle.dumps((arguments, options))

    def __hash__(self):
        return hash(self.content)

    def __eq__(self, other):
        return self.content == other.content


@lru_cache(maxsize=_KEPT)
def _pickled(call):
    return pickle.dumps(explain(*call.arguments, **call.options))


def remembered(*arguments, **options):
    """Return what `explain` returns for these arguments; it is a copy, which callers may change.

    The fit depends on nothing but its arguments and takes longer than the fusion of a small scan.
    """
    return pickle.loads(_pickled(_Call(*arguments, **options)))
