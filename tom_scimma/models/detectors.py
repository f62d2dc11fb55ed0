"""The supernova detectors of SNEWS: the newest sign of life of each."""

from __future__ import annotations

from django.db import models

from tom_scimma.models.visibility import groups_of


class DetectorQuerySet(models.QuerySet):
    """Rows of topics, which may be some groups' alone."""

    def visible_to(self, user) -> DetectorQuerySet:
        """Those heard on topics that this user may see, as the topic's policy is now."""
        if user is not None and user.is_active and user.is_superuser:
            return self.all()
        allowed = models.Q(pk=None)
        for source, topic in self.places(user):
            allowed |= models.Q(source=source, topic=topic)
        return self.filter(allowed)

    def places(self, user) -> list[tuple[str, str]]:
        """The sources and topics of detectors that this user may see; one question."""
        from tom_scimma.policies import Policies

        known = user is not None and user.is_authenticated and user.is_active
        found, policies = [], Policies()
        for source, topic in self.order_by().values_list("source", "topic").distinct():
            policy = policies(topic, source)
            wanted = policy.groups
            if not policy.protected or (known and (user.is_superuser or set(groups_of(user).values()) & set(wanted))):
                found.append((source, topic))
        return found


class Detector(models.Model):
    """One detector on one topic: what its newest heartbeat said. Tests have a row of their own."""

    source = models.CharField(max_length=40)
    topic = models.CharField(max_length=255)
    name = models.CharField(max_length=100)
    test = models.BooleanField(default=False)
    status = models.CharField(max_length=20, blank=True)  #: ON, OFF, or as it says
    sent = models.DateTimeField()  #: the detector's time, else that of its arrival
    heard = models.DateTimeField()  #: when it reached this TOM
    changed = models.DateTimeField()  #: since when the status is what it is, by the detector's time

    objects = DetectorQuerySet.as_manager()

    class Meta:
        ordering = ["test", "name", "topic"]
        constraints = [models.UniqueConstraint(fields=["source", "topic", "name", "test"], name="scimma_detector_once")]

    def __str__(self):
        return f"{self.name}{' (test)' if self.test else ''}"
