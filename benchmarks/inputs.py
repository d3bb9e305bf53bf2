"""What each kind of input gives: other HAADF images, masks, SEM, EELS, and maps that are no counts.

Usage: python inputs.py [--data ../shared/data] [--pictures FOLDER] [--only haadf sem eels shares]

Prints the tables of docs/inputs.md. Fusion is automatic throughout, with gamma="auto". The tables
of simulated specimens are means over two noise seeds; those of measured data need --data.
"""

import argparse
import logging
from pathlib import Path

import hyperspy.api as hs
import machine
from inputs_images import haadf_table, sem_table, wide_table
from inputs_measured import (
    draw_fit,
    eels_table,
    gains_table,
    ranges_table,
    ratios_table,
    shares_table,
)

TABLES = "haadf", "sem", "eels", "shares"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", metavar="FOLDER", default="../shared/data")
    parser.add_argument("--pictures", metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=TABLES, default=TABLES)
    chosen = parser.parse_args()
    hs.preferences.General.show_progressbar = False
    logger = logging.getLogger("hyperspy_multimodal")
    logger.propagate = False
    logger.setLevel(logging.WARNING)  # `machine` imports a benchmark that asks for less
    print(f"Measured on: {machine.name()}")
    folder = Path(chosen.data)
    if "haadf" in chosen.only:
        haadf_table()
    if "sem" in chosen.only:
        sem_table()
        wide_table()
    for name, file, table in (
        ("eels", "CuZn_EELS.hspy", eels_table),
        ("eels", "CuZn_EELS.hspy", gains_table),
        ("eels", "CuZn_EELS.hspy", ranges_table),
        ("eels", "CuZn_EELS.hspy", ratios_table),
        ("shares", "DyScO3_EDS.npz", lambda folder: shares_table(folder, chosen.pictures)),
    ):
        if name not in chosen.only:
            continue
        if not (folder / file).exists():
            parser.error(f"{file} is not in {folder}; pass its folder with --data.")
        table(folder)
    if chosen.pictures and "eels" in chosen.only:
        draw_fit(folder, chosen.pictures)


if __name__ == "__main__":
    main()
