"""What metrics.py tells of the outbox and the worker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from tom_scimma.workload import Workload, open_deliveries

PREFIX = "tom_scimma_"


def of_work(load: Workload) -> Iterator[Metric]:
    """Workers, what is queued, and how old the first of it is."""
    yield from _of_workers(load)
    queued = GaugeMetricFamily(PREFIX + "deliveries_open", "Deliveries that are not over.", labels=("service", "state"))
    for service, state, count in open_deliveries():
        queued.add_metric((service, state), count)
    yield queued
    single = {
        "deliveries_ready": ("Deliveries that could go now.", load.ready),
        "deliveries_oldest_seconds": ("Since when the first of them could have gone.", _age(load.oldest, load.now)),
        "reactions_ready": ("Reactions to alerts that could be done now.", load.reactions),
        "reactions_oldest_seconds": ("Since when the first of them waits.", _age(load.oldest_reaction, load.now)),
        "reactions_failed": ("Reactions that failed for good in the last day.", load.failed),
        "stopped": ("1 while everything that leaves is stopped.", float(load.stop is not None)),
        "dry_run": ("1 while all or some of it is in dry run.", float(bool(load.dry))),
    }
    for name, (words, value) in single.items():
        yield GaugeMetricFamily(PREFIX + name, words, value=value)


def _of_workers(load: Workload) -> Iterator[Metric]:
    label = ("process",)
    age = GaugeMetricFamily(PREFIX + "worker_beat_age_seconds", "Since a worker's last sign of life.", labels=label)
    memory = GaugeMetricFamily(PREFIX + "worker_memory_bytes", "Memory that a worker has.", labels=label)
    delivered = CounterMetricFamily(PREFIX + "worker_delivered", "Deliveries that a worker made.", labels=label)
    reacted = CounterMetricFamily(PREFIX + "worker_reacted", "Reactions that a worker did.", labels=label)
    for worker in load.workers:
        place = (worker.process,)
        age.add_metric(place, (load.now - worker.beat).total_seconds())
        delivered.add_metric(place, worker.delivered)
        reacted.add_metric(place, worker.reacted)
        if worker.memory is not None:
            memory.add_metric(place, worker.memory)
    yield from (age, memory, delivered, reacted)


def _age(time: datetime | None, now: datetime) -> float:
    return (now - time).total_seconds() if time is not None else 0.0
