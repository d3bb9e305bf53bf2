"""Elements of an EELS signal that its metadata and eXSpy list differently."""

from ..notes import Speaker

_logger = Speaker(__name__)


def say_if_elements_differ(signal, listed):
    """Say which elements are used if ``s.elements`` differs from those of the metadata.

    eXSpy writes ``s.elements`` to the metadata in ``add_elements``, but does not follow later
    changes of either.

    Parameters
    ----------
    signal : EELSSpectrum
        Spectrum image.
    listed : list of str
        Elements of ``metadata.Sample``.
    """
    own = set(getattr(signal, "elements", ()))
    if own and own != set(listed):
        used = sorted(listed or own)
        _logger.warning(
            "The signal contains two different lists of elements: %s in metadata.Sample.elements, "
            "%s in s.elements. The elements %s are used. To change them, set all of them: "
            "s.metadata.Sample.elements = %r.",
            ", ".join(sorted(listed)) or "none",
            ", ".join(sorted(own)),
            ", ".join(used),
            used,
            kind="told",
        )
