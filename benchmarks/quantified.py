"""Tables of the documentation that show what `composition` prints, and how much is absorbed.

Usage: python quantified.py
"""

import logging

import numpy as np
from exspy.material import elements, mass_absorption_coefficient

from hyperspy_multimodal import composition
from hyperspy_multimodal.data import core_loss, core_shell
from hyperspy_multimodal.data._particles import core_shell_thicknesses
from hyperspy_multimodal.data._scan_settings import Scan

#: As in `docs/quantification.md`.
KFACTORS = {"Co_Ka": 1.0, "O_Ka": (0.75, 0.04), "S_Ka": 0.57}
TAKE_OFF_ANGLE = 20.0  # degrees
OXIDE, OXIDE_DENSITY = {"Co": 3, "O": 4}, 6.11  # g/cm^3


def markdown(table):
    """Return the lines of a printed table, whose cells are two blanks apart, as Markdown."""
    rows = [
        [cell.strip() for cell in line.split("  ") if cell.strip()] for line in table.splitlines()
    ]
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows if len(row) == len(rows[0]))


def show(name, text):
    print(f"<!-- table: {name} -->\n\n{text}\n", flush=True)


def example():
    specimen = core_shell((64, 64), counts=20)
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, gamma="auto", full_output=True, show_progressbar=False
    )
    return markdown(composition(maps, output, KFACTORS).table())


def areal_densities():
    """Return both tables of `docs/how_to/areal_densities.md`, with the truth in the second."""
    specimen = core_loss((64, 64), counts=30)
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, gamma="auto", full_output=True, show_progressbar=False
    )
    found = composition(maps, output)
    lines = ["| region | Mn / Co | error | true |", "|---|---|---|---|"]
    truth = {
        element: [specimen.areal_densities[element][mask].sum() for mask in found.masks]
        for element in ("Mn", "Co")
    }
    for region, value, error, manganese, cobalt in zip(
        found.regions, *found.ratios("Mn", "Co"), truth["Mn"], truth["Co"], strict=True
    ):
        lines.append(f"| {region} | {value:.3f} | {error:.3f} | {manganese / cobalt:.3f} |")
    return markdown(found.table()), "\n".join(lines)


def absorption():
    """Return the share of X-rays that a film as thick as `core_shell` is at most would absorb."""
    scan = Scan.from_settings(5.0, {})
    layers = core_shell_thicknesses((128, 128), np.random.default_rng(0))
    thickness = float(sum(layers).max() * scan.pixel_size)  # nm
    weights = {
        each: atoms * elements[each].General_properties.atomic_weight
        for each, atoms in OXIDE.items()
    }
    lines = [f"| line | absorbed in {thickness:.0f} nm of Co3O4 |", "|---|---|"]
    for line in ("O_Ka", "S_Ka", "Co_Ka"):
        coefficient = sum(
            weight * mass_absorption_coefficient(each, [line])[0]
            for each, weight in weights.items()
        ) / sum(weights.values())  # cm^2/g
        depth = coefficient * OXIDE_DENSITY * 1e-7 * thickness / np.sin(np.radians(TAKE_OFF_ANGLE))
        lines.append(f"| {line.replace('_', ' ')} | {100 * (1 + np.expm1(-depth) / depth):.1f} % |")
    return "\n".join(lines)


if __name__ == "__main__":
    logging.disable()
    show("absorption", absorption())
    show("composition-example", example())
    table, ratios = areal_densities()
    show("areal-percent", table)
    show("areal-ratios", ratios)
