"""Runs the stand-in until it is ended; its address is the first line printed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tom_treasuremap.fake.server import DOES, Fake
from tom_treasuremap.standin import serve


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tom_treasuremap.fake", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--seed", type=Path, help="JSON: users, gw_alerts, instruments, footprints, pointings ...")
    parser.add_argument("--faults", type=Path, help=f"JSON list of {{path, times, do}}; do: {', '.join(sorted(DOES))}")
    parser.add_argument("--zenodo", action="store_true", help="DOIs are given; without it Zenodo cannot be reached")
    options = parser.parse_args(arguments)
    faults = json.loads(options.faults.read_text()) if options.faults else []
    seed = json.loads(options.seed.read_text()) if options.seed else None
    serve(Fake(seed, host=options.host, port=options.port, faults=faults, zenodo=options.zenodo))
    return 0


if __name__ == "__main__":
    sys.exit(main())
