"""Plans as rows: each version of one, what it stands on, who asked and approved; and its visits."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from tom_observations.models import ObservationRecord
from tom_targets.base_models import BaseTarget

from tom_scimma.models import Alert, Event
from tom_scimma.models.visibility import groups_of
from tom_treasuremap.models.pointings import visible_observations
from tom_treasuremap.planning.question import Question


class PlanQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> PlanQuerySet:
        """Plans of events and maps that this user may see, all of whose groups, observations and targets are open to them.

        Where a team means to look is for those who have logged in.
        """
        from tom_targets.models import Target
        from tom_targets.permissions import targets_for_user

        if user is None or not user.is_active or not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self.all()
        groups = Plan.groups.through.objects.exclude(group__in=list(groups_of(user)))
        watched = Plan.observations.through.objects.exclude(observationrecord__in=visible_observations(user))
        targets = targets_for_user(user, Target.objects.all(), "view_target").values("pk")
        looked = Plan.targets.through.objects.exclude(basetarget__in=targets)
        maps = Plan.maps.through.objects.exclude(alert__in=Alert.objects.visible_to(user).values("pk"))
        hidden = (rows.values("plan") for rows in (groups, watched, looked, maps))
        found = self.filter(Q(event=None) | Q(event__in=Event.objects.visible_to(user).values("pk")))
        found = found.filter(Q(protected=False) | Q(alert__in=Alert.objects.visible_to(user).values("pk")))
        for some in hidden:
            found = found.exclude(pk__in=some)
        return found

    def about(self, event: Event) -> PlanQuerySet:
        """Plans of an event, alone or among others."""
        others = Plan.maps.through.objects.filter(alert__event=event).values("plan")
        return self.filter(Q(event=event) | Q(pk__in=others))

    def newest(self, *, made: bool = False) -> PlanQuerySet:
        """The last version of each; `made`: of those that could be made."""
        rows = self.model.objects.exclude(state=Plan.State.FAILED) if made else self.model.objects
        last = rows.filter(line=models.OuterRef("line")).order_by("-version").values("pk")[:1]
        return self.filter(pk=models.Subquery(last))


class Plan(models.Model):
    """One version of a plan. Versions of one plan share their `line`: the first of them."""

    class State(models.TextChoices):
        ASKED = "asked", "asked for"
        WORKING = "working", "being made"
        READY = "ready", "ready"
        APPROVED = "approved", "approved"
        SENT = "sent", "sent"
        RUNNING = "running", "observing"
        DONE = "done", "done"
        SUPERSEDED = "superseded", "superseded"
        WITHDRAWN = "withdrawn", "withdrawn"
        FAILED = "failed", "failed"

    OPEN = (State.ASKED, State.WORKING, State.READY)  #: nobody has approved it yet
    ACTING = (State.APPROVED, State.SENT, State.RUNNING)  #: telescopes may be at it

    line = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="all_versions")
    version = models.PositiveIntegerField(default=1)
    #: of what brought it about, so that a cause that comes twice makes one version; None: a person asked
    key = models.CharField(max_length=64, unique=True, null=True, blank=True)
    name = models.CharField(max_length=100, blank=True)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, null=True, related_name="plans")
    telescopes = models.JSONField(default=list)
    question = models.JSONField(default=dict)  #: see planning/question.py
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    why = models.CharField(max_length=300, blank=True)  #: why this version was made
    # what it stands on
    alert = models.ForeignKey(Alert, on_delete=models.SET_NULL, null=True, related_name="+")  #: whose map it is
    protected = models.BooleanField(default=False)  #: that map is for those alone who may see its alert
    standing = models.JSONField(default=dict)  #: {"map", "pointings": [pk], "done", "planned", "left"}
    maps = models.ManyToManyField(Alert, related_name="+")  #: whose maps it stands on of further events
    groups = models.ManyToManyField(
        Group, related_name="+"
    )  #: whose pointings it stands on: a reader is in all of them
    observations = models.ManyToManyField(ObservationRecord, related_name="+")  #: of ours that it stands on
    targets = models.ManyToManyField(BaseTarget, related_name="+")  #: that it speaks of
    # what came of it
    value = models.FloatField(null=True)
    bound = models.FloatField(null=True)
    considered = models.JSONField(
        default=list
    )  #: [{"name", "telescope", "ra", "dec", "pos_angle", "weight", "in", "why"}]
    fields = models.BinaryField(null=True)  #: the fields with their pieces of sky, packed
    stopped = models.CharField(max_length=20, blank=True)  #: what ended the search
    how = models.JSONField(default=dict)  #: nodes, seconds, versions
    progress = models.JSONField(default=dict)  #: {"value", "bound", "seconds", "words"}
    improving = models.BooleanField(default=False)
    stop = models.BooleanField(default=False)  #: a person wants it as it is
    changes = models.JSONField(default=dict)  #: against the version before
    error = models.TextField(blank=True)
    # who and when
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    subscription = models.CharField(max_length=200, blank=True)  #: name of the one that asked
    asked = models.DateTimeField(default=timezone.now)
    ready = models.DateTimeField(null=True)  #: when it could first be approved
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approved = models.DateTimeField(null=True)
    sent = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    reported = models.BooleanField(default=False)  #: its visits are told to the Treasure Map

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [("approve_plan", "Can approve plans and send them to telescopes")]
        constraints = [models.UniqueConstraint(fields=["line", "version"], name="treasuremap_plan_once")]
        indexes = [
            models.Index(fields=["event", "-id"], name="treasuremap_plan_event"),
            models.Index(fields=["state", "id"], name="treasuremap_plan_state"),
        ]

    def __str__(self):
        return f"{self.title}, version {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("tom_treasuremap:plan", args=[self.pk])

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or f"Plan {self.line_id or self.pk}"

    @property
    def asks(self) -> Question:
        return Question.from_json(self.question)

    @property
    def gap(self) -> float | None:
        """How far from the bound its value may be, of the bound."""
        if self.value is None or not self.bound:
            return None
        return max(0.0, self.bound - self.value) / self.bound

    @property
    def worth(self) -> str:
        """Its value in words: probability, or the summed weight of targets."""
        return self.words(self.value)

    @property
    def most(self) -> str:
        """What no plan can exceed, in words."""
        return self.words(self.bound)

    def words(self, value: float | None) -> str:
        """A value of this plan for people."""
        from tom_scimma import wording

        return wording.number(value, 3) if self.weighed and value is not None else wording.percent(value)

    @property
    def weighed(self) -> bool:
        """Whether its value is a sum of weights and no probability, see Question."""
        return self.asks.weighed

    @property
    def open(self) -> bool:
        return self.state in self.OPEN

    @property
    def acting(self) -> bool:
        return self.state in self.ACTING

    @property
    def latest(self) -> bool:
        """Whether there is no later version."""
        return not Plan.objects.filter(line=self.line_id, version__gt=self.version).exists()


class PlanVisit(models.Model):
    """One exposure of a plan. `source` names it at the Treasure Map, also when a later version takes it over."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="visits")
    order = models.PositiveIntegerField()
    telescope = models.CharField(max_length=100)
    field = models.CharField(max_length=200)
    start = models.DateTimeField()
    end = models.DateTimeField()
    band = models.CharField(max_length=40)
    exposure = models.FloatField()  #: s
    ra = models.FloatField()  #: deg
    dec = models.FloatField()  #: deg
    pos_angle = models.FloatField(default=0.0)  #: deg, from north through east
    turn = models.PositiveIntegerField(default=1)
    gain = models.FloatField(null=True)  #: what it adds to those before it, in the unit of the plan's value
    event = models.ForeignKey(
        Event, on_delete=models.SET_NULL, null=True, related_name="+"
    )  #: that it looks for; None: an ordinary target
    target = models.ForeignKey(BaseTarget, on_delete=models.SET_NULL, null=True, related_name="+")
    observation = models.ForeignKey(ObservationRecord, on_delete=models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=60, blank=True)
    told = models.CharField(max_length=10, blank=True)  #: the Treasure Map was last told that it is: planned, cancelled
    trouble = models.TextField(blank=True)  #: why it was not asked for, or not told

    class Meta:
        ordering = ["plan", "order"]
        constraints = [models.UniqueConstraint(fields=["plan", "order"], name="treasuremap_plan_visit_once")]

    def __str__(self):
        return f"{self.field} {self.start:%H:%M:%S}"

    @property
    def source_name(self) -> str:
        return self.source or f"visit:{self.pk}"
