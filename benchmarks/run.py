"""All figures: `python benchmarks/run.py [--only NAME] [--quick] [--list]`. See README.md.

Prints a line each, `name ours peer limit ratio bar ok|short`, writes them to results.json, and exits 1 if any falls short.
What a run did not measure stays there with the time at which it was; what --quick measured is not written.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
import time
import traceback
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import (
    against_gwemopt,
    against_m4opt,
    archive,
    backfill,
    candidates,
    compose,
    coverage,
    deluge,
    footprints,
    galaxies,
    gw,
    hermes,
    logging_in,
    lone,
    machine,
    matching,
    merging,
    notices,
    outbox,
    pages,
    parsing,
    planning,
    ready,
    skymaps,
    visibility,
)
from benchmarks.bench import Bench

PARTS = (
    gw,
    notices,
    lone,
    deluge,
    pages,
    galaxies,
    candidates,
    skymaps,
    footprints,
    matching,
    merging,
    outbox,
    hermes,
    logging_in,
    parsing,
    compose,
    backfill,
    archive,
    coverage,
    planning,
    against_gwemopt,
    against_m4opt,
    visibility,
    ready,
)
RESULTS = Path(__file__).resolve().parent / "results.json"


def main(arguments: list[str]) -> int:
    """Measures what is asked for; 1 when a figure falls short."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", metavar="NAME", help="a figure by name or pattern; may be repeated")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: to see that it runs, not to be quoted")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    options = parser.parse_args(arguments)
    names = [name for part in PARTS for name in part.NAMES]
    wanted = {name for name in names if not options.only or any(fnmatch.fnmatchcase(name, one) for one in options.only)}
    if options.list:
        print("\n".join(names))
        return 0
    if not wanted:
        parser.error(f"no figure is named {', '.join(options.only)}; there are: {', '.join(names)}")
    return _run(wanted, quick=options.quick)


def _run(wanted: set[str], *, quick: bool) -> int:
    found, broken, begun, load = [], [], time.monotonic(), machine.load()
    made = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    print(f"{machine.described()}; load {load}")
    print("{:<34} {:>10} {:>10} {:>10} {:>8} {:>8}".format("name", "ours", "peer", "limit", "ratio", "bar"))
    for part in PARTS:
        if not wanted & set(part.NAMES):
            continue
        with Bench(quick=quick) as ground:
            try:
                for figure in part.figures(ground, wanted):
                    found.append({**figure.document(), "load": machine.load(), "made": made})
                    print(figure.line(), flush=True)
            except Exception:  # noqa: BLE001  # one part that breaks costs the others nothing; the run fails all the same
                traceback.print_exc()
                broken.append(part.__name__)
            postgres = ground.postgres_version
    document = {
        "made": made,
        "machine": machine.described(),
        "load_before": load,
        "load_after": machine.load(),
        "seconds": round(time.monotonic() - begun),
        "versions": {**machine.versions(), "PostgreSQL": postgres},
        "durability": "PostgreSQL: fsync, synchronous_commit and full_page_writes on. SQLite: WAL, synchronous NORMAL, IMMEDIATE.",
        "figures": _with_earlier(found),
    }
    if not quick:
        RESULTS.write_text(json.dumps(document, indent=2) + "\n")
    short = [figure["name"] for figure in found if figure.get("ok") is False]
    print(
        f"{len(found)} figures in {document['seconds']} s, load {document['load_after']}; "
        + (f"short: {', '.join(short)}" if short else "none short")
        + (f"; broken off: {', '.join(broken)}" if broken else "")
    )
    return 1 if short or broken else 0


def _with_earlier(found: list[dict]) -> list[dict]:
    """These figures and those of earlier runs that this one did not measure, in the order of `--list`."""
    earlier = json.loads(RESULTS.read_text())["figures"] if RESULTS.exists() else []
    by_name = {figure["name"]: figure for figure in (*earlier, *found)}
    return [by_name[name] for part in PARTS for name in part.NAMES if name in by_name]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
