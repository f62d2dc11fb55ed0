"""GET /scimma/metrics: what the database knows of topics and consumers, in Prometheus' text format.

Any web process answers for all listeners, since the numbers come from the database. Topics that only some groups may
know of are added up under the one label `protected`, so that a scraper needs no credentials.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tom_scimma import ledger
from tom_scimma.metrics_work import of_work
from tom_scimma.models import Alert
from tom_scimma.topics import Survey, Topic, survey
from tom_scimma.workload import Workload, workload

PREFIX = "tom_scimma_"
PLACE = ("source", "topic")
#: what is told of each topic: name, help, kind, value; a value of None is left out
OF_TOPIC = (
    ("messages_received", "Messages that came from a topic.", CounterMetricFamily, lambda topic: topic.state.received),
    (
        "messages_dropped",
        "Messages that the topic's policy did not keep.",
        CounterMetricFamily,
        lambda topic: topic.state.dropped,
    ),
    (
        "messages_quarantined",
        "Messages that could not be read when they came.",
        CounterMetricFamily,
        lambda topic: topic.state.quarantined,
    ),
    ("quarantine", "Messages in quarantine now.", GaugeMetricFamily, lambda topic: topic.quarantined),
    ("lag", "Messages that wait at the broker.", GaugeMetricFamily, lambda topic: topic.state.lag),
)
OF_CONSUMER = ("process", "source", "lane")


class Numbers(Collector):
    """The metrics of one survey."""

    def __init__(self, seen: Survey, load: Workload):
        self.seen, self.load = seen, load

    def collect(self) -> Iterator[Metric]:
        yield from _of_topics(self.seen)
        yield from _of_consumers(self.seen)
        yield from of_work(self.load)
        well = self.seen.ok and self.load.ok
        yield GaugeMetricFamily(PREFIX + "up", "1 when all is well, as the health page says.", value=float(well))
        yield _latency()


def _of_topics(seen: Survey) -> Iterator[Metric]:
    for name, words, family, value in OF_TOPIC:
        sums: dict[tuple[str, str], float] = defaultdict(float)
        for topic in seen.topics:
            if value(topic) is not None:
                sums[_place(topic)] += value(topic)
        metric = family(PREFIX + name, words, labels=PLACE)
        for place, number in sorted(sums.items()):
            metric.add_metric(place, number)
        yield metric
    last = GaugeMetricFamily(PREFIX + "last_message_timestamp_seconds", "When the last message came.", labels=PLACE)
    newest: dict[tuple[str, str], float] = {}
    for topic in seen.topics:
        if topic.state.last_message:
            newest[_place(topic)] = max(newest.get(_place(topic), 0.0), topic.state.last_message.timestamp())
    for place, number in sorted(newest.items()):
        last.add_metric(place, number)
    yield last


def _place(topic: Topic) -> tuple[str, str]:
    return (topic.source, "protected" if topic.protected else topic.name)


def _of_consumers(seen: Survey) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        PREFIX + "listener_beat_age_seconds", "Since a consumer's last sign of life.", labels=OF_CONSUMER
    )
    restarts = CounterMetricFamily(
        PREFIX + "listener_restarts", "How often a consumer was started anew.", labels=OF_CONSUMER
    )
    handled = CounterMetricFamily(PREFIX + "listener_handled", "Messages that a consumer handled.", labels=OF_CONSUMER)
    for listener in seen.listeners:
        labels = (listener.process, listener.source, listener.lane)
        age.add_metric(labels, (seen.now - listener.beat).total_seconds())
        restarts.add_metric(labels, listener.restarts)
        handled.add_metric(labels, listener.handled)
    yield from (age, restarts, handled)


def _latency() -> Metric:
    metric = GaugeMetricFamily(
        PREFIX + "latency_median_seconds",
        "Median time of a step of the latency ledger, public alerts of late.",
        labels=("step",),
    )
    for step in ledger.medians(Alert.objects.filter(public=True)):
        if step.seconds is not None:
            metric.add_metric((step.step,), step.seconds)
    return metric


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers of this moment."""
    registry = CollectorRegistry(auto_describe=False)
    now = timezone.now()
    registry.register(Numbers(survey(now), workload(now)))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
