"""Plays a night into the topics of a broker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from confluent_kafka import KafkaError, Message, Producer
from night import Step, gcn
from night.names import HEARTBEAT


class Player:
    """Sends messages to a broker, each confirmed."""

    def __init__(self, broker: str):
        self.producer = Producer(
            {"bootstrap.servers": broker, "linger.ms": 0, "log_level": 2, "message.timeout.ms": 20_000}
        )
        self.failures: list[str] = []

    def send(self, topic: str, payload: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """Sends one message; raises RuntimeError when an earlier one was refused.

        The topic is the key, so that all of it lies in one partition: a whole night played at once keeps its order.
        """
        self.producer.produce(topic, payload, key=topic, headers=list(headers), on_delivery=self._told)
        self.producer.poll(0)
        self._raise()

    def play(
        self, steps: Sequence[Step], start: datetime, wait: Callable[[float], None], tell: Callable[[str], None]
    ) -> None:
        """Sends each step when its time has come; `wait` sleeps, for nothing where the time has passed."""
        for step in steps:
            wait(step.at - (datetime.now(timezone.utc) - start).total_seconds())
            self.send(step.topic, step.payload, step.headers)
            if step.topic != HEARTBEAT:
                tell(f"  {datetime.now():%H:%M:%S}  {step.topic:<46}{step.label}")
        self.flush()

    def beat(self) -> None:
        """Sends a sign of life."""
        self.send(HEARTBEAT, gcn.heartbeat(datetime.now(timezone.utc)), [("_format", b"json")])

    def flush(self) -> None:
        """Returns when the broker has confirmed everything; raises RuntimeError when it did not."""
        left = self.producer.flush(30)
        if left:
            raise RuntimeError(f"the broker did not confirm {left} messages within 30 s")
        self._raise()

    def _told(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.failures.append(f"{message.topic()}: {error.str()}")

    def _raise(self) -> None:
        if self.failures:
            raise RuntimeError(f"the broker refused a message: {self.failures[0]}")
