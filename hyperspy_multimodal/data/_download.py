"""Download one file of a data set, once, into a cache folder."""

from pathlib import Path

import pooch


def download(title, name, url, cache=None, show_progressbar=None, checksum=None):
    """Return the path of a file in the cache, and whether it was downloaded to there just now.

    Parameters
    ----------
    title : str
        What the file is, for errors.
    name : str
        Name of the file in the cache.
    url : str
        Where it is.
    cache : str or Path, optional
        Folder to keep it in; default that of pooch for this package, or what the environment
        variable ``HYPERSPY_MULTIMODAL_DATA`` names.
    show_progressbar : None or bool
        Show the progress; None (default) follows HyperSpy's preferences.
    checksum : str, optional
        SHA-256 of the file. A file in the cache that has another is downloaded anew.

    Returns
    -------
    path : Path
    is_new : bool

    Raises
    ------
    OSError
        If it cannot be downloaded; the message says how to do without.
    ValueError
        If what came has another checksum. It is not kept.
    """
    from ..recovery.parameters import shows_progress

    keeper = pooch.create(
        path=pooch.os_cache("hyperspy_multimodal") if cache is None else Path(cache),
        base_url="",
        env="HYPERSPY_MULTIMODAL_DATA" if cache is None else None,
        registry={name: checksum},
        urls={name: url},
    )
    downloader = pooch.HTTPDownloader(progressbar=shows_progress(show_progressbar))
    is_new = not (Path(keeper.abspath) / name).exists()
    try:
        return Path(keeper.fetch(name, downloader=downloader)), is_new
    except OSError as error:  # requests' errors are, too
        raise OSError(
            f"{title} could not be downloaded ({error}). It is at {url}: "
            f"download it where there is a network, then pass path=, or put it into "
            f"{keeper.abspath} as {name}."
        ) from error
    except ValueError as error:
        raise ValueError(
            f"What came from {url} is not {title} as published, and was not kept: {error}. "
            "Download it another way, and pass path=."
        ) from error
