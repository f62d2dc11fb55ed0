"""TOM targets that may be an event's counterpart, where they lie in its maps, and what people make of them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone

from tom_scimma.models.alerts import Alert, OfAlert
from tom_scimma.models.events import Event


class OfTargetAndEvent(models.QuerySet):
    """Candidates, seen by those who may see the target, the event, and what makes the one lie in the other."""

    def visible_to(self, user) -> OfTargetAndEvent:
        """Rows whose target and event this user may see, and which a map that they may see, or a person, has made.

        Narrow the rows down before: the host is asked for the targets of what is there.
        """
        user = AnonymousUser() if user is None else user
        if user.is_active and user.is_superuser:
            return self.all()
        maps = CandidateLevel.objects.visible_to(user).filter(candidate=models.OuterRef("pk"), inside=True)
        rows = self.filter(models.Q(because=Candidate.Because.PERSON) | models.Exists(maps))
        rows = rows.filter(event__in=Event.objects.visible_to(user).order_by().values("pk"))
        return rows.filter(target__in=self._targets(user, "view_target"))

    def changeable_by(self, user) -> OfTargetAndEvent:
        """Rows that this user may decide on: those they see and whose target they may change."""
        if user is None or not user.is_authenticated:
            return self.none()
        if user.is_active and user.is_superuser:
            return self.all()
        return self.visible_to(user).filter(target__in=self._targets(user, "change_target"))

    def _targets(self, user, action: str) -> models.QuerySet:
        from tom_targets.models import Target
        from tom_targets.permissions import targets_for_user

        mine = Target.objects.filter(pk__in=self.order_by().values("target_id"))
        return targets_for_user(user, mine, action).order_by().values("pk")


class Candidate(models.Model):
    """A TOM target that may be the event's counterpart. Levels are the machine's, everything else is a person's."""

    class Status(models.TextChoices):
        NEW = "new", "new"
        INTERESTING = "interesting", "interesting"
        RULED_OUT = "ruled_out", "ruled out"
        CONFIRMED = "confirmed", "confirmed"

    class Because(models.TextChoices):
        """Why it is one: it lies inside a map, and which of these was near enough to the event's time; or a person."""

        DISCOVERY = "discovery", "discovered"
        DATUM = "datum", "first datum"
        CREATION = "creation", "made in this TOM"
        PERSON = "person", "added"

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="candidates")
    target = models.ForeignKey("tom_targets.BaseTarget", on_delete=models.CASCADE, related_name="scimma_candidates")
    #: credible level, 0..1, in the event's map as it stands; None: it has none, or the target has no place
    level = models.FloatField(null=True)
    volume_level = models.FloatField(null=True)  #: None without a distance of either
    distance_mpc = models.FloatField(null=True)  #: luminosity distance that was taken for it
    because = models.CharField(max_length=10, choices=Because.choices)
    since = models.DateTimeField(null=True)  #: when it was discovered, first measured or made, as `because` says
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.NEW)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created = models.DateTimeField(default=timezone.now)

    objects = OfTargetAndEvent.as_manager()

    #: the levels of a target that has no place any more
    NOWHERE = {"level": None, "volume_level": None}

    class Meta:
        ordering = ["level", "pk"]
        constraints = [models.UniqueConstraint(fields=["event", "target"], name="scimma_candidate_once")]
        indexes = [models.Index(fields=["event", "status"], name="scimma_candidate_status")]

    def __str__(self):
        return f"target {self.target_id} for event {self.event_id}"


class CandidateLevel(models.Model):
    """Where a candidate lies in one version of the event's map: that of an alert."""

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="levels")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="candidate_levels")
    level = models.FloatField()
    volume_level = models.FloatField(null=True)
    inside = models.BooleanField()  #: within the TOM's CANDIDATE_LEVEL as it was then

    objects = OfAlert.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["candidate", "alert"], name="scimma_candidate_level_once")]

    def __str__(self):
        return f"level of candidate {self.candidate_id} in alert {self.alert_id}"


class OfCandidate(models.QuerySet):
    """Decisions, and who may read them."""

    def visible_to(self, user) -> OfCandidate:
        """Of candidates that the user sees: all, but those made while only a map that they may not see made it one."""
        if user is not None and user.is_active and user.is_superuser:
            return self.all()
        maps = CandidateLevel.objects.visible_to(user).filter(candidate=models.OuterRef("candidate"), inside=True)
        return self.filter(models.Q(hidden=False) | models.Exists(maps))


class CandidateDecision(models.Model):
    """One decision of a person on a candidate; all are kept."""

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="decisions")
    status = models.CharField(max_length=12, choices=Candidate.Status.choices)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    hidden = models.BooleanField(default=False)  #: from before somebody who did not see the candidate added it

    objects = OfCandidate.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.status}: candidate {self.candidate_id}"


class Placement(models.Model):
    """All targets were placed in this alert's map."""

    alert = models.OneToOneField(Alert, on_delete=models.CASCADE, primary_key=True, related_name="placement")
    level = models.FloatField()  #: the TOM's CANDIDATE_LEVEL as it was then
    #: ranges of order-14 nested HEALPix indices, int64 pairs, that hold everything within that level and a little more
    region = models.BinaryField()
    inside = models.IntegerField()  #: targets within the level, of any age
    finished = models.DateTimeField()

    objects = OfAlert.as_manager()

    def __str__(self):
        return f"targets in the map of alert {self.alert_id}"
