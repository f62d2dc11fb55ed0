"""python -m tom_hermes.fake: the stand-in until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path

from tom_hermes.fake import Fake


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tom_hermes.fake", description="A stand-in for HERMES.")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument(
        "--faults", type=Path, help='JSON: [{"path": "submit_message/", "times": 1, "do": "drop_after"}]'
    )
    parser.add_argument("--production", action="store_true", help="take any topic, as the production server does")
    parser.add_argument("--services-down", action="store_true", help="SCiMMA, its archive, TNS and GCN are away")
    parser.add_argument("--no-permissions", action="store_true", help="no account may write a topic, by its profile")
    parser.add_argument(
        "--pages", action="store_true", help="the archive gives a next page, not the newest messages alone"
    )
    options = parser.parse_args()
    with Fake(
        options.port,
        dev=not options.production,
        services=not options.services_down,
        permissions=not options.no_permissions,
        pages=options.pages,
    ) as fake:
        if options.faults:
            fake.faults.extend(json.loads(options.faults.read_text()))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: fake.ending.set())
        print(fake.url, flush=True)
        for account in fake.world.accounts:
            print(f"{account.username} {account.token}", flush=True)
        fake.ending.wait()


if __name__ == "__main__":
    main()
