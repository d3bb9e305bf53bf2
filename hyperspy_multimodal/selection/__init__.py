"""Choice of free parameters from the data: HAADF model, lambdas, gamma and regulariser."""

from .bootstrap import DRAWS, FUSIONS
from .brightness import Bias, bias_of, brightness_classes, described_bias
from .brightness_bands import BRIGHTNESS
from .broad_boxes import BROAD
from .choice import Choice, choose_setting
from .choice_window import part_to_choose_on
from .close_regularisers import CloseRegulariser, say_close_regularisers
from .error_draws import ErrorDraws, error_draws
from .given_back import given_back, kept_structure, restored_windows
from .guided_models import CroppedModels, GuidedModels
from .haadf_model import BLURS, GAMMAS, HaadfFit, HaadfModel
from .held_out import HeldOut
from .lost_structure import LINES, Expectation
from .negative_counts import Negative, negative_counts, variance_beyond
from .noise_share import NoiseShare
from .normalised_haadf import normalise_haadf
from .other_maps import OTHERS
from .registration import moved_image, registration
from .rings import DISTANCE
from .settings import Setting, fuse_setting, settled_at
from .shared_structure import SharedStructure, shared_structure
from .sieves import SMOOTH
from .strips import POSITION
from .totals import trusted_totals, vacuum_of
from .window_noise import warn_of_scatter
from .wrong_ranges import SUMS

__all__ = [
    "BLURS",
    "BRIGHTNESS",
    "BROAD",
    "DISTANCE",
    "DRAWS",
    "FUSIONS",
    "GAMMAS",
    "LINES",
    "OTHERS",
    "POSITION",
    "SMOOTH",
    "SUMS",
    "Bias",
    "Choice",
    "CloseRegulariser",
    "CroppedModels",
    "ErrorDraws",
    "Expectation",
    "GuidedModels",
    "HaadfFit",
    "HaadfModel",
    "HeldOut",
    "Negative",
    "NoiseShare",
    "Setting",
    "SharedStructure",
    "bias_of",
    "brightness_classes",
    "choose_setting",
    "described_bias",
    "error_draws",
    "fuse_setting",
    "given_back",
    "kept_structure",
    "moved_image",
    "negative_counts",
    "normalise_haadf",
    "part_to_choose_on",
    "registration",
    "restored_windows",
    "say_close_regularisers",
    "settled_at",
    "shared_structure",
    "trusted_totals",
    "vacuum_of",
    "variance_beyond",
    "warn_of_scatter",
]
