"""What people share of this TOM: drafts, what each delivery carried, who may send where, embargoes, approvals, sharing that goes on."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group
from django.db import models
from django.urls import reverse
from django.utils import timezone

from tom_scimma.models.events import Event
from tom_scimma.models.outbox import Delivery

TARGET = "tom_targets.BaseTarget"


def person(**options):
    """A link to a user, or to nobody once they have no account any more."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", **options
    )


class Draft(models.Model):
    """What one person is about to share: what they chose and typed so far, and, once they looked at it whole, what will leave."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="scimma_drafts")
    opened = models.CharField(max_length=64)  #: sha256 of what it was opened with: opened again, it is this draft
    selection = models.JSONField(default=dict)  #: see compose/selection.py
    sinks = models.JSONField(default=list)  #: destinations by full name
    form = models.JSONField(default=dict)  #: what was typed, by Need.field
    corrects = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="+")
    built = models.BinaryField(
        default=b""
    )  #: what the confirm page shows, see compose/parcels.py; empty after a change; once sent, see drafts.queued
    seal = models.CharField(max_length=64, blank=True)  #: sha256 of that
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(default=timezone.now)
    sent = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-updated"]
        constraints = [
            models.UniqueConstraint(fields=["user", "opened"], condition=models.Q(sent=None), name="scimma_draft_once")
        ]

    def __str__(self):
        return f"draft {self.pk} of user {self.user_id}"

    def get_absolute_url(self):
        return reverse("tom_scimma:share-draft", kwargs={"pk": self.pk})


class Question(models.Model):
    """What a service is asked about one payload of a draft before anybody sends it, and what it said; asked by the worker.

    It is asked whether it would take it, or (`own_form`) to open its own form with it.
    """

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="questions", db_index=False)
    destination = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)  #: of the payload: of any other nothing was said
    payload = models.BinaryField(default=b"")  #: empty once it is answered
    asked = models.DateTimeField(default=timezone.now)
    answered = models.DateTimeField(null=True)  #: None: the worker is to ask
    faults = models.JSONField(default=dict)  #: what is wrong with it, by field
    problem = models.TextField(blank=True)  #: why it could not be asked
    own_form = models.BooleanField(default=False)
    address = models.TextField(blank=True)  #: of its own form

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "destination", "own_form"], name="scimma_question_once")
        ]
        indexes = [models.Index(fields=["asked"], condition=models.Q(answered=None), name="scimma_question_open")]

    def __str__(self):
        return f"question about {self.draft} to {self.destination}"


class StandingShare(models.Model):
    """New data of a target or event go to one place by themselves, until something is refused."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="scimma_standing_shares")
    target = models.ForeignKey(TARGET, on_delete=models.CASCADE, null=True, related_name="+")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, null=True, related_name="+")
    destination = models.CharField(max_length=200)
    form = models.JSONField(default=dict)  #: what the destination needs, as its owner typed it
    predicate = models.JSONField(default=dict)  #: which data, see compose/predicate.py
    after = models.JSONField(default=dict)  #: the last key of each table when it began: what came before is not new
    per_hour = models.PositiveSmallIntegerField(default=6)  #: messages
    active = models.BooleanField(default=True)
    reason = models.TextField(blank=True)  #: why it stopped
    created = models.DateTimeField(default=timezone.now)
    stopped = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return f"standing share {self.pk} to {self.destination}"


class Share(models.Model):
    """One delivery that the composer made: which part of what, from which draft or standing share, and what it corrects."""

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, primary_key=True, related_name="share")
    first = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="parts")  #: part 1, which has the items
    number = models.PositiveSmallIntegerField(default=1)
    of = models.PositiveSmallIntegerField(default=1)
    draft = models.ForeignKey(Draft, on_delete=models.SET_NULL, null=True, related_name="shares")
    standing = models.ForeignKey(StandingShare, on_delete=models.SET_NULL, null=True, related_name="shares")
    corrects = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="corrections")

    def __str__(self):
        return f"part {self.number} of {self.of}: #{self.delivery_id}"


class SharedItem(models.Model):
    """One object that a delivery carries (its first part, where it has several), and what it was like then."""

    class Kind(models.TextChoices):
        TARGET = "target", "target"
        PHOTOMETRY = "photometry", "photometry"
        SPECTRUM = "spectrum", "spectrum"
        ASTROMETRY = "astrometry", "astrometry"
        PRODUCT = "product", "file"
        OBSERVATION = "observation", "observation"
        CANDIDATE = "candidate", "candidate"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="items", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    number = models.BigIntegerField()  #: its primary key
    target = models.ForeignKey(TARGET, on_delete=models.SET_NULL, null=True, related_name="+")  #: whose it is
    digest = models.CharField(max_length=64)  #: sha256 of its values as they were sent, see compose/items.py
    changed = models.DateTimeField(null=True)  #: when it was first seen to be otherwise, or gone

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "kind", "number"], name="scimma_item_once")]
        indexes = [models.Index(fields=["kind", "number"], name="scimma_item_object")]

    def __str__(self):
        return f"{self.kind} {self.number} in #{self.delivery_id}"


class SendRule(models.Model):
    """What a group may send where. Without rules whoever may see something may send it; see compose/rules.py."""

    class May(models.TextChoices):
        YES = "yes", "may send"
        APPROVAL = "approval", "may send what somebody else approves"
        NO = "no", "may not send"

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    destination = models.CharField(max_length=200)  #: name or pattern: "hermes:*"
    may = models.CharField(max_length=8, choices=May.choices, default=May.YES)

    class Meta:
        ordering = ["destination", "group__name"]
        constraints = [models.UniqueConstraint(fields=["group", "destination"], name="scimma_sendrule_once")]

    def __str__(self):
        return f"{self.group} {self.get_may_display()}: {self.destination}"


class EmbargoQuerySet(models.QuerySet):
    """Embargoes, and those in force."""

    def in_force(self, now=None) -> EmbargoQuerySet:
        """Those neither over nor lifted."""
        return self.filter(models.Q(until=None) | models.Q(until__gt=now or timezone.now()), lifted_at=None)


class Embargo(models.Model):
    """Nothing about an event or a target, or to some destinations, leaves until a time. What is given must all fit."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, null=True, blank=True, related_name="embargoes")
    target = models.ForeignKey(TARGET, on_delete=models.CASCADE, null=True, blank=True, related_name="scimma_embargoes")
    destination = models.CharField(max_length=200, blank=True)  #: name or pattern; empty: all
    until = models.DateTimeField(null=True, blank=True)  #: None: until somebody lifts it
    reason = models.CharField(max_length=500, blank=True)
    by = person()
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True)
    lifted_by_name = models.CharField(max_length=150, blank=True)

    objects = EmbargoQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "embargoes"
        ordering = ["-pk"]

    def __str__(self):
        return f"embargo {self.pk}"


class ApprovalQuerySet(models.QuerySet):
    """Approvals, and those that somebody waits for."""

    def open_for(self, user) -> ApprovalQuerySet:
        """Those that wait for this user's word, of those that they may decide on."""
        return self.decided_by(user).filter(verdict="")

    def decided_by(self, user) -> ApprovalQuerySet:
        """Those this user may decide on: held, not their own, of what they may know of; and those that they refused themselves.

        Whether they may read it is asked there.
        """
        if user is None or isinstance(user, AnonymousUser) or not user.has_perm(Approval.PERMISSION):
            return self.none()
        seen = Delivery.objects.visible_to(user).order_by().values("pk")
        word = models.Q(verdict="") | models.Q(verdict=Approval.Verdict.REFUSED, by=user)
        return self.filter(word, delivery__state=Delivery.State.HELD, delivery__in=seen).exclude(delivery__by=user)


class Approval(models.Model):
    """Somebody else's yes or no to one payload for one destination; asked for when the payload is queued."""

    PERMISSION = "tom_scimma.approve_delivery"

    class Verdict(models.TextChoices):
        APPROVED = "approved", "approved"
        REFUSED = "refused", "refused"

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="approval")
    destination = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)  #: of the payload: any other needs a word of its own
    asked = models.DateTimeField(default=timezone.now)
    verdict = models.CharField(max_length=8, choices=Verdict.choices, blank=True)
    by = person()
    by_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [("approve_delivery", "Can approve what others send to outside services")]
        indexes = [models.Index(fields=["sha256", "destination"], name="scimma_approval_of")]

    def __str__(self):
        return f"approval of #{self.delivery_id}: {self.verdict or 'open'}"
