"""What the Hopskotch archive says of messages, and how it compares with what we have, day by day."""

from __future__ import annotations

from django.db import models

from tom_scimma.models.messages import Message


class ArchiveRecord(models.Model):
    """A message as the archive has it: where, whether it is marked retracted, its DOI; without our message where it did not open."""

    class Large(models.TextChoices):
        NO = "", "no"
        KEPT = "kept", "kept by reference"  #: a large message of which we have the reference alone
        WANTED = "wanted", "to be fetched"  #: somebody asked for it

    source = models.CharField(max_length=40)
    topic = models.CharField(max_length=255)
    uuid = models.UUIDField()  #: the archive's name for it: the sender's `_id`, or one of the archive's own
    url = models.CharField(max_length=300)  #: of the archive, without the message
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, related_name="archive_records")
    time = models.DateTimeField()  #: Kafka's
    retracted = models.BooleanField(default=False)  #: marked so there; nothing here is changed by it
    retracted_seen = models.DateTimeField(null=True)  #: when we saw that first
    doi = models.CharField(max_length=255, blank=True)
    large = models.CharField(max_length=8, choices=Large.choices, blank=True, default=Large.NO)
    error = models.TextField(blank=True)  #: why it could not be opened
    seen = models.DateTimeField()  #: when we were told last

    class Meta:
        ordering = ["-time", "-pk"]
        constraints = [models.UniqueConstraint(fields=["source", "uuid"], name="scimma_archive_once")]
        indexes = [
            models.Index(fields=["topic", "time"], name="scimma_archive_topic"),
            models.Index(fields=["id"], condition=models.Q(large="wanted"), name="scimma_archive_wanted"),
        ]

    def __str__(self):
        return self.address

    @property
    def address(self) -> str:
        """Where anybody who may read it finds it."""
        return f"{self.url}/msg/{self.uuid}"


class ArchiveDay(models.Model):
    """One topic's day: how many messages the archive lists to us, and how many of them are not here."""

    source = models.CharField(max_length=40)
    topic = models.CharField(max_length=255)
    day = models.DateField()  #: UTC
    archived = models.IntegerField(default=0)
    missing = models.IntegerField(default=0)
    closed = models.IntegerField(default=0)  #: of the missing, those that did not open when they were asked for
    retracted = models.IntegerField(default=0)
    looked = models.DateTimeField()

    class Meta:
        ordering = ["-day", "topic"]
        constraints = [models.UniqueConstraint(fields=["source", "topic", "day"], name="scimma_archive_day_once")]

    def __str__(self):
        return f"{self.topic} {self.day}: {self.missing} of {self.archived} missing"
