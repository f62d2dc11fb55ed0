"""Our side: the example TOM with the database of DATABASE_URL, or SQLite in TOM_VAR."""

from __future__ import annotations

import os
import time
from datetime import datetime, timezone

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks import machine, mix, side  # noqa: E402
from benchmarks.bursts import bursts, crowd  # noqa: E402
from benchmarks.covered import covered, tab  # noqa: E402
from benchmarks.heard import every_target, hermes, known  # noqa: E402
from benchmarks.nightly import tonight  # noqa: E402
from benchmarks.readied import planner, readied, what_if  # noqa: E402
from benchmarks.shares import points, shared  # noqa: E402
from benchmarks.subscribed import matched, newest_alert, subscribed  # noqa: E402
from tom_scimma import places  # noqa: E402
from tom_scimma.ingest import ingest  # noqa: E402
from tom_scimma.models import Alert, Event, Localization, Message, TargetPlace  # noqa: E402
from tom_scimma.record import Record  # noqa: E402

BATCH = 100


def migrate() -> None:
    """Makes the tables."""
    call_command("migrate", verbosity=0)


def alert(path: str) -> dict:
    """Seconds from the polled bytes of the alert in a file to its committed event, and what was committed."""
    with open(path, "rb") as file:
        payload = file.read()
    begun = time.perf_counter()
    record = Record("igwn.gwalert", payload, partition=0, offset=0, published=_now(), received=_now())
    (result,) = ingest([record])
    seconds = time.perf_counter() - begun
    row = Localization.objects.select_related("alert__event").get(alert_id__in=result.alerts)
    found = {"name": row.alert.event.name, "sha256": row.sha256, "area_50": row.area_50, "area_90": row.area_90}
    return {"seconds": seconds, **found, "distance": row.distance_mpc, "pixels": row.pixels}


def notices(seed: int, count: int, shares: dict | None = None) -> dict:
    """Seconds for `count` small notices in batches of 100, and what was committed."""
    messages = mix.Mix(seed, _now(), shares).take(count)
    records = [_record(message, number) for number, message in enumerate(messages)]
    before = _counts()
    begun, cpu, server = time.perf_counter(), time.process_time(), _server_seconds()
    for start in range(0, count, BATCH):
        ingest(records[start : start + BATCH])
    seconds, cpu, server = time.perf_counter() - begun, time.process_time() - cpu, _server_seconds() - server
    events = {message.event for message in messages}
    placed = {message.event for message in messages if message.what == mix.PLACED}
    with_target = Event.objects.filter(target__isnull=False).count() - before.pop("with target")
    made = {name: number - before[name] for name, number in _counts().items() if name in before}
    return {
        "seconds": seconds,
        "cpu": cpu,
        "server_cpu": server,
        "made": {**made, "with target": with_target},
        "wanted": {"messages": count, "alerts": count, "events": len(events), "with target": len(placed)},
    }


def targets(total: int) -> int:
    """Fills the TOM up to so many targets, all over the sky, and returns how many there are."""
    import numpy as np
    from tom_targets.models import Target

    have = Target.objects.count()
    chance = np.random.default_rng(total)
    ra, dec = chance.uniform(0, 360, total - have), np.degrees(np.arcsin(chance.uniform(-1, 1, total - have)))
    rows = [
        Target(name=f"bench {have + i}", type="SIDEREAL", ra=ra[i], dec=dec[i], permissions="PUBLIC")
        for i in range(total - have)
    ]
    Target.objects.bulk_create(rows, batch_size=5000)
    places.reconcile()
    return TargetPlace.objects.count()


def distant(mpc: float) -> int:
    """Puts all targets at a distance, so that each has a volume level too."""
    from tom_targets.models import Target

    return Target.objects.update(distance=mpc * 1e6)


def placed(path: str) -> dict:
    """Seconds from the polled bytes of an alert to its areas, levels and candidates committed, and what was."""
    from tom_scimma import candidates

    with open(path, "rb") as file:
        payload = file.read()
    begun = time.perf_counter()
    (result,) = ingest([Record("igwn.gwalert", payload, partition=0, offset=0, published=_now(), received=_now())])
    stored = time.perf_counter() - begun
    for pk in result.alerts:
        candidates.react(pk, "new")
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "stored": stored, **_placed(result.alerts[0])}


def _placed(alert: int) -> dict:
    """How many candidates and levels there are, and how many there must be: every target asked for by itself."""
    import numpy as np

    from tom_scimma import eventmaps
    from tom_scimma.models import Candidate, CandidateLevel

    rows = CandidateLevel.objects.filter(alert=alert)
    sky = eventmaps.of_alert(Alert.objects.get(pk=alert)).sky
    ra, dec = np.array(TargetPlace.objects.values_list("ra", "dec")).T
    return {
        "area_90": Localization.objects.get(alert=alert).area_90,
        "targets": len(ra),
        "wanted": int((sky.level_at(ra, dec) <= 0.95).sum()),
        "candidates": Candidate.objects.filter(event__alerts=alert, level__lte=0.95).count(),
        "levels": rows.filter(inside=True).count(),
        "volume_levels": rows.filter(volume_level__isnull=False).count(),
    }


def events(total: int) -> int:
    """Makes so many events with an alert each, by the very path of a listener, and returns how many there are."""
    messages = mix.Mix(7, _now(), {mix.PLAIN: 1.0}).take(total)
    records = [_record(message, number) for number, message in enumerate(messages)]
    for start in range(0, total, BATCH):
        ingest(records[start : start + BATCH])
    settle()
    return Event.objects.count()


def page(path: str) -> dict:
    """Seconds for one page through Django's test client, its status, queries, and whether it shows the newest event."""
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    newest, client = Event.objects.order_by("-latest", "-pk")[0].name, Client()
    begun = time.perf_counter()
    response = client.get(path)
    seconds = time.perf_counter() - begun
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return {
        "seconds": seconds,
        "status": response.status_code,
        "queries": len(queries),
        "newest": newest in response.content.decode(),
    }


def settle() -> None:
    """Gives the planner its statistics, as a running database's autovacuum does by itself within a minute."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _record(message: mix.Message, offset: int) -> Record:
    return Record(
        message.topic,
        message.payload,
        partition=0,
        offset=offset,
        headers=message.headers,
        published=_now(),
        received=_now(),
        broker="bench:9092",
    )


def _counts() -> dict[str, int]:
    rows = {"messages": Message, "alerts": Alert, "events": Event}
    counts = {name: model.objects.count() for name, model in rows.items()}
    return {**counts, "with target": Event.objects.filter(target__isnull=False).count()}


def _server_seconds() -> float:
    """Processor seconds of the server's process that works for us, where it runs on this machine's Linux; else 0."""
    if connection.vendor != "postgresql":
        return 0.0
    connection.ensure_connection()
    return machine.processor_seconds(connection.connection.info.backend_pid)


def _now() -> datetime:
    return datetime.now(timezone.utc)


if __name__ == "__main__":
    side.serve(
        {
            "migrate": migrate,
            "alert": alert,
            "notices": notices,
            "hermes": hermes,
            "known": known,
            "every_target": every_target,
            "targets": targets,
            "distant": distant,
            "placed": placed,
            "settle": settle,
            "events": events,
            "page": page,
            "points": points,
            "shared": shared,
            "subscribed": subscribed,
            "newest_alert": newest_alert,
            "matched": matched,
            "crowd": crowd,
            "bursts": bursts,
            "covered": covered,
            "tab": tab,
            "tonight": tonight,
            "planner": planner,
            "readied": readied,
            "what_if": what_if,
        }
    )
