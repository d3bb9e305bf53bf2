"""Messages of the package, with options of the command in place of Python arguments."""

import logging
import re

_IMAGE = "an image that is not 0"
_OF_MICROSCOPE = {
    "beam_energy": "--beam-energy",
    "convergence_angle": "--convergence-angle",
    "collection_angle": "--collection-angle",
    "energy_resolution_MnKa": "--resolution",
}
_EELS_OPTIONS = "--beam-energy, --convergence-angle, --collection-angle"
_PHRASES = [
    (r"suggest_elements\(s\) suggests some", "what the spectrum shows is listed below"),
    (r", and at suggest_elements\(s\) for elements that fit", ""),
    (
        r"add (it|them|that element) with s\.add_elements\b",
        r"name \1 in --elements, with all others",
    ),
    (r"add them: s\.add_elements\(\(([^)]*?),?\)\)", r"name \1 in --elements, with all others"),
    (
        r"s\.metadata\.Sample\.elements = (\[[^]]*\]|%r)",
        lambda found: " ".join(["--elements", *re.findall(r"\w+", found[1])]),
    ),
    (r"delete the lines: del s\.metadata\.Sample\.xray_lines", "name all others in --elements"),
    (r"Add lines with s\.add_lines\(\), or list", "List"),
    (r"(?:s\.)?(?:add|set)_elements(?:\(\(?\[?'[^)]*\)+)?", "--elements Ti O"),
    (
        r"s\.set_microscope_parameters\(([^)]+)\)",
        lambda found: re.sub(
            r"(?:, )?(\w+)=([\d.]+)",
            lambda each: f" {_OF_MICROSCOPE.get(each[1], each[1])} {each[2]}",
            found[1],
        ).strip(),
    ),
    (r" in the metadata \(set_microscope_parameters\) before fusion", f": {_EELS_OPTIONS}"),
    (
        r"kfactors must be given as cross-sections by edge, such as \{[^}]*\}",
        "--factors must be given as cross-sections by edge, such as Ti_L3=1.0,O_K=0.3+-0.03",
    ),
    (r"Crop the axis below ([\d.]+|%g) eV", r"Crop the axis, with --energies :\1"),
    (r"correct s\.axes_manager\[-1\]\.offset", "correct it in the file"),
    (r"with spectra cropped to a shorter energy range", "with a shorter range of --energies"),
    (r"\bs\.isig\[[^]]*\]", "--energies"),
    (r"s\.set_microscope_parameters\b(?!\()", "--beam-energy and --resolution"),
    (r"s\.set_signal_type\('(\w+)'\)", r"--signal-type \1"),
    (r"`?map_method`?='(\w+)'", r"--method \1"),
    (r"the other map_method\b", "the other --method"),
    (r"`?pedestal`?='vacuum'", "--pedestal vacuum"),
    (r"^pedestal must be None, 'vacuum' or", "--pedestal must be vacuum or"),
    (r"Pass the pedestal as numbers", "Pass --pedestal as numbers"),
    (r"pass it as `pedestal`", "pass it as --pedestal"),
    (r"`?keep_totals`?=True", "--keep-totals"),
    (r"`?regulariser`?='(\w+)'", r"--regulariser \1"),
    (r"`?align`?=True", "--align"),
    (r", with s\.multimodal_fusion\(haadf, lazy_output=False, full_output=True\)", ""),
    (r"`?lazy_output`?=False", "--lazy"),
    (r"`?gamma`?='auto'", "--gamma auto"),
    (r"Use lambdas='auto', or (.*) \(lambdas accepts [^)]*\)", r"Leave out --lambdas, or pass \1"),
    (r"`?lambdas`?='auto'", "the automatic choice of lambdas"),
    (r"`?lambdas`?=\(lambda_1, lambda_2\)", "--lambdas L1 L2"),
    (r"xray_lines=\[[^]]*\]", "--lines Ti_Ka O_Ka"),
    (r"\bedges=\[[^]]*\]", "--edges Cu_L3 Zn_L3"),
    (r"elements=\[[^]]*\]", "--elements Ti O"),
    (r"navigation_mask=\(s\.data[^&]*& \([^)]*\)", f"--mask, {_IMAGE} there"),
    (r"mask = np\.zeros.*navigation_mask=mask", f"pass --mask, {_IMAGE} in these lines"),
    (r"navigation_mask=~?numpy\.\w+\([^)]*\)(?:\.all\([^)]*\))?", "--mask FILE"),
    (r"navigation_mask=[^:;.]*(?=[.:;,]|$)", "--mask FILE"),
    (r"`?extra_lines`?", "--extra-lines"),
    (r"`xray_lines`|\bxray_lines\b(?! )", "--lines"),
    (r"`edges`", "--edges"),
    (r"`gain`|\bgain=", "--gain"),
    (r"`?navigation_mask`?", "--mask"),
    (r"`?haadf_blur`?", "--haadf-blur"),
    (r"\bmax_iterations\b", "--max-iterations"),
    (r"(?<=or )tolerance\b", "--tolerance"),
    (r"`?background_windows`?", "--background-windows"),
    (r"`background`", "--background"),
    (r"`?regions`?='whole'", "--regions whole"),
    (r"`regions`", "--regions"),
    (r"`ratio_to`", "--ratio-to"),
    (r"Pass another folder, or overwrite=True", "Pass another --output, or --overwrite"),
    (r"; for the opposite pass ~mask", "; for the opposite invert the image"),
    (r"the mask is inverted, pass ~mask", "the mask is inverted, invert the image"),
    (r"`integration_windows`|^integration_windows\b", "--windows"),
    (r"^(weights|regulariser|gamma|lambdas|pedestal|background|gain|seed) must", r"--\1 must"),
    (r"bin the scan with s\.rebin", "bin the scan"),
    (r"\bweights of 0\b", "--weights 0"),
    (r" \(`(?:uses_brightness|totals_kept)`\)", ""),
    (r"plot_sum_spectrum", "sum_spectrum.png of --pictures"),
    (r", or keep the axis as it is with fit_maps\(s, refine_calibration=False\)", ""),
    (r"more in `messages` of full_output=True", "more in messages.txt"),
    (r"the windows listed in `differing` of the record", "the windows listed in windows.csv"),
    (r" \(`relaxed` in the record\)", " (windows.csv)"),
    (r" \(`(?:bright|strips|contrast|rings)_restored` in the record\)", ""),
    (
        r"`total_errors` \(in counts\) in metadata\.Multimodal_fusion"
        r"(?:, or from fit_maps\(s, full_output=True\))?",
        "raw total error in maps.csv",
    ),
    (r"\boutput must contain the noise", "--factors and --regions need the noise"),
    (r", which is missing for lazy maps, and for existing maps", ", which is unknown for maps"),
    (r"as --gain to fuse_maps", "as --gain"),
    (r"maps as recorded to fuse_maps", "maps as recorded"),
    (r"ass the (maps|counts) to fuse_maps", r"ass the \1"),
    (
        r"compare regions of your own within each map: "
        r"hyperspy_multimodal\.region_sums\(maps, output, regions\) accepts",
        "compare regions of your own within each map: --regions FILE without --factors accepts",
    ),
    (r"use sums of the raw maps", "use sums of the raw maps, from --regions or --raw"),
    (r"from hyperspy_multimodal\.region_sums", "from --regions"),
    (r"`haadf_residual` of full_output=True", "haadf_model.png of --pictures"),
]


def translated(text):
    """Return a message with options of the command in place of Python arguments."""
    for pattern, option in _PHRASES:
        text = re.sub(pattern, option, text)
    return text


class Translating(logging.Formatter):
    """Format a record for the command: level and message.

    Parameters
    ----------
    text : str
        Format of `logging`.
    is_verbose : bool
        Whether all messages are shown. Default False.
    """

    def __init__(self, text, is_verbose=False):
        super().__init__(text)
        self.is_verbose = is_verbose

    def format(self, record):
        text = translated(super().format(record))
        return text.replace("more in messages.txt", "more above") if self.is_verbose else text
