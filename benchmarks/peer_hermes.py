"""tom-hermes' side, run by the Python of its own virtual environment: the same messages through its own handler."""

from __future__ import annotations

import os
import sys
import sysconfig
import time
from types import SimpleNamespace

sys.path.insert(0, sysconfig.get_paths()["purelib"])  # its `tom_hermes`, not ours, which stands in the working folder

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peer_hermes_settings")
django.setup()

import json  # noqa: E402

from django.core.management import call_command  # noqa: E402
from tom_dataproducts.models import ReducedDatum  # noqa: E402
from tom_hermes.alertstreams.ingester import ingest_hermes_alert  # noqa: E402
from tom_targets.models import Target  # noqa: E402

from benchmarks import hermes_mix, side  # noqa: E402


def migrate() -> None:
    """Makes the tables."""
    call_command("migrate", verbosity=0)


def targets(rows: list[list]) -> int:
    """Makes these targets, the same as the other side has."""
    made = [Target(name=name, type="SIDEREAL", ra=ra, dec=dec, permissions="PUBLIC") for name, ra, dec in rows]
    Target.objects.bulk_create(made, batch_size=5000)
    return Target.objects.count()


def hermes(seed: int, count: int, new: float, known: list[list]) -> dict:
    """Seconds for `count` messages, one after the other as its handler takes them, and what became of them."""
    messages = hermes_mix.take(seed, count, [tuple(row) for row in known], new)
    before = Target.objects.count(), ReducedDatum.objects.count()
    begun = time.perf_counter()
    for message in messages:
        metadata = SimpleNamespace(topic="hermes.photometry", headers=[("_id", message.ident.bytes)])
        ingest_hermes_alert(SimpleNamespace(content=json.loads(message.payload)), metadata)
    seconds = time.perf_counter() - begun
    made = {"targets": Target.objects.count() - before[0], "photometry": ReducedDatum.objects.count() - before[1]}
    fresh = sum(message.new for message in messages)
    return {"seconds": seconds, "made": made, "wanted": {"targets": fresh, "photometry": hermes_mix.ROWS * count}}


if __name__ == "__main__":
    side.serve({"migrate": migrate, "targets": targets, "hermes": hermes})
