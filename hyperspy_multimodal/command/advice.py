"""Advice of the package, which speaks of Python, in the words of the command line."""

import logging
import re

_PHRASES = [
    (r"suggest_elements\(s\) suggests some", "what the spectrum shows is listed below"),
    (r"(?:s\.)?(?:add|set)_elements(?:\(\(?\[?'[^)]*\)+)?", "--elements Ti O"),
    (r"s\.set_microscope_parameters\(beam_energy=([\d.]+)\)", r"--beam-energy \1"),
    (r"s\.set_microscope_parameters\(energy_resolution_MnKa=([\d.]+)\)", r"--resolution \1"),
    (r"s\.set_signal_type\('(\w+)'\)", r"--signal-type \1"),
    (r"`?map_method`?='(\w+)'", r"--method \1"),
    (r"`?regulariser`?='(\w+)'", r"--regulariser \1"),
    (r"`?align`?=True", "--align"),
    (r"`?lazy_output`?=False", "--lazy"),
    (r"`?gamma`?='auto'", "--gamma auto"),
    (r"`?lambdas`?='auto'", "lambdas chosen from the counts"),
    (r"`?lambdas`?=\(lambda_1, lambda_2\)", "--lambdas L1 L2"),
    (r"xray_lines=\[[^]]*\]", "--lines Ti_Ka O_Ka"),
    (r"\bedges=\[[^]]*\]", "--edges Cu_L3 Zn_L3"),
    (r"elements=\[[^]]*\]", "--elements Ti O"),
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
    (r"; for the opposite give ~mask", "; save its opposite for the contrary"),
    (r"`integration_windows`", "--windows"),
    (r"`haadf_residual` of full_output=True", "haadf_model.png of --pictures"),
]


def translated(text):
    """Return a message in which Python's arguments are options of the command."""
    for pattern, option in _PHRASES:
        text = re.sub(pattern, option, text)
    return text


class Translating(logging.Formatter):
    """Writes a record as the command says it: level and message."""

    def format(self, record):
        return translated(super().format(record))
