"""What is known of each topic, and of each consumer that hears it."""

from __future__ import annotations

from django.db import models


class TopicState(models.Model):
    """One topic of one source: what came, when, and whether we listen."""

    source = models.CharField(max_length=40)
    topic = models.CharField(max_length=255)
    #: a person's click: True listen, False do not; None: as the settings say. Settings that name the topic win
    wanted = models.BooleanField(null=True)
    listening = models.BooleanField(default=False)  #: a live consumer is subscribed to it
    offered = models.BooleanField(default=False)  #: our credential can read it
    last_message = models.DateTimeField(null=True)
    last_parsed = models.DateTimeField(null=True)
    last_heartbeat = models.DateTimeField(null=True)
    parser = models.CharField(max_length=60, blank=True)
    received = models.BigIntegerField(default=0)
    dropped = models.BigIntegerField(default=0)  #: by the topic's policy
    quarantined = models.BigIntegerField(default=0)
    lag = models.BigIntegerField(null=True)  #: messages on the broker that we have not handled
    lag_measured = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["source", "topic"]
        constraints = [models.UniqueConstraint(fields=["source", "topic"], name="scimma_topic_once")]

    def __str__(self):
        return f"{self.source}: {self.topic}"


class Listener(models.Model):
    """One consumer of one `listen` process: a source and a lane, and how it does."""

    process = models.CharField(max_length=120)  #: host:pid
    source = models.CharField(max_length=40)
    lane = models.CharField(max_length=8)
    group = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=12, default="starting")  #: starting, listening, waiting, stopped, failed
    started = models.DateTimeField()
    beat = models.DateTimeField()  #: last sign of life
    restarts = models.IntegerField(default=0)
    handled = models.BigIntegerField(default=0)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["process", "source", "lane"], name="scimma_listener_once")]

    def __str__(self):
        return f"{self.process} {self.source}/{self.lane}"
