"""Our side of HERMES messages: by the very path of a listener, in batches."""

from __future__ import annotations

import time

from tom_dataproducts.models import PhotometryReducedDatum
from tom_targets.models import Target

from benchmarks import hermes_mix
from tom_hermes.models import Received
from tom_scimma.ingest import ingest
from tom_scimma.record import Record

BATCH = 100


#: messages are about so many of the targets that are there
SPOKEN_OF = 5000


def known() -> list[tuple[str, float, float]]:
    """The targets that messages are about."""
    rows = Target.objects.filter(name__startswith="bench ").order_by("pk").values_list("name", "ra", "dec")
    return list(rows[:SPOKEN_OF])


def every_target() -> list[tuple[str, float, float]]:
    """All targets, for another side to have the same."""
    return list(Target.objects.order_by("pk").values_list("name", "ra", "dec"))


def hermes(seed: int, count: int, new: float) -> dict:
    """Seconds for `count` HERMES messages in batches of 100, one in 1/new about a target that is new, and what became of them."""
    messages = hermes_mix.take(seed, count, known(), new)
    records = [_record(message, number) for number, message in enumerate(messages)]
    before = counts()
    begun = time.perf_counter()
    for start in range(0, count, BATCH):
        ingest(records[start : start + BATCH])
    seconds = time.perf_counter() - begun
    made = {name: number - before[name] for name, number in counts().items()}
    fresh = sum(message.new for message in messages)
    return {"seconds": seconds, "made": made, "wanted": wanted(count, fresh)}


def counts() -> dict[str, int]:
    """Rows of what messages become."""
    models = {"targets": Target, "photometry": PhotometryReducedDatum, "messages": Received}
    return {name: model.objects.count() for name, model in models.items()}


def wanted(count: int, fresh: int) -> dict[str, int]:
    """What must become of so many messages."""
    return {"targets": fresh, "photometry": hermes_mix.ROWS * count, "messages": count}


def _record(message: hermes_mix.Said, offset: int) -> Record:
    headers = (
        ("topic", b"hermes.photometry"),
        ("_id", message.ident.bytes),
        ("_format", b"json"),
        ("_sender", b"survey-1"),
    )
    return Record(
        "hermes.photometry", message.payload, partition=0, offset=offset, headers=headers, broker="bench:9092"
    )
