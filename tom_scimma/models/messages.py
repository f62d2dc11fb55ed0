"""Messages as received, and apart from them their bytes."""

from __future__ import annotations

import base64
import threading

import zstandard
from django.contrib.auth.models import Group
from django.db import models
from django.urls import reverse

from tom_scimma.models.visibility import VisibleQuerySet
from tom_scimma.record import Record

_thread = threading.local()


class Message(models.Model):
    """One message of a topic, as it was received."""

    class State(models.TextChoices):
        PARSED = "parsed", "parsed"
        IGNORED = "ignored", "ignored"  #: nothing in it for us, or no parser knows it
        QUARANTINED = "quarantined", "quarantined"  #: could not be decoded or parsed; bytes and traceback kept

    #: identity, see Record.uid: the same message is the same row however often it comes
    uid = models.UUIDField(unique=True, editable=False)
    source = models.CharField(max_length=40)
    topic = models.CharField(max_length=255)
    partition = models.IntegerField(null=True)
    offset = models.BigIntegerField(null=True)
    headers = models.JSONField(default=list)  #: [[name, text or base64:...], ...] in the order sent
    sent_id = models.UUIDField(null=True)  #: the sender's `_id`
    sender = models.CharField(max_length=200, blank=True)  #: the credential that published it
    broker = models.CharField(max_length=255, blank=True)
    format = models.CharField(max_length=40, blank=True)
    is_test = models.BooleanField(default=False)  #: hop's `_test` header
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    #: how it came: listen where it was ever heard, else ingest, replay, backfill
    via = models.CharField(max_length=10, default="listen")
    published = models.DateTimeField(null=True)  #: at the broker
    received = models.DateTimeField()  #: out of our poll
    stored = models.DateTimeField()  #: just before its transaction was committed
    state = models.CharField(max_length=12, choices=State.choices)
    parser = models.CharField(max_length=60, blank=True)
    error = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    public = models.BooleanField(default=True)  #: False: only members of `groups` may see it
    groups = models.ManyToManyField(Group, blank=True, related_name="+")

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["-received", "-pk"]
        indexes = [
            models.Index(fields=["-received", "-id"], name="scimma_message_received"),
            models.Index(fields=["topic", "-received"], name="scimma_message_topic"),
            models.Index(fields=["state", "-received"], name="scimma_message_state"),
        ]

    def __str__(self):
        return f"{self.topic} {self.uid}"

    def get_absolute_url(self):
        return reverse("tom_scimma:message", kwargs={"uid": self.uid})

    @property
    def place(self) -> str:
        """topic:partition:offset, or the file it came from."""
        if self.offset is None:
            return self.broker or self.topic
        return f"{self.topic}:{self.partition}:{self.offset}"

    def record(self) -> Record:
        """The Record that this row was made from, to parse it again."""
        return Record(
            topic=self.topic,
            payload=self.body.payload,
            source=self.source,
            partition=self.partition,
            offset=self.offset,
            headers=tuple((name, header_bytes(value)) for name, value in self.headers),
            published=self.published,
            received=self.received,
            broker=self.broker,
        )


class MessageBody(models.Model):
    """A message's bytes, zstandard-compressed, in a table of their own so that lists never touch them."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="body")
    data = models.BinaryField()

    def __str__(self):
        return f"body of {self.message_id}"

    @property
    def payload(self) -> bytes:
        """The bytes as received."""
        return zstandard.ZstdDecompressor().decompress(bytes(self.data))


def compress(payload: bytes) -> bytes:
    """A payload as MessageBody keeps it."""
    if not hasattr(_thread, "compressor"):  # making one takes as long as a small message; it serves one thread
        _thread.compressor = zstandard.ZstdCompressor(level=1)
    return _thread.compressor.compress(payload)


def header_text(value: bytes | None) -> str:
    """A header's value as text that any database keeps: UTF-8 where it is printable, else `base64:...`."""
    value = value or b""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is not None and text.isprintable() and not text.startswith("base64:"):
        return text
    return "base64:" + base64.b64encode(value).decode("ascii")


def header_bytes(text: str) -> bytes:
    """The inverse of `header_text`."""
    return base64.b64decode(text[7:]) if text.startswith("base64:") else text.encode("utf-8")
