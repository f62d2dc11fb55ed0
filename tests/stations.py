"""Topics and consumers as a listener leaves them in the database, for tests of what is shown of them."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

from django.utils import timezone

from tom_scimma.models import Listener, Message, TopicState

SOURCES = {"lab": {"brokers": "127.0.0.1:9092", "auth": False}}
TOM = {"SOURCES": SOURCES, "TOPICS": {"igwn.gwalert": {}, "gcn.notices.*": {}, "ours.secret": {"groups": ["ours"]}}}


def listener(*, age=0.0, **values) -> Listener:
    """A consumer that gave a sign of life `age` seconds ago."""
    now = timezone.now()
    values = {"process": "host:1", "source": "lab", "lane": "fast", "state": "listening", **values}
    return Listener.objects.create(started=now - timedelta(hours=1), beat=now - timedelta(seconds=age), **values)


def topic(name, *, age=1.0, **values) -> TopicState:
    """A topic that a consumer is subscribed to, whose last message came `age` seconds ago."""
    last = None if age is None else timezone.now() - timedelta(seconds=age)
    values = {"source": "lab", "listening": True, "offered": True, "last_message": last, "lag": 0, **values}
    return TopicState.objects.create(topic=name, **values)


def message(name="igwn.gwalert", *, seconds=1.0, days=0.0, state="parsed", **values) -> Message:
    """A stored message received so long ago."""
    time = timezone.now() - timedelta(seconds=seconds, days=days)
    values = {"source": "lab", "size": 1000, "public": True, **values}
    uid = uuid.uuid5(uuid.NAMESPACE_OID, repr((name, Message.objects.count(), str(time))))
    sha256 = hashlib.sha256(uid.bytes).hexdigest()
    return Message.objects.create(uid=uid, topic=name, sha256=sha256, received=time, stored=time, state=state, **values)
