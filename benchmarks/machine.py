"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "Django",
    "tomtoolkit",
    "psycopg",
    "hop-client",
    "confluent-kafka",
    "numpy",
    "astropy",
    "orjson",
    "zstandard",
    "fastavro",
)


def versions() -> dict[str, str]:
    """Python and the packages that matter here; those not installed are left out."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def described() -> str:
    """Cores, processor, memory and system, in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {_processor()}, {memory:.0f} GB, {platform.system()} {platform.machine()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )


def processor_seconds(pid: int) -> float:
    """Processor seconds that a process has used, where Linux says so; else 0."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load() -> str:
    """How busy the machine is: the load averages, which should be near zero before a run."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())
