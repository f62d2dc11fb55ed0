"""What is a test: an event, a message or a topic. Tests go to test destinations only."""

from __future__ import annotations

import fnmatch
import re

from tom_scimma.conf import conf
from tom_scimma.models import Alert, Event, Message

PARTS = {"test", "tests", "testing", "playground", "devel"}


def is_test_topic(topic: str) -> bool:
    """Whether a topic carries tests only, by a part of its name or by TOM_SCIMMA["TEST_TOPICS"]."""
    if set(re.split(r"[^a-z0-9]+", topic.lower())) & PARTS:
        return True
    return any(fnmatch.fnmatchcase(topic, pattern) for pattern in conf.TEST_TOPICS)


def about_a_test(subject: str, event: Event | None) -> bool:
    """Whether something said about a subject, or an event, is about a test."""
    if event is not None and (event.role == "test" or subject == f"event:{event.name}"):
        return event.role == "test"
    kind, _, identity = subject.partition(":")
    if kind == "event":
        return Event.objects.filter(name=identity, role="test").exists()
    if kind == "alert" and identity.isdigit():
        alert = Alert.objects.filter(pk=int(identity)).select_related("message", "event").defer("document").first()
        return alert is not None and (alert.role == "test" or alert.event.role == "test" or _is_test(alert.message))
    if kind == "message" and identity.isdigit():
        message = Message.objects.filter(pk=int(identity)).first()
        return message is not None and (_is_test(message) or message.alerts.filter(role="test").exists())
    return False


def _is_test(message: Message) -> bool:
    return message.is_test or is_test_topic(message.topic)
