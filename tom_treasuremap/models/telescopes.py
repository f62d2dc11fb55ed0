"""Telescopes that people added, and what was said of each telescope's state."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class TelescopeRow(models.Model):
    """A telescope that somebody added by a page; `said` is what a shipped one has in its file."""

    name = models.CharField(max_length=50, unique=True)
    said = models.JSONField()
    changed = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    removed = models.DateTimeField(null=True, blank=True)  #: it is no longer there; what was observed with it stays

    class Meta:
        ordering = ["name"]
        verbose_name = "telescope"
        permissions = [
            ("change_telescopes", "May add and change telescopes"),
            ("set_telescope_state", "May say whether a telescope is open"),
        ]

    def __str__(self):
        return self.name


class TelescopeState(models.Model):
    """One thing that was said of a telescope's state; the newest counts, all stay as its log."""

    telescope = models.CharField(max_length=50, db_index=True)
    state = models.CharField(max_length=10)  #: of STATES
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)  #: then it is open again by itself
    why = models.CharField(max_length=300, blank=True)
    by = models.CharField(max_length=150, blank=True)
    newest = models.BooleanField(default=True, db_index=True)

    class Meta:
        ordering = ["-since", "-pk"]
        verbose_name = "telescope's state"

    def __str__(self):
        return f"{self.telescope}: {self.state}"


class TelescopeChange(models.Model):
    """One change of a telescope's figures by a page: what was there before, who changed it and when."""

    name = models.CharField(max_length=50, db_index=True)
    when = models.DateTimeField()
    by = models.CharField(max_length=150, blank=True)
    what = models.CharField(max_length=20)  #: added, changed, removed
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-when", "-pk"]
        verbose_name = "telescope's change"

    def __str__(self):
        return f"{self.name} {self.what}"
