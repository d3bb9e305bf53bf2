"""What verdicts are worth: true errors of simulated maps, by verdict and by reason.

    python benchmarks/fidelity/verdicts.py [--seeds N] [--each]

The error of a map is the root mean square of fused less true counts over that of the true counts;
that of a total is the difference of measured and true total, over the true one, and over its
stated error. Some scans lack an element among those that are named, others name one that is not
there: its map is all error.
"""

import argparse
import itertools
import logging

import numpy as np

from hyperspy_multimodal import data
from hyperspy_multimodal.recovery.verdict import VERDICTS

SHAPE = (64, 64)
SPECIMENS = {
    "core-shell": data.core_shell,
    "bimetal": data.bimetal,
    "interface": data.oxide_interface,
    "S-Mo": lambda shape, **scan: data.overlapping_pair("S-Mo", shape, **scan),
    "Ti-Ba": lambda shape, **scan: data.overlapping_pair("Ti-Ba", shape, **scan),
    "Mn-Fe": lambda shape, **scan: data.overlapping_pair("Mn-Fe", shape, **scan),
    "core loss": data.core_loss,
    "wedge": data.wedge,
    "swap": data.swap,
    "HAADF only": data.haadf_only,
}
DOSES = (0.1, 0.5, 2.0, 10.0, 50.0)
#: Elements that are named though they are not there (+), or not named though they are (-).
MISNAMED = [
    ("core-shell", "+Fe"),
    ("core-shell", "+Ti"),
    ("core-shell", "-O"),
    ("S-Mo", "-Mo"),
    ("Mn-Fe", "-Fe"),
]


def cases():
    """Return names of specimens, counts, and what is misnamed."""
    plain = [(name, dose, "") for name in SPECIMENS for dose in DOSES]
    return plain + [(name, dose, change) for name, change in MISNAMED for dose in (2.0, 20.0)]


def renamed(signal, change):
    """Return EDS spectra whose metadata name one element more or less."""
    elements = set(signal.metadata.Sample.elements)
    elements = elements - {change[1:]} if change[0] == "-" else elements | {change[1:]}
    lines = [e for e in signal.metadata.Sample.xray_lines if e.split("_")[0] in elements]
    lines += [f"{change[1:]}_Ka"] if change[0] == "+" else []
    signal = signal.deepcopy()
    signal.set_elements(sorted(elements))
    signal.set_lines(lines)
    return signal


def judged(name, dose, change, seed):
    """Return a row for each map: its verdict, and its true errors."""
    specimen = SPECIMENS[name](SHAPE, counts=dose, seed=seed)
    item = "edges" if name == "core loss" else "xray_lines"
    signal = renamed(specimen.signal, change) if change else specimen.signal
    try:
        maps, output = signal.multimodal_fusion(
            specimen.haadf, full_output=True, show_progressbar=False
        )
    except ValueError as error:
        print(f"{name} {dose:g} {change}: refused, {str(error)[:70]}", flush=True)
        return []
    truths = {each.metadata.Sample.get_item(item)[0]: each.data for each in specimen.counts}
    errors = maps[0].metadata.Multimodal_fusion.get_item("total_errors", [np.nan] * len(maps))
    rows = []
    for fused, raw, row, error in zip(
        maps, output["raw_maps"], output["verdicts"], errors, strict=True
    ):
        truth = truths.get(row["map"], np.zeros(SHAPE))
        off = raw.data.sum() - truth.sum()
        rows.append(
            {
                **row,
                "scan": f"{name} {dose:g} {change}",
                "error": _share(np.linalg.norm(fused.data - truth), np.linalg.norm(truth)),
                "total": _share(abs(off), truth.sum()),
                "pull": abs(off) / error,
            }
        )
    return rows


def _share(error, truth):
    return float(error / truth) if truth > 0 else np.inf


def table(rows, groups):
    """Print errors of groups of maps."""
    print(
        f"{'':36s}{'maps':>6s}{'error of the map':>24s}{'error of the total':>24s}{'in 2 se':>9s}"
    )
    print(f"{'':42s}{'median':>12s}{'worst':>12s}{'median':>12s}{'worst':>12s}")
    for title, chosen in groups.items():
        own = [row for row in rows if chosen(row)]
        if own:
            numbers = [np.array([row[each] for row in own]) for each in ("error", "total")]
            pulls = np.array([row["pull"] for row in own])
            inside = np.mean(pulls[np.isfinite(pulls)] <= 2) if np.isfinite(pulls).any() else np.nan
            worth = "".join(f"{np.median(n):12.2f}{n.max():12.2f}" for n in numbers)
            print(f"{title:36s}{len(own):6d}{worth}{inside:9.2f}")


MEANINGS = {
    "sound": "No problem was found.",
    "with care": "The accuracy is limited. A message gives the reason and a remedy.",
    "not to be trusted": "The structure is noise, or the counts belong to something else. "
    "Do not publish the map.",
}


def verdict_table(rows):
    """Print the table of `docs/troubleshooting.md`."""
    print("<!-- table: verdicts -->\n")
    print(
        "| verdict | what it means | maps | error of the map: median, worst "
        "| error of the total: median, worst |\n|---|---|---|---|---|"
    )
    for verdict in VERDICTS:
        own = [row for row in rows if row["verdict"] == verdict]
        cells = [
            f"{np.median(errors):.2f}, {errors.max():.2f}".replace("inf", "no limit")
            for errors in (np.array([row[each] for row in own]) for each in ("error", "total"))
        ]
        print(f"| *{verdict}* | {MEANINGS[verdict]} | {len(own)} | {' | '.join(cells)} |")
    print()


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--each", action="store_true", help="a line for each map")
    options = parser.parse_args()
    logging.getLogger("hyperspy_multimodal").setLevel("ERROR")
    rows = []
    for seed in range(options.seeds):
        for case in cases():
            own = judged(*case, seed)
            rows += own
            for row in own if options.each else []:
                print(
                    f"{row['scan']:20s}{row['map']:8s}{row['verdict']:20s}"
                    f"{row['standard_errors']:8.1f}{row['error']:8.2f}{row['total']:8.2f}"
                    f"{row['pull']:8.1f}  {', '.join(row['because'])}",
                    flush=True,
                )
    verdict_table(rows)
    reasons = sorted({reason for row in rows for reason in row["because"]})
    table(rows, {each: lambda row, each=each: each in row["because"] for each in reasons})
    limits = [0, 3, 5, 8, 15, 30, 1e9]
    bins = {
        f"{low:g} to {high:g} standard errors": lambda row, low=low, high=high: (
            low <= row["standard_errors"] < high
        )
        for low, high in itertools.pairwise(limits)
    }
    table(rows, bins)


if __name__ == "__main__":
    main()
