"""The tables of totals and of windows that the command writes."""

import csv

import numpy as np

_SETTINGS = ("lambda_1", "lambda_2", "directional")
# Numbers in the record of windows, and their columns.
_OF_WINDOWS = {
    "rows": "row",
    "columns": "column",
    "standard_errors": "standard errors",
    "raw_counts": "raw sum",
    "counts_before": "fused sum before correction",
    "counts_after": "fused sum",
    "row_starts": "row start",
    "row_stops": "row stop",
    "column_starts": "column start",
    "column_stops": "column stop",
}


def write_table(path, names, maps, output):
    """Write totals, their standard errors where they are known, settings and verdicts.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    names : list of str
        Lines, edges or elements.
    maps : list of BaseSignal
        Fused maps.
    output : dict
        ``full_output`` of the fusion.
    """
    from ..plot.panels import map_unit

    columns = {
        "raw total": [float(np.nansum(raw.data)) for raw in output["raw_maps"]],
        "raw total error": raw_errors(maps, output),
        "fused total": [float(np.nansum(fused.data)) for fused in maps],
    }
    if "draws" in output:
        # totals that are kept have the errors of the raw ones, which draws know in part
        columns["fused total error"] = [
            raw if kept and np.isfinite(raw) else spread
            for spread, raw, kept in zip(
                _spread(maps, output["draws"]),
                columns["raw total error"],
                np.broadcast_to(output.get("totals_kept", False), len(maps)),
                strict=True,
            )
        ]
    if any(output.get("pedestal", ())):
        columns["pedestal"] = output["pedestal"]
    cut_off = cut_off_of(maps, output)
    if any(cut_off):
        columns["raw total too high by up to"] = cut_off
    columns = {name: [_written(each) for each in values] for name, values in columns.items()}
    columns["unit"] = [map_unit(each) for each in maps]
    # slices have their own
    columns |= {name: output[name] for name in _SETTINGS if name in output}
    if "verdicts" in output:
        columns["verdict"] = [each["verdict"] for each in output["verdicts"]]
        columns["because"] = ["; ".join(each["because"]) for each in output["verdicts"]]
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["map", *columns])
        table.writerows(zip(names, *columns.values(), strict=True))


def raw_errors(maps, output):
    """Return the standard errors of the totals of raw maps, NaN where they are not known.

    Those of spectra include all that is known of the fit or the background, those of given maps the
    noise, the error of a pedestal and of noise below 0 that was subtracted, and by how much noise
    below 0 that was cut off may have raised sums.
    """
    known = maps[0].metadata.get_item("Multimodal_fusion.total_errors", None)
    if known is not None and len(known) == len(maps):
        return [float(each) for each in known]
    if "verdicts" not in output:
        return [float("nan")] * len(maps)
    gains = np.broadcast_to(output.get("gain", 1.0), len(maps))
    from ..plot.panels import map_name

    of_noise = output.get("raw_noise") or {}
    variances, common = of_noise.get("variances") or {}, _common_errors(of_noise)
    names, too_high = map(map_name, maps), cut_off_of(maps, output)
    errors = []
    for each, gain, raw, name, cut_off in zip(
        output["verdicts"], gains, output["raw_maps"], names, too_high, strict=True
    ):
        if not each["standard_errors"]:
            errors.append(float("nan"))
            continue
        used = np.isfinite(raw.data)
        pixels = used.sum()
        # not of the raw total, from which a pedestal may have been subtracted
        noise = gain * pixels * each["counts_per_pixel"] / each["standard_errors"]
        if np.isnan(noise) and name in variances:  # the number of counts is a guess
            noise = np.sqrt(np.maximum(variances[name][used].sum(), 0.0))
        errors.append(float(np.linalg.norm([noise, cut_off, common.get(name, 0.0)])))
    return errors


def _common_errors(of_noise):
    """Return errors that all pixels have in common, by name, such as that of a pedestal."""
    covariance = of_noise.get("common_covariance")
    if covariance is None:
        return {}
    errors = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    return dict(zip(of_noise["variances"], errors.tolist(), strict=True))


def cut_off_of(maps, output):
    """Return by how much noise below 0 that was cut off may have raised totals of raw maps."""
    from ..plot.panels import map_name

    known = (output.get("raw_noise") or {}).get("cut_off")
    if not known:
        return [0.0] * len(maps)
    pixels = [np.isfinite(raw.data).sum() for raw in output["raw_maps"]]
    return [float(known[map_name(each)] * n) for each, n in zip(maps, pixels, strict=True)]


def write_windows(path, output):
    """Write windows in which maps differ from their counts, or were corrected to them.

    No file is written if there are none, and one of an earlier run is removed.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    output : dict
        ``full_output`` of the fusion.
    """
    slices = output.get("slices")
    rows = []
    for number, each in enumerate([output] if slices is None else slices):
        here = [] if slices is None else [number]
        rows += [[*here, *row] for row in _windows_of(each)]
    if not rows:
        path.unlink(missing_ok=True)
        return
    head = [*([] if slices is None else ["slice"]), "map", "found", "window"]
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*head, *_OF_WINDOWS.values()])
        table.writerows(rows)


def _windows_of(output):
    """Yield a row for each window that differs or was corrected."""
    for item, found in (("differing", "differs"), ("relaxed", "corrected")):
        windows = output.get(item)
        if windows is None:
            continue
        numbers = zip(*(windows[name] for name in _OF_WINDOWS), strict=True)
        for name, window, values in zip(windows["lines"], windows["windows"], numbers, strict=True):
            yield [name, found, window, *map(_written, values)]


def _spread(maps, draws):
    """Return how far the totals of drawn maps are from those of the maps, root mean square."""
    totals, *drawn = (
        [np.nansum(each.data, dtype=np.float64) for each in some] for some in (maps, *draws)
    )
    return np.sqrt(np.mean(np.square(np.subtract(drawn, totals)), axis=0)).tolist()


def _written(number):
    return f"{number:.8g}" if np.isfinite(number) else ""
