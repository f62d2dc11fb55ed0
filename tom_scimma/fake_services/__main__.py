"""Runs the stand-ins until ended; prints their addresses, one a line."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from pathlib import Path

from tom_scimma.fake_services import demo, start
from tom_scimma.fake_services.issuer import of
from tom_scimma.fake_services.server import DOES


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tom_scimma.fake_services", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--faults", type=Path, help=f"JSON list of {{path, times, do}}; do: {', '.join(sorted(DOES))}")
    options = parser.parse_args(arguments)
    world = demo()
    issuer = of(world)
    issuer.asks = True
    with start(world, options.port, faults=json.loads(options.faults.read_text()) if options.faults else []) as running:
        print(f"issuer  {running.issuer}  client {issuer.client_id!r}, secret {issuer.secret!r}", flush=True)
        print(f"hopauth {running.hopauth}", flush=True)
        print(f"archive {running.archive}", flush=True)
        for name in world.credentials:
            print(f"credential {name} {name[::-1]}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
