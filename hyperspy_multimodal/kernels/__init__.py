"""Loops over pixels, channels and lines of plain arrays, without options, checks or signals.

Other folders use only the exported names, which another backend would have to provide: functions
with the effects that their docstrings state, and the groups of arrays that they take. Every
function writes to arrays of its caller and returns nothing. Maps are C-contiguous float32 arrays
(K, ny, nx); sums are float64. The functions release the GIL, and their results do not depend on the
number of threads.

- The primal-dual loop: `iterations`, which updates a `State` for the cost of a `Data`, with a
  `Room` for its chunks of rows, and `certificate`, the cost and duality gap of a state. `CODES` are
  the codes of regularisers in a `Data`. `move_fields` and `certify_fields` do the same for the
  fields of total generalised variation.
- Maps that are no sharper than a Gaussian: `blur`, and for their sources `slopes_of_cost`,
  `displaced`, `descent`, `square_sums`, `secants` and `source_gap`.
- For both: `likeliest` and `constant_deviance`, references for costs; `project`, which projects a
  dual variable onto its bounds; `block_means` and `interpolate`, to and from a coarser grid;
  `squared_differences` between neighbours.
- Tests of sums of measured and expected counts: `lengthen` for chains of pieces, `windows_beyond`
  for windows of many kinds, and `highest_beside` for those around one; `sum_parts` and `sum_hats`
  over parts of a scan, with `weigh_steps` and `between_nodes` for images between their nodes.
- Spectra: `sum_spectra`, `project_spectra` and `project_halves` of channels, `find_peaks` of single
  spectra; `add_peaks` and `add_slopes` of lines.
"""

from .blur import blur
from .certificate import certificate, room_to_certify
from .chains import lengthen
from .field_gap import certify_fields
from .generalised import move_fields
from .grids import block_means, interpolate, squared_differences
from .iterations import iterations
from .partitions import between_nodes, sum_hats, sum_parts, weigh_steps
from .peaks import add_peaks, add_slopes
from .projection import project
from .reference import constant_deviance, likeliest
from .regulariser_rows import CODES
from .sources import descent, displaced, secants, slopes_of_cost, source_gap, square_sums
from .spectra import project_halves, project_spectra, sum_spectra
from .spikes import find_peaks
from .state import Data, Room, State
from .window_sums import highest_beside, windows_beyond

__all__ = [
    "CODES",
    "Data",
    "Room",
    "State",
    "add_peaks",
    "add_slopes",
    "between_nodes",
    "block_means",
    "blur",
    "certificate",
    "certify_fields",
    "constant_deviance",
    "descent",
    "displaced",
    "find_peaks",
    "highest_beside",
    "interpolate",
    "iterations",
    "lengthen",
    "likeliest",
    "move_fields",
    "project",
    "project_halves",
    "project_spectra",
    "room_to_certify",
    "secants",
    "slopes_of_cost",
    "source_gap",
    "square_sums",
    "squared_differences",
    "sum_hats",
    "sum_parts",
    "sum_spectra",
    "weigh_steps",
    "windows_beyond",
]
