"""Queries that people saved, what each does, and which alerts they met."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone


class Subscription(models.Model):
    """A named query of one person, run on each new or changed alert with that person's rights."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="scimma_subscriptions")
    name = models.CharField(max_length=100)
    query = models.TextField(max_length=2000)
    enabled = models.BooleanField(default=True)
    critical = models.BooleanField(default=False)  #: ignores quiet hours
    tests = models.BooleanField(default=False)  #: True: runs on test events, and on those alone
    reports = models.BooleanField(default=False)  #: also runs on what is said by sources without authority
    #: who was told of an event is told when it is retracted or no longer meets the query
    follow = models.BooleanField(default=True)
    cap = models.PositiveIntegerField(null=True, blank=True, default=30)  #: most matches acted on in an hour; None: all
    created = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="scimma_subscription_once")]
        indexes = [models.Index(fields=["enabled", "tests"], name="scimma_subscription_live")]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("tom_scimma:subscription", kwargs={"pk": self.pk})


class SubscriptionAction(models.Model):
    """One thing a subscription does, by the name under which an app's `subscription_actions()` declares it."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="actions")
    name = models.CharField(max_length=100)
    options = models.JSONField(default=dict, blank=True)  #: what the action's form asked for

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["subscription", "name"], name="scimma_action_once")]

    def __str__(self):
        return self.name


class Match(models.Model):
    """An alert that a subscription had to act on; one at most for each of both, so that nobody is told twice."""

    class Why(models.TextChoices):
        MATCHES = "matches", "matches"
        RETRACTED = "retracted", "retracted"  #: told of before, and taken back now
        ENDED = "ended", "no longer matches"  #: told of before, and changed so that the query no longer holds

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="matches")
    alert = models.ForeignKey("Alert", on_delete=models.CASCADE, related_name="matches")
    why = models.CharField(max_length=10, choices=Why.choices, default=Why.MATCHES)
    change = models.CharField(max_length=12, blank=True)  #: what the alert did to its event: new, updated, ...
    capped = models.BooleanField(default=False)  #: over the subscription's cap: kept, not acted on
    created = models.DateTimeField(default=timezone.now)
    acted = models.DateTimeField(null=True)  #: when its actions had been called
    error = models.TextField(blank=True)  #: of the actions that failed

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [models.UniqueConstraint(fields=["subscription", "alert"], name="scimma_match_once")]
        indexes = [models.Index(fields=["subscription", "-created"], name="scimma_match_newest")]

    def __str__(self):
        return f"alert {self.alert_id} for subscription {self.subscription_id}"
