"""The command: fuse the scan in files, maps in files, or a simulated specimen."""

import logging
import sys

from .advice import Translating, translated
from .option_errors import OptionError
from .options import parsed
from .results import check_output
from .run import fuse_files, fuse_given_maps, fuse_specimen

_logger = logging.getLogger("hyperspy_multimodal")
# Where the summary of each fusion is logged.
_SUMMARIES = "hyperspy_multimodal.recovery.summary"


def main(arguments=None):
    """Run the command and return its exit code: 0, 2 if an option is wrong, or 1 if it fails."""
    options = parsed(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Translating("%(levelname)s: %(message)s", options.verbose))
    if not options.verbose:
        handler.addFilter(_is_brief)
    _logger.addHandler(handler)
    before = _logger.level, _logger.propagate
    _logger.setLevel(logging.INFO)
    try:
        run = fuse_specimen
        if options.files:
            run = fuse_given_maps if options.maps else fuse_files
        check_output(options)
        if options.tv is not None:
            _logger.warning("--tv is deprecated. Use --regulariser instead.")
        run(options)
    except KeyboardInterrupt:
        _logger.error("Stopped.")
        return 130
    except Exception as error:  # whatever a file brings, its user reads one line
        if options.debug:
            _logger.exception("Nothing was fused.")
        else:
            _logger.error("%s", _described(error))
        return 2 if _is_of_options(error) else 1
    finally:
        _logger.removeHandler(handler)
        _logger.setLevel(before[0])
    return 0


def _is_brief(record):
    """Return whether a record is shown without ``--verbose``: its own, summaries and warnings."""
    own = record.name == _logger.name or record.name.startswith(__name__)
    return own or record.name == _SUMMARIES or record.levelno > logging.INFO


def _is_of_options(error):
    """Return whether an option is wrong: where a message is about an argument, it comes first."""
    is_refused = isinstance(error, (TypeError, ValueError))
    is_named = is_refused and translated(str(error)).startswith("--")
    return is_named or isinstance(error, OptionError)


def _described(error):
    """Return the text of an error, with its class if it is not one that the package raises."""
    text = translated(str(error))
    if isinstance(error, (OSError, TypeError, ValueError)) and text:
        return text
    return f"{type(error).__name__}: {text} (--debug shows where it came from)"
