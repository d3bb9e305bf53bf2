"""The README for PyPI, where addresses that are relative to the repository lead nowhere."""

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!\w+:|#)([^)\s]+)\)")


def with_absolute_links(text, repository=None):
    """Return Markdown whose links work outside the repository.

    Parameters
    ----------
    text : str
        Markdown, with addresses that are relative to the root of the repository.
    repository : str, optional
        Its address. Without one, links become plain text, and pictures are left out with the
        caption in italics below them.
    """
    if repository:
        base = repository.rstrip("/")
        return _LINK.sub(
            lambda found: (
                f"{found[1]}[{found[2]}]({base}/{'raw' if found[1] else 'blob'}/HEAD/{found[3]})"
            ),
            text,
        )
    paragraphs, after_picture = [], False
    for paragraph in text.split("\n\n"):
        picture = _LINK.fullmatch(paragraph.strip())
        is_caption = after_picture and re.fullmatch(r"\*[^*].*\*", paragraph.strip(), re.DOTALL)
        after_picture = bool(picture and picture[1])
        if not after_picture and not is_caption:
            paragraphs.append(_LINK.sub(r"\2", paragraph))
    return "\n\n".join(paragraphs)


class ReadmeHook(MetadataHookInterface):
    """Put the README into the metadata of a distribution."""

    def update(self, metadata):
        """Set the readme; its links lead to the Repository among the URLs of the project."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        repository = metadata.get("urls", {}).get("Repository")
        readme = with_absolute_links(text, repository)
        metadata["readme"] = {"content-type": "text/markdown", "text": readme}
