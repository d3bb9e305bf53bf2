"""`multimodal_fusion` of EELS spectrum images."""

from .keywords import explain_keywords


@explain_keywords
def multimodal_fusion(self, haadf, gamma=1.7, lambdas="auto", *, full_output=False):
    """Fuse."""
    raise NotImplementedError
