"""Figure: the objective at equal time, against M4OPT where it can be had with an open solver; else why it cannot."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from benchmarks.bench import Bench, Unavailable, peer
from benchmarks.figure import Skipped

NAMES = ("plan-m4opt:objective",)
#: which solvers its sources speak of, without importing it: that asks the network for a list of sites
ASK = """
import importlib.metadata, importlib.util, pathlib
folder = pathlib.Path(importlib.util.find_spec("m4opt").submodule_search_locations[0])
text = "".join(path.read_text() for path in folder.rglob("*.py"))
print(importlib.metadata.version("m4opt"), *(name for name in ("highspy", "cplex", "gurobipy") if f"import {name}" in text))
"""


def figures(ground: Bench, wanted: set[str]) -> Iterator[Skipped]:
    """Its newest version that installs is asked which solvers it has."""
    try:
        python = peer("m4opt", "m4opt")
    except Unavailable as why:
        yield Skipped(NAMES[0], str(why))
        return
    done = subprocess.run([python, "-c", ASK], capture_output=True, text=True, timeout=300)
    version, *solvers = done.stdout.split() or ["of unknown version"]
    if "highspy" not in solvers:
        yield Skipped(NAMES[0], f"m4opt {version} has no open solver, it has {' and '.join(solvers) or 'none'}")
        return
    yield Skipped(NAMES[0], f"m4opt {version} has HiGHS; nobody has written its side yet")
