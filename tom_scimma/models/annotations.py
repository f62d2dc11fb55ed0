"""What annotators worked out about alerts."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, Group
from django.db import models
from django.utils import timezone

from tom_scimma.models.alerts import Alert
from tom_scimma.models.visibility import VisibleQuerySet


class AnnotationQuerySet(VisibleQuerySet):
    """Annotations; one is seen by who may see its alert and is of its own audience too."""

    public_lookup = "alert__public"
    groups_lookup = "alert__message__groups"

    def visible_to(self, user) -> AnnotationQuerySet:
        """Rows this user may see: of an alert they may see, and made of nothing that they may not."""
        rows = super().visible_to(user)
        if user is not None and user.is_active and user.is_superuser:
            return rows
        everybody = models.Q(audience=Annotation.EVERYBODY)
        if user is None or isinstance(user, AnonymousUser) or not user.is_active:
            return rows.filter(everybody)
        ours = models.Q(pk__in=self.model._base_manager.filter(groups__in=user.groups.values("pk")).values("pk"))
        return rows.filter(everybody | models.Q(audience=Annotation.USERS) | ours)

    def latest(self) -> list[Annotation]:
        """Of each annotator what it said of the newest alert that it spoke of; call it last."""
        rows = self.select_related("alert").defer("alert__document").order_by("alert__order", "alert_id")
        newest: dict[str, int] = {}
        rows = list(rows)
        for row in rows:
            newest[row.annotator] = row.alert_id
        return [row for row in rows if newest[row.annotator] == row.alert_id]


class Annotation(models.Model):
    """What one annotator worked out about one alert, for one audience."""

    EVERYBODY, USERS = "", "users"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="annotations")
    annotator = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    #: "": all who may see the alert; "users": those of them who are logged in; "groups 3 7": members of one of `groups`
    audience = models.CharField(max_length=255, default=EVERYBODY, blank=True)
    groups = models.ManyToManyField(Group, blank=True, related_name="+")
    value = models.JSONField(default=dict)  #: what it found, by name; empty where it failed
    seconds = models.FloatField(default=0)  #: how long it took
    error = models.TextField(blank=True)  #: why there is no value
    made = models.DateTimeField(default=timezone.now)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["annotator", "audience", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["alert", "annotator", "audience"], name="scimma_annotation_once")
        ]
        indexes = [models.Index(fields=["annotator", "version"], name="scimma_annotation_version")]

    def __str__(self):
        return f"{self.annotator} of alert {self.alert_id}"

    @property
    def groups_only(self) -> bool:
        """Whether it is made of what only some groups may see."""
        return self.audience.startswith("groups")
