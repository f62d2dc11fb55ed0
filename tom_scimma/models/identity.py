"""Who people are at SCiMMA: their Hopskotch credentials, and the group memberships that follow from SCiMMA's."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from tom_scimma.secrets import SecretField


class Kind(models.TextChoices):
    """Where SCiMMA's groups come from: two lists that have nothing to do with each other."""

    LOGIN = "login", "log-in"
    HOPSKOTCH = "hopskotch", "SCiMMA Auth"


class HopskotchCredential(models.Model):
    """One user's own Hopskotch credential; the password is encrypted, and nobody is ever shown it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hopskotch_credential")
    name = models.CharField(max_length=200)
    password = SecretField(null=True, blank=True)
    subject = models.CharField(max_length=200, blank=True)  #: whose it is at SCiMMA, by its last test
    said = models.JSONField(default=dict)  #: the last answer: groups, readable, writable, addable; or refused
    problem = models.CharField(max_length=500, blank=True)  #: why the last test failed
    tested = models.DateTimeField(null=True)
    changed = models.DateTimeField(auto_now=True)

    def __str__(self):
        return f"Hopskotch credential of {self.user}"


class AccountTest(models.Model):
    """That a person wants to know who they are at a service, by the token that they speak with there; the worker asks."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    service = models.CharField(max_length=50)
    asked = models.DateTimeField(default=timezone.now)
    answered = models.DateTimeField(null=True)  #: None: the worker is to ask
    said = models.TextField(blank=True)
    problem = models.TextField(blank=True)  #: why it said nothing, in words

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "service"], name="scimma_account_test_once")]

    def __str__(self):
        return f"test of {self.user}'s account at {self.service}"


class Membership(models.Model):
    """That a person is in a Django group because SCiMMA says so. Memberships made by hand have no such row."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    because = models.CharField(max_length=255)  #: the group at SCiMMA
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["group__name"]
        constraints = [models.UniqueConstraint(fields=["user", "group", "kind"], name="scimma_membership_once")]

    def __str__(self):
        return f"{self.user} in {self.group} because of {self.because}"


class AccessChange(models.Model):
    """Something about who sees what that changed: a membership, a topic's publicity or rights, and who or what did it."""

    when = models.DateTimeField(default=timezone.now)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    topic = models.CharField(max_length=255, blank=True)
    text = models.CharField(max_length=500)
    by = models.CharField(max_length=200)  #: log-in, syncgroups, SCiMMA Auth, or a person

    class Meta:
        ordering = ["-when", "-pk"]
        indexes = [models.Index(fields=["-when", "-id"], name="scimma_access_change")]

    def __str__(self):
        return self.text


class TopicAccess(models.Model):
    """What SCiMMA Auth says of one topic and of this TOM's credential there."""

    source = models.CharField(max_length=40)
    topic = models.CharField(max_length=255)
    public = models.BooleanField(null=True)  #: None: met while SCiMMA did not answer
    #: it was not public, and nobody has opened it here since: its messages are its groups' alone
    held = models.BooleanField(default=False)
    groups = models.JSONField(default=list)  #: SCiMMA's groups that may read it
    readable = models.BooleanField(default=False)
    writable = models.BooleanField(default=False)
    addable = models.JSONField(default=list)  #: "read", "write": what could still be added to the credential
    lost = models.DateTimeField(null=True)  #: since when a right to read that we had is gone
    asked = models.DateTimeField()

    class Meta:
        ordering = ["source", "topic"]
        constraints = [models.UniqueConstraint(fields=["source", "topic"], name="scimma_access_once")]

    def __str__(self):
        return f"{self.source}: {self.topic}"

    @property
    def closed(self) -> bool:
        """True when its messages are not everybody's here, unless settings say otherwise."""
        return self.held or self.public is not True


class RightsAsked(models.Model):
    """When SCiMMA Auth was asked for a source's rights, and how it went."""

    source = models.CharField(max_length=40, unique=True)
    credential = models.CharField(max_length=200, blank=True)
    answered = models.DateTimeField(null=True)
    tried = models.DateTimeField()
    problem = models.CharField(max_length=500, blank=True)

    def __str__(self):
        return self.source
