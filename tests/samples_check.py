"""Runs every message of a folder through decode and parse, in place, and prints a table a kind.

    python tests/samples_check.py [FOLDER]          default: $SAMPLES, else ../shared/samples

A kind is a folder. Exits 1 when anything crashes, or when a message of the kinds that this project understands ends
otherwise than parsed or ignored. Exits 0, saying so, when the folder is not there: it holds other people's messages
and is no part of this project.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections import Counter, defaultdict
from fnmatch import fnmatchcase
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tom_scimma import parsers
from tom_scimma.decode import decode
from tom_scimma.errors import Undecodable, Unparsable
from tom_scimma.record import Record

UNDERSTOOD = (
    *("igwn-json-*", "igwn-avro", "gcn-notice-*", "gcn-heartbeat", "gcn-circular-*", "gcn-classic-*", "voevent-*"),
    *("hermes-message", "snews-*", "ztf-avro", "rubin-alert", "tns-report", "gracedb-api-json", "broker-derived"),
)


def state(path: Path) -> tuple[str, str]:
    """How a file ends, and why."""
    try:
        document = decode(Record(topic="file", payload=path.read_bytes(), source="file"))
        parsed = parsers.parse("file", document)
        for notice in parsed.notices:
            notice.to_json()
    except (Undecodable, Unparsable) as error:
        return "quarantined", str(error)
    except Exception:  # noqa: BLE001 - finding these is what this is for
        return "CRASHED", traceback.format_exc()
    return ("parsed" if parsed.notices else "ignored"), parsed.parser or ""


def main(folder: Path) -> int:
    """Prints the table; 0 when all is well."""
    if not folder.is_dir():
        print(f"samples: no folder {folder}; nothing checked")
        return 0
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    bad = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.parent != folder):
        kind = path.relative_to(folder).parts[0]
        end, why = state(path)
        counts[kind][end] += 1
        if end == "CRASHED" or (end == "quarantined" and any(fnmatchcase(kind, pattern) for pattern in UNDERSTOOD)):
            bad.append(f"{path.relative_to(folder)}: {end}: {why}")
    print(f"{'kind':44} parsed ignored quarantined CRASHED")
    for kind, ends in sorted(counts.items()):
        print(f"{kind:44} {ends['parsed']:6} {ends['ignored']:7} {ends['quarantined']:11} {ends['CRASHED']:7}")
    print(*bad, sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    here = Path(__file__).resolve().parent.parent
    sys.exit(
        main(
            Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SAMPLES") or here.parent / "shared" / "samples")
        )
    )
