"""What our side does for the figures of sharing: a target with many points, composed for a topic, and the click that queues them."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from tom_dataproducts.models import PhotometryReducedDatum
from tom_targets.models import Target

from tom_scimma.compose import drafts
from tom_scimma.models import Delivery, Draft, SharedItem

TOPIC = "hopskotch:tom.bench"


def points(total: int) -> dict:
    """A target with so many points of photometry, and a person who may see it."""
    here = {"hopskotch": {"kind": "kafka", "brokers": "127.0.0.1:9", "auth": False}}
    settings.TOM_SCIMMA = {**getattr(settings, "TOM_SCIMMA", {}), "SHARE_TOPICS": ["tom.*"], "SOURCES": here}
    User.objects.create_user("bench sharer", password="x")
    star = Target.objects.create(name="AT2026bench", type="SIDEREAL", ra=150.1, dec=2.2, permissions="PUBLIC")
    begin = datetime(2026, 1, 1, tzinfo=timezone.utc)
    said = {"unit": "AB mag", "bandpass": "r", "telescope": "1m0a", "instrument": "sinistro", "brightness_error": 0.05}
    rows = (
        PhotometryReducedDatum(
            target=star, timestamp=begin + timedelta(minutes=n), brightness=18 + n % 100 / 50, **said
        )
        for n in range(total)
    )
    PhotometryReducedDatum.objects.bulk_create(rows, batch_size=2000)
    return {"points": PhotometryReducedDatum.objects.count()}


def shared(number: int) -> dict:
    """Seconds from all of them chosen to payloads and texts for a topic, and of the click that queues what was confirmed."""
    client = Client()
    client.force_login(User.objects.get(username="bench sharer"))
    address = client.get("/share/", {"target": Target.objects.get(name="AT2026bench").pk})["Location"]
    client.post(f"{address}rows/", {"kind": "photometry", "act": "all"})
    words = {"sinks": "1", "sink": TOPIC, "f.title": f"Photometry {number}", "f.text": "All of it."}
    client.post(f"{address}check/", words)
    draft = Draft.objects.get(sent=None)
    begun = time.perf_counter()
    proof = drafts.proof_of(draft)
    composed = time.perf_counter() - begun
    begun = time.perf_counter()
    answer = client.post(f"{address}confirm/", {"seal": draft.seal})
    clicked = time.perf_counter() - begun
    rows = Delivery.objects.filter(share__draft=draft)
    return {
        "composed": composed,
        "clicked": clicked,
        "status": answer.status_code,
        "chosen": len(proof.content.photometry),
        "parts": len(proof.leaving),
        "queued": rows.count(),
        "carried": SharedItem.objects.filter(delivery__in=rows, kind="photometry").count(),
    }
