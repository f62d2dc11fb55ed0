"""Instruments as the Treasure Map knows them."""

from __future__ import annotations

from django.db import models


class Instrument(models.Model):
    """One instrument of one server, with its footprint; `camera(instrument)` of footprints.py puts it on the sky."""

    origin = models.CharField(max_length=200)  #: which server
    number = models.IntegerField()  #: its id there
    name = models.CharField(max_length=200, blank=True)
    nickname = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=20, blank=True)  #: photometric, spectroscopic
    submitter_id = models.IntegerField(null=True)
    rings = models.JSONField(default=list, blank=True)  #: one a CCD: [[x, y], ...] in degrees, x to the east
    problem = models.CharField(max_length=300, blank=True)  #: why there is no footprint, or not all of it
    fetched = models.DateTimeField()

    class Meta:
        ordering = ["name", "number"]
        constraints = [models.UniqueConstraint(fields=["origin", "number"], name="treasuremap_instrument_once")]

    def __str__(self):
        return self.nickname or self.name or f"instrument {self.number}"
