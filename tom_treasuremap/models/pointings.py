"""Who looked, or means to look, where."""

from __future__ import annotations

from datetime import timezone
from typing import Any

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from tom_observations.models import ObservationRecord

from tom_scimma.models import Event
from tom_scimma.models.visibility import groups_of
from tom_treasuremap import pointings


class PointingQuerySet(models.QuerySet):
    """Rows with what a user may see of them."""

    def visible_to(self, user: Any) -> PointingQuerySet:
        """Rows of events that this user may see; of a group's file its members', of our own observations theirs who see those."""
        if user is not None and user.is_active and user.is_superuser:
            return self.all()
        groups = list(groups_of(user)) if user is not None and user.is_active and user.is_authenticated else []
        open_rows = Q(group=None, observation=None)
        theirs = Q(group__in=groups, observation=None) if groups else Q()
        ours = Q(observation__in=visible_observations(user))
        return self.filter(event__in=Event.objects.visible_to(user).values("pk")).filter(open_rows | theirs | ours)

    def known(self) -> PointingQuerySet:
        """Rows that their source still has."""
        return self.filter(vanished=None)


def visible_observations(user: Any) -> models.QuerySet[ObservationRecord]:
    """Observations that the host lets a user see: by their target, or, where it is so set, by their own permission."""
    from django.conf import settings
    from django.contrib.auth.models import AnonymousUser
    from guardian.shortcuts import get_objects_for_user
    from tom_targets.models import Target
    from tom_targets.permissions import targets_for_user

    asking = user if user is not None else AnonymousUser()
    if getattr(settings, "TARGET_PERMISSIONS_ONLY", True):
        seen = targets_for_user(asking, Target.objects.all(), "view_target")
        return ObservationRecord.objects.filter(target__in=seen).values("pk")
    return get_objects_for_user(asking, "tom_observations.view_observationrecord").values("pk")


class Pointing(models.Model):
    """One look at one place for one event, as its source last told of it; the normal form is `as_pointing()`.

    A row stays when its source has it no more: `vanished` says since when. `history` holds what the last changes were.
    """

    class Source(models.TextChoices):
        TREASUREMAP = "treasuremap", "Treasure Map"
        FILE = "file", "file"
        OBSTAP = "obstap", "ObsLocTAP"
        OWN = "own", "our observation"

    class Status(models.TextChoices):
        PLANNED = "planned", "planned"
        COMPLETED = "completed", "completed"
        CANCELLED = "cancelled", "cancelled"

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="pointings")
    source = models.CharField(max_length=12, choices=Source.choices)
    origin = models.CharField(max_length=200, blank=True)  #: which server or file of that source
    source_id = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status.choices)
    team = models.CharField(max_length=200, blank=True)
    telescope = models.CharField(max_length=200, blank=True)  #: or instrument, as the source calls it
    instrument_id = models.IntegerField(null=True)  #: the Treasure Map's
    ra = models.FloatField()  #: deg, 0..360
    dec = models.FloatField()  #: deg
    pos_angle = models.FloatField(null=True)  #: deg, as the Treasure Map turns it
    time = models.DateTimeField(null=True)
    band = models.CharField(max_length=40, blank=True)
    central_wave = models.FloatField(null=True)  #: Angstrom
    bandwidth = models.FloatField(null=True)  #: Angstrom
    depth = models.FloatField(null=True)
    depth_err = models.FloatField(null=True)
    depth_unit = models.CharField(max_length=10, blank=True)
    doi = models.CharField(max_length=200, blank=True)
    submitter = models.CharField(max_length=200, blank=True)
    footprint = models.JSONField(default=list, blank=True)  #: rings of [ra, dec] where the source gave them
    document = models.JSONField(default=dict, blank=True)  #: as the source had it
    digest = models.CharField(max_length=64, blank=True)  #: of the document
    observation = models.ForeignKey(ObservationRecord, on_delete=models.CASCADE, null=True, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, related_name="+")  #: who alone may see it
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    changed = models.DateTimeField()  #: when it was first seen as it is
    vanished = models.DateTimeField(null=True)
    history = models.JSONField(default=list, blank=True)  #: [{"at": ISO, field: [old, new]}], the newest last

    objects = PointingQuerySet.as_manager()

    class Meta:
        ordering = ["time", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "source", "origin", "source_id"], name="treasuremap_pointing_once")
        ]
        indexes = [
            models.Index(fields=["event", "status", "time"], name="treasuremap_pointing_when"),
            models.Index(fields=["event", "team"], name="treasuremap_pointing_team"),
            models.Index(fields=["source", "origin", "source_id"], name="treasuremap_pointing_id"),
        ]

    def __str__(self):
        return f"{self.key} {self.status} {self.time:%Y-%m-%d %H:%M}" if self.time else f"{self.key} {self.status}"

    @property
    def key(self) -> str:
        return f"{self.source}:{self.source_id}"

    def as_pointing(self) -> pointings.Pointing:
        """The normal form, of which `pointings.py` says what its values are."""
        return pointings.Pointing(
            key=self.key,
            event=self.event.name,
            team=self.team,
            telescope=self.telescope,
            instrument_id=self.instrument_id,
            ra=self.ra,
            dec=self.dec,
            pos_angle=self.pos_angle,
            time=self.time.astimezone(timezone.utc) if self.time else None,
            status=self.status,
            band=self.band or None,
            central_wave=self.central_wave,
            bandwidth=self.bandwidth,
            depth=self.depth,
            depth_unit=self.depth_unit or None,
            source=self.source,
            source_id=self.source_id,
            footprint=tuple(tuple((x, y) for x, y in ring) for ring in self.footprint),
            depth_err=self.depth_err,
            doi=self.doi or None,
            submitter=self.submitter or None,
        )
