"""gwemopt's side, in its own environment: its command with its greedy schedule, and the fields it chooses from."""

from __future__ import annotations

import time

BEGUN = time.perf_counter()

import contextlib  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import gwemopt  # noqa: E402
from gwemopt.run import run  # noqa: E402

from benchmarks import side  # noqa: E402

IMPORTED = time.perf_counter() - BEGUN
#: its primary grid's fields come first in its file
PRIMARY = 880


def fields() -> list:
    """[id, ra, dec] of ZTF's primary grid as it has it."""
    text = next(Path(gwemopt.__file__).parent.rglob("tesselations/ZTF.tess")).read_text()
    rows = [line.split()[:3] for line in text.splitlines() if line.strip()]
    return [[int(float(a)), float(b), float(c)] for a, b, c in rows if float(a) < PRIMARY]


def plan(path: str, folder: str, when: str, seconds: float, airmass: float) -> dict:
    """Its greedy plan of a day: [field, MJD, seconds] of each exposure, and how long that took."""
    from astropy.time import Time

    words = f"-t ZTF -o {folder} -e {path} -g {Time(when).gps} --doTiles --doSchedule --doUsePrimary --doSingleExposure"
    words += f" --timeallocationType powerlaw --scheduleType greedy --filters r --exposuretimes {seconds}"
    words += f" --confidence_level 0.999 --airmass {airmass} --Tobs 0.0,1.0"
    begun = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr), open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        run(words.split())
    taken = time.perf_counter() - begun
    rows = [line.split() for line in Path(folder, "schedule_ZTF.dat").read_text().splitlines()]
    visits = [[int(row[0]), float(row[3]), float(row[5])] for row in rows]
    return {"seconds": taken, "import": IMPORTED, "visits": visits}


def peak() -> float:
    """Most memory this process has had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    side.serve({"fields": fields, "plan": plan, "peak": peak})
