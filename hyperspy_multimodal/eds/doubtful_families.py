"""Families of lines whose counts may belong to an element that is not listed, as in the output."""

from .disputed_families import elements_beneath, softer


def doubtful_families(explanation, names, disputed):
    """Return families of mapped elements that disagree with harder lines of their element.

    Parameters
    ----------
    explanation : Explanation
        Of the summed spectrum.
    names : list of str
        Mapped lines.
    disputed : dict of (str, str) to float
        From `disputed_families.disputed`.

    Returns
    -------
    dict of str to dict
        By family, such as "Ti_L": ``against``, the family that it disagrees with; ``differs_in``,
        "place" or "counts"; its ``counts``; ``candidates``, elements that may lie there.
    """
    found = {}
    for name in names:
        element, line = name.split("_")
        for family in explanation.foreign_families(element, line[0]):
            if family > line[0]:  # a harder one has more because the specimen absorbs soft lines
                found[element, family] = line[0], "counts"
    left_out = softer(disputed, names)
    for element, family in disputed:
        line = next(name.split("_")[1] for name in names if name.split("_")[0] == element)
        if (element, family) in left_out:
            found[element, family] = line[0], "place"
        else:  # hard lines are believed
            found[element, line[0]] = family, "place"
    return {
        f"{element}_{family}": {
            "against": f"{element}_{against}",
            "differs_in": what,
            "counts": explanation.family_counts(f"{element}_{family}"),
            "candidates": elements_beneath(explanation, element, family),
        }
        for (element, family), (against, what) in found.items()
    }
