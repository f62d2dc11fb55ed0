"""Runs the stand-in until it is ended; its address is the first line printed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tom_treasuremap.fake_ocs.server import DOES, FakeOcs
from tom_treasuremap.standin import serve
from tom_treasuremap.transports.simulation import Manner


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tom_treasuremap.fake_ocs", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--faults", type=Path, help=f"JSON list of {{path, times, do}}; do: {', '.join(sorted(DOES))}")
    parser.add_argument(
        "--speed", type=float, help="requests are observed by time, so many seconds of theirs in one of ours"
    )
    parser.add_argument("--weather", type=float, default=0.0, help="with --speed: the part of the time that it is shut")
    parser.add_argument("--failures", type=float, default=0.0, help="with --speed: the part of requests that fail")
    options = parser.parse_args(arguments)
    faults = json.loads(options.faults.read_text()) if options.faults else []
    manner = Manner(speed=options.speed, weather=options.weather, failures=options.failures) if options.speed else None
    serve(FakeOcs(manner=manner, host=options.host, port=options.port, faults=faults))
    return 0


if __name__ == "__main__":
    sys.exit(main())
