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


def candidates(sky: str, places: str) -> int:
    """Makes an event with a map, and its candidates by bulk_create, and returns how many there are."""
    import numpy as np
    from astropy.coordinates import SkyCoord
    from healpix_alchemy.constants import HPX
    from tom_nonlocalizedevents.healpix_utils import create_localization_for_skymap
    from tom_nonlocalizedevents.models import EventCandidate, NonLocalizedEvent
    from tom_targets.models import Target

    with open(sky, "rb") as file:
        fits = file.read()
    event = NonLocalizedEvent.objects.create(event_id="S261126bench")
    create_localization_for_skymap(event, fits)
    with np.load(places) as stored:
        ra, dec = stored["ra"], stored["dec"]
    targets = Target.objects.bulk_create(
        [Target(name=f"candidate {at}", type="SIDEREAL", ra=ra[at], dec=dec[at]) for at in range(ra.size)]
    )
    healpix = HPX.skycoord_to_healpix(SkyCoord(ra, dec, unit="deg"))
    EventCandidate.objects.bulk_create(
        [
            EventCandidate(target=target, nonlocalizedevent=event, healpix=int(place))
            for target, place in zip(targets, healpix, strict=True)
        ]
    )
    return EventCandidate.objects.count()


def levels() -> dict:
    """Seconds for the regions of all candidates by its own function, and each one's smallest percentage, in order."""
    from tom_nonlocalizedevents.healpix_utils import update_all_credible_region_percents_for_candidates
    from tom_nonlocalizedevents.models import CredibleRegion, EventCandidate, EventLocalization

    CredibleRegion.objects.all().delete()
    place = EventLocalization.objects.get(nonlocalizedevent__event_id="S261126bench")
    begun = time.perf_counter()
    update_all_credible_region_percents_for_candidates(place)
    seconds = time.perf_counter() - begun
    found = dict(CredibleRegion.objects.values_list("candidate_id", "smallest_percent"))
    rows = EventCandidate.objects.order_by("target__id").values_list("pk", flat=True)
    return {"seconds": seconds, "percents": [found.get(row, 100) for row in rows]}


def versions() -> dict[str, str]:
    """What is installed here."""
    return {name: version(name) for name in ("tom-nonlocalizedevents", "tomtoolkit", "psycopg2-binary")}


if __name__ == "__main__":
    side.serve({"migrate": migrate, "alert": alert, "candidates": candidates, "levels": levels, "versions": versions})
