"""Kafka's words and ours: fixed properties, messages as Records, errors as sentences and answers. Pure.

Errors are told apart by librdkafka's names for them (`KafkaError.name()`), messages by confluent-kafka's methods.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from tom_scimma.errors import DeliveryError, Rejected, Unavailable
from tom_scimma.record import Record
from tom_scimma.sources import ENVIRONMENT, Source

SECONDS = 10.0  #: how long a question to a broker may take
BITE = 1.0  #: seconds that a client is first left alone with it; see `bites`
BATCH_BYTES = 16 * 2**20  #: a batch that has grown so large is handled before more is taken
LATEST, EARLIEST = -1, -2  #: the times that mean so in Kafka's protocol
COMMITTED = (
    -1001
)  #: the offset at which librdkafka asks by itself what was committed, and goes to what is left when nothing was
#: header of ours on a message whose own cannot be read, with the reason
HEADERS_ERROR = "_headers_error"

logger = logging.getLogger("tom_scimma.kafka")

CONNECTION: dict[str, Any] = {
    "client.id": "tom-scimma",
    "socket.keepalive.enable": True,
    "log_level": 2,  # a client's log repeats, at every attempt to connect, what it tells us by callback
}
CONSUMER: dict[str, Any] = {
    "enable.auto.commit": False,  # an offset is committed after the message's row
    "enable.auto.offset.store": False,
    "allow.auto.create.topics": False,  # a topic that does not exist is a warning, not a new topic
    "auto.offset.reset": "earliest",  # when the committed offset has been deleted: all that is left
    "partition.assignment.strategy": "cooperative-sticky",  # a member or topic more does not stop the others
    "session.timeout.ms": 6000,  # the partitions of a killed listener go to another after so long
    "heartbeat.interval.ms": 1500,
    "topic.metadata.refresh.interval.ms": 30000,
    "fetch.queue.backoff.ms": 10,  # librdkafka's 1000 stalls a reader that is faster than its queue is long
    "queued.max.messages.kbytes": 32768,
    "receive.message.max.bytes": 256
    * 2**20,  # a topic may allow messages of 100 MiB; the default of 100 MB would stop there
}

#: errors of one topic: it is not there, or we may not read it
UNREADABLE = {
    "TOPIC_AUTHORIZATION_FAILED",
    "UNKNOWN_TOPIC_OR_PART",
    "_UNKNOWN_TOPIC",
    "_UNKNOWN_PARTITION",
    "UNKNOWN_TOPIC_ID",
}
#: errors that mean the same tomorrow: our credential or request is refused
REFUSED = {
    "_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM", "TOPIC_AUTHORIZATION_FAILED",
    "GROUP_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED", "UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC",
    "TOPIC_EXCEPTION", "MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "POLICY_VIOLATION", "INVALID_RECORD",
    "INVALID_TIMESTAMP", "INVALID_MSG",
}  # fmt: skip
#: errors of a commit that comes while the group is being shared out anew
REBALANCING = {"REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "_NO_OFFSET"}
#: errors that say no more than that no answer came
SILENCE = {"_TIMED_OUT", "_TIMED_OUT_QUEUE", "_TRANSPORT", "_ALL_BROKERS_DOWN", "_WAIT_COORD"}
#: errors that mean that our credential is refused
LOGIN_REFUSED = {"_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM"}


def bites() -> Iterator[float]:
    """Time-outs for one question asked again and again: growing, so that a slow broker can answer, `SECONDS` in all."""
    left, bite = SECONDS, BITE
    while left > 0:
        yield min(bite, left)
        left, bite = left - bite, 2 * bite


class Trouble:
    """What a client last complained about, for as long as it goes on complaining (librdkafka repeats itself each 30 s)."""

    def __init__(self, source: Source):
        self._source, self._text, self._at = source, "", 0.0
        self._refusal = ""

    def note(self, error: Any) -> None:
        """Remembers a complaint, and logs it when it is another than before."""
        said = text(error, self._source)
        if error.name() in ("_ALL_BROKERS_DOWN", "_NO_OFFSET", "_PARTITION_EOF") or "in state UP" in error.str():
            return  # what came before said more; nothing is wrong; an idle line was closed and is opened again
        if said != self.text:
            logger.warning(said)
        self._text, self._at = said, time.monotonic()
        if error.name() in LOGIN_REFUSED:
            self._refusal = said

    def check(self) -> None:
        """Raises Rejected when our log-in was refused: close the client then, which would try three times a second."""
        if self._refusal:
            raise Rejected(self._refusal)

    def clear(self) -> None:
        """All is well again."""
        self._text = ""

    @property
    def text(self) -> str:
        """The complaint, or "" when there is none or it is over."""
        return self._text if time.monotonic() - self._at < 90 else ""


def record(message: Any, source: Source, received: datetime) -> Record:
    """A confluent-kafka message as a Record."""
    stamped, milliseconds = message.timestamp()
    return Record(
        topic=message.topic(),
        payload=message.value() or b"",
        source=source.name,
        partition=message.partition(),
        offset=message.offset(),
        headers=headers(message),
        published=_time(milliseconds) if stamped else None,
        received=received,
        broker=source.host,
    )


def headers(message: Any) -> tuple[tuple[str, bytes], ...]:
    """A message's headers. One name that is not UTF-8, and confluent-kafka reads none of them: it fails, and when asked
    again gives names that end the process. The message is then kept with this one, and quarantined by it."""
    try:
        return tuple((name, value or b"") for name, value in message.headers() or ())
    except (SystemError, ValueError) as error:
        return ((HEADERS_ERROR, str(error.__cause__ or error).encode("utf-8", "replace")[:1000]),)


def _time(milliseconds: int) -> datetime | None:
    """Kafka's time as UTC; None for one that no calendar has, since the producer may write what it likes."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def kafka_time(start: str | datetime) -> int:
    """A start position as Kafka's protocol asks for it: milliseconds, or its numbers for latest and earliest."""
    if isinstance(start, datetime):
        return max(0, int(start.timestamp() * 1000))
    return {"latest": LATEST, "earliest": EARLIEST}[start]


def text(error: Any, source: Source) -> str:
    """A Kafka error in words that say what to do."""
    said = re.sub(r" \(after [^)]*\)$", "", error.str())  # how long and how often; the error is the same
    said = f"{source.name} ({source.host}): {said}"
    hints = {
        "_AUTHENTICATION": "The credential is refused: check user name and password, and that it is not suspended.",
        "SASL_AUTHENTICATION_FAILED": "The credential is refused: check it, and that it is not suspended.",
        "GROUP_AUTHORIZATION_FAILED": "The group is refused: on Hopskotch `group` must begin with `<credential>-`.",
        "_SSL": "TLS failed: check the broker's address, and `ssl_ca_location` for a private certificate authority.",
        "_RESOLVE": "The broker's name is not known: check `brokers`.",
        "_TRANSPORT": "Nobody answers there, or the line was cut.",
        "_ALL_BROKERS_DOWN": "None of its brokers answers.",
    }
    hint = hints.get(error.name(), "")
    return f"{said}. {hint}" if hint else said


def unreadable(topic: str, source: Source, error: Any) -> str:
    """Why a topic cannot be read, in words that say what to do; without a full stop, since who listens looks again."""
    if error.name() == "TOPIC_AUTHORIZATION_FAILED":
        return (  # the broker says the same of a topic that is not there
            f"Our credential may not read {topic} on {source.name}, or there is no such topic: add the permission to the "
            "credential, or mend the name"
        )
    if error.name() in UNREADABLE:
        return f"{source.name} has no topic {topic}, or hides it from our credential"
    return f"{topic}: {text(error, source)}"


def no_credential(source: Source, error: Exception) -> str:
    """What to do when a source has no login."""
    names = " and ".join(ENVIRONMENT[source.kind])
    return (
        f"No credential for {source.name} ({source.host}): {error}. Set its 'auth' in TOM_SCIMMA['SOURCES'], or "
        f"{names} in the environment, or run `hop auth add`; `'auth': False` is for a broker without log-in."
    )


def answer(error: Any, source: Source, refusal: str = "") -> DeliveryError:
    """What a question that failed means: Rejected when we are refused, Unavailable when the broker cannot be asked."""
    if refusal:
        return Rejected(refusal)
    return Rejected(text(error, source)) if error.name() in REFUSED else Unavailable(text(error, source))


def endpoint(metadata: bytes) -> str:
    """The address for large messages in a message of `sys.metadata`, or "" when it holds none."""
    try:
        found = json.loads(metadata)["LargeMessageUploadEndpoint"]
        return found if isinstance(found, str) and urlsplit(found).scheme in ("http", "https") else ""
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
