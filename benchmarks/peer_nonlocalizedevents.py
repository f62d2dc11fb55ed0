"""tom_nonlocalizedevents' side, run by the Python of its own virtual environment: the same alert through its own handler."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import time
from importlib.metadata import version

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peer_settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from hop.models import JSONBlob  # noqa: E402
from tom_nonlocalizedevents.alertstream_handlers.igwn_event_handler import handle_igwn_message  # noqa: E402
from tom_nonlocalizedevents.models import SkymapTile  # noqa: E402

from benchmarks import side  # noqa: E402

logging.getLogger("tom_nonlocalizedevents").setLevel(logging.ERROR)


def migrate() -> None:
    """Makes the tables."""
    call_command("migrate", verbosity=0)


def alert(path: str) -> dict:
    """Seconds from the bytes of the alert in a file to its rows, and what they say.

    The handler expects the map as bytes, as Avro gives it; from JSON it must be decoded first.
    """
    with open(path, "rb") as file:
        payload = file.read()
    begun = time.perf_counter()
    said = json.loads(payload)
    fits = said["event"]["skymap"] = base64.b64decode(said["event"]["skymap"])
    event, sequence = handle_igwn_message(JSONBlob(said))
    seconds = time.perf_counter() - begun
    place = sequence.localization
    found = {
        "name": event.event_id,
        "sha256": hashlib.sha256(fits).hexdigest(),
        "rows": SkymapTile.objects.filter(localization=place).count(),
    }
    return {
        "seconds": seconds,
        **found,
        "area_50": place.area_50,
        "area_90": place.area_90,
        "distance": place.distance_mean,
    }


def versions() -> dict[str, str]:
    """What is installed here."""
    return {name: version(name) for name in ("tom-nonlocalizedevents", "tomtoolkit", "psycopg2-binary")}


if __name__ == "__main__":
    side.serve({"migrate": migrate, "alert": alert, "versions": versions})
