"""Run every script behind a table of the documentation, and write the tables into the pages.

Usage: python print_all.py FOLDER [--only JOB ...] [--published PYTHON] [--data FOLDER] [--write]
       python print_all.py FOLDER --write --dry
       python print_all.py --list

Each job prints into FOLDER/JOB.txt. Two jobs run side by side, with one thread each; those that
measure time come last, alone, and want a machine that does nothing else. `--write` copies the
tables into the pages; with `--dry`, those of an earlier run. Text around a table may quote it: read
it again where a table changed. PYTHON has PyPI's multimodal-fusion 0.6.0 installed,
see `against_published.py`; `--data` holds copies of published files, named as those of
`published_examples.py` and `inputs_measured.py`. Jobs that need what is not given are left out.
"""

import argparse
import os
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import written_tables

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Job:
    """A script and what it is called with.

    Attributes
    ----------
    command : str
        Script and arguments; names in braces are filled in.
    minutes : float
        What it takes on one idle core, or two if it measures time.
    tables : tuple of str
        Tables that it prints.
    is_timed : bool
        Whether it measures time.
    quoted : tuple of str
        Further pages whose text quotes numbers of these tables.
    """

    command: str
    minutes: float
    tables: tuple = ()
    is_timed: bool = False
    quoted: tuple = ()

    def filled(self, given):
        """Return the command as a list, or the name of what it needs and is not given."""
        words = shlex.split(self.command)
        for name, value in given.items():
            if f"{{{name}}}" in words:
                if value is None:
                    return name
                words = [str(value) if word == f"{{{name}}}" else word for word in words]
        return [sys.executable, str(HERE / words[0]), *words[1:]]


JOBS = {
    "main": Job("fidelity/report.py --parts main --published {published}", 8, ("main", "gains")),
    "guards": Job("fidelity/report.py --parts guards", 3, ("guards",)),
    "doses": Job("fidelity/report.py --parts doses", 1.5, ("doses",)),
    "films": Job("fidelity/leaks.py --only films", 1, ("films",)),
    "silica-film": Job("fidelity/leaks.py --only scan", 0.8, ("silica-film",)),
    "error-bars": Job(
        "fidelity/error_bars.py --specimens --size 64 --seeds 3",
        1.5,
        ("error-bars-specimens", "error-ranges-specimens"),
    ),
    "error-bars-foil": Job(
        "fidelity/error_bars.py --foil --size 64 --seeds 3",
        1,
        ("error-bars-foil", "error-ranges-foil"),
    ),
    "error-bars-measured": Job(
        "fidelity/error_bars.py --measured --seeds 2",
        2,
        ("error-bars-measured", "error-ranges-measured"),
    ),
    "measured": Job(
        "fidelity/measured.py --published {published}",
        4,
        ("measured-snr", "measured-haadf", "measured-totals"),
    ),
    "verdicts": Job(
        "fidelity/verdicts.py",
        3,
        ("verdicts",),
        quoted=("README.md, Can I trust the maps?", "docs/troubleshooting.md, below the table"),
    ),
    "example": Job("example.py", 0.5, ("example",)),
    "composition": Job("fidelity/composition.py --seeds 15", 4, ("composition", "homogeneous")),
    "quantified": Job(
        "quantified.py",
        0.5,
        ("absorption", "composition-example", "areal-percent", "areal-ratios"),
    ),
    "edge-errors": Job("edge_errors.py", 1, ("edge-errors",)),
    "camera-noise": Job("camera_noise.py", 1, ("camera-noise",)),
    "detection": Job("fidelity/detection.py", 3, ("detection", "power")),
    "detection-map": Job("fidelity/detection_map.py --seeds 4", 1.5, ("detection-map",)),
    "misfits": Job("fidelity/misfits.py", 3, ("misfits",)),
    "unnamed": Job("fidelity/unnamed.py", 1.5, ("unnamed",)),
    "overlaps": Job("fidelity/overlaps.py", 1, ("overlaps",)),
    "regularisers": Job("fidelity/regularisers.py --seeds 2", 2, ("regularisers",)),
    "forms": Job("fidelity/forms.py", 0.5, ("forms",)),
    "lost-structure": Job(
        "fidelity/lost_structure.py --draws 100", 6, ("lost-features", "kept", "false-alarms")
    ),
    "shared-structure": Job(
        "fidelity/shared_structure.py",
        3,
        ("shared-specimens", "shared-measured", "shared-own"),
    ),
    "thin": Job("fidelity/thin_structure.py", 2, ("thin",)),
    "tgv-iterations": Job("generalised_variation_iterations.py", 1, ("tgv-iterations",)),
    "twins": Job("fidelity/twins.py --published {published} --seeds 2", 12, ("twins",)),
    "published-examples": Job(
        "published_examples.py --published {published} --files {data}",
        2,
        ("published-examples", "published-separation", "published-seeds"),
    ),
    "inputs": Job(
        "inputs.py --data {data}",
        3,
        (
            *("haadf-inputs", "bse", "wide-xrays", "eels"),
            *("eels-gain", "energy-ranges", "region-ratios", "shares"),
        ),
    ),
    "core-loss": Job("core_loss.py", 1.5, ("core-loss",)),
    "map-methods": Job("map_methods.py", 3, ("map-methods", "detectors", "unnamed-by-one")),
    "cross-talk": Job("cross_talk.py", 1.5, ("cross-talk",)),
    "map-noise": Job("map_noise.py --seeds 3", 3, ("map-gain", "map-floor")),
    "tiles": Job("tiles.py", 1, ("tiles",)),
    "speed": Job("fidelity/report.py --parts speed", 1, ("speed",), is_timed=True),
    "fit-speed": Job("map_methods.py --speed", 0.3, ("fit-speed",), is_timed=True),
    "solver": Job(
        "report.py --published {published} --cvxpy",
        4.5,
        (
            "machine",
            "iterations",
            "convergence",
            "calls",
            "memory",
            "against-published",
            "against-cvxpy",
        ),
        is_timed=True,
    ),
    "busy": Job("busy.py", 1, ("busy",), is_timed=True),
    "lazy": Job(
        "lazy.py --folder {folder}",
        3,
        ("lazy",),
        is_timed=True,
        quoted=("README.md, What you get",),
    ),
    "tuner": Job("interactive.py", 1, ("tuner",), is_timed=True),
}


def run(name, command, folder, is_timed):
    """Run a job; its output has its final name only if it succeeds. Return whether it did."""
    threads = {} if is_timed else {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    began, unfinished = time.perf_counter(), folder / f"{name}.part"
    (folder / f"{name}.txt").unlink(missing_ok=True)
    with unfinished.open("w") as out, (folder / f"{name}.err").open("w") as err:
        code = subprocess.run(
            command, stdout=out, stderr=err, env={**os.environ, **threads}, check=False
        ).returncode
    if code == 0:
        unfinished.rename(folder / f"{name}.txt")
    outcome = "done" if code == 0 else f"failed, see {name}.err"
    print(f"{name}: {outcome}, {(time.perf_counter() - began) / 60:.1f} minutes", flush=True)
    return code == 0


def run_all(names, given, folder):
    """Run jobs, the longest first; return those that succeeded, and whether none failed."""
    ready = {False: [], True: []}
    for name in sorted(names, key=lambda name: -JOBS[name].minutes):
        command = JOBS[name].filled(given)
        if isinstance(command, str):
            print(f"{name}: left out, --{command} is not given", flush=True)
        else:
            ready[JOBS[name].is_timed].append((name, command))
    outcomes = {}
    for is_timed, jobs in ready.items():
        with ThreadPoolExecutor(1 if is_timed else 2) as pool:
            done = pool.map(lambda job, t=is_timed: run(*job, folder, t), jobs)
            outcomes |= {name: good for (name, _), good in zip(jobs, done, strict=True)}
    return [name for name, good in outcomes.items() if good], all(outcomes.values())


def printed(names, folder):
    """Return the tables of jobs that have succeeded, by name."""
    every = {}
    for name in names:
        job, path = JOBS[name], folder / f"{name}.txt"
        if path.exists():
            found = written_tables.tables_in(path.read_text(encoding="utf-8"))
            if set(found) != set(job.tables):
                raise ValueError(f"{path} should hold {job.tables}, but holds {tuple(found)}.")
            every |= found
    return every


def show_list():
    """Print where the tables of each job go, and what it takes."""
    places = written_tables.places()
    for name, job in JOBS.items():
        alone = ", alone" if job.is_timed else ""
        print(f"{name}: {job.command} ({job.minutes:g} minutes{alone})")
        for table in job.tables:
            page, heading = places[table]
            print(f"    {table}: {page.relative_to(written_tables.ROOT)}, {heading}")
    shared = sum(job.minutes for job in JOBS.values() if not job.is_timed) / 2
    alone = sum(job.minutes for job in JOBS.values() if job.is_timed)
    print(f"\n{shared:.0f} minutes on two cores, and {alone:.0f} alone.")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--only", nargs="+", choices=JOBS, metavar="JOB", default=list(JOBS))
    parser.add_argument("--published", metavar="PYTHON")
    parser.add_argument("--data", metavar="FOLDER")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--dry", action="store_true")
    chosen = parser.parse_args()
    if chosen.list:
        show_list()
        return
    if chosen.folder is None:
        parser.error("pass a folder for the output, or --list.")
    chosen.folder.mkdir(parents=True, exist_ok=True)
    given = {
        "published": chosen.published,
        "data": chosen.data,
        "folder": chosen.folder.resolve(),
    }
    names, succeeded = chosen.only, True
    if not chosen.dry:
        names, succeeded = run_all(chosen.only, given, chosen.folder)
    if chosen.write:
        places = written_tables.places()
        for name in written_tables.write(printed(names, chosen.folder)):
            page, heading = places[name]
            quoted = next(job.quoted for job in JOBS.values() if name in job.tables)
            where = [f"{page.relative_to(written_tables.ROOT)}, {heading}", *quoted]
            print(f"{name} changed: read {'; '.join(where)}")
    sys.exit(not succeeded)


if __name__ == "__main__":
    main()
