"""The example TOM as benchmarks run it: its database and folder come from the environment, DEBUG is off."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "example_tom"))
os.environ.setdefault("SECRET_KEY", "for benchmarks only")

from example_tom.settings import *  # noqa: F403

DEBUG = False  # or every query would be kept in memory
ALLOWED_HOSTS = ["*"]
LOGGING["loggers"][""]["level"] = "WARNING"  # noqa: F405
if "BENCH_SCIMMA" in os.environ:  # what a listener of the benchmarks hears
    TOM_SCIMMA = json.loads(os.environ["BENCH_SCIMMA"])
if "BENCH_TREASUREMAP" in os.environ:  # the telescopes of the benchmarks
    TOM_TREASUREMAP = json.loads(os.environ["BENCH_TREASUREMAP"])
